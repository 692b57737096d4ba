import Engine
import Exchange
import Ledger
import Testing
import Units

/// Keys: what they may do, how much they may spend, and how they end.
@Suite struct KeyRules {
    /// An engine with an operator (a1, k1), an app (a2, k2: bid and read, k3: read) with money, and a worker (a3, k4).
    private struct Keys {
        var engine = Engine()
        var time: Int64 = 1_800_000_000_000_000
        private var secrets: UInt64 = 0

        init() {
            let noFees = FeeRates(maker: BasisPoints(0), taker: BasisPoints(0))
            _ = act(.setFees(FeeTerms(rates: noFees, minimumNotional: .zero)))
            for label in ["operator", "app", "worker"] { _ = act(.createAccount(AccountTerms(label: label))) }
            _ = act(.createKey(terms(1, [.operator, .read])))
            _ = act(.createKey(terms(2, [.bid, .read])))
            _ = act(.createKey(terms(2, .read)))
            _ = act(.createKey(terms(3, [.offer, .read])))
            _ = act(.setModel(ModelTerms(name: "qwen")))
            _ = act(.deposit(to: AccountID(2), amount: NanoTON(1_000_000)))
        }

        mutating func terms(_ owner: Int64, _ scopes: Scopes, expiresAt: LogicalTime = .never) -> KeyTerms {
            secrets += 1
            let hash = KeyHash(KeyHash.InlineWords(secrets, 0, 0, 0))
            return KeyTerms(owner: AccountID(owner), hash: hash, scopes: scopes, label: "", expiresAt: expiresAt)
        }

        /// Carries a command out by a key; 0 for the server itself.
        mutating func act(_ action: Command.Action, by key: Int64 = 0) -> [Event] {
            let owners: [Int64: Int64] = [0: 0, 1: 1, 2: 2, 3: 2, 4: 3]
            _ = engine.beginBatch(at: LogicalTime(microseconds: time))
            var events: [Event] = []
            let account = AccountID(owners[key] ?? 2)
            engine.apply(Command(account: account, key: KeyID(key), action: action), into: &events)
            return events
        }

        mutating func limit(_ key: Int64, _ limits: KeyLimits) {
            let owner = engine.state().keys[Int(key) - 1].terms.owner
            _ = act(.setKeyLimits(KeyLimitTerms(key: KeyID(key), owner: owner, limits: limits)), by: 1)
        }

        /// A bid at `price` nanoTON a lot.
        mutating func bid(_ price: Int64, x lots: Int64, by key: Int64 = 2, _ time: TimeInForce = .gtc) -> [Event] {
            let order = OrderTerms(price: Price(nanoTONPerMTok: price * 1_000), lots: Lots(lots), timeInForce: time)
            return act(.placeBid(BidTerms(order: order, requirement: Requirement())), by: key)
        }

        mutating func offer(_ price: Int64, x lots: Int64) {
            let order = OrderTerms(price: Price(nanoTONPerMTok: price * 1_000), lots: Lots(lots), timeInForce: .gtc)
            _ = act(.placeOffer(OfferTerms(order: order, model: ModelID(1))), by: 4)
        }

        func spent(_ key: Int64) -> [Int64] {
            let found = engine.state().keySpendings.first { $0.key == KeyID(key) }
            return found.map { [$0.onDay.count, $0.total.count] } ?? []
        }

        /// The records alone give the same engine, now and later.
        func expectRebuilt() throws {
            let state = engine.state()
            let again = try Engine(state: state)
            #expect(again.digest == engine.digest)
            #expect(again.state() == state)
            var bytes: [UInt8] = []
            state.encode(into: &bytes)
            #expect(try EngineState(decoding: bytes[...]) == state)
            try engine.checkInvariants()
        }
    }

    private func refusal(_ events: [Event]) -> Rejection? {
        events.compactMap { if case .rejected(let rejection) = $0 { rejection } else { nil } }.first
    }

