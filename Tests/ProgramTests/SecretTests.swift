import API
import Cryptography
import Foundation
import JSON
import ProgramTesting
import Testing
import Units

/// Secrets are where they belong and nowhere else: a server is used with all kinds of them, and everything that it
/// writes is searched.
@Suite(.serialized) struct SecretTests {
    /// What only the bot and Telegram know stands behind the colon.
    private static let token = "123456789:AAExampleExampleExampleExampleExampleEx"

    /// Keeps what a server answers.
    private final class Recorder {
        let client: TestClient
        private(set) var heard = Data()

        init(_ client: TestClient) { self.client = client }

        @discardableResult
        func call(
            _ method: String,
            _ path: String,
            key: String? = nil,
            _ body: String? = nil,
            fields: [(name: String, value: String)] = []
        ) throws -> TestClient.Answer {
            let answer = try client.call(method, path, key: key, body, fields: fields)
            heard += Data("\(answer.status) \(answer.fields)\n\(answer.text)\n".utf8)
            return answer
        }

        /// A call whose answer shows a key, this once, and none of the others' secrets.
        func make(_ path: String, key: String? = nil, _ body: String, among others: [Secret]) throws -> String {
            let answer = try client.call("POST", path, key: key, body)
            #expect(others.found(in: Data("\(answer.fields) \(answer.text)".utf8)).isEmpty, "\(path)")
            return try #require(answer["key"]?.string, "\(answer.text)")
        }
    }

    private static func secret(_ name: String, key: String) -> Secret {
        let text = String(key.dropFirst("bx_".count))
        return Secret(name, text: text, value: Base64URL.decode(text))
    }

