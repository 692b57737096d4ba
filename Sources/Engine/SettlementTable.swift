import Exchange
import Settlement
import Units

/// Money that enters and leaves by the chain: all that the engine knows of it beside the balances.
struct SettlementTable: Sendable {
    var terms = SettlementTerms.initial
    var hold: SettlementHold?
    /// See ``SettlementState/onChain``.
    var onChain = NanoTON.zero
    /// By their numbers.
    var wallets: [WalletRecord] = []
    /// Of ``wallets``.
    var counters: [QueryCounter] = []
    var transits: [TransitRecord] = []
    private(set) var memos: [AccountID: DepositMemoRecord] = [:]
    private var owners: [String: AccountID] = [:]
    private(set) var addresses: [AccountID: [KnownAddressRecord]] = [:]
    var payoutTerms: [AccountID: PayoutTermsRecord] = [:]
    /// Those that are not final, in ascending order.
    private(set) var withdrawals: [WithdrawalRecord] = []
    /// How many of ``withdrawals`` an account has.
    private(set) var withdrawalCounts: [AccountID: Int] = [:]
    var days: [AccountID: WithdrawalDay] = [:]
    /// In ascending order.
    var batches: [OpenSettlement] = []
    var suspense: [SuspenseID: SuspenseRecord] = [:]
    var anchors = AnchorsState()

    func walletIndex(_ id: WalletID) -> Int? {
        id.rawValue >= 1 && id.rawValue <= Int64(wallets.count) ? Int(id.rawValue) - 1 : nil
    }

    /// Whether an address is one of the exchange's own.
    func isWallet(_ address: ChainHash) -> Bool { wallets.contains { $0.terms.address == address } }

    func owner(of memo: DepositMemo) -> AccountID? { owners[memo.text] }

    mutating func add(_ record: DepositMemoRecord) {
        memos[record.account] = record
        owners[record.memo.text] = record.account
    }

    func address(_ address: ChainHash, of account: AccountID) -> KnownAddressRecord? {
        addresses[account]?.first { $0.address == address }
    }

    mutating func add(_ record: KnownAddressRecord) { addresses[record.account, default: []].append(record) }

    func withdrawalIndex(_ id: WithdrawalID) -> Int? {
        let place = lowerBound(id)
        return place < withdrawals.count && withdrawals[place].id == id ? place : nil
    }

    private func lowerBound(_ id: WithdrawalID) -> Int {
        var (low, high) = (0, withdrawals.count)
        while low < high {
            let middle = (low + high) / 2
            if withdrawals[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Puts the record in the place of the one with its number; a final one leaves.
    mutating func set(_ record: WithdrawalRecord) {
        let place = lowerBound(record.id)
        let isKnown = place < withdrawals.count && withdrawals[place].id == record.id
        if record.state.isFinal {
            guard isKnown else { return }
            withdrawals.remove(at: place)
            withdrawalCounts[record.account, default: 0] -= 1
            if withdrawalCounts[record.account] == 0 { withdrawalCounts[record.account] = nil }
        } else if isKnown {
            withdrawals[place] = record
        } else {
            withdrawals.insert(record, at: place)
            withdrawalCounts[record.account, default: 0] += 1
        }
    }

    /// What wallets have by their histories, and what they have sent themselves.
    var walletMoney: Int128 {
        wallets.reduce(0 as Int128) { $0 + Int128($1.balance.count) }
            + transits.reduce(0 as Int128) { $0 + Int128($1.amount.count) }
    }
}

/// A batch without a verdict, or whose payouts may still come back.
struct OpenSettlement: Sendable {
    private(set) var record: SettlementRecord
    /// What is done when.
    private(set) var machine: SettlementBatch
    /// By index.
    var payouts: [PayoutRecord]

    /// Whether the log's root goes with it.
    var isAnchored: Bool { machine.anchor != nil }

    /// `nil` when the payouts are none that there can be, or there is nothing at all in it. `anchor` is what the wallet
    /// sends itself behind the payouts.
    init?(_ record: SettlementRecord, _ payouts: [PayoutRecord], anchor: SettlementBatch.Sent?) {
        self.record = record
        self.payouts = payouts
        var planned: [PlannedPayout] = []
        for payout in payouts {
            let address = payout.destination.address.bytes
            guard let one = PlannedPayout(id: payout.id.index, address: address, amount: payout.amount) else {
                return nil
            }
            planned.append(one)
        }
        guard !planned.isEmpty || anchor != nil || record.phase.isFinal else { return nil }
        machine = SettlementBatch(
            id: record.id.rawValue,
            payouts: planned,
            anchor: anchor,
            phase: record.phase,
            signed: record.signed,
            outside: record.outside.map(SettlementBatch.TransactionID.init),
            inside: record.inside.map(SettlementBatch.TransactionID.init),
            returned: Set(payouts.filter { $0.state == .returned }.map(\.id.index))
        )
    }

    /// Tells the machine, and brings the record up to what it knows then.
    mutating func apply(_ event: SettlementBatch.Event, at chainTime: UInt64) throws(SettlementBatch.Unexpected)
        -> [SettlementBatch.Action]
    {
        let actions = try machine.apply(event)
        record.phase = machine.phase
        record.outside = machine.outside.map(ChainPosition.init)
        record.inside = machine.inside.map(ChainPosition.init)
        if machine.phase.isFinal, record.decidedAt == nil { record.decidedAt = chainTime }
        return actions
    }

    /// What else the transactions have shown.
    mutating func note(own: ChainHash? = nil, block: UInt64, code: Int64 = 0) {
        if let own { record.own = own }
        record.block = block
        record.code = code
    }
}

extension SettlementBatch.TransactionID {
    init(_ position: ChainPosition) {
        self.init(logicalTime: position.logicalTime, hash: position.hash.bytes)
    }
}

extension ChainPosition {
    fileprivate init(_ id: SettlementBatch.TransactionID) {
        let hash = ChainHash(bytes: id.hash)
        precondition(hash != nil, "made of a hash of 32 bytes")
        self.init(logicalTime: id.logicalTime, hash: hash ?? ChainHash(.init(0, 0, 0, 0)))
    }
}
