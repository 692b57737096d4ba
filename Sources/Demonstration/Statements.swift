package import JSON
package import Units

/// An order as the server states it, in an acknowledgement or in a list.
package struct OrderStatement: Equatable, Sendable {
    package let id: OrderID
    package let clientOrderID: String
    package let price: Price
    package let lots: Lots
    package let filled: Lots
    package let remaining: Lots
    package let isOpen: Bool

    /// `nil` when a field is missing or has another form than `openapi.yaml` says.
    package init?(_ json: JSONValue) {
        guard let id = json.identifier("id", OrderID.self), let clientOrderID = json["client_order_id"]?.string,
            let price = json.amount("price_nanoton_per_mtok"), let lots = json["quantity_lots"]?.integer,
            let filled = json["filled_lots"]?.integer, let remaining = json["remaining_lots"]?.integer,
            let state = json["state"]?.string
        else { return nil }
        self.id = id
        self.clientOrderID = clientOrderID
        self.price = Price(nanoTONPerMTok: price)
        self.lots = Lots(lots)
        self.filled = Lots(filled)
        self.remaining = Lots(remaining)
        isOpen = state == "open"
    }
}

/// What the server answered to an order: the order, and what it traded at once.
package struct Acknowledgement: Equatable, Sendable {
    package let order: OrderStatement
    package let trades: [TradeStatement]

    /// `nil` when a field is missing or has another form than `openapi.yaml` says, or when trades are left out: an
    /// answer lists ``Limits/tradesInAnswerMax`` at most.
    package init?(_ json: JSONValue) {
        guard let order = OrderStatement(json), let elements = json["trades"]?.elements,
            let count = json["trade_count"]?.integer
        else { return nil }
        let trades = elements.compactMap { TradeStatement($0, order: order.id) }
        guard trades.count == elements.count, Int64(trades.count) == count else { return nil }
        self.order = order
        self.trades = trades
    }
}

/// One side of a trade, as the server states it to the owner of that side.
package struct TradeStatement: Hashable, Sendable {
    package let id: TradeID
    /// The order of the side that it is stated to.
    package let order: OrderID
    package let price: Price
    package let lots: Lots
    /// Of a buyer's side: value and fee; otherwise zero.
    package let locked: NanoTON

    /// From a list of own trades, which names the order, or from an acknowledgement of `order`.
    package init?(_ json: JSONValue, order: OrderID? = nil) {
        guard let id = json.identifier("id", TradeID.self),
            let order = order ?? json.identifier("order_id", OrderID.self),
            let price = json.amount("price_nanoton_per_mtok"), let lots = json["quantity_lots"]?.integer
        else { return nil }
        self.id = id
        self.order = order
        self.price = Price(nanoTONPerMTok: price)
        self.lots = Lots(lots)
        locked = NanoTON(json.amount("locked_nanoton") ?? 0)
    }
}

/// What an owner has, as the server states it.
package struct BalanceStatement: Equatable, Sendable {
    package let available: NanoTON
    package let held: NanoTON
    package let leased: NanoTON

    /// From the answer of `GET /v1/account`; `nil` when a field is missing.
    package init?(_ json: JSONValue) {
        guard let balances = json["balances"], let available = balances.amount("available_nanoton"),
            let held = balances.amount("held_nanoton"), let leased = balances.amount("leased_nanoton")
        else { return nil }
        self.available = NanoTON(available)
        self.held = NanoTON(held)
        self.leased = NanoTON(leased)
    }
}

extension JSONValue {
    /// An amount of money or a price: a decimal string.
    fileprivate func amount(_ key: String) -> Int64? { self[key]?.string.flatMap { Int64($0) } }

    fileprivate func identifier<ID: Identifier>(_ key: String, _ type: ID.Type) -> ID? {
        self[key]?.string.flatMap { ID(text: $0.utf8) }
    }
}