    private func order(_ events: [Event]) -> OrderID {
        events.compactMap { if case .accepted(let order) = $0 { order.id } else { nil } }.first ?? OrderID(0)
    }

    // MARK: Revocation

    @Test func `A revoked key authorises nothing, and is refused before everything else`() throws {
        var keys = Keys()
        #expect(refusal(keys.bid(10, x: 1)) == nil)
        #expect(refusal(keys.act(.revokeKey(KeyID(2), owner: AccountID(2)), by: 1)) == nil)
        #expect(refusal(keys.bid(10, x: 1)) == .keyRevoked)
        #expect(refusal(keys.act(.cancel(OrderID(99)), by: 2)) == .keyRevoked, "before order_not_found")
        #expect(refusal(keys.act(.revokeKey(KeyID(2), owner: AccountID(2)), by: 1)) == nil, "again, with the same end")
        #expect(keys.engine.state().keyStandings.map(\.isRevoked) == [true])
        try keys.expectRebuilt()
    }

    @Test func `Who may revoke what`() throws {
        let rows: [(by: Int64, key: Int64, owner: Int64, refusal: Rejection?)] = [
            (3, 3, 2, nil), (2, 3, 2, nil), (3, 2, 2, .keyScope), (4, 2, 2, .keyNotFound), (2, 4, 2, .keyNotFound),
            (1, 4, 3, nil), (1, 4, 2, .keyNotFound), (1, 99, 2, .keyNotFound), (1, 1, 1, .lastOperatorKey),
        ]
        for row in rows {
            var keys = Keys()
            let events = keys.act(.revokeKey(KeyID(row.key), owner: AccountID(row.owner)), by: row.by)
            #expect(refusal(events) == row.refusal, "k\(row.by) revokes k\(row.key) of a\(row.owner)")
        }
        var keys = Keys()
        _ = keys.act(.createKey(keys.terms(3, .operator)), by: 1)
        #expect(refusal(keys.act(.revokeKey(KeyID(1), owner: AccountID(1)), by: 1)) == nil, "another operator is left")
    }

