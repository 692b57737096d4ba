import Cryptography
import Foundation
import JSON
import ProgramTesting
import Testing

/// Secrets are where they belong and nowhere else: a server is used with all kinds of them, and everything that it
/// writes is searched.
@Suite(.serialized) struct SecretTests {
    private static let token = "123456789:AAExampleExampleExampleExampleExampleEx"

    /// A secret as text, and whatever else it could be written as.
    private static func forms(of secret: String) -> [String] {
        let bytes = Array(secret.utf8)
        return [secret, Hex.encode(bytes), Data(bytes).base64EncodedString().replacingOccurrences(of: "=", with: "")]
    }

    /// What the database has, as SQL.
    private func dump(_ server: TestServer) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "pg_dump", "--data-only", "--no-owner",
            try server.auditor().replacingOccurrences(of: "bombyx_auditor", with: "bombyx"),
        ]
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(text.suffix(500))")
        return text
    }

    @Test func `Logs, metrics, arguments and tables have no key, token, seed or signature of a login`() throws {
        let folder = try ScratchFolder()
        let tokenFile = folder.path + "/bot"
        let isWritten = FileManager.default.createFile(
            atPath: tokenFile,
            contents: Data(Self.token.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        try #require(isWritten)
        let town = try ChainTown(arguments: [
            "--login-domain", "market.example.com", "--telegram-bot-token-file", tokenFile, "--log-level", "debug",
            "--log-format", "json",
        ])
        defer { town.remove() }
        let server = town.server
        let desk = try LeaseDesk(server)
        try town.waitForWallet(desk.scenario, desk.app.key)
        let client = desk.client
        let wrong = "bx_" + String(repeating: "Q", count: 43)
        // Each kind of request with each kind of secret, good and bad, where it belongs and where it does not.
        let payload = try #require(try client.call("POST", "/v1/login/ton/nonce", "{}")["payload"]?.string)
        let proof = try TestWallet.two()[0].proof(payload, network: "-3")
        let login = try client.call("POST", "/v1/login/ton", proof)
        let loginKey: String = try #require(login["key"]?.string, "\(login.text)")
        let data = TestWallet.miniApp(user: 7, token: Self.token)
        let mini = try client.call("POST", "/v1/login/telegram", data)
        let miniKey: String = try #require(mini["key"]?.string, "\(mini.text)")
        let made = try client.call("POST", "/v1/account/keys", key: desk.app.key, #"{"scopes":["read"]}"#)
        let madeKey: String = try #require(made["key"]?.string, "\(made.text)")
        let keys = [server.operatorKey, { desk.app.key }, { desk.worker.key }, { loginKey }, { miniKey }, { madeKey }]
        let secrets = try keys.map { try $0() } + [wrong]
        for key in secrets {
            _ = try client.call("GET", "/v1/account", key: key)
            _ = try client.call("GET", "/v1/orders?cursor=\(key)", key: key)
            _ = try client.call("POST", "/v1/bids", key: key, #"{"\(key)":"\(key)"}"#)
            _ = try client.call("GET", "/v1/\(key)", key: key)
        }
        _ = try client.call("GET", "/v1/account", fields: [("authorization", "Basic \(wrong)")])
        let lease = try desk.open()
        #expect(try desk.record(desk.signed(desk.receipt(of: lease, 1, prompt: 1_000))).status == 200)

        let code = data.split(separator: "hash=").last.map { String($0.prefix(64)) } ?? ""
        let signature = proof.split(separator: "\"signature\":\"").last.map { String($0.prefix(64)) } ?? ""
        try #require(code.count == 64 && signature.count == 64)
        let seed = String(repeating: "07", count: 32)
        try search(server, for: secrets, also: Self.forms(of: Self.token) + [seed, signature, code])
    }

    private func search(_ server: TestServer, for keys: [String], also others: [String]) throws {
        let arguments = try String(contentsOfFile: "/proc/\(server.pid)/cmdline", encoding: .utf8)
        let metrics = try server.connect().call("GET", "/metrics").text
        let places =
            [("the log", server.logText), ("/metrics", metrics), ("arguments", arguments)]
            + [("the tables", try dump(server))]
        #expect(places.allSatisfy { $0.1.count > 100 }, "\(places.map { "\($0.0) \($0.1.count)" })")
        #expect(places[0].1.contains("no route") && places[3].1.contains("worker"), "they are what they should be")
        for (name, text) in places {
            for key in keys {
                for form in Self.forms(of: key) { #expect(!text.contains(form), "a key in \(name)") }
            }
            for secret in others { #expect(!text.contains(secret), "\(secret.prefix(8))… in \(name)") }
        }
    }

    @Test func `Files with secrets are their owner's only`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let files = try FileManager.default.subpathsOfDirectory(atPath: server.folder)
            .filter { $0.hasSuffix(".key") || $0.hasPrefix("signing/") || $0.hasSuffix("key.pem") }
        #expect(files.count >= 3, "\(files)")
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: server.folder + "/" + file)
            let mode = attributes[.posixPermissions] as? Int ?? -1
            #expect(mode & 0o077 == 0, "\(file) has mode \(String(mode, radix: 8))")
        }
    }
}
