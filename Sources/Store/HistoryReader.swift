package import Engine
package import Exchange
package import Postgres
package import Units

/// What a reader found, and the last command whose effects it could see.
package struct AsOf<Value> {
    package let value: Value
    /// `projection.cursor`, of the same snapshot as ``value``.
    package let sequence: SequenceNumber
}

extension AsOf: Sendable where Value: Sendable {}

/// Reads history for the interface, newest first. Has a connection of its own, and one thread.
///
/// Every question is one statement and one round trip: the rows and the cursor are of one snapshot.
package final class HistoryReader {
    let connection: Connection

    package init(_ connection: Connection) { self.connection = connection }

    /// The last command whose effects the tables show.
    package func cursorPosition() throws(StoreError) -> SequenceNumber {
        try stored { () throws(PostgresError) in try ProjectionCursor.read(connection).sequence }
    }

    // MARK: Orders

    /// An order, open or closed.
    package func order(_ id: OrderID) throws(StoreError) -> AsOf<OrderRecord?> {
        let found = try page(Self.orderStatement, [.int8(id.rawValue)]) { row throws(PostgresError) in
            try OrderRecord(row, from: 2)
        }
        return AsOf(value: found.value.first, sequence: found.sequence)
    }

    /// Which orders of an account are wanted.
    package struct OrderFilter: Hashable, Sendable {
        package var account: AccountID
        package var side: Side?
        /// `nil` for both.
        package var isOpen: Bool?
        /// Only orders that a later command has changed; ``SequenceNumber/none`` for all.
        package var changedSince: SequenceNumber

        package init(
            account: AccountID,
            side: Side? = nil,
            isOpen: Bool? = nil,
            changedSince: SequenceNumber = .none
        ) {
            self.account = account
            self.side = side
            self.isOpen = isOpen
            self.changedSince = changedSince
        }
    }

    /// The newest orders that the filter lets through, of those older than `before`; at most `limit`.
    package func orders(
        _ filter: OrderFilter,
        before: OrderID? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[OrderRecord]> {
        let isOpen: Int16 = filter.isOpen.map { $0 ? 1 : 0 } ?? -1
        let parameters: [Parameter] = [
            .int8(filter.account.rawValue), .int8(before?.rawValue ?? .max), .int8(Int64(limit)),
            .int2(Int16(filter.side?.rawValue ?? 0)), .int2(isOpen), .int8(filter.changedSince.rawValue),
        ]
        return try page(Self.ordersStatement, parameters) { row throws(PostgresError) in
            try OrderRecord(row, from: 2)
        }
    }

    // MARK: Names

    /// What the number of a class stands for; `nil` for one that the tables do not have.
    package func capability(of id: ClassID) throws(StoreError) -> Capability? {
        try stored { () throws(PostgresError) in
            try connection.execute(Self.classStatement, [.int8(id.rawValue)]).firstRow()
                .map { row throws(PostgresError) in try Capability(row) }
        }
    }

    /// What the number of a profile stands for; `nil` for one that the tables do not have.
    package func requirement(of id: ProfileID) throws(StoreError) -> Requirement? {
        try stored { () throws(PostgresError) in
            try connection.execute(Self.profileStatement, [.int8(id.rawValue)]).firstRow()
                .map { row throws(PostgresError) in try Requirement(row) }
        }
    }

    // MARK: Trades

    /// Which trades are wanted.
    package enum TradeFilter: Hashable, Sendable {
        case all
        /// Of any version of the model.
        case model(ModelID)
        /// With the account on either side; of any version of the model, if one is given.
        case account(AccountID, model: ModelID?)
    }

    /// The newest trades that the filter lets through, of those older than `before`; at most `limit`.
    package func trades(
        _ filter: TradeFilter,
        before: TradeID? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[TradeRow]> {
        let place: [Parameter] = [.int8(before?.rawValue ?? .max), .int8(Int64(limit))]
        let (statement, parameters): (Statement, [Parameter]) =
            switch filter {
            case .all: (Self.tradesStatement, place)
            case .model(let model): (Self.modelTradesStatement, place + [.int8(model.rawValue)])
            case .account(let account, let model):
                (
                    Self.accountTradesStatement,
                    place + [.int8(account.rawValue), .int8(model?.rawValue ?? 0)]
                )
            }
        return try page(statement, parameters) { row throws(PostgresError) in try TradeRow(row, from: 2) }
    }

    // MARK: Transfers

    /// Place of a transfer in the order of all.
    package struct TransferPlace: Hashable, Sendable {
        package let sequence: SequenceNumber
        package let ordinal: Int32

        package init(sequence: SequenceNumber, ordinal: Int32) {
            self.sequence = sequence
            self.ordinal = ordinal
        }
    }

    /// The newest transfers from or to an owner's accounts, of those older than `before`; at most `limit`.
    package func transfers(
        of owner: AccountID,
        before: TransferPlace? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[TransferRow]> {
        let parameters: [Parameter] = [
            .int8(owner.rawValue), .int8(before?.sequence.rawValue ?? .max), .int4(before?.ordinal ?? .max),
            .int8(Int64(limit)),
        ]
        return try page(Self.transfersStatement, parameters) { row throws(PostgresError) in
            try TransferRow(row, from: 2)
        }
    }

    // MARK: Accounts

    /// The newest accounts of those with a smaller number than `before`; at most `limit`.
    package func accounts(before: AccountID? = nil, limit: Int) throws(StoreError) -> AsOf<[AccountRecord]> {
        let parameters: [Parameter] = [.int8(before?.rawValue ?? .max), .int8(Int64(limit))]
        return try page(Self.accountsStatement, parameters) { row throws(PostgresError) in
            try AccountRecord(row, from: 2)
        }
    }

    /// Rows whose first column is the cursor and whose second says whether there is a row at all.
    func page<Value>(
        _ statement: Statement,
        _ parameters: [Parameter],
        _ read: (Row) throws(PostgresError) -> Value
    ) throws(StoreError) -> AsOf<[Value]> {
        try stored { () throws(PostgresError) in
            let rows = try connection.execute(statement, parameters)
            var values: [Value] = []
            var sequence = SequenceNumber.none
            for row in rows {
                sequence = SequenceNumber(try row.int8(0))
                if !row.isNull(1) { values.append(try read(row)) }
            }
            return AsOf(value: values, sequence: sequence)
        }
    }
}

// MARK: - Statements

extension HistoryReader {
    /// Joins the rows of a question to the cursor, which is there even when they are not.
    static func withCursor(_ columns: String, _ question: String, _ order: String) -> String {
        let found = columns.split(separator: ", ").map { "found.\($0)" }.joined(separator: ", ")
        return """
            SELECT c.sequence, found.present, \(found) FROM projection.cursor c
            LEFT JOIN LATERAL (SELECT true AS present, \(columns) FROM \(question)) AS found ON true
            ORDER BY \(order)
            """
    }

    private static let orderStatement = Statement(
        prepared: "history_order",
        withCursor(OrderRecord.columns, "market.orders WHERE id = $1", "found.id")
    )

    private static let ordersStatement = Statement(
        prepared: "history_orders",
        withCursor(
            OrderRecord.columns,
            """
            market.orders WHERE account = $1 AND id < $2 AND ($4 = 0 OR side = $4)
            AND ($5 < 0 OR (close_reason IS NULL) = ($5 = 1)) AND last_sequence > $6 ORDER BY id DESC LIMIT $3
            """,
            "found.id DESC"
        )
    )

    private static let accountsStatement = Statement(
        prepared: "history_accounts",
        withCursor(
            AccountRecord.columns,
            "market.accounts WHERE account < $1 ORDER BY account DESC LIMIT $2",
            "found.account DESC"
        )
    )

    private static let classStatement = Statement(
        prepared: "history_class",
        "SELECT class, \(Capability.columns) FROM market.capability_classes WHERE class = $1"
    )

    private static let profileStatement = Statement(
        prepared: "history_profile",
        "SELECT profile, \(Requirement.columns) FROM market.requirement_profiles WHERE profile = $1"
    )

    private static let tradesStatement = Statement(
        prepared: "history_trades",
        withCursor(
            TradeRow.columns,
            "market.trades WHERE trade < $1 ORDER BY trade DESC LIMIT $2",
            "found.trade DESC"
        )
    )

    private static let modelTradesStatement = Statement(
        prepared: "history_trades_model",
        withCursor(
            TradeRow.columns,
            "market.trades WHERE model = $3 AND trade < $1 ORDER BY trade DESC LIMIT $2",
            "found.trade DESC"
        )
    )

    /// Trades of an account whose numbers are so, of one model or, with 0, of all. A trade is found by its lease, which
    /// has its number and parties, by two indexes, each read no further than the limit; no plan can read all trades.
    static func trades(
        of account: String,
        _ numbers: String,
        model: String,
        _ direction: String,
        limit: String
    ) -> String {
        let sides = ["buyer", "worker"].map { side in
            """
            (SELECT t.* FROM market.leases l
                CROSS JOIN LATERAL (SELECT * FROM market.trades WHERE trade = l.lease OFFSET 0) t
                WHERE l.\(side) = \(account) AND l.lease \(numbers) AND (\(model) = 0 OR t.model = \(model))
                ORDER BY l.lease \(direction) LIMIT \(limit))
            """
        }
        return "(\(sides.joined(separator: " UNION ALL "))) AS sides ORDER BY trade \(direction) LIMIT \(limit)"
    }

    private static let accountTradesStatement = Statement(
        prepared: "history_trades_account",
        withCursor(
            TradeRow.columns,
            trades(of: "$3", "< $1", model: "$4", "DESC", limit: "$2"),
            "found.trade DESC"
        )
    )

    /// The conditions are those of the two indexes. The second leaves out what stays with the owner, which the first
    /// has already.
    private static let transfersStatement = Statement(
        prepared: "history_transfers",
        withCursor(
            TransferRow.columns,
            """
            (
                (SELECT * FROM ledger.transfers WHERE debit / 16 = $1 AND debit >= 16 AND sequence <= $2
                    AND (sequence, ordinal) < ($2, $3) ORDER BY sequence DESC, ordinal DESC LIMIT $4)
                UNION ALL
                (SELECT * FROM ledger.transfers WHERE credit / 16 = $1 AND credit >= 16 AND credit / 16 <> debit / 16
                    AND sequence <= $2 AND (sequence, ordinal) < ($2, $3)
                    ORDER BY sequence DESC, ordinal DESC LIMIT $4)
            ) AS sides ORDER BY sequence DESC, ordinal DESC LIMIT $4
            """,
            "found.sequence DESC, found.ordinal DESC"
        )
    )
}
