package import Units

/// Which of the payouts that wait go into the next batch.
package struct BatchPlan: Hashable, Sendable {
    /// In the order in which they waited.
    package let payouts: [PlannedPayout]
    /// Whether the anchor goes with them.
    package let isAnchored: Bool
    /// What the wallet sends itself for them: their sum, the anchor's amount, and the fees.
    package let value: NanoTON

    /// Messages of a batch. The wallet may have 255 actions, and one more is its own.
    package static let payoutsMax = 254

    /// Why there is no batch now.
    package enum Wait: Error, Hashable, Sendable {
        /// Nobody waits.
        case nobody
        /// The wallet has not enough beyond its reserve and what is under way for the one who waits the longest.
        case balance(missing: NanoTON)
        /// The operator's money for gas is below its reserve.
        case capital
    }

    /// What the wallet and the operator have.
    package struct Means: Sendable {
        /// What the chain says that the wallet has.
        package var balance: NanoTON
        /// What batches that are under way may still take: their values.
        package var inFlight: NanoTON
        /// What stays in the wallet whatever happens.
        package var reserve: NanoTON
        /// The operator's capital and fees less the costs of the network.
        package var capital: NanoTON
        package var capitalReserve: NanoTON
        /// For a batch of a number of payouts, rounded up.
        package var fees: @Sendable (Int) -> NanoTON

        package init(
            balance: NanoTON,
            inFlight: NanoTON,
            reserve: NanoTON,
            capital: NanoTON,
            capitalReserve: NanoTON,
            fees: @escaping @Sendable (Int) -> NanoTON
        ) {
            self.balance = balance
            self.inFlight = inFlight
            self.reserve = reserve
            self.capital = capital
            self.capitalReserve = capitalReserve
            self.fees = fees
        }
    }

    /// Takes those who waited the longest: one payout for an address, so that a payout on the chain is known by its
    /// address; at most ``payoutsMax``; and as many as the wallet can surely pay. One that cannot be paid yet lets
    /// nobody pass: otherwise large payouts would wait for ever.
    ///
    /// `anchor` is what the wallet sends itself with a message that anchors a log; it costs as a payout does. It has a
    /// place in the batch, and goes with what is left of the balance: payouts do not wait for it.
    package static func next(
        _ waiting: some Collection<PlannedPayout>,
        _ means: Means,
        anchor: NanoTON? = nil
    ) throws(Wait) -> BatchPlan {
        guard !waiting.isEmpty || anchor != nil else { throw .nobody }
        guard means.capital >= means.capitalReserve else { throw .capital }
        let free = means.balance - means.inFlight - means.reserve
        var chosen: [PlannedPayout] = []
        var addresses: Set<[UInt8]> = []
        var sum = NanoTON.zero
        for payout in waiting {
            guard chosen.count < (anchor == nil ? payoutsMax : payoutsMax - 1) else { break }
            guard addresses.insert(payout.address).inserted else { continue }
            let value = sum + payout.amount + means.fees(chosen.count + 1)
            guard value <= free else {
                if chosen.isEmpty { throw .balance(missing: value - free) }
                break
            }
            chosen.append(payout)
            sum = sum + payout.amount
        }
        if let anchor {
            let value = sum + anchor + means.fees(chosen.count + 1)
            if value <= free { return BatchPlan(payouts: chosen, isAnchored: true, value: value) }
            if chosen.isEmpty { throw .balance(missing: value - free) }
        }
        return BatchPlan(payouts: chosen, isAnchored: false, value: sum + means.fees(chosen.count))
    }

    private init(payouts: [PlannedPayout], isAnchored: Bool, value: NanoTON) {
        self.payouts = payouts
        self.isAnchored = isAnchored
        self.value = value
    }
}
