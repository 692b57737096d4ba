internal import Engine
internal import Postgres
internal import Settlement
internal import Units

extension StateLoader {
    static func readSettlement(
        _ connection: Connection,
        into state: inout SettlementState
    ) throws(PostgresError) {
        let terms = try rows(
            connection,
            CheckedTable.settlementTerms.list + " ORDER BY sequence DESC LIMIT 1"
        ) { row throws(PostgresError) in try SettlementTerms(row) }
        state.terms = terms.first ?? .initial
        state.hold = try rows(
            connection,
            CheckedTable.holds.list + " WHERE resumed_at IS NULL"
        ) { row throws(PostgresError) in try SettlementHold(row) }.first
        state.wallets = try rows(connection, CheckedTable.wallets.selection()) { row throws(PostgresError) in
            try WalletRecord(row)
        }
        state.querySets = try rows(connection, CheckedTable.querySets.selection()) { row throws(PostgresError) in
            QuerySetUse(wallet: WalletID(try row.int8(0)), set: try row.int8(1), at: UInt64(try row.int8(2)))
        }
        state.transits = try rows(connection, CheckedTable.transits.selection()) { row throws(PostgresError) in
            TransitRecord(
                sequence: SequenceNumber(try row.int8(0)),
                index: try row.int8(1),
                wallet: WalletID(try row.int8(2)),
                hash: try row.chainHash(3),
                amount: NanoTON(try row.int8(4))
            )
        }
        // Every movement of a wallet is in its balance, or on its way back to it.
        state.onChain = (state.wallets.map(\.balance) + state.transits.map(\.amount)).reduce(.zero, +)
        try readNames(connection, into: &state)
        state.withdrawals = try rows(
            connection,
            CheckedTable.withdrawals.selection(where: "state IN (1, 2)")
        ) { row throws(PostgresError) in try WithdrawalRecord(row) }
        state.days = try rows(connection, CheckedTable.withdrawalDays.selection()) { row throws(PostgresError) in
            WithdrawalDay(
                account: AccountID(try row.int8(0)),
                day: try row.int8(1),
                amount: NanoTON(try row.int8(2))
            )
        }
        state.batches = try rows(
            connection,
            CheckedTable.batches.selection(where: "NOT ended")
        ) { row throws(PostgresError) in try SettlementRecord(row) }
        state.payouts = try rows(
            connection,
            CheckedTable.payouts.selection(where: "batch IN (SELECT id FROM settlement.batches WHERE NOT ended)")
        ) { row throws(PostgresError) in try PayoutRecord(row) }
        state.suspense = try rows(
            connection,
            CheckedTable.suspense.selection(where: "assigned_to IS NULL")
        ) { row throws(PostgresError) in try SuspenseRecord(row) }
        state.anchors = try readAnchors(connection)
    }

    private static func readNames(
        _ connection: Connection,
        into state: inout SettlementState
    ) throws(PostgresError) {
        state.memos = try rows(connection, CheckedTable.memos.selection()) { row throws(PostgresError) in
            try DepositMemoRecord(row)
        }
        state.addresses = try rows(connection, CheckedTable.addresses.selection()) { row throws(PostgresError) in
            KnownAddressRecord(
                sequence: SequenceNumber(try row.int8(0)),
                account: AccountID(try row.int8(1)),
                address: try row.chainHash(2),
                usableAt: try row.time(3)
            )
        }
        state.payoutTerms = try rows(connection, CheckedTable.payoutTerms.selection()) { row throws(PostgresError) in
            try PayoutTermsRecord(row)
        }
    }
}

extension CheckedTable {
    /// All columns, as a statement names them.
    var columnList: String { columns.joined(separator: ", ") }

    /// All columns, in no order.
    var list: String { "SELECT \(columnList) FROM \(name)" }
}

extension Row {
    func chainHash(_ column: Int) throws(PostgresError) -> ChainHash {
        guard let hash = ChainHash(bytes: try bytea(column)) else {
            throw .unexpectedResult("column \(column) has not 32 bytes")
        }
        return hash
    }

    func chainHashOrNull(_ column: Int) throws(PostgresError) -> ChainHash? {
        isNull(column) ? nil : try chainHash(column)
    }

    func unsigned(_ column: Int) throws(PostgresError) -> UInt64 {
        UInt64(truncatingIfNeeded: try int8(column))
    }

    func position(_ column: Int) throws(PostgresError) -> ChainPosition? {
        guard !isNull(column) else { return nil }
        return ChainPosition(logicalTime: try unsigned(column), hash: try chainHash(column + 1))
    }

    fileprivate func destination(_ column: Int) throws(PostgresError) -> PayoutDestination {
        PayoutDestination(address: try chainHash(column), isBounceable: try bool(column + 1))
    }

    fileprivate func bytesAsText(_ column: Int) throws(PostgresError) -> String? {
        isNull(column) ? nil : String(decoding: try bytea(column), as: UTF8.self)
    }
}

extension SettlementTerms {
    fileprivate init(_ row: Row) throws(PostgresError) {
        self.init(
            payoutMinimum: NanoTON(try row.int8(1)),
            walletReserve: NanoTON(try row.int8(2)),
            capitalReserve: NanoTON(try row.int8(3)),
            accountDayMax: NanoTON(try row.int8(4)),
            approvalThreshold: NanoTON(try row.int8(5)),
            coolingOff: try row.int8(6),
            dustLimit: NanoTON(try row.int8(7)),
            payeeFee: NanoTON(try row.int8(8))
        )
    }
}

