internal import Cryptography
package import Engine
internal import JSON
internal import Provenance
package import Units

/// Where the log's root is on the chain, newest first.
package struct AnchorsQuery: Hashable, Sendable {
    package var network: TONNetwork
    package var limit: Int
    /// Only anchors of batches with a smaller number.
    package var before: SettlementID?

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 { Cursor.filters("anchors") }
}

/// An anchor, and the address of its wallet.
package struct AnchorDetail: Hashable, Sendable {
    package var record: AnchorRecord
    package var address: ChainHash

    package init(record: AnchorRecord, address: ChainHash) {
        self.record = record
        self.address = address
    }
}

extension QueryRequests {
    /// `GET /v1/log/anchors`.
    static func anchors(_ query: ArraySlice<UInt8>, on network: TONNetwork) throws(Problem) -> AnchorsQuery {
        var parameters = try QueryParameters(query)
        var result = AnchorsQuery(network: network, limit: limit(&parameters), before: nil)
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            result.before = SettlementID(try Cursor(cursor, list: .anchors, filters: result.filters).first)
        }
        return result
    }
}

enum AnchorPolicyField: Int, BodyField {
    case isEnabled, interval, amount
    static let names: [StaticString] = ["is_enabled", "interval_s", "amount_nanoton"]
}

extension Bodies {
    /// `PUT /v1/settlement/anchor-policy`: what is left out becomes the default.
    static func anchorPolicy(_ body: [UInt8]) throws(Problem) -> AnchorPolicy {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var policy = AnchorPolicy.initial
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(AnchorPolicyField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .isEnabled: policy.isEnabled = try reader.boolean(at: place) ?? false
                case .interval:
                    let range = Limits.anchorIntervalMin / 1_000_000...Limits.anchorIntervalMax / 1_000_000
                    policy.interval = (try reader.integer(at: place, in: range) ?? 1) * 1_000_000
                case .amount:
                    let range = Limits.anchorAmountMin...Limits.anchorAmountMax
                    policy.amount = NanoTON(try reader.money(at: place, in: range) ?? Limits.anchorAmountMin)
                }
            }
            return policy
        }
    }
}

extension View {
    /// `GET /v1/settlement/anchor-policy`.
    package static func anchorPolicy(_ anchors: AnchorsState, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.anchorPolicy(anchors.policy)
        writer.member("is_requested", anchors.request != nil)
        writer.member("anchored_size", anchors.last?.size ?? 0)
        return finish(&writer, asOf)
    }

    /// `GET /v1/log/anchors`.
    package static func anchors(_ query: AnchorsQuery, _ rows: [AnchorDetail], asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 768 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) { writer.anchor(row, on: query.network) }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            let last = rows[query.limit - 1].record.batch.rawValue
            next = Cursor(list: .anchors, filters: query.filters, first: last)
        }
        writer.page(next, limit: query.limit)
        writer.endObject()
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    mutating func anchorPolicy(_ policy: AnchorPolicy) {
        member("is_enabled", policy.isEnabled)
        member("interval_s", policy.interval / 1_000_000)
        member("amount_nanoton", decimalString: policy.amount.count)
    }

    fileprivate mutating func anchor(_ detail: AnchorDetail, on network: TONNetwork) {
        let record = detail.record
        beginObject()
        member("settlement_id", "s", record.batch.rawValue)
        member("state", record.state.name)
        member("size", record.size)
        member("root_sha256", Hex.encode(record.root.bytes))
        member("wallet_address", network.text(of: detail.address))
        member("message", Hex.encode(record.said?.bytes ?? []))
        optional("message_hash", record.message.map { Hex.encode($0.bytes) } ?? "")
        position("transaction", record.transaction)
        optional("block", record.block > 0 ? Int64(clamping: record.block) : nil)
        time("planned_at", record.plannedAt)
        chainTime("arrived_at", record.transaction == nil ? nil : record.chainTime)
        endObject()
    }
}
