import Engine
import Exchange
import Testing
import Units

/// Whose requests a memory holds that is nearly full. It has 64 entries here, and a sixteenth of it is 4.
@Suite struct RequestShareRules {
    private static let entries = 64
    private static let least = Limits.idempotencyWindowMin / 1_000_000

    /// Requests of an account that are refused and remembered; their keys are its name and a number.
    private func requests(of account: String, _ numbers: ClosedRange<Int>, after forgotten: Int? = nil) -> String {
        numbers.map { number in
            let forgets = forgotten.map { "forgets up to \(account)\(number - $0), " } ?? ""
            return "cancel \(account) never key \(account)\(number) -> \(forgets)rejected order_not_found"
        }.joined(separator: "\n")
    }

    @Test func `Whoever has much of the memory leaves its last part to others`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 1000
            \(requests(of: "app", 1...56))
            \(requests(of: "w", 1...4))
            cancel app never key more       -> rejected idempotency_window_full
            cancel w never key more         -> rejected idempotency_window_full
            bid b1 app qwen 9 x 1 client c  -> rejected idempotency_window_full |
            cancel app never key app1       -> replays app1
            bid b2 app qwen 9 x 1           -> b2 rests 1
            \(requests(of: "v", 1...4))
            cancel u never key u1           -> rejected idempotency_window_full
            """,
            requestsMax: Self.entries
        )
    }

    @Test func `A key and a client order id count as two`() throws {
        try expectMarket(
            """
            deposit w 1000
            time 1000
            \(requests(of: "app", 1...57))
            \(requests(of: "w", 1...3))
            bid b1 w qwen 9 x 1 key k client c  -> rejected idempotency_window_full |
            bid b2 w qwen 9 x 1 client c        -> b2 rests 1
            bid b3 w qwen 9 x 1 key k           -> rejected idempotency_window_full |
            """,
            requestsMax: Self.entries
        )
    }

    @Test func `Only what must still be kept counts, and what need not is forgotten when all is full`() throws {
        try expectMarket(
            """
            time 1000
            \(requests(of: "app", 1...30))
            time 1100
            \(requests(of: "app", 31...60))
            cancel app never key more      -> rejected idempotency_window_full
            time \(999 + Self.least).999999
            cancel app never key more      -> rejected idempotency_window_full
            time \(1000 + Self.least)
            \(requests(of: "app", 61...64))
            \(requests(of: "app", 65...90, after: 64))
            cancel app never key more      -> forgets up to app27, rejected idempotency_window_full
            cancel app never key more      -> rejected idempotency_window_full
            cancel w never key w1          -> rejected order_not_found
            time \(1100 + Self.least)
            cancel app never key more      -> forgets up to app28, rejected order_not_found
            """,
            requestsMax: Self.entries
        )
    }

    @Test func `The operator may use all of the memory`() throws {
        let deposits = { (numbers: ClosedRange<Int>) in
            numbers.map { "deposit w 1 key d\($0)" }.joined(separator: "\n")
        }
        try expectMarket(
            """
            time 1000
            \(requests(of: "app", 1...55))
            \(deposits(1...5))
            cancel app never key more  -> rejected idempotency_window_full
            \(deposits(6...9))
            deposit w 1 key more       -> rejected idempotency_window_full
            """,
            requestsMax: Self.entries
        )
    }

    @Test func `Orders that are placed all or not at all count together`() throws {
        let refusal = "rejected idempotency_window_full"
        try expectMarket(
            """
            deposit app 1000
            deposit w 1000
            deposit v 1000
            time 1000
            \(requests(of: "app", 1...56))
            \(requests(of: "w", 1...2))
            all bid b1 app qwen 9 x 1 key b1 ; bid b2 app qwen 9 x 1 key b2 -> b1 rests 1, b2 rests 1
            all bid b3 w qwen 9 x 1 key b3 ; bid b4 w qwen 9 x 1 key b4 client c \
            -> \(refusal), \(refusal), \(refusal)
            all bid b5 w qwen 9 x 1 key b3 ; bid b6 w qwen 9 x 1 key b4 -> b5 rests 1, b6 rests 1
            all bid b7 v qwen 9 x 1 key b7 ; bid b8 v qwen 9 x 1 key b8 -> b7 rests 1, b8 rests 1
            """,
            requestsMax: Self.entries
        )
    }

    // MARK: Engines

    /// An engine with three accounts; how many of so many requests of the first one it takes.
    private func fill(_ engine: inout Engine, requests: UInt64, rules: Int32 = RulesVersion.current) -> Int {
        _ = engine.beginBatch(at: LogicalTime(microseconds: 1_000_000), gap: 0, rules: rules)
        var events: [Event] = []
        for _ in 1...3 {
            let terms = AccountTerms(label: "", openOrdersMax: 10)
            engine.apply(Command(account: .system, action: .createAccount(terms)), into: &events)
        }
        return (1...requests).count { isTaken(ask(1, $0, &engine)) }
    }

    private func ask(_ account: Int64, _ number: UInt64, _ engine: inout Engine) -> [Event] {
        var events: [Event] = []
        let key = IdempotencyKey(high: 1, low: number, body: 1)
        let command = Command(account: AccountID(account), idempotency: key, action: .cancel(OrderID(999)))
        engine.apply(command, into: &events)
        return events
    }

    private func isTaken(_ events: [Event]) -> Bool { events.first == .rejected(.orderNotFound) }

    @Test func `Older batches are carried out without a reserve`() {
        for (rules, taken) in [(Int32(6), 64), (7, 60)] {
            var engine = Engine(requestsMax: Self.entries)
            #expect(fill(&engine, requests: 70, rules: rules) == taken, "under rules \(rules)")
        }
    }

    @Test func `An engine that is built from a state decides as the one that left it`() throws {
        var engine = Engine(requestsMax: Self.entries)
        #expect(fill(&engine, requests: 56) == 56)
        for number in UInt64(1)...4 { #expect(isTaken(ask(2, number, &engine))) }
        var copy = try Engine(state: engine.state(), requestsMax: Self.entries)
        for (account, taken) in [(Int64(1), false), (2, false), (3, true)] {
            let events = ask(account, 100, &engine)
            #expect(isTaken(events) == taken, "account \(account)")
            #expect(ask(account, 100, &copy) == events, "account \(account)")
        }
        #expect(copy.digest == engine.digest)
    }
}
