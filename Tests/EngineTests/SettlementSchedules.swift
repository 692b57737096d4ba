import Engine
import Exchange
import Ledger
import Provenance
import Settlement
import Testing
import Units

@testable import EngineTesting

/// Anything that may happen between accounts, an operator and two wallets on a chain on which things go wrong, beside
/// ``ReferenceSettlement``, which knows what the chain has really done.
struct SettlementSchedule {
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var desk: SettlementDesk
    var random: SplitMix64
    var reference = ReferenceSettlement()
    /// What the schedule has met.
    var met: Set<String> = []
    private var memos: [AccountID: String] = [:]
    private static let ton = SettlementDesk.ton

    init(seed: UInt64) throws {
        random = SplitMix64(state: seed)
        let terms = SettlementTerms(
            accountDayMax: NanoTON(40 * Self.ton),
            approvalThreshold: NanoTON(8 * Self.ton),
            coolingOff: random.pick([0, 30_000_000]),
            payeeFee: NanoTON(random.pick([0, 20_000_000]))
        )
        desk = SettlementDesk(terms: terms)
        reference.terms = terms
        for _ in 0..<2 {
            let balance = random.number(1...60) * Self.ton
            desk.open(balance: balance)
            reference.wallets.append(.init(balance: balance))
            reference.addresses.append(desk.chain.wallets[reference.addresses.count].address)
            reference.capital += balance
        }
        for account in 1...3 {
            let memo = "000000000\(account)"
            guard let read = DepositMemo(reading: memo), random.chance(80) else { continue }
            try give(AccountID(Int64(account)), .openDeposits(read), as: nil)
            memos[AccountID(Int64(account))] = memo
        }
    }

    mutating func give(_ account: AccountID, _ action: SettlementCommand, as expected: Rejection?) throws {
        let found = desk.refusal(account, action)
        if let found { met.insert(found.code) }
        guard found == expected else {
            let (found, expected) = (found?.code ?? "accepted", expected?.code ?? "accepted")
            throw Difference(description: "\(action): \(found), not \(expected)")
        }
    }

    private mutating func account() -> AccountID { AccountID(random.number(1...3)) }

    /// Two for each account, so that what an address has got is known to be an account's.
    private mutating func address(of account: AccountID) -> UInt64 {
        UInt64(account.rawValue * 10 + random.number(0...1))
    }

    private func owner(of address: ChainHash) -> AccountID? {
        (1...3).map { AccountID($0) }.first { account in
            (0...1).contains { desk.address(UInt64(account.rawValue * 10 + $0)).address == address }
        }
    }

    func now() -> Int64 { desk.time }

    mutating func step() throws {
        switch random.number(1...100) {
        case ...8: earn()
        case ...14: try setPayoutTerms()
        case ...26: try withdraw()
        case ...30: try cancel()
        case ...34: try approve()
        case ...46: try plan()
        case ...60: send()
        case ...68: deliver()
        case ...74: comeIn()
        case ...77: try hold()
        case ...90: try tell()
        case ...93: try assign()
        case ...94: try retire()
        case ...96: try resolve()
        default: desk.pass(UInt64(random.pick([1, 5, 30, 70, 130, 4_000])))
        }
        try compare()
    }

    // MARK: Accounts

    private mutating func earn() {
        let worker = random.pick(SettlementDesk.workers)
        let lots = random.number(1...4)
        desk.earn(worker, lots)
        reference.byHand += lots * Self.ton
        reference.give(worker, payable: lots * Self.ton)
    }

    private mutating func setPayoutTerms() throws {
        let worker = random.pick(SettlementDesk.workers)
        if random.chance(10) {
            try give(worker, .setPayoutTerms(nil), as: nil)
            reference.change(worker) { $0.payout = nil }
            return
        }
        let number = address(of: worker)
        let destination = desk.address(number)
        let threshold = random.pick([1, Self.ton, 3 * Self.ton])
        let usable = reference.name(destination.address, by: worker, at: now())
        let terms = PayoutTerms(destination: destination, threshold: NanoTON(threshold))
        try give(worker, .setPayoutTerms(terms), as: nil)
        let address = destination.address
        reference.change(worker) { $0.payout = .init(address: address, threshold: threshold, usable: usable) }
    }

