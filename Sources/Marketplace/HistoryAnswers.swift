internal import API
internal import Engine
internal import Store
internal import Units

/// Answers from the tables.
struct HistoryAnswers {
    let reader: HistoryReader
    let published: Published
    let keyring: SigningKeyring

    func answer(_ job: ReaderJob) throws(StoreError) -> API.Response {
        switch job.question {
        case .history(let query): try answer(query, requestID: job.requestID)
        case .replay(let shape, let sequence, let action):
            try answer(shape, again: sequence, action, requestID: job.requestID)
        case .preview(let preview): published.answer(preview)
        case .batch(let orders):
            try orders.response { sequence, action throws(StoreError) in
                try answer(.placed, again: sequence, action, requestID: job.requestID)
            }
        }
    }

    private func answer(_ query: HistoryQuery, requestID: UInt64) throws(StoreError) -> API.Response {
        let models = published.directory.models
        switch query {
        case .order(let id, let owner):
            let found = try reader.order(id)
            guard let order = found.value, owner == nil || order.account == owner else {
                return View.orderNotFound(requestID: requestID)
            }
            return View.order(try detail(order), models: models, asOf: found.sequence)
        case .orders(let query):
            let filter = HistoryReader.OrderFilter(
                account: query.account,
                side: query.side,
                isOpen: query.state.map { $0 == .open }
            )
            let found = try orders(filter, query)
            var rows: [OrderDetail] = []
            for record in found.value { rows.append(try detail(record)) }
            return View.orders(query, rows, models: models, asOf: found.sequence)
        case .trades(let query):
            let filter = HistoryReader.TradeFilter(account: query.account, model: query.model)
            let found = try trades(filter, query)
            let rows = found.value.map { TradeDetail(trade: $0.trade, sequence: $0.sequence, time: $0.at) }
            return View.trades(query, rows, models: models, asOf: found.sequence)
        case .transfers(let query):
            let before = query.before.map { HistoryReader.TransferPlace(sequence: $0.sequence, ordinal: $0.ordinal) }
            let found = try reader.transfers(of: query.account, before: before, limit: query.rowsWanted)
            let rows = found.value.map { row in
                TransferDetail(
                    transfer: row.transfer,
                    position: TransfersQuery.Position(sequence: row.sequence, ordinal: row.ordinal),
                    time: row.at
                )
            }
            return View.transfers(query, rows, asOf: found.sequence)
        case .accounts(let query):
            let found = try reader.accounts(before: query.before, limit: query.rowsWanted)
            return View.accounts(query, found.value, asOf: found.sequence)
        case .audit(let query):
            let found = try reader.audit(before: query.before, limit: query.rowsWanted)
            let rows = found.value.map { AuditDetail(entry: $0.entry, sequence: $0.sequence, time: $0.at) }
            return View.audit(query, rows, asOf: found.sequence)
        case .candles(let query): return try answer(query, requestID: requestID)
        case .index(let query): return try answer(query)
        case .log(let query): return try answer(query, requestID: requestID)
        case .leases(let query): return try answer(query)
        case .lease(let id, let owner): return try answer(id, owner: owner, requestID: requestID)
        case .receipts(let query): return try answer(query, requestID: requestID)
        case .bundle(let hash, let owner): return try bundle(hash, owner: owner, requestID: requestID)
        case .record(let account): return try record(of: account, requestID: requestID)
        case .settlement(let query): return try answer(query, requestID: requestID)
        }
    }

    private func orders(
        _ filter: HistoryReader.OrderFilter,
        _ query: OrdersQuery
    ) throws(StoreError) -> AsOf<[OrderRecord]> {
        guard let since = query.changedSince else {
            return try reader.orders(filter, before: query.before, limit: query.rowsWanted)
        }
        let after = query.after ?? .init(sequence: since, order: OrderID(.max))
        let place = HistoryReader.ChangePlace(sequence: after.sequence, order: after.order)
        return try reader.changedOrders(filter, after: place, limit: query.rowsWanted)
    }

    private func trades(
        _ filter: HistoryReader.TradeFilter,
        _ query: TradesQuery
    ) throws(StoreError) -> AsOf<[TradeRow]> {
        guard let since = query.since else {
            return try reader.trades(filter, before: query.before, limit: query.rowsWanted)
        }
        return try reader.trades(filter, since: since, after: query.after, limit: query.rowsWanted)
    }

    /// An order with the words of its class or profile. A server that follows may read an order before it has read what
    /// the number of its class stands for.
    private func detail(_ record: OrderRecord) throws(StoreError) -> OrderDetail {
        var detail = published.detail(record)
        if record.side == .offer, detail.capability == nil {
            detail.capability = try reader.capability(of: record.classID)
        }
        if record.side == .bid, detail.requirement == nil {
            detail.requirement = try reader.requirement(of: record.profileID)
        }
        return detail
    }

    /// The answer to an earlier command, rebuilt by the same function that wrote it then.
    private func answer(
        _ shape: AnswerShape,
        again sequence: SequenceNumber,
        _ action: Command.Action,
        requestID: UInt64
    ) throws(StoreError) -> API.Response {
        switch try reader.answer(to: sequence, repeatedBy: action).value {
        case .notYet: return Problem(.projectionLag, retryAfterSeconds: 1).response(requestID: requestID)
        case .forgotten:
            // The memory ended while the question was on its way: sent once more, the command is a new one.
            return Problem(.notReady, retryAfterSeconds: 1).response(requestID: requestID)
        case .events(let events):
            let outcome = Outcome(sequence: sequence, events: events[...], isReplay: true, requestID: requestID)
            return Answer.render(shape, outcome)
        }
    }
}

extension HistoryReader.TradeFilter {
    fileprivate init(account: AccountID?, model: ModelID?) {
        self = account.map { .account($0, model: model) } ?? model.map { .model($0) } ?? .all
    }
}