    /// What a server keeps in its files: the seed with which it signs, its key for TLS, and the operator's first key.
    private func kept(by server: TestServer) throws -> [Secret] {
        let folder = server.folder + "/signing"
        let file = try #require(FileManager.default.contentsOfDirectory(atPath: folder).first)
        let json = try JSONValue(Array(Data(contentsOf: URL(filePath: "\(folder)/\(file)"))))
        let seed = try #require(json["seed"]?.string)
        let pem = try String(contentsOfFile: server.folder + "/tls-key.pem", encoding: .utf8).split(separator: "\n")
        let bytes = try #require(Base64.decode(pem.dropFirst().dropLast().joined()))
        // RFC 5915: an octet string of 32 bytes. The lines of the file break it; the second one has most of it.
        try #require(bytes.count == 138 && bytes[34..<36] == [4, 32])
        return [
            Secret("the seed of the exchange", text: seed, value: Base64URL.decode(seed)),
            Secret("the key for TLS", text: String(pem[2]), value: Array(bytes[36..<68])),
            Self.secret("the operator's key", key: try server.operatorKey()),
        ]
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

    @Test func `Nothing that a server writes has a key, token, seed or signature of a login, but where a key is made`()
        throws
    {
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
        let recorder = Recorder(desk.client)
        var secrets = try kept(by: server)
        let seed = [UInt8](repeating: 7, count: 32)
        let botKey = HMACSHA256.code(Array(Self.token.utf8), key: Array("WebAppData".utf8))
        secrets += [
            Secret("the wallet's seed", text: Hex.encode(seed), value: seed),
            Secret("the bot's token", text: String(Self.token.split(separator: ":")[1]), value: botKey.bytes),
            Self.secret("the app's key", key: desk.app.key), Self.secret("the worker's key", key: desk.worker.key),
        ]
        var keys = [try server.operatorKey(), desk.app.key, desk.worker.key]
        try makeKeys(desk, recorder, &secrets, &keys)
        try use(keys, desk, recorder)
        try search(server, recorder, for: secrets)
    }

    /// Makes a key in each of the ways in which one is made.
    private func makeKeys(
        _ desk: LeaseDesk,
        _ recorder: Recorder,
        _ secrets: inout [Secret],
        _ keys: inout [String]
    ) throws {
        let payload = try #require(try recorder.call("POST", "/v1/login/ton/nonce", "{}")["payload"]?.string)
        let proof = try TestWallet.two()[0].proof(payload, network: "-3")
        let signature = try #require(try JSONValue(Array(proof.utf8))["signature"]?.string)
        secrets.append(Secret("a wallet's signature", text: signature, value: Base64.decode(signature)))
        let data = TestWallet.miniApp(user: 7, token: Self.token)
        let code = try #require(data.split(separator: "hash=").last.map { String($0.prefix(64)) })
        try #require(code.count == 64)
        secrets.append(Secret("the code of a Mini App's data", text: code, value: Hex.decode(code)))
        let account = "/v1/accounts/\(desk.app.account)/keys"
        let ways: [(name: String, path: String, key: String?, body: String)] = [
            ("a wallet's key", "/v1/login/ton", nil, proof), ("a Mini App's key", "/v1/login/telegram", nil, data),
            ("an own key", "/v1/account/keys", desk.app.key, #"{"scopes":["read"]}"#),
            ("a given key", account, try desk.scenario.server.operatorKey(), #"{"scopes":["read"]}"#),
        ]
        for way in ways {
            let key = try recorder.make(way.path, key: way.key, way.body, among: secrets)
            keys.append(key)
            secrets.append(Self.secret(way.name, key: key))
        }
        #expect(try recorder.call("POST", "/v1/login/ton", proof).code == "login_refused")
        // A key that nobody has is what somebody mistyped.
        keys.append("bx_" + String(repeating: "Q", count: 43))
        secrets.append(Self.secret("a wrong key", key: keys[keys.count - 1]))
    }

    /// Requests of each kind with each key, where it belongs and where it does not, and all that can be read.
    private func use(_ keys: [String], _ desk: LeaseDesk, _ recorder: Recorder) throws {
        for key in keys {
            try recorder.call("GET", "/v1/account", key: key)
            try recorder.call("GET", "/v1/account", fields: [("authorization", "Basic \(key)")])
            try recorder.call("GET", "/v1/orders?cursor=\(key)", key: key)
            try recorder.call("POST", "/v1/bids", key: key, #"{"weight_set":"\(key)"}"#)
            try recorder.call("GET", "/v1/\(key)", key: key)
            // Names that nobody knows are told back to whoever said them, and to nobody else.
            _ = try recorder.client.call("GET", "/v1/orders?\(key)=1", key: key)
            _ = try recorder.client.call("POST", "/v1/bids", key: key, #"{"\(key)":"\(key)"}"#)
        }
        let lease = try desk.open()
        #expect(try desk.record(desk.signed(desk.receipt(of: lease, 1, prompt: 1_000))).status == 200)
        for account in [desk.app.account, desk.worker.account] {
            try recorder.call("GET", "/v1/accounts/\(account)/keys", key: keys[0])
        }
        for path in ["", "/ticket", "/receipts"] {
            try recorder.call("GET", "/v1/leases/\(lease.text)\(path)", key: desk.app.key)
        }
        let reading = Route.allCases.filter { $0.method == .get && $0 != .openStream && !$0.template.contains("{") }
        #expect(reading.contains(.listAudit) && reading.contains(.getMetrics) && reading.count > 20)
        for route in reading {
            for key in keys.prefix(3) { try recorder.call("GET", route.template, key: key) }
        }
    }

    /// The server's process and all below it, and those of its cluster.
    private func processes(of server: TestServer) throws -> Set<Int32> {
        let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
        var family: Set<Int32> = [server.pid, try server.postmaster()]
        var count = 0
        while count < family.count {
            count = family.count
            for number in numbers {
                // After the name in parentheses: the state, then the parent.
                let stat = (try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)) ?? ""
                let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
                if fields.count > 1, let parent = Int32(fields[1]), family.contains(parent) { family.insert(number) }
            }
        }
        return family
    }

    /// Files beside the database's whose owner has not put secrets there.
    private func files(of server: TestServer) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: server.folder).filter { file in
            guard !file.hasPrefix("postgres/data"), !Self.isSecret(file) else { return false }
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(server.folder)/\(file)")
            return attributes[.type] as? FileAttributeType == .typeRegular
        }
    }

    private static func isSecret(_ file: String) -> Bool {
        file.hasSuffix(".key") || file.hasPrefix("signing/") || file.hasSuffix("key.pem")
    }

    /// Searches all that there is. In each place stands a mark, so that it is known to be the right one.
    private func search(_ server: TestServer, _ recorder: Recorder, for secrets: [Secret]) throws {
        let files = try files(of: server)
        #expect(files.contains("serve.json") && files.contains("postgres/start.log"), "\(files)")
        let processes = try processes(of: server)
        #expect(processes.count > 5, "the server, and of its database more than the first one")
        // A process that has ended meanwhile has no more to show; the marks say that others have.
        func facts(_ name: String) -> Data {
            processes.map { FileManager.default.contents(atPath: "/proc/\($0)/\(name)") ?? Data() }.reduce(Data(), +)
        }
        let places: [(name: String, text: Data, mark: String)] =
            [
                ("the log", Data(server.logText.utf8), "no route"),
                ("answers", recorder.heard, "bombyx_http_requests_total"),
                ("arguments", facts("cmdline"), "--telegram-bot-token-file"),
                ("titles of the database's processes", facts("cmdline"), "postgres: "),
                ("environments", facts("environ"), "PATH="),
                ("the tables", Data(try dump(server).utf8), "worker"),
            ] + files.map { ($0, FileManager.default.contents(atPath: "\(server.folder)/\($0)") ?? Data(), "") }
        for (name, text, mark) in places {
            #expect(mark.isEmpty || text.range(of: Data(mark.utf8)) != nil, "\(name) is not what it should be")
            #expect(secrets.found(in: text).isEmpty, "\(name): \(secrets.found(in: text))")
        }
    }

    @Test func `Files with secrets are their owner's only`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let files = try FileManager.default.subpathsOfDirectory(atPath: server.folder)
            .filter(Self.isSecret)
        #expect(files.count >= 3, "\(files)")
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: server.folder + "/" + file)
            let mode = attributes[.posixPermissions] as? Int ?? -1
            #expect(mode & 0o077 == 0, "\(file) has mode \(String(mode, radix: 8))")
        }
    }

    @Test(
        arguments: [
            ["admin", "signing-key", "rotate", "--state-dir", "."],
            ["wallet", "new", "--key-file", "signing/wallet.key"],
        ]
    )
    func `A file with a secret is its owner's only from its first moment on`(command: [String]) throws {
        let folder = try ScratchFolder()
        let signing = folder.path + "/signing"
        try FileManager.default.createDirectory(atPath: signing, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: signing)
        // The kernel kills the program at the first byte that it writes to a file.
        let script = #"umask 0; ulimit -f 0; exec env --default-signal=XFSZ "$@""#
        let shell = try Shell(
            ["sh", "-c", script, "sh", TestServer.executable] + command,
            in: folder.path
        )
        #expect(shell.status == SIGXFSZ, "\(shell.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: signing)
        #expect(files.count == 1, "\(files)")
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: signing + "/" + file)
            let mode = attributes[.posixPermissions] as? Int ?? -1
            #expect(mode == 0o600, "\(file) has mode \(String(mode, radix: 8))")
        }
    }

    @Test func `A link where a file of the server belongs is replaced, not followed`() throws {
        let server = try TestServer()
        defer { server.remove() }
        #expect(server.terminate() == 0, "\(server.logText)")
        let folder = try ScratchFolder()
        try folder.write("not yours", to: "victim")
        let files = ["holder", "holder.new", "serve.json", "serve.json.new"].map { server.folder + "/" + $0 }
        for file in files {
            try? FileManager.default.removeItem(atPath: file)
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: folder.path + "/victim")
        }
        try server.launch()
        try server.waitUntilListening()
        #expect(try String(contentsOfFile: folder.path + "/victim", encoding: .utf8) == "not yours")
        for (file, mode) in [("holder", 0o600), ("serve.json", 0o644)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: server.folder + "/" + file)
            #expect(attributes[.type] as? FileAttributeType == .typeRegular, "\(file)")
            #expect(attributes[.posixPermissions] as? Int == mode, "\(file)")
        }
    }
}