extension SettlementHold {
    fileprivate init(_ row: Row) throws(PostgresError) {
        self.init(
            reason: try row.code(1),
            sequence: SequenceNumber(try row.int8(0)),
            since: try row.time(2),
            wallet: try row.int8OrNull(3).map { WalletID($0) },
            logicalTime: try row.unsigned(4),
            expected: NanoTON(try row.int8(5)),
            found: NanoTON(try row.int8(6)),
            text: try row.text(7)
        )
    }
}

extension WalletRecord {
    init(_ row: Row) throws(PostgresError) {
        guard let start = try row.position(5), let last = try row.position(10) else {
            throw .unexpectedResult("a wallet without a beginning or an end")
        }
        let terms = WalletTerms(
            address: try row.chainHash(1),
            publicKey: try row.chainHash(2),
            subwallet: UInt32(truncatingIfNeeded: try row.int8(3)),
            timeout: UInt32(truncatingIfNeeded: try row.int8(4)),
            start: start,
            startTime: try row.unsigned(7),
            balance: NanoTON(try row.int8(8))
        )
        self.init(id: WalletID(try row.int8(0)), terms: terms, sequence: SequenceNumber(try row.int8(9)))
        self.last = last
        balance = NanoTON(try row.int8(12))
        scannedTo = try row.unsigned(13)
        queries = try row.unsigned(14)
        unexplained = try row.unsigned(15)
        firstQuery = try row.unsigned(16)
        retiredBy = try row.int8OrNull(17).map { SequenceNumber($0) }
    }
}

extension DepositMemoRecord {
    init(_ row: Row) throws(PostgresError) {
        guard let memo = DepositMemo(reading: try row.text(2)) else { throw .unexpectedResult("no memo") }
        self.init(
            sequence: SequenceNumber(try row.int8(0)),
            account: AccountID(try row.int8(1)),
            memo: memo,
            createdAt: try row.time(3)
        )
    }
}

extension PayoutTermsRecord {
    init(_ row: Row) throws(PostgresError) {
        let terms = PayoutTerms(destination: try row.destination(1), threshold: NanoTON(try row.int8(3)))
        let account = AccountID(try row.int8(0))
        self.init(account: account, terms: terms, setAt: try row.time(4), usableAt: try row.time(5))
        isSuspended = try row.bool(6)
    }
}

extension WithdrawalRecord {
    init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        self.init(
            id: WithdrawalID(try row.int8(first)),
            account: AccountID(try row.int8(first + 1)),
            terms: WithdrawalTerms(
                destination: try row.destination(first + 2),
                amount: NanoTON(try row.int8(first + 4)),
                comment: try row.text(first + 5)
            ),
            fee: NanoTON(try row.int8(first + 6)),
            requestedAt: try row.time(first + 7),
            dueAt: try row.time(first + 8),
            needsApproval: try row.bool(first + 9)
        )
        approvedBy = try row.int8OrNull(first + 10).map { SequenceNumber($0) }
        state = try row.code(first + 11)
        if let batch = try row.int8OrNull(first + 12) {
            payout = PayoutID(batch: SettlementID(batch), index: try row.int8(first + 13))
        }
    }
}

extension SettlementRecord {
    init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        guard let phase = SettlementBatch.Phase(rawValue: try row.text(first + 2)) else {
            throw .unexpectedResult("column \(first + 2) has no phase of a batch")
        }
        self.init(
            id: SettlementID(try row.int8(first)),
            wallet: WalletID(try row.int8(first + 1)),
            phase: phase,
            signed: SettlementBatch.Signed(
                place: UInt32(truncatingIfNeeded: try row.int8(first + 3)),
                createdAt: try row.unsigned(first + 4),
                timeout: try row.unsigned(first + 5),
                value: NanoTON(try row.int8(first + 6))
            ),
            plannedAt: try row.time(first + 7)
        )
        outside = try row.position(first + 8)
        own = try row.chainHashOrNull(first + 10)
        inside = try row.position(first + 11)
        block = try row.unsigned(first + 13)
        decidedAt = row.isNull(first + 14) ? nil : try row.unsigned(first + 14)
        code = try row.int8(first + 15)
    }
}

extension PayoutRecord {
    init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        self.init(
            id: PayoutID(batch: SettlementID(try row.int8(first)), index: try row.int8(first + 1)),
            account: AccountID(try row.int8(first + 2)),
            withdrawal: try row.int8OrNull(first + 3).map { WithdrawalID($0) },
            destination: try row.destination(first + 4),
            amount: NanoTON(try row.int8(first + 6)),
            fee: NanoTON(try row.int8(first + 7)),
            comment: try row.text(first + 8)
        )
        state = try row.code(first + 9)
        message = try row.chainHashOrNull(first + 10)
        returned = NanoTON(try row.int8(first + 11))
        reference = try row.text(first + 12)
    }
}

extension SuspenseRecord {
    init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        self.init(
            id: SuspenseID(try row.int8(first)),
            wallet: WalletID(try row.int8(first + 1)),
            reason: try row.code(first + 2),
            amount: NanoTON(try row.int8(first + 3)),
            source: try row.chainHashOrNull(first + 4),
            comment: try row.bytesAsText(first + 5),
            arrivedAt: try row.time(first + 6)
        )
    }
}
