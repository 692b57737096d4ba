package import Engine
internal import Exchange
internal import Ledger
internal import Postgres
package import Units

/// The answer to a command that was carried out before: what a repetition is answered with.
package enum EarlierAnswer: Hashable, Sendable {
    /// The tables do not show the command yet.
    case notYet
    /// The command is remembered no more: the repetition may be made again, as a new command.
    case forgotten
    /// What the command did, as far as answers need it. A rejected one gives `rejected`. A placed order gives
    /// `accepted` as it was placed, the command's transfers and trades, and whether it then rested or closed; what
    /// happened to other orders is not there.
    case events([Event])
}

extension HistoryReader {
    /// What the command with this sequence number did. `action` is the repetition's own: it says where to look, and has
    /// the terms that the tables have not.
    package func answer(
        to sequence: SequenceNumber,
        repeatedBy action: Command.Action
    ) throws(StoreError) -> AsOf<EarlierAnswer> {
        let position = try cursorPosition()
        guard position >= sequence else { return AsOf(value: .notYet, sequence: position) }
        guard let request = try request(sequence) else {
            // An open order is known by its client order id as long as it is open.
            let events = try placed(sequence, as: action.orderTerms)
            return AsOf(value: events.map { .events($0) } ?? .forgotten, sequence: position)
        }
        if let rejection = request.rejection {
            return AsOf(value: .events([.rejected(rejection)]), sequence: position)
        }
        let found = try effects(of: request, action)
        return AsOf(value: .events(found), sequence: position)
    }

    private func effects(
        of request: RememberedRequest,
        _ action: Command.Action
    ) throws(StoreError) -> [Event] {
        let sequence = request.sequence
        switch action {
        case .placeOffer(let terms): return try placed(request, terms.order)
        case .placeBid(let terms): return try placed(request, terms.order)
        case .cancel(let id): return try cancelled(id, sequence)
        case .deposit: return try moved(sequence)
        case .createAccount(let terms):
            return try created("market.accounts", AccountRecord.columns, sequence) { row throws(PostgresError) in
                // Its limits may have been set since.
                let now = try AccountRecord(row)
                let most = terms.openOrdersMax
                return .accountCreated(
                    AccountRecord(id: now.id, label: now.label, openOrdersMax: most, createdAt: now.createdAt)
                )
            }
        case .createKey:
            return try created("market.keys", KeyRecord.columns, sequence) { row throws(PostgresError) in
                .keyCreated(try KeyRecord(row))
            }
        case .setModel(let terms): return try set(terms, sequence)
        case .setAttested(let terms): return [.attestationSet(AttestationRecord(terms: terms, setAt: request.at))]
        case .setMeasured(let terms): return [.measurementSet(MeasurementRecord(terms: terms, setAt: request.at))]
        case .setFees(let terms): return [.feesSet(terms)]
        case .usage(let lease, let tokens): return try moved(sequence) + [.used(lease, tokens)]
        case .endLease(let lease): return try moved(sequence) + [.leaseEnded(lease, try used(lease), .operator)]
        case .amend(let terms): return try amended(terms, sequence)
        case .massCancel:
            return try cancelledTogether(of: request.account, sequence)
        case .setAccountLimits(let terms): return try limited(terms)
        case .announceCheckpoint:
            return try rows(
                "SELECT \(CheckpointRecord.columns) FROM projection.checkpoints WHERE sequence = $1",
                [.int8(sequence.rawValue)]
            ) { row throws(PostgresError) in .checkpointAnnounced(try CheckpointRecord(row)) }
        case .createOwnKey, .login:
            return try created("market.keys", KeyRecord.columns, sequence) { row throws(PostgresError) in
                .keyCreated(try KeyRecord(row))
            }
        case .unlinkLogin(let login):
            return try rows(
                "SELECT \(LoginRecord.columns) FROM market.logins WHERE sequence = $1",
                [.int8(login.rawValue)]
            ) { row throws(PostgresError) in .loginUnlinked(try LoginRecord(row)) }
        case .revokeKey(let key, _): return try standing(of: key)
        case .setKeyLimits(let terms): return try standing(of: terms.key)
        case .lease(let command): return try effects(of: request, command)
        case .settlement(let command): return try effects(of: request, command)
        case .tick, .cancelAfter, .setCancelOnDisconnect, .disconnected, .setHalt, .setPriceBand, .announceFees,
            .openBatch, .placeNext, .linkLogin:
            // What they did is in the repetition itself.
            return []
        }
    }

    // MARK: Orders

    /// What became of the order that the request placed, or that it repeated by a client order id: the newest one
    /// before it that had the name.
    private func placed(_ request: RememberedRequest, _ terms: OrderTerms) throws(StoreError) -> [Event] {
        let sequence = request.sequence
        if let events = try placed(sequence, as: terms) { return events }
        if let name = terms.clientOrderID {
            let earlier = try rows(
                """
                SELECT id FROM market.orders WHERE account = $1 AND id < $2 AND client_order_id = $3
                ORDER BY id DESC LIMIT 1
                """,
                [.int8(request.account.rawValue), .int8(sequence.rawValue), .text(name.text)]
            ) { row throws(PostgresError) in SequenceNumber(try row.int8(0)) }
            if let first = earlier.first, let events = try placed(first, as: terms) { return events }
        }
        throw .inconsistent("command \(sequence.rawValue) placed no order")
    }

