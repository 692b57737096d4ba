internal import Cryptography
internal import Engine
internal import JSON
internal import Provenance
internal import Units

/// Answers to commands about what follows a trade. What most of them did stands in the request itself, so that a
/// repetition has the same answer.
enum LeaseAnswer {
    /// `nil` when the command was refused.
    static func written(_ shape: AnswerShape, _ outcome: Outcome) -> APIResponse? {
        if outcome.isRefused { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        switch shape {
        case .profileSet(let terms): writer.profile(terms)
        case .leaseChanged(let id): writer.member("lease_id", "l", id.rawValue)
        case .bondMoved(let amount): writer.member("amount_nanoton", decimalString: amount.count)
        case .leasePolicySet(let terms): writer.leasePolicy(terms)
        case .measurementPolicySet(let terms): writer.measurementPolicy(terms)
        case .receiptRecorded: writer.recorded(outcome)
        default: return nil
        }
        return Answer.finish(&writer, outcome, status: 200)
    }
}

extension JSONWriter {
    mutating func profile(_ terms: ProfileTerms) {
        optional("endpoint", terms.endpoint)
        optional("receipt_key", terms.receiptKey.map { Base64URL.encode($0) } ?? "")
    }

    mutating func leasePolicy(_ terms: LeasePolicyTerms) {
        member("step_tokens", terms.step.count)
        member("dispute_window_s", terms.disputeWindow / 1_000_000)
        member("bond_per_lot_nanoton", decimalString: terms.bondPerLot.count)
        member("slash_share_bps", terms.slashShare.count)
        member("appeal_window_s", terms.appealWindow / 1_000_000)
        optional("newcomer_lots_max", terms.newcomerLotsMax?.count)
    }
}

/// What became of a receipt.
enum ReceiptResult: String, CaseIterable {
    case recorded
    /// It was known, and nothing has changed.
    case repeated
    /// It contradicts another one of its sequence: the proof is kept, and the lease has failed.
    case equivocation
}

/// The events of a receipt, as its answer tells them.
private struct ReceiptEffects {
    var result = ReceiptResult.recorded
    var lease = LeaseID(0)
    var mark: (sequence: UInt32, hash: Digest256)?
    var isCountersigned = false
    var index: Int64?
    var charged: AdjustedTokens?
    var end: LeaseEnd?

    init(_ events: some Sequence<Event>) {
        for event in events {
            switch event {
            case .used(_, let tokens): charged = tokens
            case .leaseEnded(_, _, let end): self.end = end
            case .lease(let event): take(event)
            default: continue
            }
        }
    }

    private mutating func take(_ event: LeaseEvent) {
        switch event {
        case .receiptRecorded(let record):
            let receipt = record.terms.signed.receipt
            lease = receipt.lease
            mark = (receipt.sequence, record.terms.hash)
            isCountersigned = record.terms.signed.appSignature != nil
            index = record.index
        case .receiptRepeated(let known):
            (result, lease, index) = (.repeated, known.lease, known.index)
            mark = (known.sequence, known.hash)
            isCountersigned = known.isCountersigned
            charged = known.charged
        case .equivocated(let record):
            (result, lease, index) = (.equivocation, record.lease, record.index)
            mark = (record.sequence, record.later.receipt.hash)
        default: return
        }
    }
}

extension JSONWriter {
    /// What became of one receipt, or of two that contradict each other.
    fileprivate mutating func recorded(_ outcome: Outcome) {
        let effects = ReceiptEffects(outcome.events)
        member("lease_id", "l", effects.lease.rawValue)
        member("result", effects.result.rawValue)
        optional("receipt_sequence", effects.mark.map { Int64($0.sequence) })
        optional("receipt_sha256", effects.mark?.hash.hex ?? "")
        member("is_countersigned", effects.isCountersigned)
        optional("charged_tokens", effects.charged?.count)
        optional("log_index", effects.index)
        member("lease_state", effects.end?.state ?? LeaseState.active.rawValue)
        optional("end_reason", effects.end?.name ?? "")
    }
}
