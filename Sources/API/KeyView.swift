package import Engine
internal import JSON
package import Units

/// A page of the audit log, newest first.
package struct AuditQuery: Hashable, Sendable {
    package var limit: Int
    /// Only entries with a smaller sequence number.
    package var before: SequenceNumber?

    /// One more than is shown, so that it is known whether there are more.
    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 { Cursor.filters("") }
}

/// An entry of the audit log with its place.
package struct AuditDetail: Hashable, Sendable {
    package var entry: AuditEntry
    package var sequence: SequenceNumber
    package var time: LogicalTime

    package init(entry: AuditEntry, sequence: SequenceNumber, time: LogicalTime) {
        self.entry = entry
        self.sequence = sequence
        self.time = time
    }
}

extension View {
    /// `GET /v1/account/keys` and `GET /v1/accounts/{id}/keys`.
    package static func keys(of account: AccountID, _ keys: [KeyDetail], asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 512 * keys.count)
        writer.beginObject()
        writer.member("account_id", "a", account.rawValue)
        writer.key("data")
        writer.beginArray()
        for key in keys {
            writer.beginObject()
            writer.key(key.record)
            writer.standing(key.standing)
            writer.spending(key.spending)
            writer.endObject()
        }
        writer.endArray()
        return finish(&writer, asOf)
    }

    /// `GET /v1/audit`.
    package static func audit(_ query: AuditQuery, _ rows: [AuditDetail], asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 256 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) {
            writer.beginObject()
            writer.member("sequence", row.sequence.rawValue)
            writer.time("at", row.time)
            writer.member("account_id", "a", row.entry.account.rawValue)
            writer.member("key_id", "k", row.entry.key.rawValue)
            writer.member("action", row.entry.action.name)
            writer.optional("target", row.entry.target)
            writer.optional("refused", row.entry.rejection?.code ?? "")
            writer.endObject()
        }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .audit, filters: query.filters, first: rows[query.limit - 1].sequence.rawValue)
        }
        writer.page(next, limit: query.limit)
        writer.endObject()
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    /// What a key is; never the key or its hash.
    mutating func key(_ record: KeyRecord) {
        member("id", "k", record.id.rawValue)
        member("account_id", "a", record.terms.owner.rawValue)
        names("scopes", record.terms.scopes.names)
        member("label", record.terms.label)
        time("expires_at", record.terms.expiresAt)
        time("created_at", record.createdAt)
    }

    /// What became of it since.
    mutating func standing(_ standing: KeyStanding) {
        optional("made_by", standing.madeBy.rawValue == 0 ? "" : standing.madeBy.text)
        time("revoked_at", standing.revokedAt)
        key("limits")
        beginObject()
        let limits = standing.limits
        optional("order_budget_nanoton", money: limits.perOrder)
        optional("day_budget_nanoton", money: limits.perDay)
        optional("total_budget_nanoton", money: limits.total)
        names("allowed_networks", limits.networks.map(\.description))
        endObject()
    }

    /// A login of an account; its sequence number is its name.
    mutating func login(_ record: LoginRecord) {
        beginObject()
        member("sequence", record.sequence.rawValue)
        member("subject", record.subject)
        time("linked_at", record.createdAt)
        endObject()
    }

    /// What counts towards its budgets; `null` when it never had one.
    mutating func spending(_ spending: KeySpending?) {
        key("spending")
        guard let spending else { return null() }
        beginObject()
        member("day", Timestamp.day(spending.day))
        member("day_nanoton", decimalString: spending.onDay.count)
        member("total_nanoton", decimalString: spending.total.count)
        endObject()
    }

    private mutating func optional(_ name: StaticString, money: NanoTON?) {
        key(name)
        if let money { decimalString(money.count) } else { null() }
    }
}

extension Timestamp {
    /// A day since 1970 as `2027-01-31`.
    static func day(_ number: Int64) -> String {
        let time = LogicalTime(microseconds: number * 86_400_000_000)
        let text = bytes(time)
        return String(decoding: (0..<10).map { text[$0] }, as: UTF8.self)
    }
}
