import Engine
import Foundation
import Testing
import Units

@testable import EngineTesting

/// What holds in every market. A failure prints its seed and a small market that fails in the same way: put the one
/// into the list, or the other among the rules, and it is a regression test.
@Suite struct EngineProperties {
    /// A few seeds; `BOMBYX_SEEDS=N` adds the numbers from 1,000 on, `BOMBYX_SEED=S` means only that one.
    static let seeds: [UInt64] = {
        let number = { (name: String) in ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) } }
        if let only = number("BOMBYX_SEED") { return [only] }
        let more = number("BOMBYX_SEEDS") ?? 0
        return Array(1...12) + (0..<more).map { 1_000 + $0 }
    }()

    /// Every third market has a memory of requests that is too small for it, and every other one does little at once.
    private static func recording(_ seed: UInt64) -> Recording {
        Recording(
            requestsMax: seed % 3 == 0 ? 20 : Limits.idempotencyEntriesMax,
            work: seed % 2 == 0 ? WorkLimits(visits: 6, step: 3, parts: 4, operations: 2) : .standard
        )
    }

    @Test(arguments: seeds)
    func `The engine does what the reference engine does, and both obey every rule`(seed: UInt64) {
        play(RandomMarket(seed: seed), Self.recording(seed), "seed \(seed)", steps: 400) {
            (isChecked: $0 < 120 || $0 % 10 == 0, compares: $0 % 40 == 0, reloads: $0 == 200)
        }
    }

    @Test(arguments: seeds.prefix(2) + seeds.dropFirst(12))
    func `The engine does what the reference engine does in a wide market`(seed: UInt64) {
        let twins = play(RandomMarket(seed: seed, kind: .wide), Recording(), "wide, seed \(seed)", steps: 1_500) {
            (isChecked: $0 % 250 == 0, compares: $0 % 500 == 0, reloads: $0 == 1_000)
        }
        #expect(twins.engine.openOrderCount > 100 && twins.reference.classes.count > 100)
    }

    /// Plays a random market on both engines. If they differ, a small market in which they do is printed.
    @discardableResult
    private func play(
        _ market: RandomMarket,
        _ recording: Recording,
        _ title: String,
        steps: Int,
        _ plan: (Int) -> (isChecked: Bool, compares: Bool, reloads: Bool)
    ) -> EngineTwins {
        var (market, recording) = (market, recording)
        var twins = EngineTwins(requestsMax: recording.requestsMax, work: recording.work)
        for step in 1...steps {
            let what = plan(step)
            do {
                let time = market.nextTime()
                let command = market.next()
                recording.append(time, command)
                try twins.beginBatch(at: time)
                market.hear(try twins.apply(command, isChecked: what.isChecked))
                if what.compares { try twins.compareStates() }
                if what.reloads { try twins.reload() }
            } catch {
                recording.shrink()
                let found = recording.failure().map { "\($0.error)" } ?? "not found again"
                Issue.record("\(title), step \(step): \(error)\n\nThe same, or so: \(found)\n\(recording.text)")
                return twins
            }
        }
        return twins
    }

    @Test func `The random markets meet every event, and every refusal that a small market can meet`() {
        var closings: Set<CloseReason> = []
        var rejections: Set<Rejection> = []
        var kinds: Set<String> = []
        var takers: Set<Side> = []
        for seed in UInt64(1)...24 {
            var market = RandomMarket(seed: seed)
            var engine = ReferenceEngine(requestsMax: Self.recording(seed).requestsMax, work: Self.recording(seed).work)
            for _ in 1...400 {
                var events: [Event] = []
                let isDue = engine.beginBatch(at: market.nextTime())
                let command = isDue ? Command(account: .system, action: .tick) : market.next()
                for part in command.parts { engine.apply(part, into: &events) }
                market.hear(events)
                for event in events {
                    kinds.insert(String("\(event)".prefix { $0 != "(" }))
                    if case .closed(_, let reason, _) = event { closings.insert(reason) }
                    if case .rejected(let rejection) = event { rejections.insert(rejection) }
                    if case .traded(let trade) = event { takers.insert(trade.takerSide) }
                }
            }
        }
        #expect(kinds.count == 29, "\(kinds.sorted())")
        #expect(takers.count == 2)
        #expect(Set(CloseReason.allCases).subtracting(closings) == [])
        let unmet = Set(Rejection.allCases).subtracting(rejections)
        // Small markets meet no large limit, and have no keys (KeyRules).
        let expected: Set<Rejection> = [
            .classLimit, .profileLimit, .modelLimit, .keyNotFound, .keyRevoked, .keyOrderLimit, .keyDayLimit,
            .keyTotalLimit, .keyLimit, .keyIsLimited, .keyScope, .lastOperatorKey, .loginLimit,
            .loginTaken, .accountLoginLimit, .loginNotFound, .lastLogin,
        ]
        // What is refused of leases and settlement, their own schedules and rules meet.
        let others = Set(Rejection.allCases.filter { (90..<175).contains($0.rawValue) })
        #expect(unmet == expected.union(others), "\(unmet)")
    }
}