    private mutating func withdraw() throws {
        let account = account()
        if random.chance(50) {
            let amount = random.number(1...20) * Self.ton
            desk.give(.system, .deposit(to: account, amount: NanoTON(amount)))
            reference.byHand += amount
            reference.give(account, available: amount)
        }
        let isOwn = random.chance(3)
        let amount = random.pick([1, 99_999_999, 100_000_000, Self.ton, 3 * Self.ton, 9 * Self.ton, 30 * Self.ton])
        let destination =
            isOwn
            ? PayoutDestination(address: desk.chain.wallets[1].address) : desk.address(address(of: account))
        let expected = reference.refusal(of: amount, isOwn: isOwn, by: account, at: now())
        let terms = WithdrawalTerms(destination: destination, amount: NanoTON(amount), comment: "c")
        try give(account, .requestWithdrawal(terms), as: expected)
        guard expected == nil else { return }
        let id = desk.engine.sequence.rawValue
        reference.request(id, amount, to: destination.address, by: account, at: now())
    }

    private mutating func cancel() throws {
        guard let id = reference.withdrawals.keys.sorted().last(where: { _ in random.chance(60) }),
            let record = reference.withdrawals[id]
        else { return }
        let isOwn = random.chance(80)
        let giver = isOwn ? record.account : AccountID(record.account.rawValue % 3 + 1)
        let expected: Rejection? =
            !isOwn || record.state == "gone" ? .withdrawalNotFound : record.state == "waits" ? nil : .withdrawalPlanned
        try give(giver, .cancelWithdrawal(WithdrawalID(id)), as: expected)
        if expected == nil { reference.cancel(id, at: now()) }
    }

    private mutating func approve() throws {
        guard let id = reference.withdrawals.keys.sorted().last(where: { _ in random.chance(60) }),
            let record = reference.withdrawals[id]
        else { return }
        let expected: Rejection? =
            record.state == "gone" ? .withdrawalNotFound : record.needsApproval ? nil : .approvalNotNeeded
        try give(.system, .approveWithdrawal(WithdrawalID(id)), as: expected)
        if expected == nil { reference.withdrawals[id]?.needsApproval = false }
    }

    // MARK: Operator

    private mutating func hold() throws {
        let isHeld = random.chance(30)
        try give(.system, .hold(SettlementHoldTerms(isHeld: isHeld)), as: nil)
        reference.isHeld = isHeld
    }

    private mutating func assign() throws {
        let entries = desk.engine.state().settlement.suspense
        guard let entry = entries.randomElement(using: &random) else { return }
        let account = random.pick([AccountID.system, AccountID(1), AccountID(3)])
        try give(.system, .assignSuspense(entry.id, account), as: nil)
        reference.suspense -= entry.amount.count
        if account == .system {
            reference.capital += entry.amount.count
        } else {
            reference.give(account, available: entry.amount.count)
        }
    }

    private mutating func plan() throws {
        let wallet = Int(random.number(0...1))
        let expected = reference.plan(wallet, at: now())
        switch expected {
        case .failure(let rejection):
            let found = desk.plan(wallet)
            met.insert(rejection.code)
            guard found == rejection else {
                throw Difference(description: "plan: \(found?.code ?? "accepted"), not \(rejection.code)")
            }
        case .success(let chosen):
            guard desk.plan(wallet) == nil, let batch = desk.batches.last else {
                throw Difference(description: "a plan was refused")
            }
            let found = batch.payouts.map {
                ReferenceSettlement.Payout(
                    account: $0.account,
                    withdrawal: $0.withdrawal?.rawValue,
                    address: $0.destination.address,
                    amount: $0.amount.count,
                    fee: $0.fee.count
                )
            }
            guard found == chosen else { throw Difference(description: "planned \(found), not \(chosen)") }
            reference.open(batch.record, chosen, wallet)
            met.insert("planned")
        }
    }

    // MARK: Chain

    private mutating func send() {
        // Also one that is decided: whoever has the bytes may send them at any time.
        guard let batch = desk.batches.randomElement(using: &random) else { return }
        let wallet = Int(batch.record.wallet.rawValue) - 1
        guard desk.chain.takes(batch.record, wallet) else {
            met.insert("refused by the wallet")
            return
        }
        desk.chain.send(batch.record, batch.payouts, wallet, burns: random.chance(12))
        met.insert("sent")
    }

