package import Exchange
package import Units

/// The offers that a demo places, planned from the price list. A value: the same facts and settings give the same plan.
package struct Supply: Sendable {
    package let models: [Model]
    package let workers: [Worker]
    package let offers: [Offer]
    /// Listings without an input price, which are left out.
    package let listingsWithoutPrice: Int

    /// What the demo adds to the facts; printed as assumptions.
    package struct Settings: Sendable {
        package var rate: ExchangeRate
        package var seed: UInt64
        /// How many of 100 listings get a twin that claims an attested environment.
        package var twinPercent = 20
        /// What a twin costs more, in percent.
        package var twinSurchargePercent: Int64 = 15

        package init(rate: ExchangeRate, seed: UInt64) {
            self.rate = rate
            self.seed = seed
        }
    }

    /// An entry for the exchange's model registry.
    package struct Model: Sendable {
        package let facts: Market.ModelFacts
        /// The registered one nearest to the median output/input ratio of the model's listings.
        package let weightSet: WeightSet
    }

    /// An account that sells.
    package struct Worker: Hashable, Sendable {
        package let provider: String
        /// The operator marks it attested for Intel TDX. *Simulated*: nothing is known of any provider's machines.
        package let isAttested: Bool

        package var label: String { isAttested ? provider + Supply.attestedSuffix : provider }
    }

    /// An order to sell.
    package struct Offer: Sendable {
        /// Index into ``Supply/workers``.
        package let worker: Int
        /// Index into ``Supply/models``.
        package let model: Int
        /// The provider's name for it.
        package let listing: String
        package let isTwin: Bool
        package let price: Price
        /// What matching will see once the operator has attested the account.
        package let capability: Capability
    }

    /// Stands behind a provider's name in the label of its attested account.
    package static let attestedSuffix = " (attested)"

    /// Throws ``DemonstrationError/nothingToSell`` or ``DemonstrationError/priceOutOfRange``.
    package init(market: Market, settings: Settings) throws(DemonstrationError) {
        var builder = SupplyBuilder(market: market, settings: settings)
        for listing in market.listings { try builder.add(listing) }
        guard !builder.offers.isEmpty else { throw .nothingToSell }
        models = builder.models
        workers = builder.workers
        offers = builder.offers
        listingsWithoutPrice = builder.listingsWithoutPrice
    }

    /// How many different providers sell.
    package var providerCount: Int { Set(workers.map(\.provider)).count }
    package var twinCount: Int { offers.count { $0.isTwin } }
}

/// Collects the plan listing by listing.
private struct SupplyBuilder {
    let settings: Supply.Settings
    let models: [Supply.Model]
    var workers: [Supply.Worker] = []
    var offers: [Supply.Offer] = []
    var listingsWithoutPrice = 0
    private let modelIndex: [String: Int]
    private var workerIndex: [Supply.Worker: Int] = [:]
    private var random: SeededGenerator

    init(market: Market, settings: Supply.Settings) {
        self.settings = settings
        let byModel = Dictionary(grouping: market.listings, by: \.model)
        models = market.models.map { facts in
            Supply.Model(facts: facts, weightSet: .nearest(to: byModel[facts.name] ?? []))
        }
        modelIndex = Dictionary(
            market.models.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        random = SeededGenerator(seed: settings.seed, stream: 1)
    }

    mutating func add(_ listing: Market.Listing) throws(DemonstrationError) {
        // Drawn for every listing, so that a price which appears or goes leaves the other twins where they were.
        let hasTwin = random.chance(percent: settings.twinPercent)
        guard let usd = listing.inputPerMTok, usd.nano > 0, let model = modelIndex[listing.model] else {
            listingsWithoutPrice += 1
            return
        }
        guard let price = settings.rate.price(usd) else { throw .priceOutOfRange(listing: listing.name) }
        append(listing, model: model, price: price, isTwin: false)
        guard hasTwin else { return }
        let surcharged = Int128(price.nanoTONPerMTok) * Int128(100 + settings.twinSurchargePercent)
        let step = Int128(Price.step) * 100
        let twinPrice = (surcharged + step - 1) / step * Int128(Price.step)
        guard twinPrice <= Int128(Limits.priceMax) else { throw .priceOutOfRange(listing: listing.name) }
        append(listing, model: model, price: Price(nanoTONPerMTok: Int64(twinPrice)), isTwin: true)
    }

    private mutating func append(_ listing: Market.Listing, model: Int, price: Price, isTwin: Bool) {
        let facts = models[model].facts
        let capability = Capability(
            model: ModelID(Int64(model) + 1),
            modelVersion: 1,
            weightSet: models[model].weightSet.id,
            quality: facts.quality,
            contextLength: listing.contextLength == 0 ? facts.contextLength : listing.contextLength,
            features: listing.features,
            quantization: .unknown,
            region: .unknown,
            tee: isTwin ? .tdx : .none
        )
        offers.append(
            Supply.Offer(
                worker: worker(Supply.Worker(provider: listing.provider, isAttested: isTwin)),
                model: model,
                listing: listing.name,
                isTwin: isTwin,
                price: price,
                capability: capability
            )
        )
    }

    private mutating func worker(_ worker: Supply.Worker) -> Int {
        if let index = workerIndex[worker] { return index }
        workerIndex[worker] = workers.count
        workers.append(worker)
        return workers.count - 1
    }
}

extension WeightSet {
    /// The registered weight set whose completion/prompt ratio is nearest to the median output/input ratio of the
    /// listings; the cheaper one of two that are equally near, the standard one when no listing has both prices.
    package static func nearest(to listings: [Market.Listing]) -> WeightSet {
        let ratios = listings.compactMap { listing -> Int128? in
            guard let input = listing.inputPerMTok, let output = listing.outputPerMTok else { return nil }
            guard input.nano > 0, output.nano > 0 else { return nil }
            return Int128(output.nano) * 1_000_000 / Int128(input.nano)
        }
        guard let median = ratios.median else { return .standard }
        let ascending = registered.sorted { $0.completion < $1.completion }
        return ascending.min { $0.distance(to: median) < $1.distance(to: median) } ?? .standard
    }

    /// From this set's ratio to one in 1/1,000,000.
    private func distance(to ratio: Int128) -> Int128 {
        abs(Int128(completion) * 1_000_000 / Int128(prompt) - ratio)
    }
}

extension [Int128] {
    /// The middle value, or the mean of the two in the middle, rounded down; `nil` of nothing.
    var median: Int128? {
        guard !isEmpty else { return nil }
        let sorted = sorted()
        let upper = sorted[count / 2]
        return count % 2 == 1 ? upper : (sorted[count / 2 - 1] + upper) / 2
    }
}
