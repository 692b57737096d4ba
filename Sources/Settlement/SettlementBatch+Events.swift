internal import Units

extension SettlementBatch {
    /// Seconds after which the same bytes are sent again.
    package static let resendInterval: UInt64 = 8
    /// Seconds beyond the timeout for which the history is looked at before a message is given up.
    package static let expiryMargin: UInt64 = 60

    /// What an event makes of the batch, and what is to be done then. The same verdict told again changes nothing.
    package mutating func apply(_ event: Event) throws(Unexpected) -> [Action] {
        switch event {
        case .signed(let signed): return try sign(signed)
        case .tick(let now, let chainTime): return tick(now, chainTime)
        case .answered(let answer): return try take(answer)
        case .outside(let transaction, let sent): return try outside(transaction, sent)
        case .inside(let transaction, let code, let sent): return try inside(transaction, code, sent)
        case .scanned(let from, let to): return scanned(from, to)
        case .bounced(_, let address, let amount): return try bounced(address, amount)
        case .resolved: return try resolve()
        }
    }

    private var ids: [Int64] { payouts.map(\.id) }

    private mutating func sign(_ signed: Signed) throws(Unexpected) -> [Action] {
        guard phase == .planned else {
            // The same message again is no other message.
            guard self.signed == signed else { throw Unexpected(phase: phase) }
            return []
        }
        self.signed = signed
        phase = .signed
        return []
    }

    private mutating func tick(_ now: UInt64, _ chainTime: UInt64) -> [Action] {
        guard phase == .signed || phase == .sent, let signed, chainTime < signed.createdAt + signed.timeout else {
            return []
        }
        if let sentAt, now < sentAt + Self.resendInterval { return [] }
        phase = .sent
        sentAt = now
        return [.send]
    }

    private func take(_ answer: Answer) throws(Unexpected) -> [Action] {
        guard phase != .planned, phase != .signed else { throw Unexpected(phase: phase) }
        // A late answer says nothing of a batch that the chain has already decided.
        guard phase == .sent, case .refused(let code) = answer, code != Self.knownQueryID else { return [] }
        return [.alarm(.refused(exitCode: code))]
    }

    /// The exit code of a wallet that knows the query id.
    private static let knownQueryID: Int64 = 36

    private mutating func outside(_ transaction: TransactionID, _ sent: Int) throws(Unexpected) -> [Action] {
        switch phase {
        case .planned: throw Unexpected(phase: phase)
        // The message may be out before we know that we have sent it.
        case .signed, .sent:
            self.outside = transaction
            switch sent {
            case 0:
                phase = .burnt
                return [.requeue(ids, .burnt), .alarm(.burnt)]
            case 1:
                phase = .accepted
                return []
            default: return contest()
            }
        case .contested, .resolved: return []
        case .accepted, .confirmed, .failed, .burnt:
            return self.outside == transaction && (sent == 0) == (phase == .burnt) ? [] : contest()
        // It was proved that it cannot happen.
        case .expired: return contest()
        }
    }

    private mutating func inside(
        _ transaction: TransactionID,
        _ code: Int64,
        _ sent: [Sent]
    ) throws(Unexpected) -> [Action] {
        switch phase {
        case .planned, .signed, .sent: throw Unexpected(phase: phase)
        case .contested, .resolved: return []
        case .accepted: break
        case .confirmed, .failed:
            return inside == transaction && (code == 0) == (phase == .confirmed) ? [] : contest()
        case .burnt, .expired: return contest()
        }
        inside = transaction
        if code != 0 {
            guard sent.isEmpty else { return contest() }
            phase = .failed
            return [.requeue(ids, .failed(actionCode: code)), .alarm(.failed(actionCode: code))]
        }
        var expected = payouts.map { Sent(address: $0.address, amount: $0.amount) }
        if let anchor { expected.append(anchor) }
        guard sent == expected else { return contest() }
        phase = .confirmed
        return [.confirm(ids)]
    }

    /// The wallet takes a message from its time on until its timeout: nothing before and nothing after matters.
    private mutating func scanned(_ from: UInt64, _ to: UInt64) -> [Action] {
        guard phase == .signed || phase == .sent, let signed, from <= signed.createdAt else { return [] }
        guard to > signed.createdAt + signed.timeout + Self.expiryMargin else { return [] }
        phase = .expired
        return [.requeue(ids, .expired)]
    }

    private mutating func bounced(_ address: [UInt8], _ amount: NanoTON) throws(Unexpected) -> [Action] {
        guard phase == .confirmed else {
            guard phase == .contested || phase == .resolved else { throw Unexpected(phase: phase) }
            return []
        }
        guard let payout = payouts.first(where: { $0.address == address }), amount <= payout.amount else {
            return contest()
        }
        guard returned.insert(payout.id).inserted else { return [] }
        return amount > .zero ? [.credit(payout.id, amount)] : []
    }

    /// Only where the chain contradicts itself: otherwise it decides.
    private mutating func resolve() throws(Unexpected) -> [Action] {
        guard phase == .contested || phase == .resolved else { throw Unexpected(phase: phase) }
        phase = .resolved
        return []
    }

    private mutating func contest() -> [Action] {
        phase = .contested
        return [.alarm(.contested)]
    }
}
