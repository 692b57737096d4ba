import Foundation
import JSON
import ProgramTesting
import Testing

/// Who may call what, on a running server: every operation of the contract that it serves × every scope and every key
/// that is not good. A route that nobody thought of here is tried like any other.
@Suite(.serialized) struct AuthorizationTests {
    /// What of an operation is for nobody but who has one of the scopes, where the rest is for everybody.
    private static let privateQueries = ["/v1/trades": "?mine=true", "/v1/stream": "?channels=orders"]

    /// Where an operation demands a key, with names of nothing in it.
    private static func path(_ operation: ServedContract.Operation) throws -> String {
        let path = operation.path(with: [:])
        guard operation.isPartlyPublic else { return path }
        return try path + #require(privateQueries[operation.path], "\(operation.name): which part is private?")
    }

    /// A key that may not be used, whatever its scopes.
    private struct BadKey {
        let what: String
        let text: String?
        let code: String
    }

    /// A new key of the operator's account.
    private func make(_ scenario: Scenario, _ scopes: [String], more: String = "") throws -> TestClient.Answer {
        let names = scopes.map { "\"\($0)\"" }.joined(separator: ",")
        let body = #"{"scopes":[\#(names)]\#(more)}"#
        return try scenario.client.call("POST", "/v1/accounts/a1/keys", key: scenario.operatorKey, body)
    }

    /// A key whose time is over. It is made with little of it, or with as much as a slow machine needs.
    private func expiredKey(_ scenario: Scenario, _ scopes: [String]) throws -> String {
        for seconds in [2.0, 20, 200] {
            let end = Date.now.addingTimeInterval(seconds)
            let made = try make(scenario, scopes, more: #","expires_at":"\#(end.formatted(.iso8601))""#)
            guard let key = made["key"]?.string else { continue }
            while Date.now < end.addingTimeInterval(60) {
                if try scenario.client.call("GET", "/v1/account", key: key).status != 200 { return key }
                usleep(100_000)
            }
            throw TestServer.Failure("the key does not expire")
        }
        throw TestServer.Failure("no key is made that expires")
    }

    /// No key, one of nobody's, and two that had every scope.
    private func badKeys(_ scenario: Scenario, _ scopes: [String]) throws -> [BadKey] {
        let client = scenario.client
        let made = try make(scenario, scopes)
        let revoked = try #require(made["key"]?.string, "\(made.text)")
        let path = "/v1/accounts/a1/keys/\(made["id"]?.string ?? "")"
        #expect(try client.call("GET", "/v1/account", key: revoked).status == 200)
        #expect(try client.call("DELETE", path, key: scenario.operatorKey).status == 200)
        return [
            BadKey(what: "no key", text: nil, code: "authentication_required"),
            BadKey(what: "a wrong key", text: "bx_" + String(repeating: "A", count: 43), code: "invalid_key"),
            BadKey(what: "an expired key", text: try expiredKey(scenario, scopes), code: "key_expired"),
            BadKey(what: "a revoked key", text: revoked, code: "invalid_key"),
        ]
    }

    @Test
    func `Every operation refuses each scope that it does not name and every bad key, and takes the others`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let contract = try ServedContract(of: scenario.client)
        let keys = try contract.scopes.map { ($0, try #require(try make(scenario, [$0])["key"]?.string)) }
        let badKeys = try badKeys(scenario, contract.scopes)
        var refused = 0
        for operation in contract.operations where !operation.isPublic {
            #expect(!operation.scopes.isEmpty && operation.scopes.isSubset(of: contract.scopes), "\(operation.name)")
            let path = try Self.path(operation)
            func ask(_ key: String?) throws -> TestClient.Answer {
                try scenario.client.call(operation.method, path, key: key, operation.body)
            }
            for bad in badKeys {
                let answer = try ask(bad.text)
                let isRefused = answer.status == 401 && answer.code == bad.code
                #expect(isRefused, "\(operation.name) with \(bad.what): \(answer.status) \(answer.text)")
            }
            for (scope, key) in keys {
                let isNamed = operation.scopes.contains(scope)
                if isNamed, operation.isStream { continue }
                let answer = try ask(key)
                let isKeyRefused = answer.status == 401 || answer.code == "missing_scope" || answer.status >= 500
                let isScopeRefused = answer.status == 403 && answer.code == "missing_scope"
                #expect(
                    isNamed ? !isKeyRefused : isScopeRefused,
                    "\(operation.name) with \(scope): \(answer.status) \(answer.text)"
                )
                if !isNamed { refused += 1 }
            }
        }
        #expect(contract.operations.count > 100 && refused > 250, "\(refused) refusals")
    }

    @Test
    func `What is for everybody looks at no key, but where it shows more to owners it refuses a bad one`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let contract = try ServedContract(of: scenario.client)
        let badKeys = try badKeys(scenario, contract.scopes)
        let open = contract.operations.filter { $0.isPublic || $0.isPartlyPublic }
        for operation in open {
            let path = try operation.query(with: ["Channels": "trades", "FromSize": "1"])
            for bad in badKeys {
                if operation.isStream, bad.text == nil { continue }
                let answer = try scenario.client.call(operation.method, path, key: bad.text, operation.body)
                let isRefused = answer.status == 401 && answer.code == bad.code
                let isExpected = operation.isPartlyPublic && bad.text != nil
                let message = "\(operation.name) with \(bad.what): \(answer.status) \(answer.text)"
                #expect(isRefused == isExpected, "\(message)")
                if !isExpected { #expect(![401, 403].contains(answer.status) && answer.status < 500, "\(message)") }
            }
        }
        #expect(open.count > 30 && open.contains { $0.isPartlyPublic }, "\(open.count) operations")
    }
}
