internal import Cryptography
internal import Engine
internal import JSON
package import Provenance
package import Units

/// A receipt with its place in the log.
package struct ReceiptDetail: Hashable, Sendable {
    package var signed: SignedReceipt
    /// Its entry in the log.
    package var index: Int64
    /// Cumulative adjusted tokens that were charged with it; `nil` when nothing was.
    package var charged: AdjustedTokens?
    package var sequence: SequenceNumber
    package var time: LogicalTime

    package init(
        signed: SignedReceipt,
        index: Int64,
        charged: AdjustedTokens?,
        sequence: SequenceNumber,
        time: LogicalTime
    ) {
        self.signed = signed
        self.index = index
        self.charged = charged
        self.sequence = sequence
        self.time = time
    }
}

extension View {
    /// `GET /v1/receipts` and `GET /v1/leases/{id}/receipts`.
    package static func receipts(
        _ query: ReceiptsQuery,
        _ rows: [ReceiptDetail],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 1_536 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) { writer.receipt(row) }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .receipts, filters: query.filters, first: rows[query.limit - 1].index)
        }
        writer.page(next, limit: query.limit)
        switch query.subject {
        case .lease(let id): writer.member("lease", "l", id.rawValue)
        case .response(let hash): writer.member("response_sha256", hash.hex)
        }
        writer.endObject()
        return finish(&writer, asOf)
    }

    /// `GET /v1/receipts/{hash}/bundle`.
    package static func bundle(_ json: [UInt8]) -> APIResponse { APIResponse(status: 200, body: json) }
}

extension JSONWriter {
    /// A receipt in full: its fields, its bytes and its signatures.
    fileprivate mutating func receipt(_ row: ReceiptDetail) {
        let receipt = row.signed.receipt
        beginObject()
        member("receipt_sha256", receipt.hash.hex)
        member("lease_id", "l", receipt.lease.rawValue)
        member("receipt_sequence", Int64(receipt.sequence))
        member("is_countersigned", row.signed.appSignature != nil)
        names("flags", receipt.flags.names)
        usage(receipt.usage)
        member("adjusted_tokens", receipt.adjusted.count)
        member("amount_nanoton", decimalString: receipt.amount.count)
        optional("charged_tokens", row.charged?.count)
        optional("time_to_first_token_ms", receipt.timeToFirstToken == 0 ? nil : Int64(receipt.timeToFirstToken))
        time("started_at", LogicalTime(microseconds: receipt.startedAt * 1_000))
        time("ended_at", LogicalTime(microseconds: receipt.endedAt * 1_000))
        member("request_sha256", receipt.request.hex)
        member("response_sha256", receipt.response.hex)
        member("weights_sha256", receipt.weights.hex)
        member("attestation_sha256", receipt.attestation.hex)
        member("previous_sha256", receipt.previous.hex)
        member("log_index", row.index)
        member("sequence", row.sequence.rawValue)
        time("recorded_at", row.time)
        member("receipt", Base64URL.encode(receipt.bytes))
        member("worker_signature", Base64URL.encode(row.signed.workerSignature))
        optional("app_signature", row.signed.appSignature.map { Base64URL.encode($0) } ?? "")
        endObject()
    }
}

extension Receipt.Flags {
    /// The names in JSON.
    var names: [String] {
        let all: [(Receipt.Flags, String)] = [
            (.final, "final"), (.partial, "partial"), (.aborted, "aborted"), (.refused, "refused"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
