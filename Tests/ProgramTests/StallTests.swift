import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// A database that says nothing is worse than one that is gone: nobody may wait for it for ever.
@Suite struct StallTests {
    @Test func `While PostgreSQL hangs every request gets an answer, and afterwards orders are taken again`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let processes = try server.postgresProcesses()
        try #require(processes.count > 3)
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
}
