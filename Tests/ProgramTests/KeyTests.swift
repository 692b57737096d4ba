import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// What keys may do on a running server, and when they may no longer.
@Suite(.serialized) struct KeyTests {
    @Test func `After a revocation nothing succeeds with the key, on connections that have used it either`() throws {
        let server = try TestServer(arguments: ["--io-threads", "2"])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let app = try scenario.party("app", deposit: 1_000_000_000)
        let clients = try (0..<16).map { _ in try server.connect() }
        for client in clients {
            #expect(try client.call("GET", "/v1/account", key: app.key).status == 200)
            let bid = try client.call("POST", "/v1/bids", key: app.key, Scenario.bid(price: 20_000_000, lots: 1))
            #expect(bid.status == 201, "\(bid.text)")
        }
        let path = "/v1/accounts/\(app.account)/keys"
        let listed = try scenario.client.call("GET", path, key: scenario.operatorKey)
        let key = try #require(listed["data"]?.elements?.first?["id"]?.string)
        #expect(!listed.text.contains(app.key) && !listed.text.contains("hash"), "never the key or its hash")
        // Bids are on their way while the key is revoked: each is carried out before it, or not at all.
        let bid = TestClient.request("POST", "/v1/bids", key: app.key, Scenario.bid(price: 20_000_000, lots: 1))
        for client in clients { for _ in 0..<20 { _ = try client.connection.send(bid) } }
        let revoked = try scenario.client.call("DELETE", path + "/" + key, key: scenario.operatorKey)
        #expect(revoked.status == 200 && revoked["revoked_at"]?.string != nil, "\(revoked.text)")
        let sequence = try #require(revoked["sequence"]?.integer)
        for client in clients {
            #expect(try client.call("GET", "/v1/account", key: app.key).code == "invalid_key")
            #expect(try client.call("POST", "/v1/bids", key: app.key, Scenario.bid(price: 1, lots: 1)).status == 401)
            for completion in client.connection.receive(timeoutMilliseconds: 0) {
                let answer = try TestClient.answer(completion.result.get())
                #expect([201, 401].contains(answer.status), "\(answer.text)")
                if answer.status == 201 { #expect(answer["sequence"]?.integer ?? 0 < sequence, "\(answer.text)") }
            }
        }
        server.kill()
        try server.start()
        #expect(try server.connect().call("GET", "/v1/account", key: app.key).code == "invalid_key", "after a restart")
    }

    @Test func `An owner makes, lists and revokes its own keys`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let app = try scenario.party("app")
        let client = scenario.client
        let path = "/v1/account/keys"
        let made = try client.call("POST", path, key: app.key, #"{"scopes":["read"],"label":"dashboard"}"#)
        #expect(made.status == 201, "\(made.text)")
        let secret = try #require(made["key"]?.string)
        let id = try #require(made["id"]?.string)
        #expect(try client.call("POST", path, key: secret, #"{"scopes":["bid"]}"#).code == "missing_scope")
        let listed = try client.call("GET", path, key: secret)
        #expect(listed["data"]?.elements?.compactMap { $0["id"]?.string }.first == id, "\(listed.text)")
        let first = try #require(listed["data"]?.elements?.last?["id"]?.string)
        #expect(listed["data"]?.elements?.first?["made_by"]?.string == first)
        #expect(try client.call("DELETE", path + "/" + first, key: secret).code == "key_scope")
        #expect(try client.call("GET", "/v1/audit", key: secret).code == "missing_scope")
        #expect(try client.call("DELETE", path + "/" + id, key: secret).status == 200, "itself")
        #expect(try client.call("GET", path, key: secret).code == "invalid_key")
        #expect(try client.call("DELETE", path + "/k1", key: app.key).code == "key_not_found", "a foreign key")
        let own = try client.call("DELETE", "/v1/accounts/a1/keys/k1", key: scenario.operatorKey)
        #expect(own.code == "last_operator_key", "\(own.text)")
    }

    @Test func `A key works from its networks only`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let app = try scenario.party("app")
        let client = scenario.client
        let path = "/v1/accounts/\(app.account)/keys/k2/limits"
        #expect(try client.call("GET", "/v1/account", key: app.key).status == 200)
        for (networks, status) in [
            (#""10.0.0.0/8","2001:db8::/32""#, 403), (#""10.0.0.0/8","127.0.0.0/8""#, 200), ("", 200),
            (#""::/0""#, 403),
        ] {
            let body = #"{"allowed_networks":[\#(networks)]}"#
            let set = try client.call("PUT", path, key: scenario.operatorKey, body)
            #expect(set.status == 200, "\(set.text)")
            let answer = try client.call("GET", "/v1/account", key: app.key)
            #expect(answer.status == status, "\(networks): \(answer.text)")
            #expect(answer.code == (status == 403 ? "address_not_allowed" : nil))
        }
        let bad = try client.call("PUT", path, key: scenario.operatorKey, #"{"allowed_networks":["10.0.0.1/8"]}"#)
        #expect(bad.status == 422 && bad.text.contains("#/allowed_networks/0"), "\(bad.text)")
    }

    @Test func `32 concurrent bidders never spend more than the budget of their key`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let app = try scenario.party("app", deposit: 1_000_000_000)
        let path = "/v1/accounts/\(app.account)/keys/k2/limits"
        let body = #"{"order_budget_nanoton":"20060","day_budget_nanoton":"\#(50 * 20_060)"}"#
        #expect(try scenario.client.call("PUT", path, key: scenario.operatorKey, body).status == 200)
        let clients = try (0..<32).map { _ in try server.connect() }
        var accepted: [String] = []
        for _ in 0..<4 {
            let bid = TestClient.request("POST", "/v1/bids", key: app.key, Scenario.bid(price: 20_000_000, lots: 1))
            for client in clients { _ = try client.connection.send(bid) }
            for client in clients {
                for completion in client.connection.receive(timeoutMilliseconds: 10_000) {
                    let answer = try TestClient.answer(completion.result.get())
                    if answer.status == 201 {
                        accepted.append(answer["id"]?.string ?? "")
                    } else {
                        #expect(answer.code == "key_day_limit", "\(answer.text)")
                    }
                }
            }
        }
        #expect(accepted.count == 50)
        let dear = try scenario.client.call("POST", "/v1/bids", key: app.key, Scenario.bid(price: 20_001_000, lots: 1))
        #expect(dear.code == "key_order_limit", "\(dear.text)")
        #expect(try scenario.client.call("DELETE", "/v1/orders/\(accepted[0])", key: app.key).status == 200)
        let next = try scenario.client.call("POST", "/v1/bids", key: app.key, Scenario.bid(price: 20_000_000, lots: 1))
        #expect(next.status == 201, "what was released may be spent again: \(next.text)")
        server.kill()
        try server.start()
        let after = try server.connect().call("POST", "/v1/bids", key: app.key, Scenario.bid(price: 1_000_000, lots: 1))
        #expect(after.code == "key_day_limit", "a restart forgets nothing: \(after.text)")
    }

    @Test func `Who asks too often is told to wait, and may always cancel`() throws {
        let server = try TestServer(arguments: ["--rate-limit", "20"])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let app = try scenario.party("app", deposit: 1_000_000_000)
        let client = scenario.client
        var order = ""
        var last = try client.call("POST", "/v1/bids", key: app.key, Scenario.bid(price: 20_000_000, lots: 1))
        order = last["id"]?.string ?? ""
        #expect(last.status == 201 && last.field("ratelimit") == nil, "\(last.text)")
        var told = 0
        for _ in 0..<200 where last.status != 429 {
            last = try client.call("GET", "/v1/account", key: app.key)
            if last.status == 200, last.field("ratelimit") != nil { told += 1 }
        }
        #expect(last.status == 429 && last.code == "rate_limited", "\(last.text)")
        #expect(last.field("retry-after") == "1" && told > 3)
        #expect(last.field("ratelimit-policy") == #""key";q=20;w=1"#)
        #expect(last.field("ratelimit") == #""key";r=0;t=1"#)
        #expect(try client.call("DELETE", "/v1/orders/\(order)", key: app.key).status == 200)
        for _ in 0..<100 { #expect(try client.call("DELETE", "/v1/orders/\(order)", key: app.key).status == 404) }
        var statuses: Set<Int> = []
        for _ in 0..<200 where !statuses.contains(429) {
            let guess = "bx_" + String(repeating: "A", count: 43)
            statuses.insert(try client.call("GET", "/v1/account", key: guess).status)
        }
        #expect(statuses == [401, 429], "guesses of keys count for the address")
        #expect(try client.call("GET", "/v1/models").field("ratelimit-policy") == #""address";q=20;w=1"#)
        for _ in 0..<100 { #expect(try client.call("GET", "/healthz").status == 200) }
        let metrics = try client.call("GET", "/metrics").text
        for bucket in ["key", "address"] {
            let sample = "bombyx_throttled_total{bucket=\"\(bucket)\"}"
            let line = metrics.split(separator: "\n").first { $0.hasPrefix(sample) }
            #expect(line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0 > 0, "\(bucket): \(line ?? "")")
        }
        usleep(1_100_000)
        #expect(try client.call("GET", "/v1/account", key: app.key).status == 200)
    }

    @Test func `What the operator did is in the audit log, and the tables say the same as the journal`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let app = try scenario.party("app", deposit: 5_000_000)
        let path = "/v1/accounts/\(app.account)/keys/k2"
        let limits = #"{"total_budget_nanoton":1000000}"#
        _ = try scenario.client.call("PUT", path + "/limits", key: scenario.operatorKey, limits)
        _ = try scenario.client.call("POST", "/v1/bids", key: app.key, Scenario.bid(price: 20_000_000, lots: 2))
        _ = try scenario.client.call("DELETE", path, key: scenario.operatorKey)
        _ = try scenario.client.call("DELETE", "/v1/accounts/a1/keys/k1", key: scenario.operatorKey)
        var actions: [String] = []
        for _ in 0..<100 where actions.count < 7 {
            let page = try scenario.client.call("GET", "/v1/audit", key: scenario.operatorKey)
            #expect(page.status == 200, "\(page.text)")
            actions = (page["data"]?.elements ?? []).map { entry in
                [entry["action"], entry["target"], entry["refused"]].compactMap { $0?.string }.joined(separator: " ")
            }
        }
        #expect(
            actions == [
                "revoke_key a1 k1 last_operator_key", "revoke_key a2 k2", "set_key_limits a2 k2", "deposit a2",
                "create_key a2 k2", "create_account a2", "set_model Qwen/Qwen3-32B",
            ]
        )
        let page = try scenario.client.call("GET", "/v1/audit?limit=3", key: scenario.operatorKey)
        let cursor = try #require(page["next_cursor"]?.string)
        let rest = try scenario.client.call("GET", "/v1/audit?limit=9&cursor=\(cursor)", key: scenario.operatorKey)
        #expect(rest["data"]?.elements?.count == 4, "\(rest.text)")
        let options = ["--state-dir", server.folder]
        try TestServer.run(["verify"] + options)
        #expect(try TestServer.run(["admin", "audit"] + options).contains("last_operator_key"))
        #expect(try TestServer.run(["admin", "key", "list", "a2"] + options).contains("bid"))
    }

    @Test func `A key that cannot be written to its file is named, so that it can be revoked`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let app = try Scenario(server).party("app")
        let folder = try ScratchFolder()
        func create(_ command: String, _ file: String) throws -> Shell {
            let script = "set -o pipefail; (\(command)exec \"$@\") 2>&1 | cat"
            let create = ["admin", "key", "create", app.account, "--scopes", "read", "--output", file]
            return try Shell(
                ["bash", "-c", script, "bash", TestServer.executable] + create + ["--state-dir", server.folder],
                in: folder.path
            )
        }
        func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

        // The kernel takes no byte for a file, as if the disk were full.
        let full = try create("trap '' XFSZ; ulimit -f 0; ", "lost.key")
        #expect(full.status == 1, "\(full.output)")
        #expect(full.output.contains("lost.key cannot be written"), "\(full.output)")
        #expect(full.output.contains("bombyx admin key revoke \(app.account) k3"), "\(full.output)")
        #expect(try !files().contains("lost.key"))
        let options = ["--state-dir", server.folder]
        #expect(try TestServer.run(["admin", "key", "revoke", app.account, "k3"] + options).contains("revoked"))

        let written = try create("", "app.key")
        #expect(written.status == 0, "\(written.output)")
        let key = try String(contentsOfFile: folder.path + "/app.key", encoding: .utf8)
        #expect(key.hasPrefix("bx_") && !written.output.contains(key.dropLast()))
        let again = try create("", "app.key")
        #expect(again.status == 1 && again.output.contains("it is there already"), "\(again.output)")
        #expect(try String(contentsOfFile: folder.path + "/app.key", encoding: .utf8) == key)
    }

    @Test func `A key that is refused leaves no file`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let folder = try ScratchFolder()
        let command = ["admin", "key", "create", "a999", "--scopes", "read", "--output", folder.path + "/no.key"]
        #expect(throws: TestServer.Failure.self) { try TestServer.run(command + ["--state-dir", server.folder]) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
