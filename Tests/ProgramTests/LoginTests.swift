import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// Logins with a wallet and from a Mini App, on a running server.
@Suite(.serialized) struct LoginTests {
    private static let token = "123456789:AAExampleExampleExampleExampleExampleEx"
    private let wallets: [TestWallet]

    init() throws { wallets = try TestWallet.two() }

    private func payload(_ client: TestClient) throws -> String {
        let answer = try client.call("POST", "/v1/login/ton/nonce", "{}")
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer["domains"]?.elements == [.string("market.example.com")] && answer["network"]?.string == "-239")
        return try #require(answer["payload"]?.string)
    }

    /// The code of a problem and the first field that is wrong.
    private func refusal(_ answer: TestClient.Answer) -> String {
        [answer.code, answer["errors"]?[0]?["pointer"]?.string].compactMap(\.self).joined(separator: " ")
    }

    @Test func `A wallet opens an account, comes back to it, and each payload is good once`() throws {
        let server = try TestServer(arguments: ["--login-domain", "market.example.com"])
        defer { server.remove() }
        var client = try server.connect()
        let proof = try wallets[0].proof(payload(client))
        let first = try client.call("POST", "/v1/login/ton", proof)
        #expect(first.status == 201 && first["account_id"]?.string == "a2", "\(first.text)")
        #expect(first["scopes"]?.elements?.compactMap(\.string) == ["offer", "bid", "read", "withdraw"])
        let key = try #require(first["key"]?.string)
        let account = try client.call("GET", "/v1/account", key: key)
        #expect(account["login"]?.string == "ton:" + wallets[0].address, "\(account.text)")
        #expect(account["label"]?.string?.hasPrefix("ton:0:f2801419") == true)
        let made = try #require(first["created_at"]?.string), ends = try #require(first["expires_at"]?.string)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        #expect(try abs(style.parse(ends).timeIntervalSince(style.parse(made)) - 43_200) < 60)
        #expect(refusal(try client.call("POST", "/v1/login/ton", proof)) == "login_refused #/payload", "a repetition")
        let again = try client.call("POST", "/v1/login/ton", wallets[0].proof(payload(client)))
        #expect(again["account_id"]?.string == "a2" && again["key"]?.string != key, "\(again.text)")
        let other = try client.call("POST", "/v1/login/ton", wallets[1].proof(payload(client)))
        #expect(other["account_id"]?.string == "a3", "\(other.text)")
        let old = try payload(client)
        server.kill()
        try server.start()
        client = try server.connect()
        #expect(try client.call("GET", "/v1/account", key: key).status == 200, "a key outlives the server")
        let void = try client.call("POST", "/v1/login/ton", wallets[0].proof(old))
        #expect(refusal(void) == "login_refused #/payload", "a payload does not: \(void.text)")
        let third = try client.call("POST", "/v1/login/ton", wallets[0].proof(payload(client)))
        #expect(third["account_id"]?.string == "a2", "\(third.text)")
        let options = ["--state-dir", server.folder]
        #expect(try TestServer.run(["admin", "account", "show", "a2"] + options).contains("ton:" + wallets[0].address))
        let listed = try server.psqlWhenLevel("SELECT string_agg(account || ' ' || subject, ',') FROM market.logins")
        #expect(listed == "2 ton:\(wallets[0].address),3 ton:\(wallets[1].address)")
        try TestServer.run(["verify"] + options)
    }

    @Test func `Of many who bring one payload at once, one gets in; who logs in twice at once has one account`() throws
    {
        let arguments = ["--login-domain", "market.example.com", "--login-rate", "off", "--io-threads", "2"]
        let server = try TestServer(arguments: arguments)
        defer { server.remove() }
        let clients = try (0..<16).map { _ in try server.connect() }
        let same = TestClient.request("POST", "/v1/login/ton", try wallets[0].proof(payload(clients[0])))
        let answers = try together(clients.map { ($0, same) })
        #expect(answers.count { $0.status == 201 } == 1)
        #expect(answers.filter { $0.status != 201 }.allSatisfy { refusal($0) == "login_refused #/payload" })
        let different = try clients.map { client in
            (client, TestClient.request("POST", "/v1/login/ton", try wallets[1].proof(payload(client))))
        }
        let accounts = try together(different).map { $0["account_id"]?.string }
        #expect(accounts == [String?](repeating: "a3", count: 16))
        #expect(try TestServer.run(["admin", "key", "list", "a3", "--state-dir", server.folder]).contains("withdraw"))
    }

    private func together(_ requests: [(client: TestClient, request: ClientRequest)]) throws -> [TestClient.Answer] {
        for (client, request) in requests { _ = try client.connection.send(request) }
        return try requests.flatMap { client, _ in
            try client.connection.receive(timeoutMilliseconds: 10_000).map { try TestClient.answer($0.result.get()) }
        }
    }

    @Test func `A proof for others, of another network or time, or of somebody else opens nothing`() throws {
        let server = try TestServer(arguments: ["--login-domain", "market.example.com"])
        defer { server.remove() }
        let client = try server.connect()
        let good = try payload(client)
        let wallet = wallets[0]
        let rows: [(String, String)] = [
            (try wallet.proof(good, domain: "evil.example.com"), "login_refused #/domain"),
            (try wallet.proof(good, network: "-3"), "login_refused #/network"),
            (try wallet.proof(good, age: 960), "login_refused #/timestamp"),
            (try wallet.proof(good, age: -120), "login_refused #/timestamp"),
            (try wallet.proof("x" + good.dropFirst()), "login_refused #/payload"),
            (try wallet.proof("nonce-0123456789abcdef"), "login_refused #/payload"),
            (
                try wallet.proof(good).replacing(wallet.address, with: wallets[1].address), "login_refused #/state_init"
            ), ("{}", "invalid_fields #/address"), ("[]", "invalid_fields #"), ("{", "malformed_json"),
        ]
        for (body, code) in rows {
            let answer = try client.call("POST", "/v1/login/ton", body)
            #expect(refusal(answer) == code, "\(answer.text)")
        }
        #expect(try client.call("POST", "/v1/login/telegram", #"{"init_data":"a=1"}"#).code == "login_disabled")
        let answer = try client.call("POST", "/v1/login/ton", wallet.proof(good))
        #expect(answer["account_id"]?.string == "a2", "what was refused has used nothing up: \(answer.text)")
    }

    @Test func `A user of Telegram logs in from a Mini App, and nothing tells the bot's token`() throws {
        let file = "/var/tmp/bombyx-token-\(UUID().uuidString.prefix(8))"
        try (Self.token + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let server = try TestServer(arguments: ["--telegram-bot-token-file", file, "--log-level", "debug"])
        defer { server.remove() }
        let client = try server.connect()
        let body = TestWallet.miniApp(user: 7, token: Self.token)
        let path = "/v1/login/telegram"
        let first = try client.call("POST", path, body)
        #expect(first.status == 201 && first["account_id"]?.string == "a2", "\(first.text)")
        let key = try #require(first["key"]?.string)
        #expect(try client.call("GET", "/v1/account", key: key)["login"]?.string == "telegram:7")
        #expect(try client.call("POST", path, body)["account_id"]?.string == "a2", "a page may ask again")
        let other = try client.call("POST", path, TestWallet.miniApp(user: 8, token: Self.token))
        #expect(other["account_id"]?.string == "a3", "\(other.text)")
        for body in [
            TestWallet.miniApp(user: 7, token: Self.token, age: 3_660),
            TestWallet.miniApp(user: 7, token: Self.token, age: -120),
            TestWallet.miniApp(user: 7, token: Self.token + "x"), TestWallet.miniApp(user: -7, token: Self.token),
            body.replacing("%3A7%2C", with: "%3A8%2C"), #"{"init_data":"a=1&a=2"}"#,
        ] {
            let answer = try client.call("POST", path, body)
            #expect(answer.status == 401 && refusal(answer) == "login_refused #/init_data", "\(answer.text)")
        }
        #expect(try client.call("POST", "/v1/login/ton/nonce", "{}").code == "login_disabled")
        #expect(try client.call("GET", "/v1/account", key: key).status == 200)
        let commandLine = try String(contentsOfFile: "/proc/\(server.pid)/cmdline", encoding: .utf8)
        #expect(!commandLine.contains("AAExample") && !server.logText.contains("AAExample"))
        #expect(!server.logText.contains(key) && !server.logText.contains("auth_date"))
        try TestServer.run(["verify", "--state-dir", server.folder])
    }

    @Test func `Without the operator's word nobody logs in, and a wrong word starts no server`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let client = try server.connect()
        for (path, body) in [
            ("ton/nonce", "{}"), ("ton", try wallets[0].proof("x")),
            ("telegram", TestWallet.miniApp(user: 7, token: Self.token)),
        ] {
            let answer = try client.call("POST", "/v1/login/" + path, body)
            #expect(answer.status == 404 && answer.code == "login_disabled", "\(answer.text)")
        }
        #expect(try client.call("GET", "/v1/login/ton").code == "method_not_allowed")
        #expect(try client.call("POST", "/v1/login", "{}").code == "not_found")
        let file = "/var/tmp/bombyx-token-\(UUID().uuidString.prefix(8))"
        try "AAExampleSecret".write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        for (arguments, part) in [
            (["--login-domain", "https://market.example.com"], "--login-domain"),
            (["--telegram-bot-token-file", file, "--telegram-bot-id", "7"], "exclude each other"),
            (["--telegram-test"], "--telegram-test"), (["--telegram-bot-id", "0"], "--telegram-bot-id"),
            (["--login-rate", "0"], "--login-rate"), (["--login-network", "moon"], "moon"),
            (["--telegram-bot-token-file", file], file), (["--telegram-bot-token-file", "/no/such"], "/no/such"),
        ] {
            let folder = server.folder + "-other"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let failure = #expect(throws: TestServer.Failure.self) {
                try TestServer.run(["serve", "--state-dir", folder] + arguments)
            }
            #expect(failure?.description.contains(part) == true, "\(failure?.description ?? "")")
            #expect(failure?.description.contains("AAExampleSecret") == false)
        }
    }

    @Test func `An address that tries to log in too often has to wait`() throws {
        let server = try TestServer(arguments: ["--login-domain", "market.example.com", "--login-rate", "5"])
        defer { server.remove() }
        let client = try server.connect()
        let payload = try payload(client)
        for _ in 0..<4 {
            let answer = try client.call("POST", "/v1/login/ton", wallets[0].proof(payload, network: "-3"))
            #expect(refusal(answer) == "login_refused #/network", "\(answer.text)")
        }
        let late = try client.call("POST", "/v1/login/ton", wallets[0].proof(payload))
        #expect(late.status == 429 && late.code == "rate_limited", "\(late.text)")
        // One request is earned in 12 s, and some of them have passed.
        let wait = try #require(late.field("retry-after").flatMap { Int($0) })
        #expect((1...12).contains(wait) && late.field("ratelimit-policy") == #""login";q=5;w=60"#)
        #expect(late.field("ratelimit") == #""login";r=0;t="# + "\(wait)")
        #expect(try server.connect().call("POST", "/v1/login/ton/nonce", "{}").status == 429, "by any connection")
        #expect(try client.call("GET", "/v1/models").status == 200, "all else goes on")
        let metrics = try client.call("GET", "/metrics").text
        #expect(metrics.contains("bombyx_throttled_total{bucket=\"login\"} 2\n"), "both ways to be refused are counted")
        #expect(metrics.contains("bombyx_throttled_total{bucket=\"key\"} 0\n"))
    }
}

extension TestServer {
    /// What the auditor sees when the tables show everything.
    fileprivate func psqlWhenLevel(_ statement: String) throws -> String {
        let level = "SELECT count(*) FROM projection.cursor c WHERE c.batch < (SELECT max(number) FROM journal.batches)"
        for _ in 0..<100 where try psql(level) != "0" { usleep(50_000) }
        return try psql(statement)
    }
}
