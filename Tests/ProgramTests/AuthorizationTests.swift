import Cryptography
import Foundation
import JSON
import ProgramTesting
import Provenance
import Testing
import Units
import Yams

/// Who may call what, on a running server: every operation of the contract that it serves × every scope × own and
/// foreign objects. A route that nobody thought of here is tried like any other.
@Suite(.serialized) struct AuthorizationTests {
    /// One operation of the contract.
    private struct Operation {
        let method: String
        let path: String
        /// Whether it is for everybody, key or not.
        let isPublic: Bool
        /// The scopes of which one is enough.
        let scopes: Set<String>
        /// The names of its parameters, as the contract calls them.
        let parameters: Set<String>
        /// What of it is for nobody but who has one of the scopes, where the rest is for everybody.
        var privateQuery: String { ["/v1/trades": "?mine=true", "/v1/stream": "?channels=orders"][path] ?? "" }
        /// Whether its answer is a stream, which does not end by itself.
        var isStream: Bool { path == "/v1/stream" }

        var name: String { "\(method) \(path)" }
        /// A body where the method has one: it breaks whatever the operation demands of it.
        var body: String? { ["POST", "PUT", "PATCH"].contains(method) ? "{}" : nil }
        var parts: [String] { path.matches(of: /\{([a-z]+)\}/).map { String($0.output.1) } }

        /// The path with an object in the place of each parameter; without one where none is known.
        func path(with objects: [String: String]) -> String {
            parts.reduce(path) { $0.replacingOccurrences(of: "{\($1)}", with: objects[$1] ?? "zz9") }
        }
    }

    private static let scopes = ["offer", "bid", "read", "withdraw", "operator", "auditor"]

    /// What the server says that it serves.
    private static func operations(of client: TestClient) throws -> [Operation] {
        let document = try #require(try Yams.compose(yaml: try client.call("GET", "/openapi.yaml").text)?.mapping)
        let paths = try #require(document["paths"]?.mapping)
        return paths.flatMap { path, value in
            (value.mapping ?? [:]).compactMap { method, operation in
                guard ["get", "post", "put", "patch", "delete", "head"].contains(method.string) else { return nil }
                let security = Array(operation["security"]?.sequence ?? [])
                let parameters = (operation["parameters"]?.sequence ?? [])
                    .compactMap {
                        $0["$ref"]?.string?.split(separator: "/").last.map(String.init) ?? $0["name"]?.string
                    }
                return Operation(
                    method: (method.string ?? "").uppercased(),
                    path: path.string ?? "",
                    isPublic: security.allSatisfy { $0.mapping?.isEmpty == true },
                    scopes: Set(security.flatMap { $0["bearerKey"]?.sequence?.compactMap(\.string) ?? [] }),
                    parameters: Set(parameters)
                )
            }
        }
    }

