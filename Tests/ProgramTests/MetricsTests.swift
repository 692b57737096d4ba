import Foundation
import ProgramTesting
import Testing

/// `/metrics` of a running server.
@Suite(.serialized) struct MetricsTests {
    private func metrics(_ client: TestClient) throws -> PrometheusText {
        let answer = try client.call("GET", "/metrics")
        #expect(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        return try PrometheusText(answer.text)
    }

    private func value(_ name: String, _ labels: [String: String] = [:], in text: PrometheusText) -> Double? {
        text.families.values.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
    }

    @Test func `Every metric is valid, is in the documentation, and counts what happens`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let party = try scenario.party("both", deposit: 1_000_000_000)
        let client = scenario.client
        let offer =
            #"{"model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"20000000","quantity_lots":5,"#
            + #""client_order_id":"one"}"#
        #expect(try client.call("POST", "/v1/offers", key: party.key, offer).status == 201)
        #expect(try client.call("POST", "/v1/offers", key: party.key, offer).status == 201, "a repetition")
        let bid = #"{"requirement":{},"price_nanoton_per_mtok":"20000000000","quantity_lots":500000}"#
        #expect(try client.call("POST", "/v1/bids", key: party.key, bid).code == "insufficient_funds")
        #expect(try client.call("GET", "/v1/no/such/thing").status == 404)

        let text = try metrics(client)
        #expect(value("bombyx_orders_total", ["result": "accepted"], in: text) == 1)
        #expect(value("bombyx_orders_total", ["result": "insufficient_funds"], in: text) == 1)
        #expect(value("bombyx_replays_total", in: text) == 1)
        #expect(value("bombyx_open_orders", in: text) == 1)
        #expect(value("bombyx_classes", in: text) == 1)
        #expect(value("bombyx_ready", in: text) == 1)
        #expect(value("bombyx_ledger_imbalance_nanoton", in: text) == 0)
        let requests = "bombyx_http_request_duration_seconds_count"
        #expect(value(requests, ["method": "POST", "route": "/v1/offers", "status": "2xx"], in: text) == 2)
        #expect(value(requests, ["method": "POST", "route": "/v1/bids", "status": "4xx"], in: text) == 1)
        #expect(value(requests, ["method": "", "route": "", "status": "4xx"], in: text) == 1)
        let commands = try #require(value("bombyx_commands_total", in: text))
        #expect(value("bombyx_batch_commands_sum", in: text) == commands)
        try compareWithDocumentation(text)
    }

    private func compareWithDocumentation(_ text: PrometheusText) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Deploy/metrics.md")
        var documented: [String: String] = [:]
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: [" ", "`"]) }
            #expect(cells.count == 3 && documented.updateValue(cells[1], forKey: cells[0]) == nil, "\(line)")
        }
        #expect(documented == text.families.mapValues(\.type))
    }

    @Test(
        arguments: [
            "a 1\n", "# HELP a b\n# TYPE a gauge\na 1", "# HELP a b\n# TYPE a counter\na 1\n",
            "# TYPE a gauge\n# HELP a b\na 1\n", "# HELP a b\n# TYPE a gauge\nb 1\n",
            "# HELP a b\n# TYPE a gauge\na 1\na 2\n", "# HELP a b\n# TYPE a gauge\na one\n",
            "# HELP a b\n# TYPE a gauge\na{x=\"1\" 1\n", "# HELP a b\n# TYPE a gauge\na{x=\"\\t\"} 1\n",
            "# HELP a b\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n",
            "# HELP a_total b\n# TYPE a_total counter\na_total -1\n",
            "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
            "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
            "# HELP a b\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
        ]
    )
    func `What Prometheus would not take is refused`(text: String) {
        #expect(throws: PrometheusText.Fault.self) { try PrometheusText(text) }
    }

    @Test func `Labels are read with their escapes`() throws {
        let text = try PrometheusText("# HELP a b c\n# TYPE a gauge\na{x=\"\\\"\\\\\\n\",y=\"\"} 1e3\n")
        #expect(text.families["a"]?.samples.first?.labels == ["x": "\"\\\n", "y": ""])
        #expect(text.families["a"]?.samples.first?.value == 1_000)
    }
}
