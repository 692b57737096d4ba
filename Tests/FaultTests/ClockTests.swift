import Foundation
import Postgres
import ProgramTesting
import Testing

/// A wall clock that somebody sets while the exchange runs.
@Suite(.serialized) struct ClockTests {
    /// Debian's libfaketime, in the form for several threads; `nil` where it is not installed.
    private static let library: String? = {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return folders.map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()

    private static let hour: Int64 = 3_600
    private static let year: Int64 = 365 * 24 * hour

    /// A server whose wall clock this test sets; the database's and the monotonic one are left alone.
    private struct Clock {
        let file = "/var/tmp/bombyx-clock-\(UUID().uuidString.prefix(8))"

        init() throws { try set(0) }

        func set(_ seconds: Int64) throws {
            try "\(seconds < 0 ? "" : "+")\(seconds)\n".write(toFile: file, atomically: true, encoding: .utf8)
        }

        func environment(_ library: String) -> [String: String] {
            [
                "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            ]
        }
    }

    @Test func `A clock that is set forth and back never makes the journal's time go back`() throws {
        guard let library = Self.library else {
            report("the test of a stepped clock is skipped: Debian's libfaketime is not installed")
            return
        }
        guard ProcessInfo.processInfo.environment["BOMBYX_SANITIZER"] == nil else {
            report("the test of a stepped clock is skipped: libfaketime and a sanitizer take the same functions")
            return
        }
        var generator = FaultGenerator(for: "clock")
        let database = try ExternalDatabase()
        let clock = try Clock()
        defer { try? FileManager.default.removeItem(atPath: clock.file) }
        let url = ["DATABASE_URL": database.owner]
        // The library changes the environment before the program's first line, and Swift then finds no arguments;
        // `env` takes that change upon itself and becomes the program.
        let server = try TestServer(
            environment: clock.environment(library).merging(url) { $1 },
            launcher: ["/usr/bin/env"]
        )
        defer { server.remove() }
        let history = History(database: database.owner)
        let load = try FaultLoad(server, purpose: "clock")
        defer { load.stop() }
        try load.start()
        // Where the clock is set, and where the journal's time must then be: it waits while the clock is behind.
        let steps: [(clock: Int64, time: Int64)] = [
            (0, 0), (Self.hour, Self.hour), (-Self.hour, Self.hour), (0, Self.hour), (2 * Self.hour, 2 * Self.hour),
        ]
        for step in steps {
            try clock.set(step.clock)
            try expectTime(step.time, load, history, server)
        }
        // A start takes the journal's time too.
        #expect(server.terminate() == 0, "\(server.logText)")
        try clock.set(-Self.hour)
        try server.start()
        load.control.moved(to: server.http)
        try expectTime(2 * Self.hour, load, history, server)
        #expect(load.settle(seconds: 60))
        try History.expectRepeatable(load, on: server, count: 30, &generator)

        // What was remembered for a day is forgotten now; nothing else is.
        load.control.set(.running)
        for step in [(clock: 10 * Self.year, time: 10 * Self.year), (clock: 0, time: 10 * Self.year)] {
            try clock.set(step.clock)
            try expectTime(step.time, load, history, server)
        }
        #expect(load.settle(seconds: 60))
        try history.expectSound(load)
        report("a clock set by hours and years: \(load.summary)")
        load.stop()
        #expect(server.terminate() == 0, "\(server.logText)")
    }

    /// The journal goes on, about so many seconds away from the real time.
    private func expectTime(_ offset: Int64, _ load: FaultLoad, _ history: History, _ server: TestServer) throws {
        try #require(load.waitForProgress(seconds: 60), "\(server.logText)")
        usleep(500_000)
        try #require(load.waitForProgress(seconds: 60), "\(server.logText)")
        try history.expectKept([])
        let connection = try Connection(history.database)
        let row = try connection.execute(
            "SELECT logical_time_us - extract(epoch FROM now())::bigint * 1000000 FROM journal.batches "
                + "ORDER BY number DESC LIMIT 1"
        ).onlyRow()
        let distance = try row.int8(0) / 1_000_000 - offset
        #expect(abs(distance) < 120, "the journal is \(distance) s from where it is to be")
    }
}
