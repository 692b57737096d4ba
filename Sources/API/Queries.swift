package import Engine
package import Exchange
package import Units

/// A question to the engine: no sequence number, answered when the state that it saw is durable (ENGINE §7).
package enum EngineQuery: Hashable, Sendable {
    /// An open order; of this owner only, unless `nil`. An order that is not open is then sought in the tables, by the
    /// same words (``HistoryQuery/order(_:owner:)``).
    case order(OrderID, owner: AccountID?)
    /// Balances and counts of one account.
    case account(AccountID)
    /// What placing an order would do now.
    indirect case preview(PreviewQuery)
}

/// A question to the tables, as of the projection's cursor (ENGINE §7).
package enum HistoryQuery: Hashable, Sendable {
    case order(OrderID, owner: AccountID?)
    case orders(OrdersQuery)
    case trades(TradesQuery)
    case transfers(TransfersQuery)
    indirect case candles(CandlesQuery)
    case index(IndexQuery)

    /// The account whose last acknowledged command the tables must show first; `nil` when nobody's.
    package var account: AccountID? {
        switch self {
        case .order(_, let owner): owner
        case .orders(let query): query.account
        case .trades(let query): query.account
        case .transfers(let query): query.account
        case .candles, .index: nil
        }
    }
}

/// An account's orders, newest first.
package struct OrdersQuery: Hashable, Sendable {
    package var account: AccountID
    package var side: Side?
    package var state: OrderState?
    /// 1…``Limits/pageMax``.
    package var limit: Int
    /// Only orders with a smaller number.
    package var before: OrderID?

    /// One more than is shown, so that it is known whether there are more.
    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 {
        Cursor.filters("\(account.text) \(side?.name ?? "") \(state?.rawValue ?? "")")
    }
}

/// Trades, newest first: everybody's, or one account's.
package struct TradesQuery: Hashable, Sendable {
    /// `nil` for the public list, which does not say whose a trade is.
    package var account: AccountID?
    package var model: ModelID?
    package var limit: Int
    /// Only trades with a smaller number.
    package var before: TradeID?
    package var format = ListFormat.json

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 { Cursor.filters("\(account?.text ?? "") \(model?.text ?? "")") }
}

/// An account's movements of money, newest first.
package struct TransfersQuery: Hashable, Sendable {
    package var account: AccountID
    package var limit: Int
    /// Only transfers before this one, in the order of sequence and ordinal.
    package var before: Position?

    package var rowsWanted: Int { limit + 1 }

    /// Where a transfer stands in the ledger.
    package struct Position: Hashable, Sendable {
        package var sequence: SequenceNumber
        package var ordinal: Int32

        package init(sequence: SequenceNumber, ordinal: Int32) {
            self.sequence = sequence
            self.ordinal = ordinal
        }
    }

    var filters: UInt64 { Cursor.filters(account.text) }
}

/// A question to what was published of the book.
package struct BookQuery: Hashable, Sendable {
    /// With the weight set that it resolves to.
    package var requirement: Requirement
    /// Price levels a side, 1…``Limits/bookDepthMax``.
    package var depth: Int

    /// Levels when the request does not say: what fits on a screen.
    static let depthDefault: Int64 = 20

    package init(requirement: Requirement, depth: Int) {
        self.requirement = requirement
        self.depth = depth
    }
}

/// A question to the registry, with prices from what was published of the book.
package struct ModelsQuery: Hashable, Sendable {
    /// One model, or `nil` for all.
    package var model: ModelID?

    package init(model: ModelID? = nil) { self.model = model }
}

/// What the server says of itself.
package enum Operation: Hashable, Sendable {
    case readiness
    case metrics
}
