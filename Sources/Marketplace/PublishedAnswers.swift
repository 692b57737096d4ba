internal import API
internal import Engine
internal import Exchange
internal import Units

/// Answers from what was published, without asking the engine.
extension Published {
    /// Offers of every class that meets the requirement; bids that an offer of the same models and weight set might
    /// meet, whatever else they demand.
    func answer(_ query: BookQuery) -> API.Response {
        let book = book
        let wanted = query.requirement
        var offers: [[BookView.Level]] = []
        var bids: [[BookView.Level]] = []
        for entry in book.classes.values where wanted.isMet(by: entry.capability) {
            offers.append(entry.levels.map(BookView.Level.init))
        }
        for entry in book.profiles.values where wanted.overlaps(entry.requirement) {
            bids.append(entry.levels.map(BookView.Level.init))
        }
        let view = BookView(offers: offers, bids: bids, depth: query.depth)
        return view.response(to: query, models: directory.models, asOf: book.asOf)
    }

    func answer(_ query: MarketQuery) -> API.Response {
        let (book, models) = (book, directory.models)
        switch query {
        case .quote(let query):
            let view = QuoteView(book.levels(for: query.requirement, takenBy: query.side), for: query)
            return view.response(to: query, fees: directory.fees.rates, models: models, asOf: book.asOf)
        case .endpoints(let id):
            guard let record = models.record(id) else { return View.orderNotFound(requestID: 0) }
            return View.endpoints(of: record, book.listings(of: [record])[id]?.classes ?? [], asOf: book.asOf)
        }
    }

    func answer(_ query: ModelsQuery) -> API.Response {
        let models = directory.models
        let book = book
        if let id = query.model, let record = models.record(id) {
            let best = book.listings(of: [record])[id] ?? BestPrices()
            return View.model(record, best: best, asOf: book.asOf)
        }
        let listings = book.listings(of: models.records)
        return View.models(models, asOf: book.asOf) { listings[$0] ?? BestPrices() }
    }

    /// An order with the words of its class or profile.
    func detail(_ record: OrderRecord) -> OrderDetail {
        OrderDetail(
            record: record,
            capability: record.side == .offer ? capability(of: record.classID) : nil,
            requirement: record.side == .bid ? requirement(of: record.profileID) : nil
        )
    }

    func answer(_ order: OrderRecord, asOf: SequenceNumber) -> API.Response {
        View.order(detail(order), models: directory.models, asOf: asOf)
    }
}

extension PublishedBook {
    /// Of offers that meet the requirement, for a taker that buys; of bids whose demands overlap with it, for one that
    /// sells.
    fileprivate func levels(for wanted: Requirement, takenBy side: Side) -> [[BookView.Level]] {
        switch side {
        case .bid:
            classes.values.filter { wanted.isMet(by: $0.capability) }.map { $0.levels.map(BookView.Level.init) }
        case .offer:
            profiles.values.filter { wanted.overlaps($0.requirement) }.map { $0.levels.map(BookView.Level.init) }
        }
    }

    /// Of each model its cheapest offer, its classes, and the best bid that an offer of it could meet.
    func listings(of records: [ModelRecord]) -> [ModelID: BestPrices] {
        var listings: [ModelID: BestPrices] = [:]
        for record in records { listings[record.id] = BestPrices() }
        for entry in classes.values {
            guard let price = entry.levels.first?.price else { continue }
            let listing = ClassListing(
                id: entry.id,
                capability: entry.capability,
                price: price,
                lots: entry.levels.reduce(0) { $0 + $1.lots },
                orders: entry.levels.reduce(0) { $0 + $1.orders }
            )
            listings[entry.capability.model]?.classes.append(listing)
        }
        let byPrice = profiles.values.filter { !$0.levels.isEmpty }.sorted {
            $0.levels[0].price > $1.levels[0].price
        }
        for record in records {
            var best = listings[record.id] ?? BestPrices()
            best.classes.sort { ($0.price, $0.id.rawValue) < ($1.price, $1.id.rawValue) }
            best.offer = best.classes.first?.price
            best.bid = byPrice.first { $0.requirement.accepts(record) }?.levels[0].price
            listings[record.id] = best
        }
        return listings
    }
}

extension Requirement {
    /// Some offer could be for both, as far as models and weight set tell.
    func overlaps(_ other: Requirement) -> Bool {
        guard weightSet == other.weightSet else { return false }
        return models.isEmpty || other.models.isEmpty || models.contains { other.models.contains($0) }
    }

    /// Some offer of this model could meet the demand.
    func accepts(_ model: ModelRecord) -> Bool {
        guard weightSet == model.terms.weightSet, models.isEmpty || models.contains(model.id) else { return false }
        guard qualityAtLeast == 0 || (model.terms.quality ?? -1) >= qualityAtLeast else { return false }
        return model.terms.contextLength == 0 || model.terms.contextLength >= contextLengthAtLeast
    }
}

extension BookView.Level {
    init(_ level: BookLevel) {
        self.init(price: level.price, lots: level.lots, orders: level.orders)
    }
}
