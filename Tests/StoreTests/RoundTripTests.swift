import Engine
import Postgres
import Provenance
import Store
import Testing
import Units

/// Random markets through engine, journal and projector, and back.
@Suite struct RoundTripTests {
    @Test(arguments: [1, 2, 3, 5, 6, 7] as [UInt64])
    func `Loading the tables at any batch gives the engine as it was then`(seed: UInt64) throws {
        let exchange = try TestExchange()
        let leadership = try exchange.lead()
        let writer = try JournalWriter(try exchange.connect(), leadership)
        let projector = try Projector(try exchange.connect())
        var market = RandomMarket(seed: seed, work: RandomMarket.smallSteps)
        var waiting: [ProjectedBatch] = []
        var compared = 0
        for step in 0..<90 {
            if step % 7 == 3 { market.announcements = [CheckpointTerms(batch: Int64(step), sha256: Self.hash(step))] }
            let batch = market.batch(market.draw(30) + 1, epoch: leadership.epoch)
            try writer.commit(batch.row)
            waiting.append(batch.projected)
            guard market.draw(4) == 0 else { continue }
            try projector.apply(waiting)
            waiting = []
            let loaded = try StateLoader.load(try exchange.connect())
            let state = market.engine.state()
            #expect(loaded.state == state, "seed \(seed), step \(step)")
            #expect(loaded.stateDigest == market.engine.digest)
            let engine = try Engine(state: loaded.state, requestsMax: 300, work: RandomMarket.smallSteps)
            #expect(engine.digest == market.engine.digest)
            var bytes: [UInt8] = []
            state.encode(into: &bytes)
            #expect(try EngineState(decoding: bytes[...]) == state, "seed \(seed), step \(step)")
            compared += 1
        }
        #expect(compared > 10)
        try projector.apply(waiting)
        let broken = try Invariant.check(try exchange.connect(.auditor)).filter { $0.violations > 0 }
        #expect(broken.isEmpty, "seed \(seed)")
        let state = market.engine.state()
        #expect(!state.keyStandings.isEmpty && !state.keySpendings.isEmpty, "and keys")
        let delivery = state.delivery
        #expect(delivery.log.size > 0 && !delivery.standings.isEmpty && !delivery.profiles.isEmpty, "and deliveries")
        #expect(market.engine.grace > 0 && market.engine.checkpoint != nil, "gaps and checkpoints are part of it")
    }

    private static func hash(_ number: Int) -> SHA256Words {
        SHA256Words(SHA256Words.InlineWords(UInt64(number), 2, 3, 4))
    }

    @Test(arguments: [UInt64](11...14))
    func `A server that starts loads the tables and replays the journal behind them`(seed: UInt64) throws {
        let exchange = try TestExchange()
        let leadership = try exchange.lead()
        let writer = try JournalWriter(try exchange.connect(), leadership)
        let projector = try Projector(try exchange.connect())
        var market = RandomMarket(seed: seed, work: RandomMarket.smallSteps)
        for _ in 0..<40 {
            let batch = market.batch(20, epoch: leadership.epoch)
            try writer.commit(batch.row)
            // The projector dies somewhere; the journal goes on.
            if batch.row.number <= 25 { try projector.apply([batch.projected]) }
        }

        let loaded = try StateLoader.load(try exchange.connect())
        var engine = try Engine(state: loaded.state, requestsMax: 300, work: RandomMarket.smallSteps)
        #expect(loaded.cursor.batch == 25)
        #expect(engine.digest == loaded.stateDigest)
        var reader = JournalReader(try exchange.connect(), after: loaded.chain)
        var events: [Event] = []
        while true {
            let batches = try reader.next()
            if batches.isEmpty { break }
            for batch in batches { try replay(batch, &engine, &events) }
        }
        #expect(engine.digest == market.engine.digest, "seed \(seed)")
        #expect(engine.state() == market.engine.state())
    }

    private func replay(_ batch: JournalBatch, _ engine: inout Engine, _ events: inout [Event]) throws {
        _ = engine.beginBatch(at: batch.time, gap: batch.gap, rules: batch.rulesVersion)
        var offset = 0
        while offset < batch.commands.count {
            engine.apply(try Command.decode(batch.commands.span, at: &offset), into: &events)
        }
        #expect(engine.digest == batch.stateDigest)
        #expect(engine.sequence == batch.lastSequence)
    }

