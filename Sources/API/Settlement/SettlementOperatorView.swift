internal import Cryptography
package import Engine
internal import JSON
internal import TON
package import Units

extension View {
    /// `GET /v1/settlement/terms`.
    package static func settlementTerms(_ terms: SettlementTerms, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.settlementTerms(terms)
        return finish(&writer, asOf)
    }

    /// `GET /v1/settlement`.
    package static func settlementStatus(
        _ status: SettlementStatus,
        on network: TONNetwork,
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 768 + 384 * status.wallets.count)
        writer.beginObject()
        writer.member("is_held", status.hold != nil)
        writer.hold(status.hold)
        writer.key("wallets")
        writer.beginArray()
        for wallet in status.wallets { writer.wallet(wallet, on: network) }
        writer.endArray()
        writer.member("waiting_withdrawal_count", Int64(status.waiting))
        writer.member("unapproved_withdrawal_count", Int64(status.unapproved))
        writer.member("undecided_settlement_count", Int64(status.undecided))
        writer.member("in_flight_payout_count", Int64(status.figures.inFlight))
        writer.member("in_flight_nanoton", decimalString: status.figures.inFlightAmount.count)
        writer.time("oldest_unsettled_at", status.figures.oldest ?? .never)
        writer.member("suspense_count", Int64(status.suspended))
        writer.member("suspense_nanoton", decimalString: status.suspense.count)
        writer.member("chain_nanoton", decimalString: status.chain.count)
        writer.member("wallets_nanoton", decimalString: status.onChain.count)
        writer.member("capital_nanoton", decimalString: status.capital.count)
        return finish(&writer, asOf)
    }

    /// `POST /v1/settlement:run`.
    package static var settlementRound: APIResponse {
        var writer = JSONWriter(capacity: 64)
        writer.beginObject()
        writer.member("is_asked", true)
        writer.endObject()
        return APIResponse(status: 200, body: writer.take())
    }

    /// `GET /v1/suspense`.
    package static func suspense(
        _ query: SuspenseQuery,
        _ rows: [SuspenseRecord],
        asOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 384 * min(rows.count, query.limit))
        writer.beginList()
        for row in rows.prefix(query.limit) { writer.suspense(row, on: query.network) }
        writer.endArray()
        var next: Cursor?
        if rows.count > query.limit {
            next = Cursor(list: .suspense, filters: query.filters, first: rows[query.limit - 1].id.rawValue)
        }
        writer.page(next, limit: query.limit)
        writer.endObject()
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    mutating func settlementTerms(_ terms: SettlementTerms) {
        member("payout_minimum_nanoton", decimalString: terms.payoutMinimum.count)
        member("wallet_reserve_nanoton", decimalString: terms.walletReserve.count)
        member("capital_reserve_nanoton", decimalString: terms.capitalReserve.count)
        member("account_day_max_nanoton", decimalString: terms.accountDayMax.count)
        member("approval_threshold_nanoton", decimalString: terms.approvalThreshold.count)
        member("cooling_off_s", terms.coolingOff / 1_000_000)
        member("dust_limit_nanoton", decimalString: terms.dustLimit.count)
        member("payee_fee_nanoton", decimalString: terms.payeeFee.count)
    }

    fileprivate mutating func hold(_ hold: SettlementHold?) {
        key("hold")
        guard let hold else { return null() }
        beginObject()
        member("reason", hold.reason.name)
        member("text", hold.text)
        time("since", hold.since)
        member("held_by_sequence", hold.sequence.rawValue)
        optional("wallet_id", hold.wallet?.text ?? "")
        key("transaction_lt")
        if hold.wallet == nil { null() } else { decimalString(Int64(clamping: hold.logicalTime)) }
        key("expected_nanoton")
        if hold.reason == .difference { decimalString(hold.expected.count) } else { null() }
        key("found_nanoton")
        if hold.reason == .difference { decimalString(hold.found.count) } else { null() }
        endObject()
    }

    fileprivate mutating func wallet(_ wallet: WalletRecord, on network: TONNetwork) {
        beginObject()
        member("id", wallet.id.text)
        member("address", network.text(of: wallet.terms.address))
        member("balance_nanoton", decimalString: wallet.balance.count)
        position("last_transaction", wallet.last)
        chainTime("scanned_to", wallet.scannedTo)
        member("query_count", Int64(clamping: wallet.queries))
        key("unexplained_lt")
        if wallet.unexplained == 0 { null() } else { decimalString(Int64(clamping: wallet.unexplained)) }
        member("is_retired", wallet.isRetired)
        endObject()
    }

    fileprivate mutating func suspense(_ record: SuspenseRecord, on network: TONNetwork) {
        beginObject()
        member("id", "u", record.id.rawValue)
        member("wallet_id", record.wallet.text)
        member("reason", record.reason.name)
        member("amount_nanoton", decimalString: record.amount.count)
        optional("source", record.source.map { network.text(of: $0) } ?? "")
        key("comment")
        if let comment = record.comment { string(comment) } else { null() }
        time("arrived_at", record.arrivedAt)
        endObject()
    }

    /// A transaction of a wallet, or `null`.
    mutating func position(_ name: StaticString, _ position: ChainPosition?) {
        key(name)
        guard let position else { return null() }
        beginObject()
        member("lt", decimalString: Int64(clamping: position.logicalTime))
        member("hash", Hex.encode(position.hash.bytes))
        endObject()
    }

    /// A time of the chain's clock, which counts seconds; `null` for none.
    mutating func chainTime(_ name: StaticString, _ seconds: UInt64?) {
        let microseconds = seconds.map { Int64(clamping: $0).multipliedReportingOverflow(by: 1_000_000) }
        guard let microseconds, !microseconds.overflow else { return time(name, .never) }
        time(name, LogicalTime(microseconds: microseconds.partialValue))
    }
}

extension TONNetwork {
    /// An address of the base chain as people write it (TEP-2), for whoever may not be there yet.
    func text(of address: ChainHash) -> String { text(of: PayoutDestination(address: address)) }

    /// As above, with whether money comes back from there.
    func text(of destination: PayoutDestination) -> String {
        guard let address = Address(workchain: 0, hash: destination.address.bytes) else {
            preconditionFailure("a hash has 32 bytes")
        }
        return AddressText(
            address,
            isBounceable: destination.isBounceable,
            isTestOnly: self == .testnet
        ).text
    }
}