    /// `terms` are the repetition's: an amendment may have changed those in the row.
    private func placed(_ sequence: SequenceNumber, as terms: OrderTerms?) throws(StoreError) -> [Event]? {
        guard let last = try order(OrderID(sequence.rawValue)).value else { return nil }
        let transfers = try transfers(at: sequence)
        let trades = try trades(Set(transfers.filter { $0.transfer.kind == .trade }.map(\.transfer.trade.rawValue)))
        var record = last
        if let terms {
            record.lots = terms.lots
            if !terms.isMarket { record.price = terms.price }
            record.rules = terms.rules
        }
        record.displayed = .zero
        record.priority = Priority(record.id)
        record.remaining = record.lots
        record.openLots = .zero
        record.loweredLots = .zero
        record.closeReason = nil
        record.lastSequence = sequence
        var events: [Event] = [.accepted(record)]
        events += transfers.map { .transfer($0.transfer) }
        events += trades.map { .traded($0.trade) }
        if let reason = last.closeReason, last.lastSequence == sequence {
            events.append(.closed(last.id, reason, last.remaining))
        } else {
            let remaining = last.lastSequence == sequence ? last.remaining : record.lots - trades.lots(of: last.id)
            events.append(.rested(last.id, remaining))
            let shown = min(record.rules.displayLots, remaining)
            if shown > .zero { events.append(.shown(last.id, shown, record.priority)) }
        }
        return events
    }

    private func cancelled(_ id: OrderID, _ sequence: SequenceNumber) throws(StoreError) -> [Event] {
        guard let record = try order(id).value, let reason = record.closeReason, record.lastSequence == sequence else {
            throw .inconsistent("command \(sequence.rawValue) did not cancel order \(id.rawValue)")
        }
        return try moved(sequence) + [.closed(id, reason, record.remaining)]
    }

    func moved(_ sequence: SequenceNumber) throws(StoreError) -> [Event] {
        try transfers(at: sequence).map { .transfer($0.transfer) }
    }

    func transfers(at sequence: SequenceNumber) throws(StoreError) -> [TransferRow] {
        try rows(
            "SELECT \(TransferRow.columns) FROM ledger.transfers WHERE sequence = $1 ORDER BY ordinal",
            [.int8(sequence.rawValue)]
        ) { row throws(PostgresError) in try TransferRow(row) }
    }

    func trades(_ numbers: Set<Int64>) throws(StoreError) -> [TradeRow] {
        guard !numbers.isEmpty else { return [] }
        return try rows(
            "SELECT \(TradeRow.columns) FROM market.trades WHERE trade = ANY ($1) ORDER BY trade",
            [.int8Array(numbers.sorted())]
        ) { row throws(PostgresError) in try TradeRow(row) }
    }

    // MARK: The rest

    /// The model as the command set it: its number and version are in the tables, the terms in the repetition.
    private func set(_ terms: ModelTerms, _ sequence: SequenceNumber) throws(StoreError) -> [Event] {
        let records = try rows(
            """
            SELECT \(ModelRecord.columns) FROM market.models WHERE name = $2
            ORDER BY sequence = $1 DESC, version DESC LIMIT 1
            """,
            [.int8(sequence.rawValue), .text(terms.name)]
        ) { row throws(PostgresError) in try ModelRecord(row) }
        guard var record = records.first else {
            throw .inconsistent("command \(sequence.rawValue) set a model that is not there")
        }
        record.terms = terms
        return [.modelSet(record)]
    }

    private func request(_ sequence: SequenceNumber) throws(StoreError) -> RememberedRequest? {
        try rows(
            "SELECT \(RememberedRequest.columns) FROM projection.requests WHERE sequence = $1",
            [.int8(sequence.rawValue)]
        ) { row throws(PostgresError) in try RememberedRequest(row) }.first
    }

    private func used(_ lease: LeaseID) throws(StoreError) -> AdjustedTokens {
        try rows("SELECT used FROM market.leases WHERE lease = $1", [.int8(lease.rawValue)]) {
            row throws(PostgresError) in AdjustedTokens(try row.int8(0))
        }.first ?? .zero
    }

    private func created(
        _ table: String,
        _ columns: String,
        _ sequence: SequenceNumber,
        _ read: (Row) throws(PostgresError) -> Event
    ) throws(StoreError) -> [Event] {
        let events = try rows("SELECT \(columns) FROM \(table) WHERE sequence = $1", [.int8(sequence.rawValue)], read)
        guard events.count == 1 else { throw .inconsistent("command \(sequence.rawValue) left no row in \(table)") }
        return events
    }

    func rows<Value>(
        _ sql: String,
        _ parameters: [Parameter],
        _ read: (Row) throws(PostgresError) -> Value
    ) throws(StoreError) -> [Value] {
        try stored { () throws(PostgresError) in
            var values: [Value] = []
            for row in try connection.execute(sql, parameters) { values.append(try read(row)) }
            return values
        }
    }
}