    @Test func `The same batches give the same tables, however they are cut into transactions`() throws {
        var market = RandomMarket(seed: 77)
        let batches = (0..<30).map { _ in market.batch(15, epoch: 1) }
        var tables: [EngineState] = []
        for size in [1, 7, 30] {
            let exchange = try TestExchange()
            let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
            for batch in batches { try writer.commit(batch.row) }
            let projector = try Projector(try exchange.connect())
            var rest = batches[...]
            while !rest.isEmpty {
                try projector.apply(rest.prefix(size).map(\.projected))
                rest = rest.dropFirst(size)
            }
            tables.append(try StateLoader.load(try exchange.connect()).state)
            #expect(try Invariant.check(try exchange.connect(.auditor)).allSatisfy { $0.violations == 0 })
        }
        #expect(tables[0] == tables[1])
        #expect(tables[0] == tables[2])
    }

    // MARK: Interruptions

    @Test func `After a crash between transactions no row is written twice`() throws {
        let exchange = try TestExchange()
        var market = RandomMarket(seed: 5)
        let batches = (0..<20).map { _ in market.batch(15, epoch: 1) }
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        for batch in batches { try writer.commit(batch.row) }
        let projected = batches.map(\.projected)

        let first = try Projector(try exchange.connect())
        try first.apply(Array(projected[..<8]))
        // A second projector, and one that does not know what has become of its transaction.
        let second = try Projector(try exchange.connect())
        #expect(second.cursor.batch == 8)
        try second.apply(Array(projected[..<14]))
        #expect(throws: StoreError.cursorMoved(expected: 8)) { try first.apply(Array(projected[8..<10])) }
        #expect(throws: StoreError.self, "a gap") { try second.apply(Array(projected[16...])) }
        try second.apply(projected)
        #expect(try StateLoader.load(try exchange.connect()).state == market.engine.state())
        #expect(try Invariant.check(try exchange.connect(.auditor)).allSatisfy { $0.violations == 0 })
    }

    @Test func `A transaction whose session is ended leaves nothing, and a new projector goes on`() throws {
        let exchange = try TestExchange()
        var market = RandomMarket(seed: 6)
        let batches = (0..<10).map { _ in market.batch(15, epoch: 1) }
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        for batch in batches { try writer.commit(batch.row) }
        let connection = try exchange.connect()
        let projector = try Projector(connection)
        try projector.apply([batches[0].projected])
        try exchange.connect(.owner).execute("SELECT pg_terminate_backend($1, 5000)", [.int4(connection.backendPID)])
        #expect(throws: StoreError.self) { try projector.apply(batches[1...].map(\.projected)) }

        let next = try Projector(try exchange.connect())
        #expect(next.cursor.batch == 1)
        try next.apply(batches.map(\.projected))
        #expect(try StateLoader.load(try exchange.connect()).state == market.engine.state())
    }

    @Test func `Loading sees one batch, although a projector writes meanwhile`() throws {
        let exchange = try TestExchange()
        var market = RandomMarket(seed: 8)
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        let projector = try Projector(try exchange.connect())
        let reader = try exchange.connect()
        for _ in 0..<10 {
            let batch = market.batch(20, epoch: 1)
            try writer.commit(batch.row)
            try projector.apply([batch.projected])
        }
        try reader.run(script: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        let before = try reader.execute("SELECT batch FROM projection.cursor").onlyRow().int8(0)
        let batch = market.batch(20, epoch: 1)
        try writer.commit(batch.row)
        try projector.apply([batch.projected])
        let newest = try reader.execute("SELECT coalesce(max(sequence), 0) FROM ledger.transfers").onlyRow().int8(0)
        #expect(before == 10)
        #expect(newest < batch.row.firstSequence.rawValue)
    }
}

@Suite struct RandomMarketTests {
    @Test func `Random markets have every kind of event, each in numbers that mean something`() {
        var counts: [String: Int] = [:]
        for seed in UInt64(1)...26 {
            var market = RandomMarket(seed: seed, work: RandomMarket.smallSteps)
            for _ in 0..<90 {
                for event in market.batch(market.draw(30) + 1, epoch: 1).projected.events {
                    counts[String("\(event)".prefix { $0 != "(" }), default: 0] += 1
                }
            }
        }
        #expect(counts.count == 37, "\(counts)")
        #expect(counts.allSatisfy { $0.value >= 5 }, "\(counts)")
    }
}
