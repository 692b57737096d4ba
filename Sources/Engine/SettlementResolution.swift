/// What the operator says of payouts of a batch that the chain contradicts: after having looked.
package struct SettlementResolution: Hashable, Sendable {
    package var batch: SettlementID
    /// By index, each at most once.
    package var payouts: [PayoutVerdict]
    /// Whether the open payouts that are not named are paid; `nil` leaves them open.
    package var others: Bool?
    /// By what it is known, such as the hash of a message or a transaction: 1…``Limits/payoutReferenceBytesMax`` bytes.
    package var reference: String

    package init(batch: SettlementID, payouts: [PayoutVerdict] = [], others: Bool? = nil, reference: String) {
        self.batch = batch
        self.payouts = payouts
        self.others = others
        self.reference = reference
    }
}

/// What the operator says of one payout.
package struct PayoutVerdict: Hashable, Sendable {
    /// Of the batch: 0…253.
    package var index: Int64
    package var isPaid: Bool

    package init(index: Int64, isPaid: Bool) {
        self.index = index
        self.isPaid = isPaid
    }
}
