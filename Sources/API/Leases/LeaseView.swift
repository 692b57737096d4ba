internal import Cryptography
package import Engine
internal import Exchange
internal import JSON
internal import Provenance
package import Units

/// A lease as its parties see it.
package struct LeaseDetail: Hashable, Sendable {
    package var record: LeaseRecord
    /// How it ended; `nil` while it is open.
    package var end: LeaseEnd?
    /// The profiles that count for it; `nil` for a party that has none yet.
    package var worker: ProfileRecord?
    package var app: ProfileRecord?
    /// Microseconds by which the lease clock is behind.
    package var grace: Int64

    package init(
        record: LeaseRecord,
        end: LeaseEnd? = nil,
        worker: ProfileRecord? = nil,
        app: ProfileRecord? = nil,
        grace: Int64
    ) {
        self.record = record
        self.end = end
        self.worker = worker
        self.app = app
        self.grace = grace
    }

    /// A moment of the lease clock by the exchange's time, as long as there is no further outage.
    fileprivate func time(_ moment: LogicalTime) -> LogicalTime {
        guard moment < .never else { return .never }
        let (sum, isTooLate) = moment.microseconds.addingReportingOverflow(grace)
        return isTooLate ? .never : LogicalTime(microseconds: sum)
    }
}

/// A bond, and what of it is bound.
package struct BondDetail: Hashable, Sendable {
    package var account: AccountID
    package var locked: NanoTON
    /// What its owner may have back now.
    package var releasable: NanoTON
    /// What breaches may still cost.
    package var slashes: [SlashRecord]
    package var grace: Int64

    package init(account: AccountID, locked: NanoTON, releasable: NanoTON, slashes: [SlashRecord], grace: Int64) {
        self.account = account
        self.locked = locked
        self.releasable = releasable
        self.slashes = slashes
        self.grace = grace
    }
}

