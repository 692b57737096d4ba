internal import API
internal import Engine
internal import Exchange
internal import Units

/// What placing an order would come to, and why it would not be filled.
extension Published {
    func answer(_ query: PreviewQuery, requestID: UInt64) -> API.Response {
        let (book, directory) = (book, directory)
        do throws(Problem) {
            let whyNot: WhyNot
            let outcome: PreviewOutcome
            switch query.action {
            case .placeBid(let terms):
                let demand = try terms.demand(directory)
                let (limit, lots) = (terms.order.price, terms.order.lots)
                whyNot = WhyNot(bid: demand, limit: limit, lots: lots, offers: book.offers)
                outcome = PreviewOutcome(
                    of: terms.order,
                    .bid,
                    over: book.offers.filter { demand.isMet(by: $0.0) }.map(\.1),
                    directory.fees
                )
            case .placeOffer(let terms):
                let supply = try terms.supply(directory)
                let (limit, lots) = (terms.order.price, terms.order.lots)
                whyNot = WhyNot(offer: supply, limit: limit, lots: lots, bids: book.bids)
                outcome = PreviewOutcome(
                    of: terms.order,
                    .offer,
                    over: book.bids.filter { $0.0.isMet(by: supply) }.map(\.1),
                    directory.fees
                )
            default: preconditionFailure("only orders are previewed")
            }
            return View.preview(
                query,
                outcome,
                whyNot: whyNot,
                models: directory.models,
                asOf: book.asOf,
                whyNotAsOf: book.asOf
            )
        } catch {
            return error.response(requestID: requestID)
        }
    }
}

extension PublishedBook {
    /// In the order of the classes' numbers.
    fileprivate var offers: [(Capability, [BookLevel])] {
        classes.values.sorted { $0.id.rawValue < $1.id.rawValue }.map { ($0.capability, $0.levels) }
    }

    /// In the order of the profiles' numbers.
    fileprivate var bids: [(Requirement, [BookLevel])] {
        profiles.values.sorted { $0.id.rawValue < $1.id.rawValue }.map { ($0.requirement, $0.levels) }
    }
}

extension BidTerms {
    /// The requirement with the good that it means, by the engine's rule.
    fileprivate func demand(_ directory: Directory) throws(Problem) -> Requirement {
        guard !namesUnknownModel else { throw Problem(.modelUnknown) }
        var demand = requirement
        demand.weightSet = try directory.weightSet(of: requirement, named: namedWeightSet)
        return demand
    }
}

extension OfferTerms {
    /// What the offer could do if what it claims is attested.
    fileprivate func supply(_ directory: Directory) throws(Problem) -> Capability {
        guard let model = directory.models.record(model) else { throw Problem(.modelUnknown) }
        return Capability(
            model: model.id,
            modelVersion: model.version,
            weightSet: model.terms.weightSet,
            quality: model.terms.quality,
            contextLength: contextLength,
            features: features,
            quantization: quantization,
            region: region,
            tee: claimedTEE
        )
    }
}

extension PreviewOutcome {
    /// By published levels, which do not say whose an order is.
    fileprivate init(of terms: OrderTerms, _ side: Side, over groups: [[BookLevel]], _ fees: FeeTerms) {
        self.init(remaining: terms.lots)
        let isBid = side == .bid
        let levels = groups.flatMap { $0.prefix { isBid ? $0.price <= terms.price : $0.price >= terms.price } }
        for level in levels.sorted(by: { isBid ? $0.price < $1.price : $0.price > $1.price }) {
            let lots = min(remaining.count, level.lots)
            guard lots > 0 else { break }
            let worth = level.price.value(of: Lots(lots))
            fills.append(BookView.Level(price: level.price, lots: lots, orders: level.orders))
            filled = filled + Lots(lots)
            remaining = remaining - Lots(lots)
            value = value + worth
            fee = fee + fees.rates.taker.part(of: worth)
        }
        if terms.timeInForce == .ioc, remaining.count > 0 { closeReason = .ioc }
        if terms.price.value(of: terms.lots) < fees.minimumNotional { rejection = .belowMinimumNotional }
        if isBid { hold = fees.rates.hold(for: terms.lots, at: terms.price) }
    }
}
