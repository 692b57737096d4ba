internal import API
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
    private let used: Lock<UsedOnce>
    /// Mini App data that have linked a login.
    private let usedData: Lock<UsedOnce>

    /// Why a payload is not taken.
    enum Refusal: Error, Hashable {
        /// Not made here, too old, or used.
        case unknown
        /// So many were used of late that no more can be told apart.
        case full
    }

    private static let endBytes = 8
    private static let randomBytes = 16
    private static let codeBytes = 16

    /// `usedMax`: at most so many uses within ``Limits/loginPayloadLife``.
    init(usedMax: Int = Limits.loginPayloadsUsedMax) {
        used = Lock(UsedOnce(life: Limits.loginPayloadLife, max: usedMax))
        let seconds = Limits.miniAppAgeMax + Limits.miniAppAheadMax
        usedData = Lock(UsedOnce(life: seconds * 1_000_000, max: usedMax))
    }

    /// Uses up what of a proof must be.
    func use(_ proof: UsedProof, at now: LogicalTime) throws(Refusal) {
        switch proof {
        case .none: break
        case .payload(let text): try use(text, at: now)
        case .data(let digest):
            if let refusal = usedData.withLock({ $0.take(digest, at: now, until: .never) }) { throw refusal }
        }
    }

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
        let expiry = LogicalTime(microseconds: end)
        if let refusal = used.withLock({ $0.take(name, at: now, until: expiry) }) { throw refusal }
    }

    private func code(of bytes: [UInt8]) -> [UInt8] {
        Array(HMACSHA256.code(bytes, key: secret).bytes.prefix(Self.codeBytes))
    }
}

/// What was used within some time, by its digest: two generations, each of which takes up what is used in one life of
/// it. What is older has ended.
private struct UsedOnce {
    /// In microseconds.
    let life: Int64
    /// At most so many uses within a life.
    let max: Int
    /// When the present generation began.
    private var since = LogicalTime.zero
    /// The latest time of any use: a clock that is set back makes nothing good again.
    private var latest = LogicalTime.zero
    private var present: Set<Digest256> = []
    private var past: Set<Digest256> = []

    init(life: Int64, max: Int) {
        self.life = life
        self.max = max
    }

    /// Uses it up, unless it was used or ends at `end` by then.
    mutating func take(_ name: Digest256, at now: LogicalTime, until end: LogicalTime) -> LoginPayloads.Refusal? {
        latest = Swift.max(latest, now)
        guard latest < end else { return .unknown }
        let age = latest.microseconds - since.microseconds
        if age >= life {
            past = age < 2 * life ? present : []
            present = []
            since = latest
        }
        if present.contains(name) || past.contains(name) { return .unknown }
        guard present.count < max else { return .full }
        present.insert(name)
        return nil
    }
}
