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

    func answer(_ query: ModelsQuery) -> API.Response {
        let models = directory.models
        let book = book
        if let id = query.model, let record = models.record(id) {
            return View.model(record, best: book.best(of: record), asOf: book.asOf)
        }
        return View.models(models, asOf: book.asOf) { id in
            models.record(id).map { book.best(of: $0) } ?? BestPrices()
        }
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
    /// The cheapest offer of the model, and the best bid that an offer of it could meet.
    fileprivate func best(of model: ModelRecord) -> BestPrices {
        var best = BestPrices()
        for entry in classes.values where entry.capability.model == model.id {
            guard let price = entry.levels.first?.price else { continue }
            best.offer = min(best.offer ?? price, price)
        }
        for entry in profiles.values where entry.requirement.accepts(model) {
            guard let price = entry.levels.first?.price else { continue }
            best.bid = max(best.bid ?? price, price)
        }
        return best
    }
}

extension Requirement {
    /// Some offer could be for both, as far as models and weight set tell.
    func overlaps(_ other: Requirement) -> Bool {
        guard weightSet == other.weightSet else { return false }
        return models.isEmpty || other.models.isEmpty || models.contains { other.models.contains($0) }
    }

    /// Some offer of this model could meet the demand.
    fileprivate func accepts(_ model: ModelRecord) -> Bool {
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