    @Test
    func `Every operation refuses no key, a wrong key and each scope that it does not name, and takes the others`()
        throws
    {
        let server = try TestServer(arguments: ["--rate-limit", "off"])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let keys = try Self.scopes.map { scope in
            let body = #"{"scopes":["\#(scope)"],"label":"\#(scope)"}"#
            let made = try scenario.client.call("POST", "/v1/accounts/a1/keys", key: scenario.operatorKey, body)
            return (scope, try #require(made["key"]?.string, "\(made.text)"))
        }
        let wrong = "bx_" + String(repeating: "A", count: 43)
        let operations = try Self.operations(of: scenario.client)
        var refused = 0
        for operation in operations {
            let path = operation.path(with: [:]) + operation.privateQuery
            func ask(_ key: String?) throws -> TestClient.Answer {
                try scenario.client.call(operation.method, path, key: key, operation.body)
            }
            if operation.isPublic || operation.scopes.isEmpty {
                let answer = try ask(nil)
                #expect(answer.status != 403 && answer.code != "authentication_required", "\(operation.name)")
                continue
            }
            let open = try ask(nil)
            #expect(open.status == 401 && open.code == "authentication_required", "\(operation.name): \(open.text)")
            let unknown = try ask(wrong)
            #expect(unknown.status == 401 && unknown.code == "invalid_key", "\(operation.name): \(unknown.text)")
            for (scope, key) in keys {
                if operation.scopes.contains(scope) {
                    if operation.isStream { continue }
                    let answer = try ask(key)
                    let isRefused = answer.status == 401 || answer.code == "missing_scope" || answer.status >= 500
                    #expect(!isRefused, "\(operation.name) with \(scope): \(answer.status) \(answer.text)")
                } else {
                    let answer = try ask(key)
                    let isRefused = answer.status == 403 && answer.code == "missing_scope"
                    #expect(isRefused, "\(operation.name) with \(scope): \(answer.status) \(answer.text)")
                    refused += 1
                }
            }
        }
        #expect(operations.count > 100 && refused > 250, "\(operations.count) operations, \(refused) refusals")
    }

    /// Two parties with one of everything that an account can have, and a stranger with every scope of an owner.
    private struct Desk {
        let town: ChainTown
        let leases: LeaseDesk
        let stranger: Scenario.Party
        /// Names of parameters, and objects of others.
        var objects: [String: String] = [:]
        /// The same names, and what is nobody's.
        let missing = [
            "OrderID": "o999999", "LeaseID": "l999999", "WithdrawalID": "w999999", "KeyID": "k999999",
            "AccountID": "a999999", "ReceiptHash": String(repeating: "9", count: 64),
        ]
        /// What lists must not show to the stranger.
        var marks: [String] = []

        init() throws {
            town = try ChainTown()
            leases = try LeaseDesk(town.server)
            stranger = try leases.scenario.party("stranger", deposit: 1_000_000_000)
            try town.waitForWallet(leases.scenario, leases.app.key)
            let client = leases.client
            let lease = try leases.open()
            let receipt = leases.signed(leases.receipt(of: lease, 1, prompt: 1_000))
            #expect(try leases.record(receipt).status == 200)
            let bid = try client.call("POST", "/v1/bids", key: leases.app.key, Scenario.bid(price: 1_000_000, lots: 1))
            let address = try WithdrawalTests.Desk.address(7)
            let withdrawal = try client.call(
                "POST",
                "/v1/withdrawals",
                key: leases.app.key,
                #"{"address":"\#(address)","amount_nanoton":"200000000"}"#,
                fields: [("idempotency-key", "theirs")]
            )
            let keys = try client.call("GET", "/v1/account/keys", key: leases.app.key)
            let found: [(String, String?)] = [
                ("OrderID", bid["id"]?.string), ("LeaseID", lease.text), ("WithdrawalID", withdrawal["id"]?.string),
                ("KeyID", keys["data"]?.elements?.first?["id"]?.string), ("AccountID", leases.app.account),
                ("ReceiptHash", receipt.receipt.hash.hex),
            ]
            for (name, object) in found {
                let known: String = try #require(object, "\(name): \(withdrawal.text)")
                objects[name] = known
            }
            marks = [
                objects["OrderID"], lease.text, objects["WithdrawalID"], leases.app.account, leases.worker.account,
            ]
            .compactMap { $0.map { "\"\($0)\"" } }
        }
    }

    /// The operation's path with these objects, if all of its parameters are among them.
    private func path(_ operation: Operation, _ objects: [String: String]) -> String? {
        let names = ["OrderID", "LeaseID", "WithdrawalID", "KeyID", "AccountID", "ReceiptHash"]
        let known = names.filter { operation.parameters.contains($0) }
        guard !known.isEmpty, known.count == operation.parts.count else { return nil }
        let places = ["AccountID": "id", "KeyID": "key", "ReceiptHash": "hash"]
        return operation.path(
            with: Dictionary(uniqueKeysWithValues: known.map { (places[$0] ?? "id", objects[$0] ?? "") })
        )
    }

    @Test func `What belongs to others is answered like what is not there, and no list shows it`() throws {
        let desk = try Desk()
        defer { desk.town.remove() }
        let client = desk.leases.client
        let ownScopes: Set = ["offer", "bid", "read", "withdraw"]
        var objects = 0
        var lists = 0
        for operation in try Self.operations(of: client) where !operation.scopes.isDisjoint(with: ownScopes) {
            if let theirs = path(operation, desk.objects), let nothing = path(operation, desk.missing) {
                let body = operation.method == "PATCH" ? #"{"quantity_lots":1}"# : operation.body
                let foreign = try client.call(operation.method, theirs, key: desk.stranger.key, body)
                let missing = try client.call(operation.method, nothing, key: desk.stranger.key, body)
                #expect([403, 404].contains(foreign.status), "\(operation.method) \(theirs): \(foreign.text)")
                #expect(
                    foreign.status == missing.status && foreign.code == missing.code,
                    "\(operation.method) \(theirs): \(foreign.text), \(nothing): \(missing.text)"
                )
                objects += 1
            } else if operation.method == "GET", operation.parts.isEmpty {
                guard operation.privateQuery.isEmpty else { continue }
                let answer = try client.call("GET", operation.path, key: desk.stranger.key)
                #expect(answer.status < 500, "\(operation.name): \(answer.text)")
                for mark in desk.marks { #expect(!answer.text.contains(mark), "\(operation.name): \(answer.text)") }
                lists += 1
            }
            if operation.parameters.contains("Account"), !operation.isStream {
                let query = operation.path + "?account=" + desk.leases.app.account
                let foreign = try client.call("GET", query, key: desk.stranger.key)
                #expect(foreign.status == 403, "GET \(query): \(foreign.status) \(foreign.text)")
                let shown = try client.call("GET", query, key: desk.leases.scenario.operatorKey)
                #expect(shown.status == 200, "GET \(query) by the operator: \(shown.text)")
            }
            if operation.parameters.contains("All") {
                let foreign = try client.call("GET", operation.path + "?all=true", key: desk.stranger.key)
                #expect(foreign.status == 403, "\(operation.name)?all=true: \(foreign.status) \(foreign.text)")
            }
        }
        #expect(objects >= 12 && lists >= 8, "\(objects) operations on an object, \(lists) lists")
        let trades = try client.call("GET", "/v1/trades?mine=true", key: desk.stranger.key)
        #expect(trades["data"]?.elements?.isEmpty == true, "\(trades.text)")
        // The same requests by who has the objects find them: it is the stranger that is refused, not the request.
        for path in ["/v1/orders/", "/v1/leases/", "/v1/withdrawals/", "/v1/receipts/"] {
            let name = ["/v1/orders/": "OrderID", "/v1/leases/": "LeaseID", "/v1/withdrawals/": "WithdrawalID"][path]
            let own =
                name.map { path + (desk.objects[$0] ?? "") }
                ?? "/v1/receipts/\(desk.objects["ReceiptHash"] ?? "")/bundle"
            let answer = try client.call("GET", own, key: desk.leases.app.key)
            #expect(answer.status == 200, "GET \(own): \(answer.text)")
        }
    }
}
