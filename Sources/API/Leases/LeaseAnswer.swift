internal import Cryptography
internal import Engine
internal import JSON
internal import Units

/// Answers to commands about what follows a trade. What most of them did stands in the request itself, so that a
/// repetition has the same answer.
enum LeaseAnswer {
    /// `nil` when the command was refused.
    static func written(_ shape: AnswerShape, _ outcome: Outcome) -> APIResponse? {
        for event in outcome.events {
            if case .rejected = event { return nil }
        }
        var writer = JSONWriter()
        writer.beginObject()
        switch shape {
        case .profileSet(let terms): writer.profile(terms)
        case .leaseChanged(let id): writer.member("lease_id", "l", id.rawValue)
        case .bondMoved(let amount): writer.member("amount_nanoton", decimalString: amount.count)
        case .leasePolicySet(let terms): writer.leasePolicy(terms)
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
