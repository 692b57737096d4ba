internal import Cryptography
internal import Sockets
internal import Units

/// What wallets are to sign (the nonces of `ton_proof`), each good once and for a while.
///
/// None is remembered before it is used: it is its own end and random bytes, with a code that only this process can
/// make. Those that were used are remembered until they have ended. A restart of the server makes all of
/// them void.
final class LoginPayloads: Sendable {
    private let secret = SecureRandom.bytes(32)
    private let used = Lock(Used())
    private let usedMax: Int

    /// Why a payload is not taken.
    enum Refusal: Error, Hashable {
        /// Not made here, too old, or used.
        case unknown
        /// So many were used of late that no more can be told apart.
        case full
    }

    /// Two generations, each of which takes up the payloads used in one life of them: what is older has ended.
    private struct Used {
        /// When the present generation began.
        var since = LogicalTime.zero
        /// The latest time of any use: a clock that is set back makes nothing good again.
        var latest = LogicalTime.zero
        var present: Set<Digest256> = []
        var past: Set<Digest256> = []
    }

    private static let endBytes = 8
    private static let randomBytes = 16
    private static let codeBytes = 16

    /// `usedMax`: at most so many uses within ``Limits/loginPayloadLife``.
    init(usedMax: Int = Limits.loginPayloadsUsedMax) { self.usedMax = usedMax }

    /// A new one, and until when it is good.
    func make(at now: LogicalTime) -> (text: String, expiresAt: LogicalTime) {
        let expiresAt = LogicalTime(microseconds: now.microseconds + Limits.loginPayloadLife)
        var bytes: [UInt8] = []
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: expiresAt.microseconds >> Int64(shift)))
        }
        bytes += SecureRandom.bytes(Self.randomBytes)
        return (Base64URL.encode(bytes + code(of: bytes)), expiresAt)
    }

    /// Uses one up; throws unless it is one of ours, still good, and was not used.
    func use(_ text: String, at now: LogicalTime) throws(Refusal) {
        let size = Self.endBytes + Self.randomBytes
        guard let bytes = Base64URL.decode(text), bytes.count == size + Self.codeBytes,
            constantTimeEquals(code(of: Array(bytes[..<size])).span, Array(bytes[size...]).span)
        else { throw .unknown }
        let end = bytes[..<Self.endBytes].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard end <= now.microseconds + Limits.loginPayloadLife else { throw .unknown }
        let name = SHA256.hash(bytes)
        let refusal: Refusal? = used.withLock { used in
            used.latest = max(used.latest, now)
            guard used.latest.microseconds < end else { return .unknown }
            let age = used.latest.microseconds - used.since.microseconds
            if age >= Limits.loginPayloadLife {
                used.past = age < 2 * Limits.loginPayloadLife ? used.present : []
                used.present = []
                used.since = used.latest
            }
            if used.present.contains(name) || used.past.contains(name) { return .unknown }
            guard used.present.count < usedMax else { return .full }
            used.present.insert(name)
            return nil
        }
        if let refusal { throw refusal }
    }

    private func code(of bytes: [UInt8]) -> [UInt8] {
        Array(HMACSHA256.code(bytes, key: secret).bytes.prefix(Self.codeBytes))
    }
}