    private mutating func deliver() {
        let wallet = Int(random.number(0...1))
        let own = desk.chain.wallets[wallet].own.first
        // A batch of several is worth more: it can be resolved in part.
        guard let own, random.chance(own.payouts.count > 1 ? 40 : 4) else {
            return desk.chain.deliver(wallet, fails: random.chance(15))
        }
        let thief = SettlementCommands.hash(666)
        desk.chain.deliver(wallet, other: [.init(address: thief, amount: NanoTON(own.value / 2), hash: thief)])
    }

    private mutating func comeIn() {
        let wallet = Int(random.number(0...1))
        switch random.number(1...4) {
        case 1:
            let account = account()
            let comment = random.pick([memos[account], memos[account], nil, "nobody"])
            desk.chain.deposit(comment, random.pick([0, 9_999_999, 10_000_000, Self.ton]), wallet)
        case 2: desk.chain.record(wallet, .other(NanoTON(random.pick([0, 5, Self.ton]))))
        case 3 where desk.chain.wallets[wallet].balance > 2 * Self.ton && random.chance(20):
            let thief = SettlementCommands.hash(666)
            let sent = WalletTransaction.Outgoing(address: thief, amount: NanoTON(Self.ton), hash: thief)
            desk.chain.record(wallet, .external(place: 8_000_000, createdAt: 1), [sent])
        default:
            let paid = desk.chain.wallets[wallet].history.flatMap(\.outgoing).filter {
                $0.address != desk.chain.wallets[wallet].address && $0.address != SettlementCommands.hash(666)
            }
            guard let sent = paid.randomElement(using: &random) else { return }
            let isKnown = random.chance(80)
            let amount = max(0, sent.amount.count - random.pick([0, 5, Self.ton]))
            guard amount <= desk.chain.received[sent.address] ?? 0 else { return }
            desk.chain.bounce(isKnown ? sent.hash : nil, amount, from: sent.address, wallet)
            reference.sources[desk.chain.wallets[wallet].last.logicalTime] = owner(of: sent.address)
        }
    }

    /// Tells some of what is not told, now and then wrongly, and all of it at the end or not.
    private mutating func tell() throws {
        let wallet = Int(random.number(0...1))
        let told = desk.engine.state().settlement.wallets[wallet].last.logicalTime
        let news = desk.chain.wallets[wallet].history.filter { $0.position.logicalTime > told }
        for transaction in news {
            if random.chance(20) { return }
            if random.chance(10) {
                var wrong = transaction
                wrong.fee = wrong.fee + NanoTON(1)
                let isKnown = reference.isHeld && reference.wallets[wallet].isUnexplained
                try give(.system, .walletTransaction(wrong), as: isKnown ? .transactionUnbalanced : nil)
                (reference.isHeld, reference.wallets[wallet].isUnexplained) = (true, true)
                if random.chance(50) { try give(.system, .walletTransaction(wrong), as: .transactionUnbalanced) }
            }
            try give(.system, .walletTransaction(transaction), as: nil)
            reference.take(transaction, wallet, memos: memos)
            guard random.chance(20) else { continue }
            try give(.system, .walletTransaction(transaction), as: .transactionNotNext)
        }
        let last = desk.chain.wallets[wallet].last.logicalTime
        let id = WalletID(Int64(wallet) + 1)
        if random.chance(10) {
            let wrong = WalletScan(wallet: id, lastLogicalTime: last + 1, chainTime: desk.chain.time)
            try give(.system, .walletScanned(wrong), as: .scanIncomplete)
        }
        let scan = WalletScan(wallet: id, lastLogicalTime: last, chainTime: desk.chain.time)
        try give(.system, .walletScanned(scan), as: nil)
        reference.scanned(wallet, at: desk.chain.time)
    }

    private mutating func tellRest(_ wallet: Int) throws {
        let told = desk.engine.state().settlement.wallets[wallet].last.logicalTime
        for transaction in desk.chain.wallets[wallet].history where transaction.position.logicalTime > told {
            try give(.system, .walletTransaction(transaction), as: nil)
            reference.take(transaction, wallet, memos: memos)
        }
        guard desk.tell(wallet) == nil else { throw Difference(description: "the end of a history is refused") }
        reference.scanned(wallet, at: desk.chain.time)
        try compare()
    }

