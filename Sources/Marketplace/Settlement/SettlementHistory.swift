internal import API
internal import Engine
internal import Store
internal import Units

/// Answers about money that entered and left by the chain, from the tables.
extension HistoryAnswers {
    func answer(_ query: SettlementQuery, requestID: UInt64) throws(StoreError) -> API.Response {
        switch query {
        case .deposits(let query):
            let found = try reader.chainDeposits(of: query.account, before: query.before, limit: query.rowsWanted)
            let rows = found.value.map { DepositDetail(deposit: $0.deposit, sequence: $0.sequence, time: $0.at) }
            return View.deposits(query, rows, asOf: found.sequence)
        case .withdrawals(let query):
            let found = try reader.withdrawals(
                of: query.account,
                in: query.state,
                before: query.before,
                limit: query.rowsWanted
            )
            return View.withdrawals(query, found.value, asOf: found.sequence)
        case .withdrawal(let id, let owner, _, let network):
            let found = try reader.withdrawal(id, of: owner)
            guard let record = found.value else { return Problem(.withdrawalNotFound).response(requestID: requestID) }
            return View.withdrawal(record, on: network, asOf: found.sequence)
        case .settlements(let query):
            let found = try reader.settlements(of: query.account, before: query.before, limit: query.rowsWanted)
            return View.settlements(query, found.value.map { SettlementDetail($0) }, asOf: found.sequence)
        case .settlement(let id, let owner, _, let network):
            let found = try reader.settlement(id, of: owner)
            guard let row = found.value else { return Problem(.settlementNotFound).response(requestID: requestID) }
            let payouts = try reader.payouts(of: id, to: owner).value
            return View.settlement(SettlementDetail(row), payouts, on: network, asOf: found.sequence)
        case .suspense(let query):
            let found = try reader.suspense(before: query.before, limit: query.rowsWanted)
            return View.suspense(query, found.value, asOf: found.sequence)
        }
    }
}

extension SettlementDetail {
    fileprivate init(_ row: SettlementHistoryRow) {
        self.init(record: row.record, count: row.count, amount: row.amount)
    }
}
