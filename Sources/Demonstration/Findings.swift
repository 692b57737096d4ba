import Units

/// The figures of a report: sums over a plan and what became of it.
package struct Findings: Sendable {
    package private(set) var bids = Tally()
    package private(set) var byKind: [Demand.Kind: Tally] = [:]
    package private(set) var unfilled: [Shortfall: Unfilled] = [:]
    package private(set) var models: [Ranked] = []
    package private(set) var providers: [Ranked] = []
    package private(set) var latency: Percentiles?

    /// Sums over some bids.
    package struct Tally: Sendable {
        package var bids: Int64 = 0
        package var filledBids: Int64 = 0
        package var partlyFilledBids: Int64 = 0
        package var lots: Int64 = 0
        package var filledLots: Int64 = 0
        package var trades: Int64 = 0
        /// What was paid, and what the same lots would have cost at the median, the dearest and the cheapest listing
        /// that the bid could have been met by; in nanoTON, without fees.
        package var paid: Int128 = 0
        package var atMedian: Int128 = 0
        package var atDearest: Int128 = 0
        package var atCheapest: Int128 = 0

        package init() {}
    }

    /// Why lots of a bid stayed unfilled. Computed from what the demo itself offered, not asked of the server.
    package enum Shortfall: Hashable, Sendable {
        case refused(code: String)
        /// No listing meets the requirement, at any price.
        case nobodyCan
        /// Some do, but the cheapest asks more than the bid's limit.
        case limitTooLow
        /// Those at or below the limit had been sold to others.
        case soldOut
    }

    /// Bids and lots that stayed unfilled for one reason.
    package struct Unfilled: Sendable {
        package var bids: Int64 = 0
        package var lots: Int64 = 0
    }

    /// A model or a provider with what it sold.
    package struct Ranked: Sendable {
        package let name: String
        package var lots: Int64 = 0
        package var trades: Int64 = 0
        package var value: Int128 = 0
    }

    /// `outcome.bids` has one entry for each bid of the plan.
    package init(plan: Plan, outcome: Outcome) {
        var models: [String: Ranked] = [:]
        var providers: [String: Ranked] = [:]
        for (bid, result) in zip(plan.demand.bids, outcome.bids) {
            bids.add(bid, result)
            byKind[bid.kind, default: Tally()].add(bid, result)
            note(bid, result)
            for fill in result.fills {
                let offer = plan.supply.offers[fill.offer]
                models.add(fill, to: plan.supply.models[offer.model].facts.name)
                providers.add(fill, to: plan.supply.workers[offer.worker].provider)
            }
        }
        self.models = models.ranking
        self.providers = providers.ranking
        latency = Percentiles(outcome.latencies)
    }

    private mutating func note(_ bid: Demand.Bid, _ result: Outcome.BidOutcome) {
        let missing = bid.lots - result.filled
        guard missing > .zero else { return }
        let reason: Shortfall =
            switch result.answer {
            case .refused(let code): .refused(code: code)
            case .accepted where bid.reach.offers == 0: .nobodyCan
            case .accepted where bid.reach.cheapest > bid.limit: .limitTooLow
            case .accepted: .soldOut
            }
        unfilled[reason, default: Unfilled()].bids += 1
        unfilled[reason, default: Unfilled()].lots += missing.count
    }
}

extension Findings.Tally {
    mutating func add(_ bid: Demand.Bid, _ result: Outcome.BidOutcome) {
        let filled = result.filled
        bids += 1
        lots += bid.lots.count
        filledLots += filled.count
        trades += Int64(result.fills.count)
        if filled == bid.lots { filledBids += 1 } else if filled > .zero { partlyFilledBids += 1 }
        paid += result.fills.reduce(0) { $0 + Int128($1.value.count) }
        atMedian += bid.reach.median.sum(filled)
        atDearest += bid.reach.dearest.sum(filled)
        atCheapest += bid.reach.cheapest.sum(filled)
    }
}

extension Price {
    /// The value in nanoTON, also of a price that is no multiple of ``Price/step``: a median may be none.
    fileprivate func sum(_ lots: Lots) -> Int128 { Int128(nanoTONPerMTok) * Int128(lots.count) / Int128(Price.step) }
}

extension [String: Findings.Ranked] {
    fileprivate mutating func add(_ fill: Outcome.Fill, to name: String) {
        self[name, default: Findings.Ranked(name: name)].lots += fill.lots.count
        self[name, default: Findings.Ranked(name: name)].trades += 1
        self[name, default: Findings.Ranked(name: name)].value += Int128(fill.value.count)
    }

    /// By value, the largest first; equal ones by name, so that a report is the same every time.
    fileprivate var ranking: [Findings.Ranked] {
        values.sorted { $0.value == $1.value ? $0.name < $1.name : $0.value > $1.value }
    }
}

/// Order statistics of measured times, in microseconds, each a time that was measured (nearest rank).
package struct Percentiles: Equatable, Sendable {
    package let p50: Int64
    package let p90: Int64
    package let p99: Int64
    package let max: Int64

    /// `nil` of no measurement.
    package init?(_ measured: [Int64]) {
        let sorted = measured.sorted()
        guard let last = sorted.last else { return nil }
        func rank(_ percent: Int) -> Int64 { sorted[Swift.max(0, (sorted.count * percent + 99) / 100 - 1)] }
        p50 = rank(50)
        p90 = rank(90)
        p99 = rank(99)
        max = last
    }
}
