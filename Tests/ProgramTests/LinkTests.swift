import Foundation
import JSON
import ProgramTesting
import Testing

/// Logins that are linked to an account, on a running server.
@Suite(.serialized) struct LinkTests {
    private static let token = "123456789:AAExampleExampleExampleExampleExampleEx"
    private let wallets: [TestWallet]

    init() throws { wallets = try TestWallet.two() }

    private func payload(_ client: TestClient) throws -> String {
        try #require(try client.call("POST", "/v1/login/ton/nonce", "{}")["payload"]?.string)
    }

    private func withServer(_ body: (TestServer) throws -> Void) throws {
        let file = "/var/tmp/bombyx-token-\(UUID().uuidString.prefix(8))"
        try (Self.token + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let server = try TestServer(arguments: [
            "--login-domain", "market.example.com", "--telegram-bot-token-file", file,
        ])
        defer { server.remove() }
        try body(server)
    }

    private func subjects(_ client: TestClient, _ key: String) throws -> [String] {
        try client.call("GET", "/v1/account", key: key)["logins"]?.elements?.compactMap { $0["subject"]?.string } ?? []
    }

    @Test func `A wallet and a Telegram user share an account, until one of them is unlinked`() throws {
        try withServer { server in
            var client = try server.connect()
            let ton = "/v1/account/logins/ton"
            let user = try client.call("POST", "/v1/login/telegram", TestWallet.miniApp(user: 7, token: Self.token))
            let key = try #require(user["key"]?.string, "\(user.text)")
            let good = try payload(client)
            let linked = try client.call("POST", ton, key: key, wallets[0].proof(good))
            #expect(linked.status == 201 && linked["account_id"]?.string == "a2", "\(linked.text)")
            #expect(linked["login"]?["subject"]?.string == "ton:" + wallets[0].address)
            let again = try client.call("POST", ton, key: key, wallets[0].proof(good))
            #expect(again.code == "login_refused", "a payload is good once: \(again.text)")
            let taken = try client.call("POST", ton, key: key, wallets[0].proof(payload(client)))
            #expect(taken.status == 409 && taken.code == "login_taken", "\(taken.text)")
            let login = try client.call("POST", "/v1/login/ton", wallets[0].proof(payload(client)))
            #expect(login["account_id"]?.string == "a2", "the wallet gets into the user's account: \(login.text)")

            // Another wallet has an account of its own, and gives up its login for this one.
            let other = try client.call("POST", "/v1/login/ton", wallets[1].proof(payload(client)))
            let otherKey = try #require(other["key"]?.string)
            #expect(other["account_id"]?.string == "a3")
            let theirs = try client.call("POST", ton, key: key, wallets[1].proof(payload(client)))
            #expect(theirs.code == "login_taken", "\(theirs.text)")
            let own = try #require(try client.call("GET", "/v1/account", key: otherKey)["logins"]?[0]?["sequence"])
            let path = "/v1/account/logins/\(own.integer ?? 0)"
            #expect(try client.call("DELETE", path, key: otherKey).code == "last_login")
            #expect(try client.call("DELETE", path, key: key).code == "login_not_found", "another's")

            let sequence = try #require(linked["login"]?["sequence"]?.integer)
            server.kill()
            try server.start()
            client = try server.connect()
            #expect(try subjects(client, key) == ["telegram:7", "ton:" + wallets[0].address], "after a restart")
            let free = try client.call("DELETE", "/v1/account/logins/\(sequence)", key: key)
            #expect(free.status == 200 && free["login"]?["sequence"]?.integer == sequence, "\(free.text)")
            #expect(try client.call("DELETE", "/v1/account/logins/\(sequence)", key: key).code == "login_not_found")
            let moved = try client.call("POST", ton, key: otherKey, wallets[0].proof(payload(client)))
            #expect(moved.status == 201 && moved["account_id"]?.string == "a3", "\(moved.text)")
            #expect(try client.call("DELETE", path, key: otherKey).status == 200, "no longer the last")
            let last = try client.call("POST", "/v1/login/ton", wallets[0].proof(payload(client)))
            #expect(last["account_id"]?.string == "a3", "\(last.text)")
            #expect(server.terminate() == 0)
            try TestServer.run(["verify", "--state-dir", server.folder])
        }
    }

    @Test func `Data of a Mini App link once, whoever brings them again and however they are written`() throws {
        try withServer { server in
            let client = try server.connect()
            let telegram = "/v1/account/logins/telegram"
            let first = try client.call("POST", "/v1/login/ton", wallets[0].proof(payload(client)))
            let key = try #require(first["key"]?.string)
            let data = TestWallet.miniApp(user: 7, token: Self.token)
            let linked = try client.call("POST", telegram, key: key, data)
            #expect(linked.status == 201 && linked["login"]?["subject"]?.string == "telegram:7", "\(linked.text)")
            let sequence = try #require(linked["login"]?["sequence"]?.integer)
            #expect(try client.call("DELETE", "/v1/account/logins/\(sequence)", key: key).status == 200)
            // In another order, and with another letter encoded.
            let parts = data.dropFirst(#"{"init_data":""#.utf8.count).dropLast(2).split(separator: "&")
            let reversed = #"{"init_data":"\#(parts.reversed().joined(separator: "&"))"}"#
            for copy in [data, reversed] {
                let again = try client.call("POST", telegram, key: key, copy)
                #expect(again.status == 401 && again.code == "login_refused", "\(again.text)")
            }
            let login = try client.call("POST", "/v1/login/telegram", data)
            #expect(login["account_id"]?.string == "a3", "a login is another matter: \(login.text)")
        }
    }

    @Test func `Linking asks for a key that may do all that a login may`() throws {
        try withServer { server in
            let scenario = try Scenario(server)
            let client = scenario.client
            let party = try scenario.party("an app")
            let proof = try wallets[0].proof(payload(client))
            let ton = "/v1/account/logins/ton"
            #expect(try client.call("POST", ton, proof).status == 401)
            func key(_ scopes: String) throws -> String {
                let path = "/v1/accounts/\(party.account)/keys"
                let answer = try client.call("POST", path, key: scenario.operatorKey, #"{"scopes":[\#(scopes)]}"#)
                return try #require(answer["key"]?.string, "\(answer.text)")
            }
            #expect(try client.call("POST", ton, key: key(#""read""#), proof).code == "missing_scope")
            let weak = try client.call("POST", ton, key: key(#""read","withdraw""#), proof)
            #expect(weak.status == 403 && weak.code == "key_scope", "\(weak.text)")
            let whole = try key(#""offer","bid","read","withdraw""#)
            let linked = try client.call("POST", ton, key: whole, wallets[0].proof(payload(client)))
            #expect(linked.status == 201, "\(linked.text)")
            let login = try client.call("POST", "/v1/login/ton", wallets[0].proof(payload(client)))
            #expect(login["account_id"]?.string == party.account, "\(login.text)")
            for path in ["/v1/account/logins/0", "/v1/account/logins/x", "/v1/account/logins/99999"] {
                #expect(try client.call("DELETE", path, key: whole).code == "login_not_found", "\(path)")
            }
            #expect(try client.call("DELETE", "/v1/account/logins/ton", key: whole).code == "method_not_allowed")
            let sequence = try #require(linked["login"]?["sequence"]?.integer)
            let free = try client.call("DELETE", "/v1/account/logins/\(sequence)", key: whole)
            #expect(free.status == 200, "the key never ends: \(free.text)")
        }
    }
}
