import Foundation
import Postgres
import ProgramTesting
import Store
import Testing

/// Processes that end without a word, at any moment, again and again in one history.
@Suite(.serialized) struct KillTests {
    /// What is killed.
    private enum Victim: String, CaseIterable {
        case server = "the server"
        case postmaster = "PostgreSQL's main process"
        case postgres = "all of PostgreSQL"
        case session = "a session of the leader"
        case both = "the server and PostgreSQL"

        var includesServer: Bool { self == .server || self == .both }
    }

    /// `BOMBYX_KILLS=N` is how many; `Deploy/check soak` has 50.
    private static let rounds = ProcessInfo.processInfo.environment["BOMBYX_KILLS"].flatMap { Int($0) } ?? 25
    /// The supervisor waits ever longer before it starts a PostgreSQL that keeps dying; a new server begins anew.
    private static let databaseKillsInARowMax = 3

    @Test func `Kills of server, PostgreSQL and both lose and double nothing, and the replay is equal`() throws {
        var generator = FaultGenerator(for: "kills")
        let server = try TestServer()
        defer { server.remove() }
        let history = History(database: try server.auditor())
        let load = try FaultLoad(server, purpose: "kills")
        defer { load.stop() }
        try load.start()
        try #require(load.waitForProgress(seconds: 30))
        var times: [Victim: Durations] = [:]
        var inARow = 0
        var looked: [String: Int] = [:]
        for round in 1...Self.rounds {
            let victims = inARow < Self.databaseKillsInARowMax ? Victim.allCases : [.server, .both]
            let victim = victims.randomElement(using: &generator) ?? .server
            inARow = victim.includesServer ? 0 : inARow + 1
            usleep(UInt32.random(in: 1_000...300_000, using: &generator))
            let before = try #require(history.epoch(), "round \(round)")
            let start = ContinuousClock.now
            try strike(victim, server, history, &generator)
            if victim.includesServer {
                try server.start()
                load.control.moved(to: server.http)
            }
            let isBack = poll(seconds: 60) { (history.epoch() ?? 0) > before ? true : nil } ?? false
            try #require(isBack && load.waitForProgress(seconds: 60), "round \(round), \(victim): \(server.logText)")
            times[victim, default: Durations()].append(start.duration(to: .now))
            try history.expectKept(newlySettled(load, &looked))
        }
        #expect(load.settle(seconds: 60), "every outcome is known in the end")
        try history.expectSound(load)
        try History.expectRepeatable(load, on: server, count: 100, &generator)
        for (victim, durations) in times.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            report("time to recover after a kill of \(victim.rawValue): \(durations.text)")
        }
        report("\(Self.rounds) kills: \(load.summary)")
        load.stop()
        #expect(server.terminate() == 0, "\(server.logText)")
    }

    private func strike(
        _ victim: Victim,
        _ server: TestServer,
        _ history: History,
        _ generator: inout FaultGenerator
    ) throws {
        let processes = try server.postgresProcesses()
        switch victim {
        case .server: server.kill()
        case .postmaster: kill(processes[0], SIGKILL)
        case .postgres: for process in processes { kill(process, SIGKILL) }
        case .session:
            let backends = try Leadership.current(on: try Connection(history.database)).backends
            kill(try #require(backends.randomElement(using: &generator)), SIGKILL)
        case .both:
            if generator.oneIn(2) { kill(server.pid, SIGKILL) }
            for process in processes { kill(process, SIGKILL) }
            server.kill()
        }
    }

    /// What was acknowledged since the last look.
    private func newlySettled(_ load: FaultLoad, _ looked: inout [String: Int]) -> [Oracle.Item] {
        var found: [Oracle.Item] = []
        for (writer, oracle) in load.oracles {
            found += oracle.items[(looked[writer.name] ?? 0)...]
            // Some of the newest are still under way, and are looked at again.
            looked[writer.name] = max(0, oracle.items.count - 50)
        }
        return found
    }
}
