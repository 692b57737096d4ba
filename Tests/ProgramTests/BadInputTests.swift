import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// Bad input through the real server: each gets a documented problem, and the server goes on.
@Suite(.serialized) struct BadInputTests {
    private struct Case {
        let method: String
        let path: String
        let body: String?
        let status: Int
        let code: String
        var type: String?

        init(_ method: String, _ path: String, _ body: String?, _ status: Int, _ code: String, type: String? = nil) {
            self.method = method
            self.path = path
            self.body = body
            self.status = status
            self.code = code
            self.type = type
        }
    }

    private static func offer(_ fields: String) -> String {
        #"{"model":"Qwen/Qwen3-32B","quantity_lots":1,"capability":{},\#(fields)}"#
    }

    private static let cases: [Case] = [
        Case("POST", "/v1/offers", offer(#""price_nanoton_per_mtok":"1000","colour":"red""#), 422, "invalid_fields"),
        Case("POST", "/v1/offers", offer(#""price_nanoton_per_mtok":true"#), 422, "invalid_fields"),
        Case("POST", "/v1/offers", offer(#""price_nanoton_per_mtok":"-1000""#), 422, "invalid_fields"),
        Case("POST", "/v1/offers", offer(#""price_nanoton_per_mtok":"9223372036854775808""#), 422, "invalid_fields"),
        Case("POST", "/v1/offers", offer(#""price_nanoton_per_mtok":9223372036854775808"#), 422, "invalid_fields"),
        Case("POST", "/v1/offers", offer(#""price_nanoton_per_mtok":"1001""#), 422, "invalid_fields"),
        Case("POST", "/v1/offers", "{", 400, "malformed_json"),
        Case("POST", "/v1/offers", String(repeating: "[", count: 5_000), 400, "json_too_deep"),
        Case("POST", "/v1/offers", String(repeating: " ", count: 70_000), 413, "body_too_large"),
        Case("POST", "/v1/offers", "a=b", 415, "unsupported_media_type", type: "application/x-www-form-urlencoded"),
        Case("PATCH", "/v1/offers", nil, 405, "method_not_allowed"),
        Case("GET", "/v1/orders?cursor=abc", nil, 400, "bad_cursor"),
        Case("GET", "/v1/nothing", nil, 404, "not_found"),
        Case("GET", "/v1/orders/o999999", nil, 404, "order_not_found"),
        Case("POST", "/v1/accounts", #"{"label":"x"}"#, 403, "missing_scope"),
        Case(
            "POST",
            "/v1/offers",
            #"{"model":"no/such","price_nanoton_per_mtok":"1000000","quantity_lots":9,"capability":{}}"#,
            422,
            "model_unknown"
        ),
    ]

    @Test func `Each bad request gets its documented problem, and the next request is served`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let party = try scenario.party("party")
        for row in Self.cases {
            let fields = row.type.map { [(name: "content-type", value: $0)] } ?? []
            let answer = try scenario.client.call(row.method, row.path, key: party.key, row.body, fields: fields)
            let what = "\(row.method) \(row.path) \(row.body?.prefix(60) ?? "")"
            #expect(answer.status == row.status && answer.code == row.code, "\(what): \(answer.status) \(answer.text)")
            #expect(answer.field("content-type") == "application/problem+json", "\(what)")
            #expect(answer["request_id"]?.string != nil, "\(what)")
        }
        let good = try scenario.client.call(
            "POST",
            "/v1/offers",
            key: party.key,
            Scenario.offer(price: 20_000_000, lots: 1)
        )
        #expect(good.status == 201, "\(good.text)")
    }

    @Test func `No key, a wrong key and an expired key are three different answers`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let client = scenario.client
        #expect(try client.call("GET", "/v1/account").code == "authentication_required")
        let wrong = "bx_" + String(repeating: "A", count: 43)
        #expect(try client.call("GET", "/v1/account", key: wrong).code == "invalid_key")
        let formatter = ISO8601DateFormatter()
        let soon = formatter.string(from: Date().addingTimeInterval(2))
        let body = #"{"label":"short","scopes":["read"],"expires_at":"\#(soon)"}"#
        let made = try client.call("POST", "/v1/accounts/a1/keys", key: scenario.operatorKey, body)
        let key = try #require(made["key"]?.string, "\(made.text)")
        #expect(try client.call("GET", "/v1/account", key: key).status == 200)
        let deadline = Date().addingTimeInterval(10)
        while Date() < deadline {
            let answer = try client.call("GET", "/v1/account", key: key)
            if answer.status == 401 {
                #expect(answer.code == "key_expired")
                return
            }
            usleep(50_000)
        }
        Issue.record("the key never expired")
    }
}
