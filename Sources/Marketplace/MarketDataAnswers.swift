internal import API
internal import Engine
internal import Exchange
internal import Store
internal import Units

/// Answers about past trades, which put the tables and what was published together.
extension HistoryAnswers {
    func answer(_ query: CandlesQuery, requestID: UInt64) throws(StoreError) -> API.Response {
        let models = published.directory.models
        let series: [Int64]
        switch query.subject {
        case .model(let id):
            series = models.record(id).map { [HistoryReader.series(of: id, $0.terms.weightSet)] } ?? []
        case .requirement(let requirement):
            series = CandleSeries(meeting: requirement, of: published.allClasses).numbers
            guard series.count <= Limits.candleClassesMax else {
                let detail = """
                    \(series.count) capability classes meet the requirement beside those of whole models; candles are \
                    gathered over at most \(Limits.candleClassesMax). Demand more, or name a model.
                    """
                let error = FieldError(.parameter("requirement"), .tooMany, detail)
                return Problem(invalid: [error]).response(requestID: requestID)
            }
        }
        let found = try reader.candles(
            series,
            seconds: query.interval.seconds,
            before: query.before,
            limit: query.limit
        )
        let candles = found.value.candles.map { row in
            Candle(
                start: row.start,
                open: row.open,
                high: row.high,
                low: row.low,
                close: row.close,
                lots: row.lots,
                value: row.value,
                trades: row.trades
            )
        }
        return View.candles(
            query,
            candles,
            continuation: found.value.continuation,
            models: models,
            asOf: found.sequence
        )
    }

    func answer(_ query: IndexQuery) throws(StoreError) -> API.Response {
        let models = published.directory.models
        let book = published.book
        var tiers = [false: PriceIndex.Tier(), true: PriceIndex.Tier()]
        guard let record = models.record(query.model) else { return View.orderNotFound(requestID: 0) }
        let found = try reader.tiers(
            of: record.id,
            record.terms.weightSet,
            from: query.start,
            through: query.end,
            limit: Limits.indexTradesMax,
            trimmedPart: PriceIndex.Tier.trimmedPart
        )
        for row in found.value {
            var tier = PriceIndex.Tier()
            tier.trades = row.trades
            tier.lots = row.lots
            tier.buyers = row.buyers
            tier.sellers = row.sellers
            tier.countedLots = row.countedLots
            tier.countedValue = row.countedValue
            tiers[row.isAttested] = tier
        }
        let rows = try reader.unfilled(from: query.start, through: query.end, limit: Limits.indexBidsMax)
        for row in rows {
            guard let demand = published.requirement(of: row.profile), demand.accepts(record) else { continue }
            tiers[demand.wantsAttestation]?.unfilled[row.reason, default: 0] += row.lots
        }
        for entry in book.profiles.values where entry.requirement.accepts(record) {
            tiers[entry.requirement.wantsAttestation]?.restingLots += entry.levels.reduce(0) { $0 + $1.lots }
        }
        for listing in book.listings(of: [record])[record.id]?.classes ?? []
        where listing.capability.weightSet == record.terms.weightSet && listing.capability.buyers == .anyone {
            tiers[listing.capability.isAttested]?.bestOffers.append(listing.price)
        }
        let index = PriceIndex(attested: tiers[true] ?? .init(), unattested: tiers[false] ?? .init())
        return View.index(query, index, models: models, asOf: found.sequence, bookAsOf: book.asOf)
    }
}

/// The stored series that together have the trades of all classes that meet a requirement, each trade once.
struct CandleSeries: Hashable {
    /// A model that counts tokens by one weight set: the good whose trades have a series of their own.
    private struct Good: Hashable {
        let model: ModelID
        let weightSet: WeightSetID
    }

    /// In ascending order.
    private(set) var numbers: [Int64] = []

    /// Where all classes of a good meet the requirement, the good's own series stands for them: one, however many
    /// classes there are. It also has the trades of which nobody noted a class, under rules before version 3.
    init(meeting requirement: Requirement, of classes: [ClassID: Capability]) {
        var wanted: [Good: [Int64]] = [:]
        var isPartial: Set<Good> = []
        for (id, capability) in classes {
            let good = Good(model: capability.model, weightSet: capability.weightSet)
            if requirement.isMet(by: capability) {
                wanted[good, default: []].append(id.rawValue)
            } else {
                isPartial.insert(good)
            }
        }
        for (good, classes) in wanted {
            numbers += isPartial.contains(good) ? classes : [HistoryReader.series(of: good.model, good.weightSet)]
        }
        numbers.sort()
    }
}

extension Requirement {
    /// Only attested offers will do.
    fileprivate var wantsAttestation: Bool { tees != 0 && tees & TEE.none.bit == 0 }
}
