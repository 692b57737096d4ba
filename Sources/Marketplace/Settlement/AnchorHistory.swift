internal import API
internal import Cryptography
internal import Engine
internal import Provenance
internal import Store

/// Answers about the log's anchors, from the tables.
extension HistoryAnswers {
    func answer(_ query: AnchorsQuery) throws(StoreError) -> API.Response {
        let found = try reader.anchors(before: query.before, limit: query.rowsWanted)
        let rows = found.value.map { AnchorDetail(record: $0.record, address: $0.address) }
        return View.anchors(query, rows, asOf: found.sequence)
    }

    /// The first anchor on the chain that covers an entry, with a proof that the log of `size` entries is what became
    /// of it; `nil` while there is none, or only of another name than the log has now.
    func anchor(covering index: Int64, in size: Int64) throws(StoreError) -> ProofBundle.Anchor? {
        guard let row = try reader.anchor(covering: index, upTo: size), let said = row.record.said,
            said.originHash == LogAnchor.originHash(of: keyring.origin),
            let transaction = row.record.transaction, let message = row.record.message,
            let wallet = Digest256(row.address.bytes), let hash = Digest256(transaction.hash.bytes),
            let messageHash = Digest256(message.bytes),
            let proof = try LogHashes(reader: reader).tree(of: size).consistencyProof(from: said.size, to: size)
        else { return nil }
        return ProofBundle.Anchor(
            wallet: wallet,
            logicalTime: Int64(clamping: transaction.logicalTime),
            transaction: hash,
            message: messageHash,
            anchor: said,
            consistency: proof
        )
    }
}
