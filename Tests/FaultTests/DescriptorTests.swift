import Foundation
import HTTP2
import ProgramTesting
import Testing

/// A process that may open no more files and sockets.
@Suite(.serialized) struct DescriptorTests {
    /// Enough for the server, its database and some clients.
    private static let descriptorsMax = 128

    @Test func `Idle clients that take every descriptor do not stop those who are served, nor the database`() throws {
        var generator = FaultGenerator(for: "descriptors")
        let database = try ExternalDatabase()
        let limit = Self.descriptorsMax
        let server = try TestServer(
            environment: ["DATABASE_URL": database.owner],
            launcher: ["/usr/bin/prlimit", "--nofile=\(limit):\(limit)", "--"]
        )
        defer { server.remove() }
        let load = try FaultLoad(server, purpose: "descriptors")
        defer { load.stop() }
        try load.start()
        try #require(load.waitForProgress(seconds: 60))
        let served = try server.connect()
        #expect(try served.call("GET", "/healthz").status == 200)

        var idle: [TestClient] = []
        for _ in 0..<(2 * limit) {
            if let client = try? server.connect() { idle.append(client) }
        }
        let isRefused = try poll(seconds: 30) {
            let text = try served.call("GET", "/metrics").text
            return text.split(separator: "\n").contains {
                $0.hasPrefix("bombyx_http_connections_refused_total") && !$0.hasSuffix(" 0")
            } ? true : nil
        }
        #expect(isRefused == true, "some were turned away")
        #expect(load.waitForProgress(seconds: 30), "who is connected is served: \(server.logText)")
        for round in 1...3 {
            try database.endSessions()
            #expect(load.waitForProgress(seconds: 30), "round \(round), the database is lost: \(server.logText)")
            #expect(try served.call("GET", "/v1/trades").status == 200, "readers come back too")
        }

        for client in idle { client.connection.close() }
        let isTaken = poll(seconds: 30) {
            (try? server.connect().call("GET", "/healthz").status) == 200 ? true : nil
        }
        #expect(isTaken == true, "when the idle ones have gone, others are taken")
        #expect(load.settle(seconds: 60))
        try History(database: database.owner).expectSound(load)
        try History.expectRepeatable(load, on: server, count: 30, &generator)
        report("\(limit) descriptors, \(idle.count) idle clients: \(load.summary)")
        load.stop()
        #expect(server.terminate() == 0, "\(server.logText)")
    }
}
