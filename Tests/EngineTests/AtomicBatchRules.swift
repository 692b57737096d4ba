import Engine
import Exchange
import Testing
import Units

@testable import EngineTesting

/// Orders that are placed all, or none of them. What the command that opens a batch says comes first, then what each
/// order says.
@Suite struct AtomicBatchRules {
    @Test func `All orders of a batch are placed, one behind the other`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w qwen 20 x 5    -> s1 rests 5
            all bid b1 app qwen 20 x 3 ; bid b2 app qwen 20 x 4 ; offer s2 app qwen 30 x 1 ; bid b3 app qwen 9 x 1 ioc \
            -> b1 buys 3 from s1 at 20, b1 filled, b2 buys 2 from s1 at 20, s1 filled, b2 rests 2, s2 rests 1, b3 ioc 1
            """
        )
    }

    @Test func `One that cannot be placed refuses all, and nothing has changed`() throws {
        try expectMarket(
            """
            deposit app 100
            offer s1 w qwen 10 x 9    -> s1 rests 9
            all bid b1 app qwen 20 x 3 ; bid b2 app unknown 20 x 1 ; bid b3 app qwen 20 x 99 \
            -> rejected model_unknown, rejected batch_refused, rejected model_unknown, rejected batch_refused |
            balance app.available     -> 100
            bid b4 app qwen 10 x 1    -> b4 buys 1 from s1 at 10, b4 filled
            """
        )
    }

    @Test func `Money is counted as if nothing traded and nothing came back`() throws {
        try expectMarket(
            """
            deposit app 100
            offer s1 w qwen 10 x 9    -> s1 rests 9
            all bid b1 app qwen 20 x 3 ; bid b2 app qwen 20 x 3 \
            -> rejected insufficient_funds, rejected batch_refused, rejected insufficient_funds
            all bid b3 app qwen 20 x 3 ; bid b4 app qwen 20 x 2 \
            -> b3 buys 3 from s1 at 10, b3 filled, b4 buys 2 from s1 at 10, b4 filled
            """
        )
    }

    @Test func `Orders are counted as if none was filled, but those that never rest`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w qwen 20 x 9    -> s1 rests 9
            limits app orders 2
            all bid b1 app qwen 20 x 1 ; bid b2 app qwen 20 x 1 ; bid b3 app qwen 20 x 1 \
            -> rejected open_order_limit, rejected batch_refused, rejected batch_refused, rejected open_order_limit
            all bid b4 app qwen 20 x 1 ioc ; bid b5 app qwen 20 x 1 ; bid b6 app qwen 20 x 1 ioc ; \
            bid b7 app qwen 9 x 1 \
            -> b4 buys 1 from s1 at 20, b4 filled, b5 buys 1 from s1 at 20, b5 filled, b6 buys 1 from s1 at 20, \
            b6 filled, b7 rests 1
            """
        )
    }

    @Test(arguments: [(2, true), (3, false)])
    func `New classes of a batch are counted together`(new: Int, fits: Bool) throws {
        let resting = (3...Limits.classesPerAccountMax).map { "offer s\($0) w qwen 20 x 1 context \($0)" }
        // One class twice, one that has orders already.
        let first = (0..<new).map { "offer n\($0) w qwen 20 x 1 context \(1_000 + $0)" }
        let more = ["offer n7 w qwen 20 x 1 context 1000", "offer n8 w qwen 20 x 1 context 3"]
        let others = "rejected batch_refused"
        let refused = ["rejected class_limit", others, others, "rejected class_limit", others, others]
        let placed = (0..<new).map { "n\($0) rests 1" } + ["n7 rests 1", "n8 rests 1"]
        let outcome = (fits ? placed : refused).joined(separator: ", ")
        let batch = "all \((first + more).joined(separator: " ; ")) -> \(outcome)"
        try expectMarket((resting + [batch]).joined(separator: "\n"))
    }

    @Test func `What depends on the others of the batch is not for a batch`() throws {
        try expectMarket(
            """
            deposit app 1000
            all bid b1 app qwen 20 x 1 ; bid b2 app qwen 20 x 1 fok \
            -> rejected fok_unfillable, rejected batch_refused, rejected fok_unfillable
            all bid b3 app qwen 20 x 1 post ; bid b4 app qwen 20 x 1 \
            -> rejected post_only_would_trade, rejected post_only_would_trade, rejected batch_refused
            """
        )
    }

    // MARK: Repetitions

    @Test func `A batch that is repeated gets its answers again, whether it was placed or refused`() throws {
        try expectMarket(
            """
            deposit app 100
            all bid b1 app qwen 20 x 1 key x body 1 ; bid b2 app qwen 20 x 1 client c body 1 -> b1 rests 1, b2 rests 1
            all bid b3 app qwen 20 x 1 key x body 1 ; bid b4 app qwen 20 x 1 client c body 1 -> replays b1, replays b2
            all bid b5 app qwen 20 x 1 key y body 1 ; bid b6 app qwen 20 x 9 key z body 1 \
            -> rejected insufficient_funds, rejected batch_refused, rejected insufficient_funds
            deposit app 900
            all bid b7 app qwen 20 x 1 key y body 1 ; bid b8 app qwen 20 x 9 key z body 1 -> replays b5, replays b6
            balance app.held -> 40
            """
        )
    }

    @Test func `A key or name that stands for something else refuses all`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 20 x 1 client c body 1 key k body 1  -> b1 rests 1
            all bid b2 app qwen 20 x 1 ; bid b3 app qwen 20 x 1 client c body 1 \
            -> rejected duplicate_client_order_id, rejected batch_refused, rejected duplicate_client_order_id
            all bid b4 app qwen 20 x 1 ; bid b5 app qwen 20 x 1 key k body 1 \
            -> rejected idempotency_key_reused, rejected batch_refused, rejected idempotency_key_reused
            all bid b6 app qwen 20 x 1 client d ; bid b7 app qwen 20 x 1 client d \
            -> rejected duplicate_client_order_id, rejected batch_refused, rejected duplicate_client_order_id
            all bid b8 app qwen 20 x 1 key m ; bid b9 app qwen 20 x 1 key m \
            -> rejected idempotency_key_reused, rejected batch_refused, rejected idempotency_key_reused
            balance app.held -> 20
            """
        )
    }

    @Test func `A key that orders of a refused batch share stands for the first of them`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 20 x 1 client c body 1  -> b1 rests 1
            all bid b2 app qwen 20 x 1 key k body 2 ; bid b3 app qwen 20 x 1 client c body 2 key k body 2 ; \
            bid b4 app qwen 20 x 1 key k body 2 \
            -> rejected duplicate_client_order_id, rejected batch_refused, \
            rejected duplicate_client_order_id, replays b2
            bid b5 app qwen 20 x 1 key k body 2  -> replays b2
            """
        )
    }

    @Test func `A batch that the memory of requests cannot hold leaves nothing in it`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 1000
            bid b1 app qwen 20 x 1 key k  -> b1 rests 1
            all bid b2 app qwen 20 x 1 key a ; bid b3 app qwen 20 x 1 key b \
            -> rejected idempotency_window_full, rejected idempotency_window_full, rejected idempotency_window_full
            time 1600
            all bid b4 app qwen 20 x 1 key a ; bid b5 app qwen 20 x 1 key b -> forgets up to b1, b4 rests 1, b5 rests 1
            """,
            requestsMax: 2
        )
    }

    // MARK: Commands

    @Test func `An order that no batch announced is refused, and so is what an interrupted batch has left`() throws {
        var engine = MarketPlayer(executor: Engine(), title: "engine")
        try engine.play("deposit app 1000\nbid b1 app qwen 20 x 1 -> b1 rests 1", #_sourceLocation)
        let app = try engine.account("app")
        let order = Command(
            account: app,
            action: .placeBid(
                BidTerms(
                    order: OrderTerms(price: Price(nanoTONPerMTok: 20_000), lots: Lots(1), timeInForce: .gtc),
                    requirement: Requirement()
                )
            )
        )
        let batch = AtomicBatch(orders: [order, order, order])
        func isPlaced(by account: AccountID) -> Bool {
            engine.apply(account, .placeNext).contains { if case .accepted = $0 { true } else { false } }
        }
        #expect(!isPlaced(by: app))
        _ = engine.apply(app, .openBatch(batch))
        #expect(isPlaced(by: app))
        _ = engine.apply(app, .cancelAfter(0))
        #expect(!isPlaced(by: app), "another command ends a batch")
        _ = engine.apply(app, .openBatch(batch))
        _ = engine.executor.beginBatch(at: .zero)
        #expect(!isPlaced(by: app), "so does the end of a batch of the journal")
        _ = engine.apply(app, .openBatch(batch))
        #expect(!isPlaced(by: .system), "and the order of somebody else")
        #expect(!isPlaced(by: app))
    }

    @Test(arguments: UInt64(1)...4)
    func `A batch is placed whole, or leaves everything as it was`(seed: UInt64) throws {
        var market = RandomMarket(seed: seed)
        var engine = Engine()
        var (placed, refused) = (0, 0)
        for _ in 0..<500 {
            if engine.beginBatch(at: market.nextTime()) {
                _ = try Self.apply(Command(account: .system, action: .tick), to: &engine)
            }
            let command = market.accounts >= 5 && market.random.chance(40) ? market.batch() : market.next()
            guard case .openBatch(let batch) = command.action else {
                market.hear(try Self.apply(command, to: &engine))
                continue
            }
            var before = engine.state()
            let events = try Self.apply(command, to: &engine)
            market.hear(events)
            let accepted = events.count { if case .accepted = $0 { true } else { false } }
            try #require(accepted == 0 || accepted == batch.orders.count, "seed \(seed): \(command)")
            guard accepted == 0 else {
                placed += 1
                continue
            }
            refused += 1
            let after = engine.state()
            (before.sequence, before.remembered) = (after.sequence, after.remembered)
            try #require(before == after, "seed \(seed): \(command)")
            #expect(try Engine(state: before).digest == engine.digest)
        }
        #expect(placed > 10 && refused > 10, "\(placed) placed, \(refused) refused")
    }

    private static func apply(_ command: Command, to engine: inout Engine) throws -> [Event] {
        var events: [Event] = []
        for part in command.parts { engine.apply(part, into: &events) }
        return events
    }
}
