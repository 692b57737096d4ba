package import Engine
internal import Postgres
package import Units

// What has changed since a sequence number, oldest first: for clients that have missed a part of a stream.
extension HistoryReader {
    /// Where an order stands in the order of last changes.
    package struct ChangePlace: Hashable, Sendable {
        package let sequence: SequenceNumber
        package let order: OrderID

        package init(sequence: SequenceNumber, order: OrderID) {
            self.sequence = sequence
            self.order = order
        }
    }

    /// The orders that the filter lets through and whose last change came after `place`, in the order of those changes;
    /// at most `limit`. An order that changes again meanwhile comes again: none is left out.
    package func changedOrders(
        _ filter: OrderFilter,
        after place: ChangePlace,
        limit: Int
    ) throws(StoreError) -> AsOf<[OrderRecord]> {
        let isOpen: Int16 = filter.isOpen.map { $0 ? 1 : 0 } ?? -1
        return try page(
            Self.changedOrdersStatement,
            [
                .int8(filter.account.rawValue), .int8(place.sequence.rawValue), .int8(place.order.rawValue),
                .int8(Int64(limit)), .int2(Int16(filter.side?.rawValue ?? 0)), .int2(isOpen),
            ]
        ) { row throws(PostgresError) in try OrderRecord(row, from: 2) }
    }

    /// The trades that the filter lets through, of commands after `sequence` and with numbers above `trade`, oldest
    /// first; at most `limit`.
    package func trades(
        _ filter: TradeFilter,
        since sequence: SequenceNumber,
        after trade: TradeID?,
        limit: Int
    ) throws(StoreError) -> AsOf<[TradeRow]> {
        let place: [Parameter] = [
            .int8(sequence.rawValue), .int8(trade?.rawValue ?? 0), .int8(Int64(limit)),
        ]
        let (statement, parameters): (Statement, [Parameter]) =
            switch filter {
            case .all: (Self.newTradesStatement, place)
            case .model(let model): (Self.newModelTradesStatement, place + [.int8(model.rawValue)])
            case .account(let account, let model):
                (Self.newAccountTradesStatement, place + [.int8(account.rawValue), .int8(model?.rawValue ?? 0)])
            }
        return try page(statement, parameters) { row throws(PostgresError) in try TradeRow(row, from: 2) }
    }

    private static let isWanted = "($5 = 0 OR side = $5) AND ($6 < 0 OR (close_reason IS NULL) = ($6 = 1))"

    /// Orders that have changed since they were placed, and those that have not, each by an index of its own. Of the
    /// latter no more are looked at than come before the last of a full page of the former.
    private static let changedOrdersStatement = Statement(
        prepared: "history_orders_changed",
        withCursor(
            OrderRecord.columns,
            """
            (
                WITH changed AS MATERIALIZED (
                    SELECT * FROM market.orders
                    WHERE account = $1 AND last_sequence > id AND (last_sequence, id) > ($2, $3) AND \(isWanted)
                    ORDER BY last_sequence, id LIMIT $4
                )
                SELECT * FROM changed
                UNION ALL
                (SELECT * FROM market.orders
                    WHERE account = $1 AND last_sequence = id AND id >= $2 AND (id, id) > ($2, $3) AND \(isWanted)
                        AND id <= (SELECT CASE count(*) WHEN $4 THEN max(last_sequence) ELSE \(Int64.max) END
                            FROM changed)
                    ORDER BY id LIMIT $4)
            ) AS kinds ORDER BY last_sequence, id LIMIT $4
            """,
            "found.last_sequence, found.id"
        )
    )

    /// Trades are numbered in the order of their commands, so that the last one of what is known bounds them all.
    private static let isNew = """
        > greatest($2, coalesce((SELECT last.trade FROM market.trades last WHERE last.sequence <= $1
        ORDER BY last.sequence DESC, last.trade DESC LIMIT 1), 0))
        """

    private static let newTradesStatement = Statement(
        prepared: "history_trades_new",
        withCursor(TradeRow.columns, "market.trades WHERE trade \(isNew) ORDER BY trade LIMIT $3", "found.trade")
    )

    private static let newModelTradesStatement = Statement(
        prepared: "history_trades_model_new",
        withCursor(
            TradeRow.columns,
            "market.trades WHERE model = $4 AND trade \(isNew) ORDER BY trade LIMIT $3",
            "found.trade"
        )
    )

    private static let newAccountTradesStatement = Statement(
        prepared: "history_trades_account_new",
        withCursor(
            TradeRow.columns,
            trades(of: "$4", isNew, model: "$5", "ASC", limit: "$3"),
            "found.trade"
        )
    )
}
