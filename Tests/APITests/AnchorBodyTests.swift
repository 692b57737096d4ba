import Cryptography
import Engine
import JSON
import Testing
import Units

@testable import API

/// What people say of the log's anchors.
@Suite struct AnchorBodyTests {
    let market = Market()

    private func action(_ method: String, _ target: String, _ body: String) throws -> SettlementCommand {
        let admission = market.admit(method, target, body, as: Market.admin, idempotencyKey: "k1")
        guard case .command(let command, _) = admission, case .settlement(let action) = command.action else {
            throw Unexpected(admission)
        }
        return action
    }

    private func refusal(_ method: String, _ target: String, _ body: String, as key: APIKey?) throws -> JSONValue {
        let admission = market.admit(method, target, body, as: key, idempotencyKey: method == "GET" ? nil : "k1")
        guard case .answer(let response) = admission else { throw Unexpected(admission) }
        return try JSONValue(response.body)
    }

    @Test func `The policy and a request become commands`() throws {
        let policy = "/v1/settlement/anchor-policy"
        #expect(try action("PUT", policy, "{}") == .setAnchorPolicy(.initial))
        let changed = AnchorPolicy(isEnabled: false, interval: 60_000_000, amount: NanoTON(1_000_000))
        let body = #"{"is_enabled":false,"interval_s":60,"amount_nanoton":"1000000"}"#
        #expect(try action("PUT", policy, body) == .setAnchorPolicy(changed))
        #expect(try action("POST", "/v1/settlement:anchor", "{}") == .requestAnchor)
        for (method, target) in [("PUT", policy), ("POST", "/v1/settlement:anchor")] {
            #expect(try refusal(method, target, "{}", as: Market.auditor)["code"]?.string == "missing_scope")
        }
    }

    @Test(
        arguments: [
            (#"{"interval_s":0}"#, "#/interval_s", "out_of_range"),
            (#"{"interval_s":31536001}"#, "#/interval_s", "out_of_range"),
            (#"{"amount_nanoton":"999999"}"#, "#/amount_nanoton", "out_of_range"),
            (#"{"amount_nanoton":1000000001}"#, "#/amount_nanoton", "out_of_range"),
            (#"{"is_enabled":"yes"}"#, "#/is_enabled", "wrong_type"), (#"{"every":1}"#, "#/every", "unknown_field"),
        ]
    )
    func `What breaks a rule is named`(body: String, pointer: String, code: String) throws {
        let problem = try refusal("PUT", "/v1/settlement/anchor-policy", body, as: Market.admin)
        let error = problem["errors"]?.elements?.first
        #expect(error?["pointer"]?.string == pointer && error?["code"]?.string == code, "\(problem)")
    }

    @Test func `Everybody may see the anchors, page by page`() throws {
        func query(_ target: String) throws -> AnchorsQuery {
            let admission = market.admit("GET", target, as: nil)
            guard case .history(.log(.anchors(let query))) = admission else { throw Unexpected(admission) }
            return query
        }
        #expect(try query("/v1/log/anchors").before == nil)
        let first = try query("/v1/log/anchors?limit=1")
        #expect(first.limit == 1 && first.rowsWanted == 2)
        let cursor = Cursor(list: .anchors, filters: first.filters, first: 52).text
        #expect(try query("/v1/log/anchors?limit=9&cursor=\(cursor)").before == SettlementID(52))
        let other = Cursor(list: .suspense, filters: first.filters, first: 52).text
        let refused = try refusal("GET", "/v1/log/anchors?cursor=\(other)", "", as: nil)
        #expect(refused["code"]?.string == "bad_cursor")
        guard case .query(.settlement(.anchors)) = market.admit("GET", "/v1/settlement/anchor-policy", as: nil) else {
            throw Unexpected(market.admit("GET", "/v1/settlement/anchor-policy", as: nil))
        }
    }
}
