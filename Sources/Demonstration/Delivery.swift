package import Units

/// What becomes of the leases of a demo: which of them are delivered, and what goes wrong with the others. The tokens
/// are those of the trace; who fails is drawn from the seed, and printed as assumed.
package struct Delivery: Sendable {
    /// One for each trade, in the order of the bids.
    package let leases: [Lease]

    /// How the parties of a lease behave.
    package enum Conduct: String, CaseIterable, Sendable {
        /// Receipts as the job goes on, each signed by both, and a last one.
        case delivers
        /// Half is delivered, and the app closes the lease.
        case stalls = "stalls half-way"
        /// The worker gives the lease back before it has shown anything.
        case givesUp = "gives up"
        /// The worker signs two different receipts of one sequence.
        case cheats
        /// The app does not answer, so that the worker's claim is paid by silence.
        case unanswered = "app falls silent"
        /// The worker says nothing at all.
        case silent = "worker falls silent"

        /// How many of 100 leases.
        package var percent: Int {
            switch self {
            case .delivers: 90
            case .stalls: 3
            case .givesUp, .cheats, .unanswered: 2
            case .silent: 1
            }
        }
    }

    /// A lease with what is to be drawn on it.
    package struct Lease: Sendable {
        package let id: LeaseID
        /// Indices into ``Supply/workers`` and ``Demand/apps``.
        package let worker: Int
        package let app: Int
        package let price: Price
        package let lots: Lots
        package let weightSet: WeightSet
        /// Tokens of the request: of one that several workers serve, this one's part.
        package let promptTokens: Int64
        package let completionTokens: Int64
        package let conduct: Conduct
    }

    /// The leases that the bids opened.
    package init(plan: Plan, bids: [Outcome.BidOutcome]) {
        var random = SeededGenerator(seed: plan.settings.seed, stream: 5)
        var leases: [Lease] = []
        for (bid, outcome) in zip(plan.demand.bids, bids) {
            for fill in outcome.fills {
                let offer = plan.supply.offers[fill.offer]
                func part(_ tokens: Int64) -> Int64 {
                    Int64(Int128(tokens) * Int128(fill.lots.count) / Int128(bid.lots.count))
                }
                leases.append(
                    Lease(
                        id: LeaseID(fill.trade.rawValue),
                        worker: offer.worker,
                        app: bid.app,
                        price: fill.price,
                        lots: fill.lots,
                        weightSet: plan.supply.models[offer.model].weightSet,
                        promptTokens: part(bid.promptTokens),
                        completionTokens: part(bid.completionTokens),
                        conduct: Self.conduct(&random)
                    )
                )
            }
        }
        self.leases = leases
    }

    private static func conduct(_ random: inout SeededGenerator) -> Conduct {
        var draw = random.below(100)
        for conduct in Conduct.allCases {
            if draw < conduct.percent { return conduct }
            draw -= conduct.percent
        }
        return .delivers
    }

    /// What came of it.
    package struct Tally: Sendable {
        package var leases: [Conduct: Int] = [:]
        package var receipts = 0
        /// Receipts a second, handed in and recorded.
        package var microseconds: Int64 = 1
        /// Adjusted tokens that are charged.
        package var tokens: Int64 = 0
        package var earned = Int128(0)
        /// The same by worker, indices into ``Supply/workers``.
        package var earnings: [Int: Int128] = [:]
        package var fees = Int128(0)
        package var refunded = Int128(0)
        package var strikes = 0
        package var equivocations = 0
        package var logSize: Int64 = 0
        /// How one receipt is proven, line by line.
        package var proof: [String] = []

        package init() {}
    }
}

extension Report {
    /// What was delivered, and one proof aloud.
    var delivered: [String] {
        guard let tally = outcome.delivery else { return [] }
        var table = TextTable("lr")
        for conduct in Delivery.Conduct.allCases {
            table.row(conduct.rawValue, "\(Figures.count(tally.leases[conduct] ?? 0)) leases")
        }
        let rate = Int64(tally.receipts) * 1_000_000 / max(1, tally.microseconds)
        let lines = [
            "  \(Figures.count(tally.tokens)) adjusted tokens delivered; workers earned "
                + "\(Figures.toncoins(tally.earned)), fees were \(Figures.toncoins(tally.fees)), "
                + "\(Figures.toncoins(tally.refunded)) went back.",
            "  \(Figures.count(tally.receipts)) receipts, \(Figures.count(rate)) a second, each with its signatures "
                + "checked; \(tally.strikes) strikes, \(tally.equivocations) contradictions caught.",
            "  The log has \(Figures.count(tally.logSize)) entries. One receipt, proven with nothing but its key:",
        ]
        let proof = tally.proof.map { "    ✓  " + $0 }
        return [heading("Delivered (who fails is drawn from the seed)")] + table.lines() + lines + proof
    }
}
