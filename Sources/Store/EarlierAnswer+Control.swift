internal import Engine
internal import Ledger
internal import Postgres
internal import Units

/// What commands did that change orders and accounts: as far as the tables and the repetition tell.
extension HistoryReader {
    /// The amendment as it was carried out: what the repetition names is its own, the rest is as it is now.
    func amended(_ terms: AmendTerms, _ sequence: SequenceNumber) throws(StoreError) -> [Event] {
        guard let last = try order(terms.order).value else {
            throw .inconsistent("command \(sequence.rawValue) amended an order that is not there")
        }
        let transfers = try transfers(at: sequence)
        let trades = try trades(
            Set(transfers.filter { $0.transfer.kind == .trade }.map(\.transfer.trade.rawValue))
        )
        let traded = trades.lots(of: terms.order)
        let isLast = last.lastSequence == sequence
        let lots = terms.lots ?? last.lots
        let remaining = isLast ? last.remaining + traded : max(.zero, lots - (last.lots - last.remaining))
        let amendment = OrderAmendment(
            order: last.id,
            price: terms.price ?? last.price,
            lots: lots,
            remaining: remaining,
            expiresAt: terms.expiresAt ?? last.rules.expiresAt,
            priority: last.priority
        )
        var events: [Event] = [.amended(amendment)]
        events += transfers.map { .transfer($0.transfer) }
        events += trades.map { .traded($0.trade) }
        if isLast, let reason = last.closeReason {
            events.append(.closed(last.id, reason, last.remaining))
        } else {
            events.append(.rested(last.id, max(.zero, remaining - traded)))
        }
        return events
    }

    /// What a mass cancellation did at once; if it goes on still, the operation comes too.
    func cancelledTogether(of account: AccountID, _ sequence: SequenceNumber) throws(StoreError) -> [Event] {
        var events = try moved(sequence)
        events += try rows(
            """
            SELECT id, close_reason, remaining FROM market.orders
            WHERE account = $1 AND last_sequence = $2 AND last_sequence > id AND close_reason IS NOT NULL
            ORDER BY id
            """,
            [.int8(account.rawValue), .int8(sequence.rawValue)]
        ) { row throws(PostgresError) in
            Event.closed(OrderID(try row.int8(0)), try row.code(1), Lots(try row.int8(2)))
        }
        events += try rows(
            "SELECT \(MassOperation.columns) FROM market.mass_operations WHERE sequence = $1 AND account = $2",
            [.int8(sequence.rawValue), .int8(account.rawValue)]
        ) { row throws(PostgresError) in .operationSet(try MassOperation(row)) }
        return events
    }

    /// The account with the limits of the repetition.
    func limited(_ terms: AccountLimitTerms) throws(StoreError) -> [Event] {
        try rows(
            "SELECT \(AccountRecord.columns) FROM market.accounts WHERE account = $1",
            [.int8(terms.account.rawValue)]
        ) { row throws(PostgresError) in
            var record = try AccountRecord(row)
            record.openOrdersMax = terms.openOrdersMax
            record.offerLotsMax = terms.offerLotsMax
            record.selfTradeGroup = terms.selfTradeGroup
            record.isClosed = terms.isClosed
            return .accountChanged(record)
        }
    }
}

extension [TradeRow] {
    /// Lots that the order traded.
    func lots(of order: OrderID) -> Lots {
        reduce(.zero) { $1.trade.bid == order || $1.trade.offer == order ? $0 + $1.trade.lots : $0 }
    }
}

extension Command.Action {
    /// What a repetition of a placed order says of it.
    var orderTerms: OrderTerms? {
        switch self {
        case .placeOffer(let terms): terms.order
        case .placeBid(let terms): terms.order
        default: nil
        }
    }
}
