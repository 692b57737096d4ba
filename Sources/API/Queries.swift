package import Cryptography
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
    /// The keys of one account.
    case keys(AccountID)
    /// What placing an order would do now.
    indirect case preview(PreviewQuery)
    /// What follows a trade.
    indirect case lease(LeaseQuestion)
    /// Money that enters and leaves by the chain.
    indirect case settlement(SettlementQuestion)
}

/// A question to the tables, as of the projection's cursor (ENGINE §7).
package enum HistoryQuery: Hashable, Sendable {
    case order(OrderID, owner: AccountID?)
    case orders(OrdersQuery)
    case trades(TradesQuery)
    case transfers(TransfersQuery)
    case accounts(AccountsQuery)
    case audit(AuditQuery)
    indirect case candles(CandlesQuery)
    case index(IndexQuery)
    indirect case leases(LeasesQuery)
    /// An ended lease.
    case lease(LeaseID, owner: AccountID?)
    indirect case receipts(ReceiptsQuery)
    /// What proves a receipt, by the SHA-256 of its bytes.
    indirect case bundle(Digest256, owner: AccountID?)
    case log(LogQuery)
    /// What everybody may know of an account's past.
    case record(AccountID)
    /// Money that enters and leaves by the chain.
    indirect case settlement(SettlementQuery)

    /// The account whose last acknowledged command the tables must show first; `nil` when nobody's.
    package var account: AccountID? {
        switch self {
        case .order(_, let owner): owner
        case .orders(let query): query.account
        case .trades(let query): query.account
        case .transfers(let query): query.account
        case .accounts(let query): query.caller
        case .audit: nil
        case .candles, .index, .log: nil
        case .record(let account): account
        case .leases(let query): query.account
        case .lease(_, let owner): owner
        case .receipts(let query): query.account
        case .bundle(_, let owner): owner
        case .settlement(let query): query.account
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
    /// Only orders that have changed since, in the order of their changes; `nil` for all, newest first.
    package var changedSince: SequenceNumber?
    /// Only changes behind this one.
    package var after: Change?

    /// The last change of an order.
    package struct Change: Hashable, Sendable {
        package var sequence: SequenceNumber
        package var order: OrderID

        package init(sequence: SequenceNumber, order: OrderID) {
            self.sequence = sequence
            self.order = order
        }
    }

    /// One more than is shown, so that it is known whether there are more.
    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 {
        let since = changedSince.map { " changed since \($0.rawValue)" } ?? ""
        return Cursor.filters("\(account.text) \(side?.name ?? "") \(state?.rawValue ?? "")\(since)")
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
    /// Only trades of later commands, oldest first; `nil` for all, newest first.
    package var since: SequenceNumber?
    /// Of those only trades with a greater number.
    package var after: TradeID?
    package var format = ListFormat.json

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 {
        let since = since.map { " since \($0.rawValue)" } ?? ""
        return Cursor.filters("\(account?.text ?? "") \(model?.text ?? "")\(since)")
    }
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

/// Everybody's accounts, newest first.
package struct AccountsQuery: Hashable, Sendable {
    /// Who asks: what it has had acknowledged is shown.
    package var caller: AccountID
    package var limit: Int
    /// Only accounts with a smaller number.
    package var before: AccountID?

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 { Cursor.filters("accounts") }
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