    @Test func `What a key made ends with it, at any depth`() throws {
        var keys = Keys()
        _ = keys.act(.createOwnKey(keys.terms(2, [.bid, .read])), by: 2)
        _ = keys.act(.createOwnKey(keys.terms(2, .read)), by: 5)
        _ = keys.act(.revokeKey(KeyID(2), owner: AccountID(2)), by: 1)
        #expect(keys.engine.state().keyStandings.map(\.key.rawValue) == [2, 5, 6])
        for key: Int64 in [2, 5, 6] { #expect(refusal(keys.bid(10, x: 1, by: key)) == .keyRevoked, "k\(key)") }
        try keys.expectRebuilt()
    }

    // MARK: Keys by keys

    @Test func `A key makes keys that may do no more than it may`() throws {
        var keys = Keys()
        let end = LogicalTime(microseconds: keys.time + 5)
        _ = keys.act(.createKey(keys.terms(2, .read, expiresAt: end)), by: 1)
        #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .bid)), by: 3)) == .keyScope)
        #expect(refusal(keys.act(.createOwnKey(keys.terms(3, .read)), by: 3)) == .keyNotFound, "another's account")
        #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .read)), by: 5)) == .keyScope, "it would outlive k5")
        let network = try #require(NetworkPrefix(text: "10.0.0.0/8".utf8))
        keys.limit(3, KeyLimits(networks: [network]))
        #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .read)), by: 3)) == nil)
        let standing = try #require(keys.engine.state().keyStandings.last)
        #expect(standing.madeBy == KeyID(3) && standing.limits.networks == [network], "from the same networks")
        keys.limit(3, KeyLimits(perOrder: NanoTON(5)))
        #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .read)), by: 3)) == .keyIsLimited)
        keys.limit(3, KeyLimits())
        #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .read)), by: 3)) == .keyIsLimited, "it once had a budget")
        try keys.expectRebuilt()
    }

    @Test func `Only so many keys of an account are in force`() {
        var keys = Keys()
        let two = Limits.keysPerAccountMax - 2
        for _ in 0..<two { #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .read)), by: 2)) == nil) }
        #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .read)), by: 2)) == .keyLimit)
        _ = keys.act(.revokeKey(KeyID(5), owner: AccountID(2)), by: 2)
        #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .read)), by: 2)) == nil)
    }

    // MARK: Forgetting

    /// Lets time pass, and what is due with it. Returns the keys that were forgotten.
    private func wait(_ microseconds: Int64, _ keys: inout Keys, rules: Int32 = RulesVersion.current) -> [Int64] {
        keys.time += microseconds
        var forgotten: [Int64] = []
        while keys.engine.beginBatch(at: LogicalTime(microseconds: keys.time), gap: 0, rules: rules) {
            var events: [Event] = []
            keys.engine.apply(Command(account: .system, action: .tick), into: &events)
            for case .keyForgotten(let key) in events { forgotten.append(key.id.rawValue) }
        }
        return forgotten
    }

    private static let memory = Limits.endedKeyMemory

    @Test func `A key is forgotten 30 days after its end, by its time or by revocation`() throws {
        var keys = Keys()
        let start = keys.time
        let end = LogicalTime(microseconds: start + 1_000)
        _ = keys.act(.createKey(keys.terms(2, .read, expiresAt: end)), by: 1)
        _ = keys.act(.createKey(keys.terms(2, .read)), by: 1)
        _ = keys.act(.revokeKey(KeyID(3), owner: AccountID(2)), by: 1)
        #expect(wait(Self.memory - 1, &keys) == [] && keys.engine.state().keys.count == 6)
        #expect(refusal(keys.act(.cancel(OrderID(9)), by: 3)) == .keyRevoked)
        try keys.expectRebuilt()
        #expect(wait(1, &keys) == [3])
        #expect(refusal(keys.act(.cancel(OrderID(9)), by: 3)) == .keyNotFound)
        #expect(refusal(keys.act(.revokeKey(KeyID(3), owner: AccountID(2)), by: 1)) == .keyNotFound)
        #expect(wait(999, &keys) == [] && wait(1, &keys) == [5])
        #expect(keys.engine.state().keys.map(\.id.rawValue) == [1, 2, 4, 6])
        #expect(keys.engine.state().keyStandings.isEmpty)
        #expect(wait(Self.memory * 2, &keys) == [], "what is in force is remembered")
        try keys.expectRebuilt()
    }

    @Test func `The newest key is remembered until there is another, whose number follows`() throws {
        var keys = Keys()
        _ = keys.act(.revokeKey(KeyID(4), owner: AccountID(3)), by: 1)
        #expect(wait(Self.memory, &keys) == [])
        try keys.expectRebuilt()
        _ = keys.act(.createKey(keys.terms(3, .offer)), by: 1)
        #expect(keys.engine.state().keys.last?.id == KeyID(5))
        try keys.expectRebuilt()
        #expect(wait(0, &keys) == [4])
        try keys.expectRebuilt()
    }

    @Test func `A key with open bids that count towards its budgets waits for them`() throws {
        var keys = Keys()
        keys.limit(2, KeyLimits(total: NanoTON(100)))
        let bid = order(keys.bid(10, x: 1))
        _ = keys.act(.revokeKey(KeyID(2), owner: AccountID(2)), by: 1)
        #expect(wait(Self.memory, &keys) == [])
        try keys.expectRebuilt()
        _ = keys.act(.cancel(bid), by: 3)
        try keys.expectRebuilt()
        #expect(wait(0, &keys) == [2])
        #expect(keys.engine.state().keySpendings.isEmpty)
        try keys.expectRebuilt()
    }

    @Test func `A command forgets only so many keys, and the next go on`() throws {
        var keys = Keys()
        let end = LogicalTime(microseconds: keys.time + 1)
        for owner in 1...3 {
            for _ in 0..<400 { _ = keys.act(.createKey(keys.terms(Int64(owner), .read, expiresAt: end))) }
        }
        _ = keys.act(.createKey(keys.terms(1, .read)))
        keys.time += Self.memory + 1
        var events: [Event] = []
        let isDue = keys.engine.beginBatch(at: LogicalTime(microseconds: keys.time))
        #expect(isDue)
        keys.engine.apply(Command(account: .system, action: .tick), into: &events)
        #expect(events.count { if case .keyForgotten = $0 { true } else { false } } == Limits.keysForgottenAtOnce)
        try keys.expectRebuilt()
        #expect(wait(0, &keys).count == 200)
        #expect(keys.engine.state().keys.count == 5)
        try keys.expectRebuilt()
    }

    @Test func `An account that makes and ends keys in turns keeps only so many`() throws {
        var keys = Keys()
        for number in 1...Limits.keysKeptPerAccountMax + 20 {
            #expect(refusal(keys.act(.createOwnKey(keys.terms(2, .read)), by: 2)) == nil, "\(number)")
            let made = try #require(keys.engine.state().keys.last?.id)
            _ = keys.act(.revokeKey(made, owner: AccountID(2)), by: 2)
        }
        let kept = keys.engine.state().keys.filter { $0.terms.owner == AccountID(2) }.map(\.id.rawValue)
        #expect(kept.count == Limits.keysKeptPerAccountMax)
        #expect(kept.prefix(3) == [2, 3, 27], "those in force stay, of the others the newest")
        try keys.expectRebuilt()
    }

    @Test func `Older rules forget no key`() throws {
        var keys = Keys()
        _ = keys.act(.revokeKey(KeyID(3), owner: AccountID(2)), by: 1)
        #expect(wait(Self.memory, &keys, rules: 4) == [])
        #expect(keys.engine.state().keys.count == 4)
        #expect(wait(0, &keys, rules: 5) == [3])
    }

    // MARK: Budgets

    @Test func `Budgets are judged behind the money, from the smallest to the largest`() {
        let rows: [(limits: KeyLimits, price: Int64, refusal: Rejection?)] = [
            (KeyLimits(perOrder: NanoTON(100)), 100, nil), (KeyLimits(perOrder: NanoTON(100)), 101, .keyOrderLimit),
            (KeyLimits(perDay: NanoTON(100)), 100, nil), (KeyLimits(perDay: NanoTON(100)), 101, .keyDayLimit),
            (KeyLimits(total: NanoTON(100)), 101, .keyTotalLimit), (KeyLimits(total: .zero), 1, .keyTotalLimit),
            (KeyLimits(perOrder: .zero, perDay: .zero, total: .zero), 1, .keyOrderLimit),
            (KeyLimits(perDay: .zero, total: .zero), 1, .keyDayLimit),
            (KeyLimits(perOrder: .zero), 1_000_001, .insufficientFunds), (KeyLimits(), 1_000_000, nil),
        ]
        for row in rows {
            var keys = Keys()
            keys.limit(2, row.limits)
            #expect(refusal(keys.bid(row.price, x: 1)) == row.refusal, "\(row)")
        }
    }

    @Test func `What is released without a trade goes back, what a trade locks does not`() throws {
        var keys = Keys()
        keys.limit(2, KeyLimits(perDay: NanoTON(100), total: NanoTON(250)))
        let resting = order(keys.bid(10, x: 6))
        #expect(keys.spent(2) == [60, 60])
        #expect(refusal(keys.bid(41, x: 1)) == .keyDayLimit)
        _ = keys.act(.cancel(resting), by: 2)
        #expect(keys.spent(2) == [0, 0])
        keys.offer(4, x: 5)
        // Five lots at 4 instead of 10; the rest of an IOC is released.
        _ = keys.bid(10, x: 8, .ioc)
        #expect(keys.spent(2) == [20, 20])
        // A lease that ends unused gives the account its money back, and the budget nothing.
        _ = keys.act(.endLease(LeaseID(1)))
        #expect(keys.spent(2) == [20, 20])
        let open = order(keys.bid(10, x: 7))
        #expect(keys.spent(2) == [90, 90])
        keys.offer(10, x: 3)
        #expect(keys.spent(2) == [90, 90], "a maker trades at its own price")
        keys.time += 86_400_000_000
        _ = keys.act(.cancel(open), by: 3)
        #expect(keys.spent(2) == [0, 50], "the rest of yesterday's bid is no part of today, whoever cancels it")
        #expect(refusal(keys.bid(100, x: 1)) == nil)
        #expect(refusal(keys.bid(1, x: 1)) == .keyDayLimit)
        keys.time += 86_400_000_000
        #expect(refusal(keys.bid(1, x: 101)) == .keyDayLimit)
        #expect(refusal(keys.bid(1, x: 100)) == nil)
        keys.time += 86_400_000_000
        #expect(refusal(keys.bid(1, x: 1)) == .keyTotalLimit, "150 + 100 are all of it")
        #expect(keys.engine.state().budgetedOrders.count == 2)
        try keys.expectRebuilt()
    }

    @Test func `A bid of yesterday that grew today takes its growth with it when it goes`() throws {
        var keys = Keys()
        keys.limit(2, KeyLimits(perDay: NanoTON(100)))
        let old = order(keys.bid(10, x: 8))
        keys.time += 86_400_000_000
        let new = order(keys.bid(10, x: 1))
        _ = keys.act(.amend(AmendTerms(order: old, lots: Lots(10))), by: 2)
        #expect(keys.spent(2) == [30, 110])
        _ = keys.act(.cancel(old), by: 2)
        #expect(keys.spent(2) == [10, 10], "a day is no more than all days")
        _ = keys.act(.cancel(new), by: 2)
        #expect(keys.spent(2) == [0, 0])
        try keys.expectRebuilt()
    }

    @Test func `Only bids of the key count, and only those after its first budget`() throws {
        var keys = Keys()
        let before = order(keys.bid(10, x: 1))
        keys.limit(2, KeyLimits(total: NanoTON(10)))
        _ = keys.act(.cancel(before), by: 2)
        #expect(keys.spent(2) == [0, 0])
        #expect(refusal(keys.bid(10, x: 5, by: 3)) == nil)
        #expect(keys.spent(2) == [0, 0] && keys.spent(3) == [])
        keys.limit(2, KeyLimits())
        _ = keys.bid(10, x: 5)
        #expect(keys.spent(2) == [50, 50], "counting goes on without a budget")
        try keys.expectRebuilt()
    }

    // MARK: Audit

    @Test func `Commands of an operator's key are told, also those that were refused`() {
        var keys = Keys()
        let rows: [(Command.Action, Int64, String)] = [
            (.createAccount(AccountTerms(label: "x")), 1, "create_account a4"),
            (.deposit(to: AccountID(2), amount: NanoTON(1)), 1, "deposit a2"),
            (.deposit(to: AccountID(99), amount: NanoTON(1)), 1, "deposit a99 account_unknown"),
            (.revokeKey(KeyID(3), owner: AccountID(2)), 1, "revoke_key a2 k3"),
            (.setFees(.initial), 1, "set_fees "), (.cancel(OrderID(5)), 1, ""),
            (.revokeKey(KeyID(4), owner: AccountID(3)), 4, ""), (.setFees(.initial), 0, ""),
        ]
        for (action, key, told) in rows {
            let entries = keys.act(action, by: key).compactMap { event -> String? in
                guard case .operated(let entry) = event else { return nil }
                let reason = entry.rejection.map { " " + $0.code } ?? ""
                return "\(entry.action.name) \(entry.target)" + reason
            }
            #expect(entries == (told.isEmpty ? [] : [told]))
        }
    }
}
