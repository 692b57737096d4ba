internal import Cryptography
package import Engine
internal import JSON
internal import Provenance
package import Units

/// What happened to one of an account's leases.
package enum LeaseChange: Hashable, Sendable {
    /// For the worker or the app of the trade.
    case opened(Trade, LeaseRole)
    /// Cumulative adjusted tokens that are charged now.
    case charged(LeaseID, AdjustedTokens)
    case ended(LeaseID, AdjustedTokens, LeaseEnd)
    case stated(LeaseEvent)
}

extension LeaseEvent {
    /// The lease that readers of the stream are told of; `nil` for what is no lease's, or told by other events.
    package var toldLease: LeaseID? {
        switch self {
        case .receiptRecorded(let record): record.terms.signed.receipt.lease
        case .equivocated(let record): record.lease
        case .claimDisputed(let id, _), .claimPaid(let id, _), .serviceBreached(let id, _, _), .rebidRefused(let id, _):
            id
        case .slashSet(let record): record.lease
        case .slashEnded(let id, _, _): id
        case .profileSet, .policySet, .progressed, .receiptRepeated, .standingSet, .logged, .stated,
            .signingKeyRecorded, .measurementPolicySet, .performanceSet:
            nil
        }
    }
}

extension StreamText {
    /// What one command did to an account's leases.
    package static func leases(
        _ changes: [LeaseChange],
        of account: AccountID,
        at sequence: SequenceNumber,
        _ time: LogicalTime
    ) -> [UInt8] {
        message("leases", capacity: 128 + 384 * changes.count) { writer in
            writer.member("sequence", sequence.rawValue)
            writer.member("account_id", "a", account.rawValue)
            writer.time("at", time)
            writer.key("events")
            writer.beginArray()
            for change in changes {
                writer.beginObject()
                writer.change(change)
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func change(_ change: LeaseChange) {
        switch change {
        case .opened(let trade, let role):
            begin("opened", LeaseID(trade.id.rawValue))
            member("role", role.rawValue)
            member("order_id", "o", (role == .worker ? trade.offer : trade.bid).rawValue)
            member("price_nanoton_per_mtok", decimalString: trade.price.nanoTONPerMTok)
            member("quantity_lots", trade.lots.count)
        case .charged(let id, let tokens):
            begin("charged", id)
            member("used_tokens", tokens.count)
        case .ended(let id, let tokens, let end):
            begin("ended", id)
            member("used_tokens", tokens.count)
            member("state", end.state)
            member("end_reason", end.name)
        case .stated(let event): stated(event)
        }
    }

    private mutating func stated(_ event: LeaseEvent) {
        switch event {
        case .receiptRecorded(let record):
            let receipt = record.terms.signed.receipt
            begin("receipt", receipt.lease)
            member("receipt_sequence", Int64(receipt.sequence))
            member("receipt_sha256", record.terms.hash.hex)
            member("adjusted_tokens", receipt.adjusted.count)
            member("is_countersigned", record.terms.signed.appSignature != nil)
            member("log_index", record.index)
        case .equivocated(let record):
            begin("equivocation", record.lease)
            member("receipt_sequence", Int64(record.sequence))
            member("log_index", record.index)
        case .claimDisputed(let id, let number):
            begin("claim_disputed", id)
            member("receipt_sequence", Int64(number))
        case .claimPaid(let id, let number):
            begin("claim_paid", id)
            member("receipt_sequence", Int64(number))
        case .serviceBreached(let id, let number, let amount):
            begin("service_breached", id)
            member("receipt_sequence", Int64(number))
            member("amount_nanoton", decimalString: amount.count)
        case .rebidRefused(let id, let rejection):
            begin("rebid_refused", id)
            member("code", rejection.code)
        case .slashSet(let record):
            begin("slash_pending", record.lease)
            member("amount_nanoton", decimalString: record.amount.count)
        case .slashEnded(let id, let outcome, let amount):
            begin("slash_" + outcome.name, id)
            member("amount_nanoton", decimalString: amount.count)
        case .profileSet, .policySet, .progressed, .receiptRepeated, .standingSet, .logged, .stated,
            .signingKeyRecorded, .measurementPolicySet, .performanceSet:
            return
        }
    }

    private mutating func begin(_ type: String, _ lease: LeaseID) {
        member("type", type)
        member("lease_id", "l", lease.rawValue)
    }
}
