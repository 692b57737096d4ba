package import Cryptography
package import Units

/// What a lease is, in the exchange's words and under its signature: an app shows it to the worker, which checks it
/// without asking anybody (``verify(_:keys:)``).
///
/// All numbers are big-endian, and each ticket has one form:
///
/// | bytes | field |
/// |---|---|
/// | 8 | `BXTICKT1` |
/// | 8 | lease |
/// | 8 | trade |
/// | 8 | bid |
/// | 8 | offer |
/// | 8 | worker's account |
/// | 8 | app's account |
/// | 32 | worker's receipt key, 0 when it has given none |
/// | 32 | app's receipt key, 0 when it has given none |
/// | 1 + n | model: length, and up to 96 bytes of UTF-8 |
/// | 1 + n | revision of the model: length, and up to 64 bytes of UTF-8; empty when unknown |
/// | 32 | SHA-256 of the model's weights, 0 when unknown |
/// | 32 | SHA-256 of the worker's attestation evidence, 0 when there is none |
/// | 4 × 4 | weights of a prompt, cached, completion and reasoning token, in 1/10,000 |
/// | 8 | price, nanoTON for 1,000,000 adjusted tokens |
/// | 8 | lots of 1,000 adjusted tokens |
/// | 4 | fee that the app pays, in 1/10,000 of what it uses |
/// | 4 | fee that the worker pays, in 1/10,000 of what it earns |
/// | 8 | when the lease opened, ms since 1970 UTC |
/// | 8 | deadline, ms since 1970 UTC; outages of the exchange move it further off |
/// | 8 | step: adjusted tokens that the worker may claim beyond what the app has countersigned |
/// | 8 | dispute window, ms |
/// | 2 + n | worker's endpoint: length, and up to 256 bytes of UTF-8; empty when it has given none |
package struct Ticket: Hashable, Sendable {
    package var lease: LeaseID
    package var trade: TradeID
    package var bid: OrderID
    package var offer: OrderID
    package var worker: AccountID
    package var app: AccountID
    package var workerKey: Digest256
    package var appKey: Digest256
    package var model: String
    package var revision: String
    package var weightsHash: Digest256
    package var attestation: Digest256
    package var weights: TokenWeights
    package var price: Price
    package var lots: Lots
    package var appFee: BasisPoints
    package var workerFee: BasisPoints
    /// Milliseconds since 1970 UTC.
    package var openedAt: Int64
    /// Milliseconds since 1970 UTC, not before the opening.
    package var deadline: Int64
    package var step: AdjustedTokens
    /// Milliseconds.
    package var disputeWindow: Int64
    package var endpoint: String

    package init(
        lease: LeaseID,
        trade: TradeID,
        bid: OrderID,
        offer: OrderID,
        worker: AccountID,
        app: AccountID,
        workerKey: Digest256 = .zero,
        appKey: Digest256 = .zero,
        model: String,
        revision: String = "",
        weightsHash: Digest256 = .zero,
        attestation: Digest256 = .zero,
        weights: TokenWeights,
        price: Price,
        lots: Lots,
        appFee: BasisPoints,
        workerFee: BasisPoints,
        openedAt: Int64,
        deadline: Int64,
        step: AdjustedTokens,
        disputeWindow: Int64,
        endpoint: String = ""
    ) {
        self.lease = lease
        self.trade = trade
        self.bid = bid
        self.offer = offer
        self.worker = worker
        self.app = app
        self.workerKey = workerKey
        self.appKey = appKey
        self.model = model
        self.revision = revision
        self.weightsHash = weightsHash
        self.attestation = attestation
        self.weights = weights
        self.price = price
        self.lots = lots
        self.appFee = appFee
        self.workerFee = workerFee
        self.openedAt = openedAt
        self.deadline = deadline
        self.step = step
        self.disputeWindow = disputeWindow
        self.endpoint = endpoint
    }

    /// Adjusted tokens that may be drawn on the lease.
    package var tokens: AdjustedTokens { lots.tokens }
}