    /// Every balance is what the reference has, and every TON is where the chain says.
    private mutating func compare() throws {
        try desk.engine.checkInvariants()
        for account in 1...3 {
            let id = AccountID(Int64(account))
            let expected = reference.accounts[id] ?? .init()
            let found = [desk.balance(id, .available), desk.balance(id, .payable), desk.balance(id, .inSettlement)]
            let wanted = [expected.available, expected.payable, reference.settling(id)]
            guard found == wanted else { throw Difference(description: "a\(account) has \(found), not \(wanted)") }
        }
        let found = [
            desk.balance(.operatorCapital), desk.balance(.fees), desk.balance(.suspense), desk.balance(.networkCosts),
        ]
        let wanted = [reference.capital, reference.fees, reference.suspense, reference.costs]
        guard found == wanted else { throw Difference(description: "the system has \(found), not \(wanted)") }
        guard desk.statements.map(\.bytes) == reference.said else {
            let (found, wanted) = (desk.statements.count, reference.said.count)
            throw Difference(description: "the log says \(found) times something else than the \(wanted) of batches")
        }
        for batch in desk.batches { met.insert(batch.record.phase.rawValue) }
        for payout in desk.batches.flatMap(\.payouts) { met.insert(payout.state.name) }
        if let hold = desk.engine.state().settlement.hold { met.insert("held: \(hold.reason.name)") }
    }

    /// Lets everything come to rest, and counts what each account has got on the chain and has in the ledger.
    mutating func finish() throws {
        for _ in 0..<4 {
            for wallet in 0...1 {
                while !desk.chain.wallets[wallet].own.isEmpty { desk.chain.deliver(wallet) }
                try tellRest(wallet)
            }
            desk.pass(300)
        }
        for account in 1...3 {
            let id = AccountID(Int64(account))
            let kinds = [LedgerAccount.Kind.available, .payable, .inSettlement]
            let ledger = kinds.reduce(0) { $0 + desk.balance(id, $1) }
            let chain = (0...1).reduce(0) { sum, index in
                sum + (desk.chain.received[desk.address(UInt64(account * 10 + index)).address] ?? 0)
            }
            let all = (reference.given[id] ?? 0) - (reference.feesOf[id] ?? 0) - (reference.saidPaid[id] ?? 0)
            // What came back without its payout being known is nobody's.
            let lost = reference.lostReturns[id] ?? 0
            guard ledger + chain + lost == all else {
                throw Difference(
                    description: "a\(account): \(ledger) in the ledger, \(chain) on the chain, \(lost) lost, of \(all)"
                )
            }
        }
    }
}

@Suite struct SettlementSchedules {
    private static let wanted: Set<String> = [
        "planned", "sent", "refused by the wallet", "confirmed", "burnt", "failed", "expired", "accepted", "signed",
        "paid", "open", "requeued", "returned", "held: operator", "held: difference", "held: unattributed",
        "nothing_to_settle", "wallet_balance_low", "settlement_held", "transaction_not_next",
        "transaction_unbalanced", "scan_incomplete", "withdrawal_planned", "withdrawal_not_found",
        "approval_not_needed", "insufficient_funds", "below_payout_minimum", "withdrawal_day_limit",
        "address_is_wallet", "wallet_retired", "contested", "held: contested", "resolved", "resolved in part",
        "settlement_not_contested", "settlement_not_found",
    ]

    @Test func `Everybody is paid once or has the money, whatever the chain does`() throws {
        var met: Set<String> = []
        for seed in UInt64(1)...20 {
            var schedule = try SettlementSchedule(seed: seed)
            for step in 1...200 {
                do {
                    try schedule.step()
                } catch {
                    Issue.record("seed \(seed), step \(step): \(error)")
                    return
                }
            }
            try schedule.finish()
            met.formUnion(schedule.met)
        }
        #expect(Self.wanted.subtracting(met).isEmpty, "never met: \(Self.wanted.subtracting(met))")
    }
}
