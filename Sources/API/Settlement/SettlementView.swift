internal import Cryptography
package import Engine
internal import JSON
internal import Settlement
package import Units

/// A deposit by the chain.
package struct DepositDetail: Hashable, Sendable {
    package var deposit: ChainDeposit
    /// The command with which it arrived: its number.
    package var sequence: SequenceNumber
    package var time: LogicalTime

    package init(deposit: ChainDeposit, sequence: SequenceNumber, time: LogicalTime) {
        self.deposit = deposit
        self.sequence = sequence
        self.time = time
    }
}

/// A batch, with as much of its payouts as the reader may see.
package struct SettlementDetail: Hashable, Sendable {
    package var record: SettlementRecord
    /// Payouts that the reader may see, and what they come to.
    package var count: Int64
    package var amount: NanoTON

    package init(record: SettlementRecord, count: Int64, amount: NanoTON) {
        self.record = record
        self.count = count
        self.amount = amount
    }
}

extension View {
    /// `GET /v1/deposits`.
    package static func deposits(
        _ query: DepositsQuery,
        _ rows: [DepositDetail],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 512 + 512 * min(rows.count, query.limit))
        writer.beginObject()
        writer.member("account_id", "a", query.account.rawValue)
        let wallet = query.opening.wallet.map { query.network.text(of: $0) } ?? ""
        let memo = query.opening.memo?.text ?? ""
        writer.optional("address", wallet)
        writer.optional("memo", memo)
        let isOpen = !wallet.isEmpty && !memo.isEmpty
        writer.optional("link", isOpen ? "ton://transfer/\(wallet)?text=\(memo)" : "")
        writer.key("data")
        writer.beginArray()
        for row in rows.prefix(query.limit) { writer.deposit(row, on: query.network) }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .deposits, filters: query.filters, first: rows[query.limit - 1].sequence.rawValue)
        }
        writer.page(next, limit: query.limit)
        writer.member("account", "a", query.account.rawValue)
        writer.endObject()
        return finish(&writer, asOf)
    }

    /// `GET /v1/withdrawals/{id}`.
    package static func withdrawal(
        _ record: WithdrawalRecord,
        on network: TONNetwork,
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.withdrawal(record, on: network)
        return finish(&writer, asOf)
    }

    /// `GET /v1/withdrawals`.
    package static func withdrawals(
        _ query: WithdrawalsQuery,
        _ rows: [WithdrawalRecord],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 512 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) {
            writer.beginObject()
            writer.withdrawal(row, on: query.network)
            writer.endObject()
        }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .withdrawals, filters: query.filters, first: rows[query.limit - 1].id.rawValue)
        }
        writer.page(next, limit: query.limit)
        writer.optional("account", query.account?.text ?? "")
        writer.optional("state", query.state?.name ?? "")
        writer.endObject()
        return finish(&writer, asOf)
    }

    /// `GET /v1/account/payout-terms`; `nil` when there are none.
    package static func payoutTerms(
        of account: AccountID,
        _ record: PayoutTermsRecord?,
        on network: TONNetwork,
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("account_id", "a", account.rawValue)
        writer.payoutTerms(record?.terms, on: network)
        writer.time("set_at", record?.setAt ?? .never)
        writer.time("usable_at", record?.usableAt ?? .never)
        writer.member("is_suspended", record?.isSuspended ?? false)
        return finish(&writer, asOf)
    }

    /// `GET /v1/settlements`.
    package static func settlements(
        _ query: SettlementsQuery,
        _ rows: [SettlementDetail],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 640 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) {
            writer.beginObject()
            writer.settlement(row)
            writer.endObject()
        }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .settlements, filters: query.filters, first: rows[query.limit - 1].record.id.rawValue)
        }
        writer.page(next, limit: query.limit)
        writer.optional("account", query.account?.text ?? "")
        writer.endObject()
        return finish(&writer, asOf)
    }

    /// `GET /v1/settlements/{id}`, with the payouts that the reader may see.
    package static func settlement(
        _ detail: SettlementDetail,
        _ payouts: [PayoutRecord],
        on network: TONNetwork,
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 640 + 768 * payouts.count)
        writer.beginObject()
        writer.settlement(detail)
        writer.key("payouts")
        writer.beginArray()
        for payout in payouts { writer.payout(payout, of: detail.record, on: network) }
        writer.endArray()
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    fileprivate mutating func deposit(_ row: DepositDetail, on network: TONNetwork) {
        beginObject()
        member("id", row.sequence.rawValue)
        member("amount_nanoton", decimalString: row.deposit.amount.count)
        member("source", network.text(of: row.deposit.source))
        member("memo", row.deposit.memo.text)
        member("wallet_id", row.deposit.wallet.text)
        position("transaction", row.deposit.position)
        time("deposited_at", row.time)
        endObject()
    }

    mutating func withdrawal(_ record: WithdrawalRecord, on network: TONNetwork) {
        member("id", "w", record.id.rawValue)
        member("account_id", "a", record.account.rawValue)
        member("address", network.text(of: record.terms.destination))
        member("amount_nanoton", decimalString: record.terms.amount.count)
        member("fee_nanoton", decimalString: record.fee.count)
        member("comment", record.terms.comment)
        member("state", record.state.name)
        member("needs_approval", record.needsApproval)
        member("is_approved", record.approvedBy != nil)
        time("requested_at", record.requestedAt)
        time("due_at", record.dueAt)
        optional("settlement_id", record.payout?.batch.text ?? "")
        optional("payout_id", record.payout?.text ?? "")
    }

    mutating func payoutTerms(_ terms: PayoutTerms?, on network: TONNetwork) {
        optional("address", terms.map { network.text(of: $0.destination) } ?? "")
        key("threshold_nanoton")
        if let terms { decimalString(terms.threshold.count) } else { null() }
    }

    fileprivate mutating func settlement(_ detail: SettlementDetail) {
        let record = detail.record
        let signed = record.signed
        member("id", "s", record.id.rawValue)
        member("wallet_id", record.wallet.text)
        member("state", record.phase.rawValue)
        member("payout_count", detail.count)
        member("amount_nanoton", decimalString: detail.amount.count)
        time("planned_at", record.plannedAt)
        chainTime("signed_at", signed.createdAt)
        chainTime("valid_until", signed.createdAt + signed.timeout)
        chainTime("decided_at", record.decidedAt)
        optional("exit_code", record.phase.isFinal ? record.code : nil)
        position("accepted_by", record.outside)
        position("paid_by", record.inside)
        optional("block", record.block > 0 ? Int64(clamping: record.block) : nil)
    }

    fileprivate mutating func payout(_ payout: PayoutRecord, of batch: SettlementRecord, on network: TONNetwork) {
        beginObject()
        member("id", payout.id.text)
        member("account_id", "a", payout.account.rawValue)
        optional("withdrawal_id", payout.withdrawal?.text ?? "")
        member("address", network.text(of: payout.destination))
        member("amount_nanoton", decimalString: payout.amount.count)
        member("fee_nanoton", decimalString: payout.fee.count)
        member("comment", payout.comment)
        member("state", payout.state.name)
        member("returned_nanoton", decimalString: payout.returned.count)
        optional("reference", payout.reference)
        key("proof")
        if let message = payout.message, let inside = batch.inside {
            beginObject()
            member("message_hash", Hex.encode(message.bytes))
            member("transaction_lt", decimalString: Int64(clamping: inside.logicalTime))
            member("transaction_hash", Hex.encode(inside.hash.bytes))
            member("block", Int64(clamping: batch.block))
            endObject()
        } else {
            null()
        }
        endObject()
    }
}
