import Engine
import Testing
import Units

@testable import API
@testable import Marketplace

/// How an account learns to pay in.
@Suite struct SettlementFindingTests {
    private var engine = Engine()
    private static let owner = AccountID(1)
    private static let wallet = ChainHash(.init(1, 2, 3, 4))

    init() {
        _ = engine.beginBatch(at: LogicalTime(microseconds: 1_800_000_000_000_000))
        apply(.createAccount(AccountTerms(label: "owner")))
    }

    @discardableResult
    private mutating func apply(_ action: Command.Action, as account: AccountID = .system) -> [Event] {
        var events: [Event] = []
        engine.apply(Command(account: account, action: action), into: &events)
        return events
    }

    private func opening(_ account: AccountID = owner) -> DepositOpening? {
        let query = DepositsQuery(account: account, opener: KeyID(1), network: .mainnet, limit: 1, before: nil)
        guard case .deposits(let found, _) = SettlementQuestion.deposits(query).finding(in: engine) else { return nil }
        return found.opening
    }

    private mutating func registerWallet() {
        let terms = WalletTerms(
            address: Self.wallet,
            publicKey: Self.wallet,
            subwallet: 1,
            timeout: 3_600,
            start: ChainPosition(logicalTime: 1, hash: Self.wallet),
            startTime: 1_800_000_000,
            balance: NanoTON(5)
        )
        let events = apply(.settlement(.registerWallet(terms)))
        #expect(!events.contains { if case .rejected = $0 { true } else { false } })
    }

    @Test mutating func `The first memo of an account stays, and a memo is one account's`() throws {
        #expect(opening() == DepositOpening())
        registerWallet()
        #expect(opening() == DepositOpening(wallet: Self.wallet))
        let memo = try #require(DepositMemo(reading: "4H7KQ2M9XD"))
        let other = try #require(DepositMemo(reading: "4H7KQ2M9XE"))
        for (asked, kept) in [(memo, memo), (other, memo)] {
            let events = apply(.settlement(.openDeposits(asked)), as: Self.owner)
            let outcome = Outcome(sequence: engine.sequence, events: events[...], requestID: 1)
            #expect(outcome.memo == kept)
            #expect(opening() == DepositOpening(wallet: Self.wallet, memo: kept))
        }
        apply(.createAccount(AccountTerms(label: "other")))
        let taken = apply(.settlement(.openDeposits(memo)), as: AccountID(2))
        #expect(taken.contains(.rejected(.memoTaken)))
        #expect(opening(AccountID(9)) == nil, "there is no such account")
    }

    @Test func `Memos are drawn from all digits, and never the same`() {
        let memos = (0..<1_000).map { _ in DepositMemo.random() }
        #expect(Set(memos.map(\.text)).count == memos.count)
        #expect(Set(memos.flatMap { Array($0.text.utf8) }).count == DepositMemo.alphabet.count)
    }
}
