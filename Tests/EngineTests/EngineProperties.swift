import Engine
import Foundation
import Testing
import Units

/// What holds in every market. A failure prints its seed: put it into the list, and it is a regression test.
@Suite struct EngineProperties {
    /// A few seeds; `BOMBYX_SEEDS=N` adds the numbers from 1,000 on.
    static let seeds: [UInt64] = {
        let more = ProcessInfo.processInfo.environment["BOMBYX_SEEDS"].flatMap { UInt64($0) } ?? 0
        return Array(1...12) + (0..<more).map { 1_000 + $0 }
    }()

    @Test(arguments: seeds)
    func `The engine does what the reference engine does, and both obey every rule`(seed: UInt64) throws {
        var market = RandomMarket(seed: seed)
        // Every third market has a memory of requests that is too small for it.
        var twins = EngineTwins(requestsMax: seed % 3 == 0 ? 20 : Limits.idempotencyEntriesMax)
        for step in 1...400 {
            do {
                try twins.beginBatch(at: market.nextTime())
                let command = market.next()
                market.hear(try twins.apply(command, isChecked: step < 120 || step % 10 == 0))
                if step % 40 == 0 { try twins.compareStates() }
                if step == 200 { try twins.reload() }
            } catch {
                Issue.record("seed \(seed), step \(step): \(error)")
                return
            }
        }
    }

    @Test(arguments: seeds.prefix(2) + seeds.dropFirst(12))
    func `The engine does what the reference engine does in a wide market`(seed: UInt64) throws {
        var market = RandomMarket(seed: seed, kind: .wide)
        var twins = EngineTwins()
        for step in 1...1_500 {
            do {
                try twins.beginBatch(at: market.nextTime())
                market.hear(try twins.apply(market.next(), isChecked: step % 250 == 0))
                if step % 500 == 0 { try twins.compareStates() }
                if step == 1_000 { try twins.reload() }
            } catch {
                Issue.record("wide, seed \(seed), step \(step): \(error)")
                return
            }
        }
        #expect(twins.engine.openOrderCount > 100 && twins.reference.classes.count > 100)
    }

    @Test func `The random markets meet every event, and every refusal that a small market can meet`() {
        var closings: Set<CloseReason> = []
        var rejections: Set<Rejection> = []
        var kinds: Set<String> = []
        var takers: Set<Side> = []
        for seed in Self.seeds.prefix(12) {
            var market = RandomMarket(seed: seed)
            var engine = ReferenceEngine()
            for _ in 1...400 {
                var events: [Event] = []
                let isDue = engine.beginBatch(at: market.nextTime())
                engine.apply(isDue ? Command(account: .system, action: .tick) : market.next(), into: &events)
                market.hear(events)
                for event in events {
                    kinds.insert(String("\(event)".prefix { $0 != "(" }))
                    if case .closed(_, let reason, _) = event { closings.insert(reason) }
                    if case .rejected(let rejection) = event { rejections.insert(rejection) }
                    if case .traded(let trade) = event { takers.insert(trade.takerSide) }
                }
            }
        }
        #expect(kinds.count == 20, "\(kinds.sorted())")
        #expect(takers.count == 2)
        #expect(Set(CloseReason.allCases).subtracting(closings) == [.workLimit])
        let unmet = Set(Rejection.allCases).subtracting(rejections)
        #expect(
            unmet == [
                .accountClosed, .marketHalted, .expired, .classLimit, .profileLimit, .postOnlyWouldTrade,
                .fokUnfillable, .idempotencyWindowFull, .modelLimit, .keyNotFound,
            ]
        )
    }
}
