package import Cryptography

/// What the exchange says in public, and commits to with an entry of the log: its keys, its policies, its word on
/// workers, and what it has paid. The entry's commitment is the SHA-256 of the statement's bytes.
///
/// Each has one form: a name, a zero byte, and numbers of eight bytes, big-endian.
///
/// - ``LogEntry/Kind/keyRotation``: `bx-signing-key/v1`, the public key (32 bytes), signs from
/// - ``LogEntry/Kind/measurementPolicy``: `bx-measurement-policy/v1`, least samples, half-life, interval, lifetime
/// - ``LogEntry/Kind/attestation``: `bx-attestation/v1`, account, TEEs (bit n for code n), expires at, state of the
///   platform (0 unknown), attested at (2^64 − 1 unknown)
/// - ``LogEntry/Kind/leasePolicy``: `bx-lease-policy/v1`, step, dispute window, bond per lot, slash share, appeal
///   window, newcomers' lots (0 for no limit)
/// - ``LogEntry/Kind/measurement``: `bx-measurement/v1`, account, model's number, tokens a second, ms to the first
///   token, 1/10,000 of the time in which it answered (each 0 when it was not measured), expires at
/// - ``LogEntry/Kind/settlementBatch``: ``SettledBatch``
///
/// Times and durations are microseconds, times since 1970 UTC; money is nanoTON, shares are 1/10,000.
package struct LogStatement: Hashable, Sendable {
    package let kind: LogEntry.Kind
    package let bytes: [UInt8]

    /// A key signs what is new from a time on. `publicKey` has 32 bytes.
    package static func signingKey(_ publicKey: [UInt8], from time: Int64) -> LogStatement {
        LogStatement(kind: .keyRotation, bytes: prefixed("bx-signing-key/v1", publicKey) + bytes([time]))
    }

    /// Workers are measured by these numbers.
    package static func measurementPolicy(_ numbers: [Int64]) -> LogStatement {
        LogStatement(kind: .measurementPolicy, bytes: prefixed("bx-measurement-policy/v1") + bytes(numbers))
    }

    /// An account's machines run in these environments.
    package static func attestation(_ numbers: [Int64]) -> LogStatement {
        LogStatement(kind: .attestation, bytes: prefixed("bx-attestation/v1") + bytes(numbers))
    }

    /// Leases are delivered by these numbers.
    package static func leasePolicy(_ numbers: [Int64]) -> LogStatement {
        LogStatement(kind: .leasePolicy, bytes: prefixed("bx-lease-policy/v1") + bytes(numbers))
    }

    /// An account delivers a model like this.
    package static func measurement(_ numbers: [Int64]) -> LogStatement {
        LogStatement(kind: .measurement, bytes: prefixed("bx-measurement/v1") + bytes(numbers))
    }

    /// What became of a batch of payouts.
    package static func settlementBatch(_ batch: SettledBatch) -> LogStatement {
        LogStatement(kind: .settlementBatch, bytes: batch.bytes)
    }

    /// What the entry commits to.
    package var payloadHash: Digest256 { SHA256.hash(bytes) }

    /// The key and the time of a statement about a key; `nil` for another.
    package var signingKey: (publicKey: [UInt8], from: Int64)? {
        let prefix = prefixed("bx-signing-key/v1")
        var reader = ByteReader(bytes)
        guard kind == .keyRotation, reader.take(prefix.count) == prefix, let key = reader.take(32),
            let time = reader.number(), reader.isAtEnd
        else { return nil }
        return (key, time)
    }

    /// A statement as it is kept.
    package init(kind: LogEntry.Kind, bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }

    private static func bytes(_ numbers: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(number: number) }
        return bytes
    }
}
