import Foundation
import JSON
import ProgramTesting
import Testing

/// What a server writes to its standard error.
@Suite(.serialized) struct LogTests {
    /// Words that stand in every place of a request where a client may have something secret.
    private static let secrets = ["secretkey", "secretpath", "secretquery", "secretbody", "secretfield", "secretidem"]
    private static let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    /// Sends requests that fail, each with secrets in it.
    private func sendSecrets(to server: TestServer) throws {
        let client = try server.connect()
        let key = "bx_" + "secretkey" + String(repeating: "k", count: 33) + "A"
        let fields = [
            (name: "idempotency-key", value: "secretidem"), (name: "x-request-id", value: "secretfield"),
            (name: "traceparent", value: Self.trace),
        ]
        for path in ["/v1/bids", "/v1/orders/secretpath", "/v1/models/secretpath?secretquery=1", "/secretpath"] {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                let body = #"{"client_order_id":"secretbody","secretbody":"#
                let answer = try client.call(method, path + "?cursor=secretquery", key: key, body, fields: fields)
                #expect((400..<500).contains(answer.status))
            }
        }
    }

    private func expectNoSecrets(in text: String, key: String) {
        for secret in Self.secrets + [key] { #expect(!text.contains(secret), "\(secret) is in the log") }
    }

    @Test func `In JSON every line is an object, and no secret of a request is in any`() throws {
        let server = try TestServer(arguments: ["--log-format", "json", "--log-level", "debug"])
        defer { server.remove() }
        try sendSecrets(to: server)
        let key = try server.operatorKey()
        #expect(try server.connect().call("DELETE", "/v1/orders/o999", key: key).status >= 400)
        #expect(server.terminate() == 0)

        expectNoSecrets(in: server.logText, key: key)
        let events = try server.logText.split(separator: "\n").map { try JSONValue(Array($0.utf8)) }
        for event in events {
            #expect(event.members?.prefix(4).map(\.key) == ["time", "level", "event", "message"], "\(event)")
        }
        for name in ["database_ready", "listening", "ready", "request", "stopping", "stopped"] {
            #expect(events.contains { $0["event"]?.string == name }, "\(name) is not in the log")
        }
        let requests = events.filter { $0["event"]?.string == "request" }
        #expect(requests.count == 17)
        #expect(requests.count { $0["traceparent"]?.string == Self.trace } == 16)
        #expect(requests.contains { $0["route"]?.string == "/v1/bids" && $0["method"]?.string == "POST" })
        #expect(requests.last?["account"]?.string == "a1")
        for request in requests {
            #expect(request["request_id"]?.string?.utf8.count == 16)
            #expect(request["status"]?.integer.map { (400..<600).contains($0) } == true)
            #expect(request["duration_us"]?.integer.map { $0 >= 0 } == true)
        }
    }

    @Test func `In text the lines are for people; a client's mistakes are told at the level debug only`() throws {
        let server = try TestServer()
        defer { server.remove() }
        try sendSecrets(to: server)
        let key = try server.operatorKey()
        #expect(server.terminate() == 0)
        let lines = server.logText.split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("bombyx: ") })
        #expect(lines.contains { $0.hasPrefix("bombyx: listening on http://127.0.0.1:") })
        #expect(!server.logText.contains("was answered with 4"))
        expectNoSecrets(in: server.logText, key: key)
    }

    @Test func `A flood of failing requests writes a bounded number of lines, and says how many it left out`() throws {
        let server = try TestServer(arguments: ["--log-level", "debug"])
        defer { server.remove() }
        let client = try server.connect()
        let started = Date()
        for _ in 0..<2_000 { _ = try client.call("GET", "/no/such/path") }
        let seconds = Int(Date().timeIntervalSince(started)) + 2
        // Told when the next second begins, at the latest by the loop's next look at the clock.
        let deadline = Date().addingTimeInterval(20)
        while !server.logText.contains("lines were suppressed"), Date() < deadline { usleep(50_000) }
        #expect(server.terminate() == 0)
        let lines = server.logText.split(separator: "\n").filter { $0.contains("was answered with 404") }
        #expect(lines.count <= seconds * 100 && lines.count < 2_000)
        #expect(server.logText.contains("lines were suppressed"))
    }
}
