import Engine
import Foundation
import Testing
import Units

/// Whatever goes wrong, everybody is paid once. The environment is told in README.md beside this file.
@Suite struct SettlementFaults {
    /// A few seeds; `BOMBYX_SETTLEMENTS=N` is how many there are, `BOMBYX_SETTLEMENT=S` means only that one.
    static let seeds: [UInt64] = {
        if let only = number("BOMBYX_SETTLEMENT") { return [only] }
        return Array(1...max(1, number("BOMBYX_SETTLEMENTS") ?? 40))
    }()

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test func `Everybody is paid exactly once, whatever fails`() throws {
        var met: [String: Int] = [:]
        var doors: [Scene.Door: Int] = [:]
        var (paid, requeued, returned) = (0, 0, 0)
        for seed in Self.seeds {
            let (differences, run) = try SettlementRun.differences(seed)
            met.merge(run.scene.met, uniquingKeysWith: +)
            doors.merge(run.scene.passed, uniquingKeysWith: +)
            for payout in run.scene.database.payouts.values {
                switch payout.state {
                case .paid: paid += 1
                case .requeued: requeued += 1
                case .returned: returned += 1
                case .open, .resolvedPaid, .resolvedUnpaid: break
                }
            }
            guard differences.isEmpty else {
                Issue.record("\(differences.joined(separator: "\n"))\nonce more: BOMBYX_SETTLEMENT=\(seed)")
                return
            }
        }
        let counts = "\(paid) paid, \(requeued) requeued, \(returned) returned"
        let line = "settlements: \(Self.seeds.count) runs: \(counts), \(met), \(doors)\n"
        FileHandle.standardError.write(Data(line.utf8))
        guard Self.seeds.count > 1 else { return }
        #expect(met.count == 7 && doors.count == 6, "\(met) \(doors)")
        #expect(paid > 0 && requeued > 0 && returned > 0)
    }

    /// A few mishaps at each passage, and all of them in a long run.
    @Test(arguments: SmallRun.allCases)
    func `A process may end between any two steps`(small: SmallRun) throws {
        let isLong = Self.seeds.count > 1_000
        for (index, mishap) in SmallRun.mishaps.enumerated() {
            var place = isLong ? 1 : index % 10 + 1
            while true {
                let (differences, isOver) = try small.differences(mishap, at: place)
                guard differences.isEmpty else {
                    let words = "\(small), \(mishap) at passage \(place)"
                    Issue.record("\(words):\n\(differences.joined(separator: "\n"))")
                    return
                }
                if isOver { break }
                place += isLong ? 1 : 10
            }
            #expect(place > 20, "\(small) has steps")
        }
    }
}
