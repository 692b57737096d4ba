import Cryptography
import Exchange
import Ledger
import Provenance
import Settlement
import Units

/// The log's root on the chain: an extra message of a batch, from the wallet to itself.
extension Engine {
    /// What the engine knows of anchors.
    package var anchors: AnchorsState { settlement.anchors }

    /// Leaves of the log, as they were anchored last; 0 for never.
    package var anchoredSize: Int64 { settlement.anchors.last?.size ?? 0 }

    /// Whether a plan would anchor the log's root.
    package var hasAnchorDue: Bool { settlement.hold == nil && isAnchorDue }

    /// One at a time: what is anchored next follows what the chain has said of the last one.
    var isAnchorDue: Bool {
        let anchors = settlement.anchors
        guard anchors.open == nil, log.size > anchoredSize else { return false }
        if anchors.request != nil { return true }
        guard anchors.policy.isEnabled else { return false }
        guard let last = anchors.last else { return true }
        return time.microseconds - last.plannedAt.microseconds >= anchors.policy.interval
    }

    mutating func set(_ policy: AnchorPolicy, _ events: inout [Event]) {
        settlement.anchors.policy = policy
        events.append(.settlement(.anchorPolicySet(policy)))
    }

    /// The operator asks for an anchor before its time.
    mutating func requestAnchor(_ events: inout [Event]) -> Rejection? {
        guard !settlement.wallets.isEmpty else { return .walletUnknown }
        guard settlement.anchors.open == nil else { return .anchorUnderWay }
        guard log.size > anchoredSize else { return .nothingToAnchor }
        guard settlement.anchors.request == nil else { return nil }
        settlement.anchors.request = sequence
        events.append(.settlement(.anchorRequested(sequence)))
        return nil
    }

    /// What a batch of the wallet that is planned now anchors.
    func anchorRecord(of wallet: WalletID, origin: ChainHash) -> AnchorRecord {
        guard let root = ChainHash(bytes: log.root.bytes) else { preconditionFailure("a root has 32 bytes") }
        return AnchorRecord(
            batch: SettlementID(sequence.rawValue),
            wallet: wallet,
            origin: origin,
            size: log.size,
            root: root,
            amount: settlement.anchors.policy.amount,
            plannedAt: time
        )
    }

    mutating func open(_ anchor: AnchorRecord, _ events: inout [Event]) {
        settlement.anchors.open = anchor
        events.append(.settlement(.anchorSet(anchor)))
    }

    /// The wallet has sent all messages of the batch, and the anchor's behind the payouts'.
    mutating func anchorSent(with batch: SettlementID, _ message: ChainHash?, _ events: inout [Event]) {
        guard var anchor = settlement.anchors.open, anchor.batch == batch, let message else { return }
        anchor.state = .sent
        anchor.message = message
        open(anchor, &events)
    }

    /// Its batch sent nothing, or nobody knows what. A request for it stays.
    mutating func anchorLost(with batch: SettlementID, _ events: inout [Event]) {
        guard var anchor = settlement.anchors.open, anchor.batch == batch, anchor.state == .planned else { return }
        anchor.state = .lost
        settlement.anchors.open = nil
        events.append(.settlement(.anchorSet(anchor)))
    }

    /// Looks whether a wallet has received its anchor. The money was on its way to itself, as any other of its kind.
    mutating func confirmAnchor(by transaction: WalletTransaction, _ events: inout [Event]) {
        guard case .own(let hash, _) = transaction.incoming, var anchor = settlement.anchors.open else { return }
        guard anchor.state == .sent, anchor.wallet == transaction.wallet, anchor.message == hash else { return }
        anchor.state = .confirmed
        anchor.transaction = transaction.position
        anchor.block = transaction.block
        anchor.chainTime = transaction.time
        settlement.anchors.open = nil
        settlement.anchors.last = anchor
        settlement.anchors.request = nil
        events.append(.settlement(.anchorSet(anchor)))
    }

    // MARK: State

    mutating func restoreAnchors(_ state: EngineState) throws(StateError) {
        let found = state.settlement.anchors
        try check(found.open, state)
        try check(found.last, state)
        guard found.policy.isWithinLimits, found.request.map({ $0 <= state.sequence }) ?? true else {
            throw StateError("policy of anchors", .outOfRange)
        }
        if let open = found.open {
            let name = "anchor of \(open.batch.text)"
            guard open.state == .planned || open.state == .sent, open.size > found.last?.size ?? 0 else {
                throw StateError(name, .outOfRange)
            }
            guard open.batch > found.last?.batch ?? SettlementID(0) else { throw StateError(name, .outOfOrder) }
        }
        if let last = found.last, last.state != .confirmed {
            throw StateError("anchor of \(last.batch.text)", .outOfRange)
        }
        settlement.anchors = found
    }

    private func check(_ anchor: AnchorRecord?, _ state: EngineState) throws(StateError) {
        guard let anchor else { return }
        let name = "anchor of \(anchor.batch.text)"
        guard anchor.batch.rawValue >= 1, anchor.batch.rawValue <= state.sequence.rawValue else {
            throw StateError(name, .outOfOrder)
        }
        guard (1...max(1, log.size)).contains(anchor.size), log.size > 0, anchor.amount > .zero,
            (1...Int64(state.settlement.wallets.count)).contains(anchor.wallet.rawValue),
            (anchor.message != nil) == (anchor.state == .sent || anchor.state == .confirmed),
            (anchor.transaction != nil) == (anchor.state == .confirmed)
        else { throw StateError(name, .outOfRange) }
    }

    /// An anchor that is planned is that of a batch without a verdict, and the only one.
    func checkAnchors() throws(InvariantViolation) {
        let open = settlement.anchors.open
        for batch in settlement.batches where !batch.record.phase.isFinal {
            let id = batch.record.id
            let isAnchored = open?.batch == id && open?.state == .planned
            guard batch.isAnchored == isAnchored, isAnchored || !batch.payouts.isEmpty else { throw .settlement(id) }
        }
        guard let open, open.state == .planned else { return }
        let isUndecided = settlement.batches.contains { $0.record.id == open.batch && !$0.record.phase.isFinal }
        guard isUndecided else { throw .settlement(open.batch) }
    }
}

extension AnchorPolicy {
    /// What a command may set.
    package var isWithinLimits: Bool {
        (Limits.anchorIntervalMin...Limits.anchorIntervalMax).contains(interval)
            && (Limits.anchorAmountMin...Limits.anchorAmountMax).contains(amount.count)
    }
}
