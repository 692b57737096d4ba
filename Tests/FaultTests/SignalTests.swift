import Foundation
import Postgres
import ProgramTesting
import Store
import Testing

/// Processes that are told to end, or that stand still.
@Suite(.serialized) struct SignalTests {
    @Test func `SIGTERM under load leaves no request in doubt, and the exit code is 0`() throws {
        var generator = FaultGenerator(for: "terminate")
        let server = try TestServer()
        defer { server.remove() }
        let load = try FaultLoad(server, purpose: "terminate", inFlight: 32, pauseMaxMicroseconds: 500)
        defer { load.stop() }
        try load.start()
        var times = Durations()
        for round in 1...4 {
            try #require(load.waitForProgress(seconds: 30), "round \(round): \(server.logText)")
            usleep(UInt32.random(in: 1_000...300_000, using: &generator))
            let start = ContinuousClock.now
            server.send(SIGTERM)
            #expect(server.waitForEnd() == 0, "\(server.logText)")
            times.append(start.duration(to: .now))
            // The clients have read what the server said last.
            usleep(300_000)
            for (writer, oracle) in load.oracles {
                #expect(
                    oracle.unknownCount == 0,
                    "\(writer.name), round \(round): in doubt; on new connections: \(oracle.lostOnNewConnections)"
                )
            }
            try server.start()
            load.control.moved(to: server.http)
        }
        #expect(load.settle(seconds: 60))
        try History(database: server.auditor()).expectSound(load)
        try History.expectRepeatable(load, on: server, count: 50, &generator)
        report("time of a stop under load: \(times.text); \(load.summary)")
    }

    @Test func `A server or a PostgreSQL that stands still for a while goes on by itself`() throws {
        var generator = FaultGenerator(for: "stop")
        let server = try TestServer()
        defer { server.remove() }
        let history = History(database: try server.auditor())
        let load = try FaultLoad(server, purpose: "stop")
        defer { load.stop() }
        try load.start()
        var times = Durations()
        let leader = try Leadership.current(on: try Connection(history.database))
        let database = try server.postgresProcesses()
        // The term of a leader is 5 s: one stop is shorter, the others outlast it.
        let stops: [(processes: [Int32], seconds: Double)] = [
            ([server.pid], 3), ([server.pid], 7), (database, 3), (leader.backends, 6),
        ]
        for (processes, seconds) in stops {
            try #require(load.waitForProgress(seconds: 60), "before: \(server.logText)")
            usleep(UInt32.random(in: 200_000...600_000, using: &generator))
            for process in processes { kill(process, SIGSTOP) }
            defer { for process in processes { kill(process, SIGCONT) } }
            usleep(UInt32(seconds * 1_000_000))
            for process in processes { kill(process, SIGCONT) }
            let start = ContinuousClock.now
            try #require(load.waitForProgress(seconds: 60), "after \(seconds) s: \(server.logText)")
            times.append(start.duration(to: .now))
        }
        #expect(load.settle(seconds: 60))
        try history.expectSound(load)
        try History.expectRepeatable(load, on: server, count: 50, &generator)
        report("time to go on after a stop: \(times.text); \(load.summary)")
        load.stop()
        #expect(server.terminate() == 0, "\(server.logText)")
    }
}
