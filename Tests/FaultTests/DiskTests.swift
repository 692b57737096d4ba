import Foundation
import Postgres
import ProgramTesting
import Testing

/// A file system that has no room left.
@Suite(.serialized) struct DiskTests {
    /// A small file system in memory, which this process may fill; `nil` where mounting is not permitted.
    private final class SmallDisk {
        let path = "/var/tmp/bombyx-disk-\(UUID().uuidString.prefix(8))"
        private var filler: String { path + "/filler" }

        init?() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let mount = ["-t", "tmpfs", "-o", "size=160m,mode=0711", "bombyx-test", path]
            guard try Self.run("mount", mount) == 0 else {
                try? FileManager.default.removeItem(atPath: path)
                return nil
            }
        }

        deinit {
            _ = try? Self.run("umount", ["-l", path])
            try? FileManager.default.removeItem(atPath: path)
        }

        private static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [program] + arguments
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus
        }

        /// Writes until nothing more fits.
        func fill() {
            let file = unsafe open(filler, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            defer { close(file) }
            for size in [1 << 20, 4_096] {
                let bytes = [UInt8](repeating: 1, count: size)
                while unsafe write(file, bytes, size) > 0 {}
            }
        }

        func empty() { try? FileManager.default.removeItem(atPath: filler) }
    }

    @Test func `A full disk is a 503 for every order, and room on it is enough to go on`() throws {
        guard let disk = try SmallDisk() else {
            report("the test of a full disk is skipped: mounting a tmpfs is not permitted here")
            return
        }
        defer { withExtendedLifetime(disk) {} }
        var generator = FaultGenerator(for: "disk")
        let server = try TestServer(parent: disk.path)
        defer { server.remove() }
        let load = try FaultLoad(server, purpose: "disk")
        defer { load.stop() }
        try load.start()
        var times = Durations()
        for place in [Place.tables, .log] {
            try #require(load.waitForProgress(seconds: 60), "\(place): \(server.logText)")
            let refusedBefore = refusals(load)
            if place == .log { try beginLogFile(server) }
            disk.fill()
            let isRefused = poll(seconds: 30) { refusals(load) > refusedBefore + 20 ? true : nil } ?? false
            #expect(isRefused, "nobody was told to come back: \(server.logText)")
            if place == .log {
                let hasDied = poll(seconds: 30) { server.logText.contains("PostgreSQL has died") ? true : nil }
                #expect(hasDied == true, "PostgreSQL lives without a log: \(server.logText)")
            }
            usleep(UInt32.random(in: 500_000...3_000_000, using: &generator))
            #expect(server.isRunning, "\(server.logText)")
            disk.empty()
            let start = ContinuousClock.now
            try #require(load.waitForProgress(seconds: 90), "\(place): \(server.logText)")
            times.append(start.duration(to: .now))
        }
        #expect(load.settle(seconds: 60), "every outcome is known in the end")
        try History(database: server.auditor()).expectSound(load)
        try History.expectRepeatable(load, on: server, count: 50, &generator)
        report("time to go on when a full disk has room: \(times.text); \(load.summary)")
        load.stop()
        #expect(server.terminate() == 0, "\(server.logText)")
    }

    /// What there is no room for: a table's next page, which PostgreSQL reports, or the write-ahead log, of which it
    /// dies, and cannot start again.
    private enum Place { case tables, log }

    /// Lets PostgreSQL begin a file of its log, for which no room is taken yet.
    private func beginLogFile(_ server: TestServer) throws {
        let owner = try Connection(EmbeddedCluster.connectionString(.owner, stateFolder: server.folder))
        try owner.run(script: "SELECT pg_switch_wal()")
    }

    private func refusals(_ load: FaultLoad) -> Int { load.oracles.reduce(0) { $0 + $1.oracle.refusalCount } }
}
