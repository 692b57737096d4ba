internal import API
internal import Engine
internal import Exchange
internal import Units

/// What the engine found out for a preview; the rest of the answer follows from what was published.
struct EnginePreview: Sendable {
    let query: PreviewQuery
    let outcome: PreviewOutcome
    /// The limit; of a market order the end of the price band.
    let limit: Price
    let lots: Lots
    /// With what is demanded, or can be done, by the state of the engine; `nil` when that cannot be said.
    let subject: WhyNot.Subject?
    /// Who asks.
    let buyer: WhyNot.Buyer
    let asOf: SequenceNumber

    init(_ query: PreviewQuery, _ engine: inout Engine) {
        self.query = query
        asOf = engine.sequence
        buyer = WhyNot.Buyer(account: query.account, deposit: engine.deposit(of: query.account))
        let preview: Engine.Preview
        let terms: OrderTerms
        switch query.action {
        case .placeBid(let bid):
            preview = engine.preview(bid, of: query.account, by: query.key)
            terms = bid.order
            subject = bid.namesUnknownModel ? nil : .bid(bid.requirement)
        case .placeOffer(let offer):
            preview = engine.preview(offer, of: query.account)
            terms = offer.order
            subject = engine.capability(of: offer, of: query.account).map { .offer($0) }
        default: preconditionFailure("only orders are previewed")
        }
        limit = preview.price
        lots = terms.lots
        outcome = PreviewOutcome(preview, of: terms)
    }
}

extension Published {
    func answer(_ preview: EnginePreview) -> API.Response {
        let (book, directory) = (book, directory)
        return View.preview(
            preview.query,
            preview.outcome,
            whyNot: explain(preview, book, directory),
            models: directory.models,
            asOf: preview.asOf,
            whyNotAsOf: book.asOf
        )
    }

    /// `nil` for an order that names what there is not, or goods that cannot be compared.
    private func explain(_ preview: EnginePreview, _ book: PublishedBook, _ directory: Directory) -> WhyNot? {
        switch preview.subject {
        case .bid(var demand):
            guard case .placeBid(let terms) = preview.query.action,
                let weightSet = try? directory.weightSet(of: demand, named: terms.namedWeightSet)
            else { return nil }
            demand.weightSet = weightSet
            return WhyNot(
                bid: demand,
                of: preview.buyer,
                limit: preview.limit,
                lots: preview.lots,
                offers: book.offers
            )
        case .offer(let supply):
            return WhyNot(offer: supply, limit: preview.limit, lots: preview.lots, bids: book.bids)
        case nil: return nil
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

extension PreviewOutcome {
    /// One entry for each price in turn.
    fileprivate init(_ preview: Engine.Preview, of terms: OrderTerms) {
        self.init(remaining: preview.left)
        for fill in preview.fills {
            filled = filled + fill.lots
            if let last = fills.indices.last, fills[last].price == fill.price {
                fills[last].lots += fill.lots.count
                fills[last].orders += 1
            } else {
                fills.append(BookView.Level(price: fill.price, lots: fill.lots.count, orders: 1))
            }
        }
        value = preview.value
        fee = preview.fee
        hold = preview.hold
        rejection = preview.rejection
        if preview.endsBySelfTrade {
            closeReason = .selfTrade
        } else if remaining.count > 0, preview.isCutShort {
            closeReason = .workLimit
        } else if remaining.count > 0, !terms.timeInForce.mayRest {
            closeReason = .ioc
        }
    }
}
