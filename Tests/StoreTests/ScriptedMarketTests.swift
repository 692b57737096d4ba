import Engine
import Exchange
import Postgres
import Store
import Testing
import Units

/// Random markets with something in them that chance seldom brings.
@Suite struct ScriptedMarketTests {
    /// A market that was journaled and projected.
    private struct Stage {
        let exchange: TestExchange
        var market: RandomMarket
        private let epoch: Int64
        private let writer: JournalWriter
        private let projector: Projector

        init(seed: UInt64, batches: Int) throws {
            exchange = try TestExchange()
            let leadership = try exchange.lead()
            epoch = leadership.epoch
            writer = try JournalWriter(try exchange.connect(), leadership)
            projector = try Projector(try exchange.connect())
            market = RandomMarket(seed: seed)
            for _ in 0..<batches { try play(20) }
        }

        /// The sequence number of the first command of a batch.
        @discardableResult
        mutating func play(
            _ count: Int,
            _ script: @escaping (LogicalTime) -> [Command] = { _ in [] }
        ) throws -> (first: SequenceNumber, commands: [Command]) {
            market.scripted = script
            let batch = market.batch(count, epoch: epoch)
            try writer.commit(batch.row)
            try projector.apply([batch.projected])
            return (batch.row.firstSequence, batch.commands)
        }

        func expectSameState() throws {
            let loaded = try StateLoader.load(try exchange.connect())
            #expect(loaded.state == market.engine.state())
            #expect(try Engine(state: loaded.state, requestsMax: 300).digest == market.engine.digest)
        }
    }

    @Test func `Fees that are set beside an equal notice that is due leave the notice as it is`() throws {
        var stage = try Stage(seed: 31, batches: 5)
        let free = FeeTerms(rates: FeeRates(maker: BasisPoints(0), taker: BasisPoints(0)), minimumNotional: .zero)
        try stage.play(0) { now in
            [.announceFees(FeeNoticeTerms(fees: free, effectiveAt: now)), .setFees(free)].map {
                Command(account: .system, action: $0)
            }
        }
        #expect(stage.market.engine.state().feeNotice?.fees == free)
        try stage.expectSameState()
        try stage.play(1)
        #expect(stage.market.engine.state().feeNotice == nil)
        try stage.expectSameState()
    }

    @Test func `An all-or-nothing batch is in the tables as it was placed or refused, and repeated so`() throws {
        var stage = try Stage(seed: 32, batches: 12)
        let worker = AccountID(1)
        let expectAnswers = { (stage: Stage, first: SequenceNumber, orders: [Command]) throws -> [Rejection?] in
            let reader = HistoryReader(try stage.exchange.connect())
            return try orders.enumerated().map { index, order in
                let sequence = SequenceNumber(first.rawValue + Int64(index))
                let answer = try reader.answer(to: sequence, repeatedBy: order.action).value
                guard case .events(let events) = answer else { throw MissingAnswer() }
                if case .rejected(let rejection)? = events.first { return rejection }
                guard case .accepted(let record)? = events.first, record.id.rawValue == sequence.rawValue else {
                    throw MissingAnswer()
                }
                return nil
            }
        }
        for (prices, expected) in [
            ([900_000_000, 901_000_000], [nil, nil]), ([900_000_000, 1_000], [.batchRefused, .belowMinimumNotional]),
        ] as [([Int64], [Rejection?])] {
            let orders = prices.enumerated().map { index, price in
                Command(
                    account: worker,
                    idempotency: IdempotencyKey(high: UInt64(prices[1]), low: UInt64(index), body: 1),
                    action: .placeOffer(
                        OfferTerms(
                            order: OrderTerms(price: Price(nanoTONPerMTok: price), lots: Lots(1), timeInForce: .gtc),
                            model: ModelID(1)
                        )
                    )
                )
            }
            let fees = FeeTerms(rates: FeeTerms.initial.rates, minimumNotional: NanoTON(1_000))
            let limits = AccountLimitTerms(account: worker, openOrdersMax: Limits.openOrdersPerAccountMax)
            let bands = [ModelID.unknown, ModelID(1)].map { model in
                Command.Action.setPriceBand(PriceBandTerms(model: model, band: nil))
            }
            let before = [.setFees(fees), .setAccountLimits(limits)] + bands
            let script = before.map { Command(account: .system, action: $0) } + AtomicBatch.commands(placing: orders)
            let (first, commands) = try stage.play(0) { _ in script }
            let place = Int64(commands.count - orders.count)
            let answers = try expectAnswers(stage, SequenceNumber(first.rawValue + place), orders)
            #expect(answers == expected)
            try stage.expectSameState()
        }
    }

    private struct MissingAnswer: Error {}

    @Test func `The rule of quantities is exact when orders were lowered without a trade`() throws {
        let stage = try Stage(seed: 33, batches: 80)
        let owner = try stage.exchange.connect(.owner)
        let lowered = try owner.execute("SELECT count(*) FROM market.orders WHERE lowered_lots > 0").onlyRow().int8(0)
        #expect(lowered > 0)
        #expect(try Invariant.check(owner).filter { $0.violations > 0 } == [])
        for change in [
            "lowered_lots = lowered_lots + 1 WHERE lowered_lots > 0", "lowered_lots = NULL WHERE lowered_lots > 0",
            "remaining = remaining - 1 WHERE remaining > 1",
        ] {
            try owner.begin()
            #expect(try owner.execute("UPDATE market.orders SET \(change)").affectedRows > 0, "\(change)")
            #expect(try Invariant.check(owner)[6].violations > 0, "\(change)")
            try owner.rollback()
        }
    }
}
