package import Exchange
package import Units

/// The bids that a demo places, planned from a trace and the supply. A value: the same facts and settings give the same
/// plan.
package struct Demand: Sendable {
    package let apps: [App]
    /// In the order of the trace.
    package let bids: [Bid]
    /// Requests without a token, which buy nothing.
    package let emptyRequests: Int

    /// What the demo adds to the facts; printed as assumptions.
    package struct Settings: Sendable {
        package var seed: UInt64
        /// At most so many requests of the trace become bids.
        package var ordersMax: Int
        /// Frozen in every bid, so money for them is deposited.
        package var fees: FeeRates
        package var appCount = 16
        /// The limit is the median listing times a number drawn evenly from this range, in 1/1,000.
        package var limitPerMille = 700...1_300
        /// How many of 100 bids are immediate-or-cancel; the others rest until they are filled.
        package var immediatePercent = 20

        package init(seed: UInt64, ordersMax: Int, fees: FeeRates) {
            self.seed = seed
            self.ordersMax = ordersMax
            self.fees = fees
        }
    }

    /// An account that buys.
    package struct App: Sendable {
        package let label: String
        /// Whole toncoins that cover the holds of all its bids.
        package let deposit: NanoTON
    }

    /// An order to buy.
    package struct Bid: Sendable {
        /// Index into ``Demand/apps``.
        package let app: Int
        package let kind: Kind
        package let requirement: Requirement
        package let limit: Price
        package let lots: Lots
        /// Tokens of the request of the trace.
        package let promptTokens: Int64
        package let completionTokens: Int64
        /// Whether what does not trade at once is cancelled.
        package let isImmediate: Bool
        /// What the requirement could be met by, at any price.
        package let reach: Reach
    }

    /// What a bid asks for.
    package enum Kind: String, CaseIterable, Sendable {
        case exactModel = "one model"
        case severalModels = "one of several"
        case quality = "quality and features"
        case attested = "attested only"

        /// How many of 100 demands are of this kind.
        package var percent: Int {
            switch self {
            case .exactModel: 55
            case .severalModels: 20
            case .quality: 15
            case .attested: 10
            }
        }
    }

    /// The listings that meet a requirement, at any price.
    package struct Reach: Hashable, Sendable {
        package let offers: Int
        /// Of no listing at all when ``offers`` is 0; then the median of the weight set stands for it.
        package let cheapest: Price
        package let median: Price
        package let dearest: Price
    }

    /// Throws ``DemonstrationError/nothingToBuy`` or ``DemonstrationError/demandTooLarge``.
    package init(trace: Trace, supply: Supply, settings: Settings) throws(DemonstrationError) {
        var builder = DemandBuilder(supply: supply, settings: settings)
        var bids: [Bid] = []
        var emptyRequests = 0
        for request in trace.requests.prefix(settings.ordersMax) {
            if let bid = builder.bid(request) { bids.append(bid) } else { emptyRequests += 1 }
        }
        guard !bids.isEmpty else { throw .nothingToBuy }
        self.bids = bids
        self.emptyRequests = emptyRequests
        apps = try Self.apps(bids, settings: settings)
    }

    package var lots: Lots { bids.reduce(.zero) { $0 + $1.lots } }

    private static func apps(_ bids: [Bid], settings: Settings) throws(DemonstrationError) -> [App] {
        var needed = [Int128](repeating: 0, count: settings.appCount)
        for bid in bids { needed[bid.app] += Int128(settings.fees.hold(for: bid.lots, at: bid.limit).count) }
        let toncoin: Int128 = 1_000_000_000
        let deposits = needed.map { max(1, ($0 + toncoin - 1) / toncoin) * toncoin }
        guard deposits.reduce(0, +) <= Int128(Limits.depositsMax) else { throw .demandTooLarge }
        return deposits.enumerated().map { App(label: "app \($0.offset + 1)", deposit: NanoTON(Int64($0.element))) }
    }
}

/// Turns requests into bids, one after the other.
private struct DemandBuilder {
    private let supply: Supply
    private let settings: Demand.Settings
    /// What each app asks for, again and again: the accounts of a market have habits, and the exchange bounds how many
    /// different requirements an account may have in the book.
    private let habits: [[DemandHabit]]
    private var random: SeededGenerator
    private var reaches: [Requirement: Demand.Reach] = [:]

    /// With at most six steps of context length (``contextStep(for:)``) these make at most 144 requirements for an
    /// account, which may have ``Limits/profilesPerAccountMax``.
    static let habitsPerApp = 24

    init(supply: Supply, settings: Demand.Settings) {
        self.supply = supply
        self.settings = settings
        var chooser = DemandHabit.Chooser(supply: supply, seed: settings.seed)
        habits = (0..<settings.appCount).map { _ in (0..<Self.habitsPerApp).map { _ in chooser.next() } }
        random = SeededGenerator(seed: settings.seed, stream: 3)
    }

    /// `nil` for a request without a token.
    mutating func bid(_ request: Trace.Request) -> Demand.Bid? {
        let app = random.below(settings.appCount)
        let habit = random.pick(habits[app])
        let isImmediate = random.chance(percent: settings.immediatePercent)
        let perMille = settings.limitPerMille.lowerBound + random.below(settings.limitPerMille.count)

        var requirement = habit.requirement
        guard let weightSet = requirement.weightSet.weightSet else { return nil }
        let tokens = weightSet.adjusted(prompt: request.contextTokens, completion: request.generatedTokens)
        guard tokens.count > 0 else { return nil }
        requirement.contextLengthAtLeast = Self.contextStep(for: request.contextTokens + request.generatedTokens)
        let reach = reach(of: requirement)
        let limit = Int128(reach.median.nanoTONPerMTok) * Int128(perMille)
        let steps = (limit + 1_000 * Int128(Price.step) - 1) / (1_000 * Int128(Price.step))
        return Demand.Bid(
            app: app,
            kind: habit.kind,
            requirement: requirement,
            limit: Price(nanoTONPerMTok: Int64(min(steps * Int128(Price.step), Int128(Limits.priceMax)))),
            lots: Lots((tokens.count + Lots.tokensPerLot - 1) / Lots.tokensPerLot),
            promptTokens: request.contextTokens,
            completionTokens: request.generatedTokens,
            isImmediate: isImmediate,
            reach: reach
        )
    }

    /// The context length that a bid for `tokens` asks for: 4,096 or a power of four above it.
    static func contextStep(for tokens: Int64) -> Int64 {
        var step: Int64 = 4_096
        while step < tokens, step < 4_194_304 { step *= 4 }
        return step < tokens ? Limits.contextLengthMax : step
    }

    private mutating func reach(of requirement: Requirement) -> Demand.Reach {
        if let known = reaches[requirement] { return known }
        let capable = supply.offers.filter { requirement.isMet(by: $0.capability) }
        let sameUnit = supply.offers.filter { $0.capability.weightSet == requirement.weightSet }
        // The first that is not empty; the last never is.
        let compared = [capable, sameUnit].first { !$0.isEmpty } ?? supply.offers
        let prices = compared.map(\.price).sorted()
        let median = prices.map { Int128($0.nanoTONPerMTok) }.median ?? Int128(Limits.priceMin)
        let reach = Demand.Reach(
            offers: capable.count,
            cheapest: prices[0],
            median: Price(nanoTONPerMTok: Int64(median)),
            dearest: prices[prices.count - 1]
        )
        reaches[requirement] = reach
        return reach
    }
}
