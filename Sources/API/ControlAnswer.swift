internal import Engine
internal import Exchange
internal import JSON
internal import Units

/// Answers to commands that change orders and hold the market in check. What they did stands in the request itself, but
/// for what the events count.
enum ControlAnswer {
    /// `nil` when the command was refused.
    static func written(_ shape: AnswerShape, _ outcome: Outcome) -> APIResponse? {
        if outcome.isRefused { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        switch shape {
        case .cancelledTogether: writer.cancelled(outcome)
        case .cancelAfterSet(let duration): writer.member("timeout_s", duration / 1_000_000)
        case .haltSet(let terms, let models):
            writer.controlled(terms.model, models)
            writer.member("halted", terms.isHalted)
        case .priceBandSet(let terms, let models):
            writer.controlled(terms.model, models)
            writer.band(terms.band)
        case .limitsSet:
            guard let record = changedAccount(outcome) else { return nil }
            writer.member("account_id", "a", record.id.rawValue)
            writer.limits(of: record)
        case .feesAnnounced(let notice):
            writer.fees(notice.fees)
            writer.time("effective_at", notice.effectiveAt)
        default: return nil
        }
        return Answer.finish(&writer, outcome, status: 200)
    }

    private static func changedAccount(_ outcome: Outcome) -> AccountRecord? {
        for event in outcome.events {
            if case .accountChanged(let record) = event { return record }
        }
        return nil
    }
}

extension OrderAnswer {
    /// 200 with what became of an amended order; `nil` when it was not amended.
    static func amended(_ id: OrderID, _ outcome: Outcome) -> APIResponse? {
        var amended: OrderAmendment?
        var reason: CloseReason?
        var tradeCount = 0
        for event in outcome.events {
            switch event {
            case .amended(let amendment) where amendment.order == id: amended = amendment
            case .rested(id, let remaining), .reduced(id, let remaining, _): amended?.remaining = remaining
            case .closed(id, let closed, let remaining):
                amended?.remaining = remaining
                reason = closed
            case .traded(let trade) where trade.bid == id || trade.offer == id:
                amended?.remaining = trade.bid == id ? trade.bidRemaining : trade.offerRemaining
                tradeCount += 1
            default: continue
            }
        }
        guard let amended else { return nil }
        var writer = JSONWriter(capacity: 512 + min(tradeCount, Limits.tradesInAnswerMax) * tradeCapacity)
        writer.beginObject()
        writer.member("id", "o", id.rawValue)
        writer.member("state", OrderState(reason).rawValue)
        if let reason { writer.member("close_reason", reason.name) } else { writer.nullMember("close_reason") }
        writer.member("price_nanoton_per_mtok", decimalString: amended.price.nanoTONPerMTok)
        writer.member("quantity_lots", amended.lots.count)
        writer.member("filled_lots", amended.lots.count - amended.remaining.count)
        writer.member("remaining_lots", amended.remaining.count)
        writer.time("expires_at", amended.expiresAt)
        writer.member("sequence", outcome.sequence.rawValue)
        writer.member("trade_count", Int64(tradeCount))
        writer.key("trades")
        writer.beginArray()
        write(outcome.events, of: id, to: &writer)
        writer.endArray()
        writer.endObject()
        return APIResponse(status: 200, body: writer.take())
    }
}

extension View {
    /// `GET /v1/market/status`.
    static func marketStatus(_ directory: Directory) -> APIResponse {
        var writer = JSONWriter(capacity: 256 + 160 * directory.controls.count)
        let market = directory.controls[.unknown]
        writer.beginObject()
        writer.member("halted", market?.isHalted ?? false)
        writer.band(market?.band)
        writer.key("models")
        writer.beginArray()
        for record in directory.controls.values.sorted(by: { $0.model < $1.model }) where record.model != .unknown {
            writer.beginObject()
            writer.controlled(record.model, directory.models)
            writer.member("halted", record.isHalted)
            writer.band(record.band)
            writer.endObject()
        }
        writer.endArray()
        return finish(&writer, directory.asOf)
    }
}

extension JSONWriter {
    /// How many orders a mass cancellation has cancelled at once, and whether that is all.
    fileprivate mutating func cancelled(_ outcome: Outcome) {
        var count: Int64 = 0
        var isComplete = true
        for event in outcome.events {
            switch event {
            case .closed(_, .cancelled, _): count += 1
            case .operationSet: isComplete = false
            default: continue
            }
        }
        member("cancelled_count", count)
        member("is_complete", isComplete)
    }

    /// The model, or `null` for the whole market.
    fileprivate mutating func controlled(_ model: ModelID, _ models: ModelTable) {
        if model == .unknown { return nullMember("model") }
        member("model", models.record(model)?.terms.name ?? model.text)
    }

    fileprivate mutating func band(_ band: PriceBand?) {
        key("price_band")
        guard let band else { return null() }
        beginObject()
        member("low_nanoton_per_mtok", decimalString: band.low.nanoTONPerMTok)
        member("high_nanoton_per_mtok", decimalString: band.high.nanoTONPerMTok)
        endObject()
    }

    /// What the operator allows an account.
    mutating func limits(of record: AccountRecord) {
        member("open_orders_max", record.openOrdersMax)
        optional("offer_lots_max", record.offerLotsMax?.count)
        member("self_trade_group", record.selfTradeGroup)
        member("closed", record.isClosed)
    }

    /// What an order asks for beside price and quantity; most ask for nothing, and have none of these members.
    mutating func rules(of order: OrderRecord) {
        let rules = order.rules
        guard rules != .none else { return }
        if rules.expiresAt != .never { time("expires_at", rules.expiresAt) }
        if rules.isPostOnly { member("post_only", true) }
        if rules.minLots.count > 0 { member("min_quantity_lots", rules.minLots.count) }
        if rules.isAllOrNone { member("all_or_none", true) }
        if rules.displayLots.count > 0 {
            member("display_quantity_lots", rules.displayLots.count)
            member("displayed_lots", order.closeReason == nil ? order.displayed.count : 0)
        }
        if rules.selfTrade != .cancelNewest { member("self_trade_prevention", rules.selfTrade.name) }
        if rules.qualityCredit > 0 {
            member("quality_credit_nanoton_per_mtok", decimalString: rules.qualityCredit)
        }
        lease(rules.lease)
    }

    /// Whom an offer sells to; nothing for anyone.
    mutating func buyers(_ buyers: BuyerRules) {
        guard buyers != .anyone else { return }
        key("buyers")
        beginObject()
        for (name, list) in [("allow", buyers.allowed), ("deny", buyers.denied)] where !list.isEmpty {
            key(name)
            beginArray()
            for account in list { identifier("a", account.rawValue) }
            endArray()
        }
        if buyers.minimumDeposit.count > 0 {
            member("minimum_deposit_nanoton", decimalString: buyers.minimumDeposit.count)
        }
        endObject()
    }
}