extension View {
    /// `GET /v1/leases/{id}`.
    package static func lease(_ detail: LeaseDetail, models: ModelTable, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 1_536)
        writer.beginObject()
        writer.lease(detail, models: models)
        return finish(&writer, asOf)
    }

    /// `GET /v1/leases`.
    package static func leases(
        _ query: LeasesQuery,
        _ rows: [LeaseDetail],
        models: ModelTable,
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 1_536 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) {
            writer.beginObject()
            writer.lease(row, models: models)
            writer.endObject()
        }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .leases, filters: query.filters, first: rows[query.limit - 1].record.id.rawValue)
        }
        writer.page(next, limit: query.limit)
        writer.member("account", "a", query.account.rawValue)
        writer.optional("role", query.role?.rawValue ?? "")
        writer.optional("state", query.state?.rawValue ?? "")
        writer.optional("order", query.order?.text ?? "")
        writer.endObject()
        return finish(&writer, asOf)
    }

    /// `GET /v1/account/profile`; `nil` before there is one.
    package static func profile(
        of account: AccountID,
        _ record: ProfileRecord?,
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("account_id", "a", account.rawValue)
        writer.member("version", record?.version ?? 0)
        writer.profile(record?.terms ?? ProfileTerms())
        writer.time("set_at", record?.setAt ?? .never)
        return finish(&writer, asOf)
    }

    /// `GET /v1/account/bond`.
    package static func bond(_ bond: BondDetail, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 256 + 256 * bond.slashes.count)
        writer.beginObject()
        writer.member("account_id", "a", bond.account.rawValue)
        writer.member("locked_nanoton", decimalString: bond.locked.count)
        writer.member("releasable_nanoton", decimalString: bond.releasable.count)
        writer.key("pending_slashes")
        writer.beginArray()
        for slash in bond.slashes {
            writer.beginObject()
            writer.member("lease_id", "l", slash.lease.rawValue)
            writer.member("amount_nanoton", decimalString: slash.amount.count)
            writer.member("reason", slash.reason.name)
            writer.time("due_at", LogicalTime(microseconds: slash.due.microseconds + bond.grace))
            writer.endObject()
        }
        writer.endArray()
        return finish(&writer, asOf)
    }

    /// `GET /v1/market/lease-policy`.
    package static func leasePolicy(_ policy: LeasePolicyTerms, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.leasePolicy(policy)
        return finish(&writer, asOf)
    }

    /// `GET /v1/accounts/{id}/record`.
    package static func record(
        _ standing: StandingRecord,
        _ performances: [PerformanceRecord],
        models: ModelTable,
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 256 + 384 * performances.count)
        writer.beginObject()
        writer.member("account_id", "a", standing.account.rawValue)
        writer.member("delivered_count", standing.delivered)
        writer.member("strike_count", standing.strikes)
        writer.member("dispute_count", standing.disputes)
        writer.performances(performances, models: models)
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    /// A lease in full. One that was opened under older rules has neither terms nor receipts.
    fileprivate mutating func lease(_ detail: LeaseDetail, models: ModelTable) {
        let record = detail.record
        let terms = record.terms
        member("id", "l", record.id.rawValue)
        member("trade_id", "t", record.id.rawValue)
        member("offer_id", "o", record.offer.rawValue)
        optional("bid_id", terms.map { $0.bid.text } ?? "")
        let toppedUp = terms?.delivery.toppedUp ?? LeaseID(0)
        optional("tops_up_lease_id", toppedUp == LeaseID(0) ? "" : toppedUp.text)
        member("worker_id", "a", record.worker.rawValue)
        member("app_id", "a", record.buyer.rawValue)
        optional("model", terms.map { models.record($0.model)?.terms.name ?? $0.model.text } ?? "")
        optional("model_version", terms.map { Int64($0.modelVersion) })
        optional("weight_set", terms.map { $0.weightSet.weightSet?.name ?? "unknown" } ?? "")
        member("price_nanoton_per_mtok", decimalString: record.price.nanoTONPerMTok)
        member("quantity_lots", record.lots.count)
        member("state", detail.end?.state ?? LeaseState.active.rawValue)
        optional("end_reason", detail.end?.name ?? "")
        money(of: record)
        time("opened_at", terms?.delivery.openedAt ?? .never)
        time("deadline_at", detail.time(terms?.delivery.deadline ?? .never))
        time("closes_at", detail.time(record.progress.closesAt))
        optional("step_tokens", terms?.delivery.step.count)
        optional("dispute_window_s", terms.map { $0.delivery.disputeWindow / 1_000_000 })
        member("is_disputed", record.progress.isDisputed)
        mark("countersigned", record.progress.countersigned)
        mark("claim", record.progress.claim, due: detail.time(record.progress.claimDue))
        party("worker", detail.worker)
        party("app", detail.app)
    }

    private mutating func money(of record: LeaseRecord) {
        let cost = record.price.cost(of: record.used)
        member("used_tokens", record.used.count)
        member("locked_nanoton", decimalString: record.locked.count)
        member("cost_nanoton", decimalString: cost.count)
        member("app_fee_nanoton", decimalString: record.buyerRate.part(of: cost).count)
        member("worker_fee_nanoton", decimalString: record.sellerRate.part(of: cost).count)
        member("app_fee_bps", record.buyerRate.count)
        member("worker_fee_bps", record.sellerRate.count)
    }

    /// What a receipt said, or `null`. A claim says when silence pays it; `null` when it has.
    private mutating func mark(_ name: StaticString, _ mark: ReceiptMark?, due: LogicalTime? = nil) {
        key(name)
        guard let mark else { return null() }
        beginObject()
        member("receipt_sequence", Int64(mark.sequence))
        member("receipt_sha256", mark.hash.hex)
        member("adjusted_tokens", mark.adjusted.count)
        usage(mark.usage)
        member("log_index", mark.index)
        if let due { time("due_at", due) }
        endObject()
    }

    /// The cumulative counts of a receipt.
    mutating func usage(_ usage: TokenUsage) {
        member("prompt_tokens", usage.prompt)
        member("cached_tokens", usage.cached)
        member("completion_tokens", usage.completion)
        member("reasoning_tokens", usage.reasoning)
    }

    private mutating func party(_ name: StaticString, _ profile: ProfileRecord?) {
        key(name)
        guard let profile else { return null() }
        beginObject()
        member("profile_version", profile.version)
        self.profile(profile.terms)
        endObject()
    }
}
