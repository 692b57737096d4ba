import Engine
import Exchange
import Ledger
import Settlement
import Testing
import Units

/// How money enters and leaves by the chain.
@Suite struct SettlementRules {
    private static let ton = SettlementDesk.ton
    private static let worker = SettlementDesk.workers[0]
    private static let app = SettlementDesk.app

    private func desk(
        _ terms: SettlementTerms = SettlementTerms(coolingOff: 0),
        balance: Int64 = 1_000 * ton
    ) -> SettlementDesk {
        var desk = SettlementDesk(terms: terms)
        desk.open(balance: balance)
        return desk
    }

    private func memo(_ text: String) throws -> DepositMemo { try #require(DepositMemo(reading: text)) }

    // MARK: Deposits

    @Test(
        arguments: [
            ("0123ABCXYZ", "0123ABCXYZ"), (" o123abcxyz\n", "0123ABCXYZ"), ("Oil23ABCXY", "01123ABCXY"),
            ("0123ABCXY", nil),
            ("0123ABCXYZ0", nil), ("0123ABCXYU", nil), ("", nil), ("0123 ABCXYZ", nil), ("0123ABCXY\u{e9}", nil),
        ] as [(String, String?)]
    )
    func `A memo is read as people write it`(text: String, read: String?) {
        #expect(DepositMemo(reading: text)?.text == read)
    }

    @Test func `The first memo of an account stays, and nobody else gets it`() throws {
        var desk = desk()
        #expect(desk.refusal(Self.app, .openDeposits(try memo("0000000001"))) == nil)
        let events = desk.give(Self.app, .settlement(.openDeposits(try memo("0000000002"))))
        guard case .settlement(.memoRepeated(let record))? = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(record.memo.text == "0000000001")
        #expect(desk.refusal(Self.worker, .openDeposits(try memo("0000000001"))) == .memoTaken)
        #expect(desk.refusal(.system, .openDeposits(try memo("0000000003"))) == .accountUnknown)
    }

    @Test(
        arguments: [
            ("0000000001", 5 * ton, 5 * ton, nil), ("o00000000l ", 10_000_000, 10_000_000, nil),
            ("0000000001", 9_999_999, 0, .dust), ("0000000002", 5 * ton, 0, .unknownMemo),
            (nil, 5 * ton, 0, .unknownMemo),
            ("hello", 1, 0, .unknownMemo), (nil, 0, 0, nil),
        ] as [(String?, Int64, Int64, SuspenseReason?)]
    )
    func `A deposit is its owner's by the memo, or nobody's`(
        comment: String?,
        amount: Int64,
        credited: Int64,
        reason: SuspenseReason?
    ) throws {
        var desk = desk()
        #expect(desk.refusal(Self.app, .openDeposits(try memo("0000000001"))) == nil)
        desk.chain.deposit(comment, amount, 0)
        #expect(desk.tell() == nil)
        #expect(desk.balance(Self.app, .available) == credited)
        #expect(desk.engine.state().settlement.suspense.map(\.reason) == (reason.map { [$0] } ?? []))
        #expect(desk.balance(.suspense) == (reason == nil ? 0 : amount))
        try desk.engine.checkInvariants()
    }

    @Test func `The operator says whose the money of nobody is, once`() throws {
        var desk = desk()
        for amount in [7, 8] as [Int64] { desk.chain.deposit("?", amount * Self.ton, 0) }
        #expect(desk.tell() == nil)
        let entries = desk.engine.state().settlement.suspense.map(\.id)
        try #require(entries.count == 2)
        #expect(desk.refusal(.system, .assignSuspense(entries[0], AccountID(9))) == .accountUnknown)
        #expect(desk.refusal(.system, .assignSuspense(entries[0], Self.app)) == nil)
        #expect(desk.refusal(.system, .assignSuspense(entries[0], Self.app)) == .suspenseNotFound)
        let capital = desk.balance(.operatorCapital)
        #expect(desk.refusal(.system, .assignSuspense(entries[1], .system)) == nil)
        #expect(desk.balance(Self.app, .available) == 7 * Self.ton && desk.balance(.suspense) == 0)
        #expect(desk.balance(.operatorCapital) == capital + 8 * Self.ton)
        try desk.engine.checkInvariants()
    }

    // MARK: The history of a wallet

    @Test func `Only the transaction that follows the last one is taken, and only once`() throws {
        var desk = desk()
        for _ in 0..<2 { desk.chain.deposit(nil, Self.ton, 0) }
        let history = desk.chain.wallets[0].history
        #expect(desk.refusal(.system, .walletTransaction(history[1])) == .transactionNotNext)
        var other = history[0]
        other.previous.hash = SettlementCommands.hash(4)
        #expect(desk.refusal(.system, .walletTransaction(other)) == .transactionNotNext)
        other.wallet = WalletID(2)
        #expect(desk.refusal(.system, .walletTransaction(other)) == .walletUnknown)
        #expect(desk.refusal(.system, .walletTransaction(history[0])) == nil)
        #expect(desk.refusal(.system, .walletTransaction(history[0])) == .transactionNotNext)
        let early = WalletScan(wallet: WalletID(1), lastLogicalTime: 0, chainTime: desk.chain.time)
        #expect(desk.refusal(.system, .walletScanned(early)) == .scanIncomplete)
        #expect(desk.tell() == nil)
        let last = history[1].position.logicalTime
        let back = WalletScan(wallet: WalletID(1), lastLogicalTime: last, chainTime: desk.chain.time - 1)
        #expect(desk.refusal(.system, .walletScanned(back)) == .chainTimeBehind)
    }

    @Test func `A transaction that does not explain the balance holds settlement and is not taken`() throws {
        var desk = desk()
        desk.chain.deposit(nil, Self.ton, 0)
        var wrong = desk.chain.wallets[0].history[0]
        wrong.balance = wrong.balance + NanoTON(1)
        let before = desk.engine.state().balances.map(\.counters)
        #expect(desk.refusal(.system, .walletTransaction(wrong)) == nil)
        let hold = try #require(desk.engine.state().settlement.hold)
        #expect(hold.reason == .difference && hold.found - hold.expected == NanoTON(1))
        #expect(desk.engine.state().balances.map(\.counters) == before)
        #expect(desk.refusal(.system, .walletTransaction(wrong)) == .transactionUnbalanced)
        #expect(desk.plan() == .settlementHeld)
        let scan = WalletScan(wallet: WalletID(1), lastLogicalTime: 0, chainTime: desk.chain.time + 1_000)
        #expect(desk.refusal(.system, .walletScanned(scan)) == .scanIncomplete, "something is not known")
        #expect(desk.refusal(.system, .hold(SettlementHoldTerms(isHeld: false))) == nil)
        #expect(desk.refusal(.system, .walletScanned(scan)) == .scanIncomplete)
        #expect(desk.tell() == nil)
        #expect(desk.balance(.suspense) == Self.ton)
        try desk.engine.checkInvariants()
    }

    @Test func `A wallet is registered once, and its money is the operator's`() throws {
        var desk = desk(balance: 3 * Self.ton)
        #expect(desk.balance(.operatorCapital) == 3 * Self.ton && desk.balance(.chain) == 3 * Self.ton)
        let address = desk.chain.wallets[0].address
        var terms = WalletTerms(
            address: address,
            publicKey: address,
            subwallet: 0,
            timeout: 60,
            start: SettlementCommands.position(0),
            startTime: 0,
            balance: .zero
        )
        #expect(desk.refusal(.system, .registerWallet(terms)) == .walletExists)
        terms.address = SettlementCommands.hash(77)
        terms.balance = NanoTON(Limits.depositsMax)
        #expect(desk.refusal(.system, .registerWallet(terms)) == .depositLimit)
        terms.balance = .zero
        for number in 2...UInt64(Limits.walletsMax) {
            terms.address = SettlementCommands.hash(1_000_000 + number)
            #expect(desk.refusal(.system, .registerWallet(terms)) == nil)
        }
        terms.address = SettlementCommands.hash(1_000_000)
        #expect(desk.refusal(.system, .registerWallet(terms)) == .walletLimit)
        #expect(desk.withdraw(Self.app, Self.ton, to: 1_000_002 - 1_000) == .addressIsWallet)
    }

    // MARK: Withdrawals

    @Test func `A withdrawal cannot be spent, and comes back while it is in no batch`() throws {
        var desk = desk()
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(10 * Self.ton)))
        #expect(desk.withdraw(Self.app, 4 * Self.ton, to: 1) == nil)
        #expect(desk.balance(Self.app, .available) == 6 * Self.ton)
        #expect(desk.balance(Self.app, .inSettlement) == 4 * Self.ton)
        #expect(desk.withdraw(Self.app, 7 * Self.ton, to: 1) == .insufficientFunds)
        let id = try #require(desk.engine.state().settlement.withdrawals.first?.id)
        #expect(desk.refusal(Self.worker, .cancelWithdrawal(id)) == .withdrawalNotFound)
        #expect(desk.refusal(Self.app, .cancelWithdrawal(id)) == nil)
        #expect(desk.refusal(Self.app, .cancelWithdrawal(id)) == .withdrawalNotFound)
        #expect(desk.balance(Self.app, .available) == 10 * Self.ton)
        #expect(desk.withdraw(Self.app, 4 * Self.ton, to: 1) == nil)
        #expect(desk.plan() == nil)
        let second = try #require(desk.engine.state().settlement.withdrawals.first?.id)
        #expect(desk.refusal(Self.app, .cancelWithdrawal(second)) == .withdrawalPlanned)
        try desk.engine.checkInvariants()
    }

    @Test func `Withdrawals have a minimum, a limit for a day, and a limit of their number`() {
        var desk = desk(SettlementTerms(accountDayMax: NanoTON(12 * Self.ton), coolingOff: 0))
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(1_000 * Self.ton)))
        #expect(desk.withdraw(Self.app, 99_999_999, to: 1) == .belowPayoutMinimum)
        #expect(desk.withdraw(Self.app, 12 * Self.ton, to: 1) == nil)
        #expect(desk.withdraw(Self.app, Self.ton, to: 1) == .withdrawalDayLimit)
        desk.pass(86_400)
        for _ in 1..<Limits.withdrawalsPerAccountMax {
            #expect(desk.withdraw(Self.app, 100_000_000, to: 1) == nil)
        }
        #expect(desk.withdraw(Self.app, 100_000_000, to: 1) == .withdrawalLimit)
        #expect(desk.refusal(AccountID(9), .cancelWithdrawal(WithdrawalID(1))) == .accountUnknown)
    }

    @Test func `An account names so many addresses`() {
        var desk = desk()
        for number in 1...UInt64(Limits.addressesPerAccountMax) {
            #expect(desk.setPayoutTerms(Self.worker, number) == nil)
        }
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil, "it is known")
        #expect(desk.setPayoutTerms(Self.worker, 999) == .addressLimit)
        #expect(desk.withdraw(Self.worker, Self.ton, to: 999) == .addressLimit)
    }

    @Test func `A large withdrawal waits for the operator, and a new address cools off`() throws {
        let terms = SettlementTerms(approvalThreshold: NanoTON(5 * Self.ton), coolingOff: 100_000_000)
        var desk = desk(terms)
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(100 * Self.ton)))
        #expect(desk.withdraw(Self.app, 5 * Self.ton, to: 1) == nil)
        let id = try #require(desk.engine.state().settlement.withdrawals.first?.id)
        desk.pass(99)
        #expect(desk.refusal(.system, .approveWithdrawal(id)) == nil)
        #expect(desk.refusal(.system, .approveWithdrawal(id)) == .approvalNotNeeded)
        #expect(desk.refusal(.system, .approveWithdrawal(WithdrawalID(1))) == .withdrawalNotFound)
        #expect(desk.plan() == .nothingToSettle, "the address is too new")
        desk.pass(1)
        #expect(desk.plan() == nil)
        #expect(desk.withdraw(Self.app, 5 * Self.ton, to: 1) == nil)
        #expect(desk.plan() == .nothingToSettle, "nobody has approved it")
        #expect(desk.withdraw(Self.app, Self.ton, to: 1) == nil)
        #expect(desk.plan() == nil, "a known address, and little")
    }

    @Test func `The wallet with which an account logs in needs not cool off`() throws {
        var desk = SettlementDesk(terms: .initial)
        desk.open(balance: 100 * Self.ton)
        let address = desk.address(1).address
        let text = "ton:0:" + address.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let key = KeyTerms(owner: .system, hash: address, scopes: .withdraw, label: "")
        desk.give(.system, .login(LoginTerms(subject: text, key: key)))
        let account = AccountID(4)
        desk.give(.system, .deposit(to: account, amount: NanoTON(10 * Self.ton)))
        #expect(desk.withdraw(account, Self.ton, to: 1) == nil)
        #expect(desk.withdraw(account, Self.ton, to: 2) == nil)
        #expect(desk.plan() == nil)
        #expect(desk.batches[0].payouts.map(\.destination) == [desk.address(1)])
    }

    @Test func `A wallet that was linked to an account cools off from then`() {
        var desk = SettlementDesk(terms: .initial)
        desk.open(balance: 100 * Self.ton)
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(10 * Self.ton)))
        let address = desk.address(1).address
        let subject = "ton:0:" + address.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        desk.pass(1)
        desk.give(.system, .createKey(KeyTerms(owner: Self.app, hash: address, scopes: .login, label: "")))
        let linked = desk.give(Self.app, key: KeyID(1), .linkLogin(subject: subject))
        #expect(linked.contains { if case .loginLinked = $0 { true } else { false } })
        #expect(desk.withdraw(Self.app, Self.ton, to: 1) == nil)
        #expect(desk.plan() == .nothingToSettle, "whoever had stolen a key could have linked it")
        let wait = UInt64(SettlementTerms.initial.coolingOff / 1_000_000)
        desk.pass(wait - 1)
        #expect(desk.plan() == .nothingToSettle)
        desk.pass(1)
        #expect(desk.plan() == nil)
    }
}
