import Foundation
import HTTP2
import JSON
import ProgramTesting
import Sockets
import Testing

/// The limits of the network, and what is under way at a stop, through the real server.
@Suite(.serialized) struct NetworkLimitTests {
    @Test func `Fields and bodies that are too large, and fields that come again, are problems`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let client = try server.connect(tls: true)
        let fields = (0..<4).map { (name: "x-\($0)", value: String(repeating: "a", count: 3_500)) }
        let large = try client.call("GET", "/v1/models", fields: fields)
        #expect(large.status == 431 && large.code == "header_fields_too_large", "\(large.text)")
        let body = try client.call("POST", "/v1/offers", String(repeating: " ", count: 65_537))
        #expect(body.status == 413 && body.code == "body_too_large", "\(body.text)")
        let twice = ["one", "two"].map { (name: "idempotency-key", value: $0) }
        let again = try client.call("POST", "/v1/offers", "{}", fields: twice)
        #expect(again.status == 400 && again.code == "malformed_request", "\(again.text)")
        #expect(try client.call("GET", "/v1/models").status == 200, "the connection goes on")
    }

    @Test func `An address has at most so many connections as the operator says`() throws {
        let server = try TestServer(arguments: ["--connections", "20", "--connections-per-address", "3"])
        defer { server.remove() }
        let clients = try (0..<3).map { _ in try server.connect() }
        for client in clients { #expect(try client.call("GET", "/healthz").status == 200) }
        #expect(try server.connect().connection.waitForEnd(timeoutMilliseconds: 10_000))
        #expect(try clients[0].call("GET", "/healthz").status == 200)
    }

    @Test func `Requests that are under way at a stop get their answers, over both protocols`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let body = Scenario.offer(price: 20_000_000, lots: 1)
        let deadline = MonotonicClock.milliseconds() + 60_000
        let socket = try FileDescriptor(connectingTo: try #require(SocketAddress(server.http)), deadline: deadline)
        let request = """
            POST /v1/offers HTTP/1.1\r
            Host: x\r
            Authorization: Bearer \(worker.key)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """
        // While the database stands still no order can become durable.
        let processes = try server.postgresProcesses()
        for process in processes { kill(process, SIGSTOP) }
        defer { for process in processes { kill(process, SIGCONT) } }
        let connection = scenario.client.connection
        let id = try connection.send(TestClient.request("POST", "/v1/offers", key: worker.key, body))
        _ = try socket.send(Array(request.utf8).span)
        usleep(500_000)
        server.send(SIGTERM)
        let told = Date().addingTimeInterval(10)
        while !server.logText.contains("stopping"), Date() < told { usleep(10_000) }
        #expect(connection.receive(timeoutMilliseconds: 200).isEmpty, "nothing is answered before it is durable")
        for process in processes { kill(process, SIGCONT) }

        let completion = try #require(connection.receive(timeoutMilliseconds: 30_000).first)
        #expect(completion.id == id)
        let overHTTP2 = try TestClient.answer(completion.result.get())
        #expect(overHTTP2.status == 201, "\(overHTTP2.text)")
        let overHTTP1 = try HTTP1Answer(TestClient.readToEnd(socket, deadline: deadline))
        #expect(overHTTP1.status == 201, "\(overHTTP1)")
        let ids = [overHTTP2["id"]?.string, overHTTP1.json["id"]?.string].compactMap(\.self)
        #expect(Set(ids).count == 2)
        #expect(server.waitForEnd() == 0, "\(server.logText)")
    }
}
