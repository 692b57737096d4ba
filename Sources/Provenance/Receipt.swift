package import Cryptography
package import Units

/// A statement of what was used on a lease since it opened, which its worker signs and its app countersigns.
///
/// It has 312 bytes, all numbers big-endian, and each receipt one form:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | `BXRCPT01` |
/// | 8 | 16 | lease: eight zero bytes and its number |
/// | 24 | 16 | job: any name that the worker gives the request |
/// | 40 | 16 | worker: the first 16 bytes of the SHA-256 of its receipt key |
/// | 56 | 16 | app: the first 16 bytes of the SHA-256 of its receipt key |
/// | 72 | 32 | SHA-256 of the worker's attestation evidence, 0 when there is none |
/// | 104 | 32 | SHA-256 of the model's weights, 0 when it is unknown |
/// | 136 | 32 | hash of the request |
/// | 168 | 32 | hash of the response |
/// | 200 | 4 | sequence |
/// | 204 | 4 | bits 8–31: time to first token of the job in ms, 0 when it was not measured; bits 0–7: ``Flags`` |
/// | 208 | 8 | prompt tokens, cumulative like all counts |
/// | 216 | 8 | completion tokens |
/// | 224 | 8 | cached tokens, part of the prompt |
/// | 232 | 8 | reasoning tokens, part of the completion |
/// | 240 | 8 | price, nanoTON for 1,000,000 adjusted tokens |
/// | 248 | 8 | adjusted tokens |
/// | 256 | 8 | amount, nanoTON |
/// | 264 | 8 | start of the job, ms since 1970 UTC |
/// | 272 | 8 | end of the job, ms since 1970 UTC |
/// | 280 | 32 | SHA-256 of the previous receipt's 312 bytes, 0 for the first |
package struct Receipt: Hashable, Sendable {
    package var lease: LeaseID
    package var job: JobID
    package var worker: PartyID
    package var app: PartyID
    package var attestation: Digest256
    package var weights: Digest256
    package var request: Digest256
    package var response: Digest256
    /// The number of this receipt among those of the lease.
    package var sequence: UInt32
    package var flags: Flags
    /// Milliseconds from the request to the first token, at most ``timeToFirstTokenMax``; 0 when not measured.
    package var timeToFirstToken: UInt32
    package var usage: TokenUsage
    package var price: Price
    package var adjusted: AdjustedTokens
    package var amount: NanoTON
    /// Milliseconds since 1970 UTC.
    package var startedAt: Int64
    /// Milliseconds since 1970 UTC, not before the start.
    package var endedAt: Int64
    package var previous: Digest256

    /// How many bytes a receipt has.
    package static let byteCount = 312
    /// The longest time to first token that has room: 2^24 − 1 ms, more than four hours.
    package static let timeToFirstTokenMax: UInt32 = 1 << 24 - 1

    /// What the receipt says about the job beside its counts.
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The last receipt of the lease: nothing more will be used.
        package static let final = Flags(rawValue: 1)
        /// The job goes on after this receipt.
        package static let partial = Flags(rawValue: 2)
        /// The job ended before its answer was whole.
        package static let aborted = Flags(rawValue: 4)
        /// The worker refused the job.
        package static let refused = Flags(rawValue: 8)
        package static let all: Flags = [.final, .partial, .aborted, .refused]
    }

    package init(
        lease: LeaseID,
        job: JobID = JobID(high: 0, low: 0),
        worker: PartyID,
        app: PartyID,
        attestation: Digest256 = .zero,
        weights: Digest256 = .zero,
        request: Digest256 = .zero,
        response: Digest256 = .zero,
        sequence: UInt32,
        flags: Flags = [],
        timeToFirstToken: UInt32 = 0,
        usage: TokenUsage,
        price: Price,
        adjusted: AdjustedTokens,
        amount: NanoTON,
        startedAt: Int64,
        endedAt: Int64,
        previous: Digest256 = .zero
    ) {
        self.lease = lease
        self.job = job
        self.worker = worker
        self.app = app
        self.attestation = attestation
        self.weights = weights
        self.request = request
        self.response = response
        self.sequence = sequence
        self.flags = flags
        self.timeToFirstToken = timeToFirstToken
        self.usage = usage
        self.price = price
        self.adjusted = adjusted
        self.amount = amount
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.previous = previous
    }

    /// The adjusted tokens that the counts give by `weights`; a receipt that states others is miscounted.
    package func adjustedTokens(weights: WeightSet) -> AdjustedTokens {
        usage.adjusted(by: TokenWeights(weights))
    }

    /// What the adjusted tokens cost: `floor(adjusted × price / 1,000,000)`. A receipt that states another amount is
    /// miscounted.
    package var amountDue: NanoTON { price.cost(of: adjusted) }

    /// SHA-256 of the 312 bytes: what the next receipt of the lease names as its previous one.
    package var hash: Digest256 { SHA256.hash(bytes) }

    /// What the worker signs: `bx-receipt/v1`, a zero byte and the 312 bytes of the receipt.
    package static func signingInput(of body: [UInt8]) -> [UInt8] { prefixed("bx-receipt/v1", body) }

    /// What the app signs: `bx-receipt-ack/v1`, a zero byte, the 312 bytes and the worker's signature.
    package static func acknowledgementInput(of body: [UInt8], workerSignature: [UInt8]) -> [UInt8] {
        prefixed("bx-receipt-ack/v1", body, workerSignature)
    }
}
