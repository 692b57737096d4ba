import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// A database that says nothing is worse than one that is gone: nobody may wait for it for ever.
@Suite(.serialized) struct StallTests {
    @Test func `While PostgreSQL hangs every request gets an answer, and afterwards orders are taken again`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let processes = try server.postgresProcesses()
        try #require(processes.count > 3)
        let stalled = Date()
        for process in processes { kill(process, SIGSTOP) }
        defer { for process in processes { kill(process, SIGCONT) } }

        // Longer than the leadership's renewal, so that one of them is handed over while that hangs.
        let connection = scenario.client.connection
        var open: Set<HTTP2.RequestID> = []
        for number in 1...4 {
            let body = Scenario.offer(price: 20_000_000, lots: 1, clientOrderID: "stalled-\(number)")
            open.insert(try connection.send(TestClient.request("POST", "/v1/offers", key: worker.key, body)))
            usleep(600_000)
        }
        open.insert(try connection.send(TestClient.request("GET", "/v1/trades")))
        let deadline = Date().addingTimeInterval(60)
        while !open.isEmpty, Date() < deadline {
            for completion in connection.receive(timeoutMilliseconds: 1_000) {
                open.remove(completion.id)
                let answer = try TestClient.answer(completion.result.get())
                #expect(answer.status == 503 && answer.field("retry-after") != nil, "\(answer.status) \(answer.text)")
            }
        }
        #expect(open.isEmpty, "\(open.count) requests were never answered")
        try expectRefusalsAtOnce(server, worker, until: stalled.addingTimeInterval(21))

        for process in processes { kill(process, SIGCONT) }
        let client = try server.connect()
        var answer = try client.call("GET", "/readyz")
        while answer.status != 200, Date() < deadline.addingTimeInterval(30) {
            usleep(100_000)
            answer = try client.call("GET", "/readyz")
        }
        #expect(answer.status == 200, "\(answer.text)\n\(server.logText)")
        // What had no answer is sent again under its name: there once, whatever became of it before.
        for number in 1...4 {
            let body = Scenario.offer(price: 20_000_000, lots: 1, clientOrderID: "stalled-\(number)")
            let again = try client.call("POST", "/v1/offers", key: worker.key, body)
            #expect(again.status == 201, "\(again.text)")
        }
        let orders = try client.call("GET", "/v1/orders", key: worker.key)
        #expect(orders["data"]?.elements?.count == 4, "\(orders.text)")
        #expect(server.terminate() == 0)
    }

    /// While there is no database, nobody waits for it: requests are refused, and health is answered, without it.
    private func expectRefusalsAtOnce(_ server: TestServer, _ worker: Scenario.Party, until end: Date) throws {
        let client = try server.connect()
        repeat {
            let ready = try client.call("GET", "/readyz")
            #expect(ready.status == 503 && ready["status"]?.string == "rebuilding", "\(ready.text)")
            #expect(try client.call("GET", "/healthz").status == 200)
            let body = Scenario.offer(price: 20_000_000, lots: 1, clientOrderID: "refused")
            let refused = try client.call("POST", "/v1/offers", key: worker.key, body)
            #expect(refused.status == 503 && refused.code == "not_ready", "\(refused.text)")
            #expect(refused.field("retry-after") != nil)
            usleep(500_000)
        } while Date() < end
    }

    @Test func `A stop does not wait for a database that hangs`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let body = Scenario.offer(price: 20_000_000, lots: 1)
        #expect(try scenario.client.call("POST", "/v1/offers", key: worker.key, body).status == 201)
        let processes = try server.postgresProcesses()
        for process in processes { kill(process, SIGSTOP) }
        defer { for process in processes { kill(process, SIGCONT) } }
        _ = try scenario.client.connection.send(TestClient.request("POST", "/v1/offers", key: worker.key, body))
        usleep(200_000)
        let start = Date()
        server.send(SIGTERM)
        // Requests 10 s, sessions 10 s, the cluster's own steps, and time for a slow machine.
        while server.isRunning, Date().timeIntervalSince(start) < 120 { usleep(50_000) }
        try #require(!server.isRunning, "\(server.logText)")
        #expect(server.waitForEnd() == 0, "\(server.logText)")
    }
}
