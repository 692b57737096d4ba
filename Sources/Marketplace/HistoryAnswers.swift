internal import API
internal import Engine
internal import Store
internal import Units

/// Answers from the tables.
struct HistoryAnswers {
    let reader: HistoryReader
    let published: Published

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
            let found = try reader.orders(filter, before: query.before, limit: query.rowsWanted)
            var rows: [OrderDetail] = []
            for record in found.value { rows.append(try detail(record)) }
            return View.orders(query, rows, models: models, asOf: found.sequence)
        case .trades(let query):
            let filter = HistoryReader.TradeFilter(account: query.account, model: query.model)
            let found = try reader.trades(filter, before: query.before, limit: query.rowsWanted)
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
        case .candles(let query): return try answer(query, requestID: requestID)
        case .index(let query): return try answer(query)
        }
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
