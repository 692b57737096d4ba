internal import API
internal import Cryptography
internal import Engine
internal import Provenance
internal import Store
internal import Units

/// Answers about leases and receipts, from the tables.
extension HistoryAnswers {
    func answer(_ query: LeasesQuery) throws(StoreError) -> API.Response {
        let filter = HistoryReader.LeaseFilter(
            account: query.account,
            isWorker: query.role.map { $0 == .worker },
            state: query.state?.rawValue,
            order: query.order
        )
        let found = try reader.leases(filter, before: query.before, limit: query.rowsWanted)
        let models = published.directory.models
        return View.leases(query, found.value.map { LeaseDetail($0) }, models: models, asOf: found.sequence)
    }

    func answer(_ id: LeaseID, owner: AccountID?, requestID: UInt64) throws(StoreError) -> API.Response {
        let found = try reader.lease(id, of: owner)
        guard let row = found.value else { return Problem(.leaseNotFound).response(requestID: requestID) }
        return View.lease(LeaseDetail(row), models: published.directory.models, asOf: found.sequence)
    }

    func answer(_ query: ReceiptsQuery, requestID: UInt64) throws(StoreError) -> API.Response {
        let owner = query.seesAll ? nil : query.account
        let found: AsOf<[ReceiptRow]>
        switch query.subject {
        case .lease(let id):
            guard try reader.lease(id, of: owner).value != nil else {
                return Problem(.leaseNotFound).response(requestID: requestID)
            }
            found = try reader.receipts(of: id, before: query.before, limit: query.rowsWanted)
        case .response(let hash):
            found = try reader.receipts(answering: hash, of: owner, before: query.before, limit: query.rowsWanted)
        }
        let rows = found.value.map { row in
            ReceiptDetail(
                signed: row.signed,
                index: row.index,
                charged: row.charged,
                sequence: row.sequence,
                time: row.at
            )
        }
        return View.receipts(query, rows, asOf: found.sequence)
    }

    /// Everything that proves a receipt, with the newest checkpoint.
    func bundle(_ hash: Digest256, owner: AccountID?, requestID: UInt64) throws(StoreError) -> API.Response {
        guard let evidence = try reader.evidence(of: hash, of: owner), let workerKey = evidence.workerKey else {
            return Problem(.receiptNotFound).response(requestID: requestID)
        }
        let size = try reader.logSize().value
        let key = keyring.newest
        guard let proof = try LogHashes(reader: reader).tree(of: size).inclusionProof(of: evidence.index, in: size),
            let entry = LogEntry(bytes: evidence.entry), let logKey = keyring.noteKey(key)
        else { throw .inconsistent("the receipt \(hash.hex) is not in the log") }
        let bundle = ProofBundle(
            signed: evidence.signed,
            workerKey: workerKey,
            appKey: evidence.signed.appSignature == nil ? nil : evidence.appKey,
            salt: evidence.salt,
            entry: entry,
            index: evidence.index,
            inclusion: proof,
            checkpoint: try note(of: size, by: key).note,
            logKey: logKey,
            ton: try anchor(covering: evidence.index, in: size)
        )
        return View.bundle(bundle.json)
    }

    func record(of account: AccountID, requestID: UInt64) throws(StoreError) -> API.Response {
        let found = try reader.standing(of: account)
        guard let record = found.value else { return Problem(.accountUnknown).response(requestID: requestID) }
        let models = published.directory.models
        return View.record(record, try reader.performances(of: account), models: models, asOf: found.sequence)
    }
}

extension LeaseDetail {
    fileprivate init(_ row: LeaseHistoryRow) {
        self.init(record: row.record, end: row.end, worker: row.worker, app: row.app, grace: row.grace)
    }
}
