package import Cryptography
internal import Units

/// A leaf of the log before it is hashed: that something was recorded, when, and a hash that commits to it.
///
/// It has 51 bytes, all numbers big-endian:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 10 | `bx-log/v1` and a zero byte |
/// | 10 | 1 | ``Kind`` |
/// | 11 | 8 | logical time, ms since 1970 UTC |
/// | 19 | 32 | commitment |
///
/// Entries are public. The commitment of a receipt and of an equivocation is therefore salted: SHA-256 of
/// `bx-log-salt/v1`, a zero byte, the salt of 32 random bytes, and the payload's hash. Whoever is given the salt with
/// the payload can check it; nobody else can find out a payload by trying. The commitment of the other kinds, whose
/// payloads are public, is the payload's hash itself.
package struct LogEntry: Hashable, Sendable {
    package let kind: Kind
    /// Milliseconds since 1970 UTC, 0…``Limits/timeMillisecondsMax``.
    package let milliseconds: Int64
    package let commitment: Digest256

    /// What an entry records, and what its payload's hash is of: of a kind that is not salted, a ``LogStatement``.
    package enum Kind: UInt8, CaseIterable, Sendable {
        /// A receipt: ``SignedReceipt/payloadHash``.
        case receipt = 1
        /// Two receipts of one worker that contradict each other: ``Equivocation/payloadHash``.
        case equivocation = 2
        /// A new key of the exchange.
        case keyRotation = 3
        /// A new policy of measurements.
        case measurementPolicy = 4
        /// Payouts that went to the chain together.
        case settlementBatch = 5
        /// The operator's word on the environments of a worker.
        case attestation = 6
        /// A new policy of leases.
        case leasePolicy = 7
        /// The operator's word on how a worker delivers.
        case measurement = 9

        /// Whether the payload is not public.
        package var isSalted: Bool { self == .receipt || self == .equivocation }
    }

    /// How many bytes an entry has.
    package static let byteCount = 51
    /// How many bytes a salt has.
    package static let saltByteCount = 32

    private static let prefix = prefixed("bx-log/v1")

    /// An entry that commits to a payload; `nil` unless there is a salt of 32 bytes for a kind that is salted and none
    /// for another, and the time is in range.
    package init?(kind: Kind, milliseconds: Int64, salt: [UInt8]? = nil, payload: Digest256) {
        guard kind.isSalted == (salt != nil), salt.map({ $0.count == Self.saltByteCount }) ?? true,
            (0...Limits.timeMillisecondsMax).contains(milliseconds)
        else { return nil }
        self.kind = kind
        self.milliseconds = milliseconds
        commitment = salt.map { SHA256.hash(prefixed("bx-log-salt/v1", $0, payload.bytes)) } ?? payload
    }

    /// The entry that `bytes` are; `nil` if they are none.
    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard bytes.count == Self.byteCount, reader.take(Self.prefix.count) == Self.prefix,
            let kind = reader.unsigned(1).flatMap({ Kind(rawValue: UInt8($0)) }),
            let milliseconds = reader.number(upTo: Limits.timeMillisecondsMax), let commitment = reader.digest()
        else { return nil }
        self.kind = kind
        self.milliseconds = milliseconds
        self.commitment = commitment
    }

    /// The 51 bytes.
    package var bytes: [UInt8] {
        var bytes = Self.prefix
        bytes.append(kind.rawValue)
        bytes.append(number: milliseconds)
        commitment.append(to: &bytes)
        return bytes
    }

    /// The leaf that the entry is in the log's tree.
    package var leafHash: Digest256 { MerkleHash.leaf(bytes) }
}
