import Cryptography
import Foundation
import JSON
import ProgramTesting
import TON
import Testing

/// `bombyx wallet`, on a chain that `bombyx chain serve` serves.
@Suite struct WalletTests {
    /// The words of nobody, and the seed of their key.
    private static let seed = String(repeating: "07", count: 32)

    @Test func `A new wallet is a file for its owner's eyes, and nothing shows its words`() throws {
        let folder = try ScratchFolder()
        let file = folder.path + "/keys/wallet.key"
        let made = try wallet(["new", "--key-file", file, "--json"], folder)
        let facts = try JSONValue(Array(made.output.utf8))
        #expect(made.status == 0 && facts["key_file"]?.string == file)
        let words = try String(contentsOfFile: file, encoding: .utf8)
        #expect(words.split(separator: " ").count == 24)
        let modes = try [file, folder.path + "/keys"].map {
            try FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int
        }
        #expect(modes == [0o600, 0o700])
        let key = try Mnemonic(Array(words.utf8).span).key()
        #expect(facts["public_key"]?.string == Hex.encode(key.publicKey))
        let wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: 3_600)
        #expect(facts["address_raw"]?.string == "\(wallet.address)")
        let text = try #require(facts["address"]?.string)
        #expect(try AddressText(text, on: .testnet).isTestOnly)
        #expect(throws: AddressError.testOnly) { try AddressText(text, on: .mainnet) }

        let shown = try self.wallet(["address", "--key-file", file], folder)
        // A word alone may be one of a sentence: `wallet` and `address` are words of mnemonics too.
        func pairs(_ text: String) -> Set<String> {
            let words = text.split { !$0.isLetter }
            return Set(zip(words, words.dropFirst()).map { "\($0) \($1)" })
        }
        for said in [made.output, made.errors, shown.output, shown.errors] {
            #expect(pairs(words).isDisjoint(with: pairs(said)))
        }
        #expect(shown.output.contains(text))

        // Never replaced, and taken only from a file that others cannot read.
        let again = try self.wallet(["new", "--key-file", file], folder)
        #expect(again.status == 1 && again.errors.contains("it is there already"))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == words)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
        let open = try self.wallet(["address", "--key-file", file], folder)
        #expect(open.status == 1 && open.errors.contains("its mode must be 0600"))
    }

    @Test func `Words are shown once, to whoever asks for them`() throws {
        let folder = try ScratchFolder()
        let made = try wallet(["new", "--key-file", folder.path + "/a.key", "--show-words"], folder)
        let words = try String(contentsOfFile: folder.path + "/a.key", encoding: .utf8)
        #expect(made.output.hasSuffix(words + "\n"))
        #expect(try wallet(["new", "--key-file", "b", "--show-words", "--json"], folder).status == 64)
    }

    @Test func `A wallet is imported from words or a seed, and not from anything else`() throws {
        let folder = try ScratchFolder()
        let made = try wallet(["new", "--key-file", folder.path + "/a.key", "--json"], folder)
        let words = try String(contentsOfFile: folder.path + "/a.key", encoding: .utf8)
        let spaced = "\n  " + words.uppercased().split(separator: " ").joined(separator: "\n ") + "\n"
        let copy = try wallet(["import", "--key-file", folder.path + "/b.key", "--json"], folder, input: spaced)
        let key = { (text: String) in try JSONValue(Array(text.utf8))["public_key"]?.string }
        #expect(try copy.status == 0 && key(copy.output) == key(made.output))
        let seeded = try wallet(
            ["import", "--key-file", folder.path + "/c.key", "--json"],
            folder,
            input: Self.seed + "\n"
        )
        let known = try SigningKey(seed: [UInt8](repeating: 7, count: 32).span).publicKey
        #expect(try seeded.status == 0 && key(seeded.output) == Hex.encode(known))
        let read = try wallet(["address", "--key-fd", "0", "--json"], folder, input: Self.seed)
        #expect(try key(read.output) == Hex.encode(known))
        for (text, rule) in [
            ("", "24 words, not 0"), ("abandon abandon", "24 words, not 2"), (words + " zoo", "24 words, not 25"),
            (Self.seed.dropLast() + "x", "word 1 is not in the list"),
            (String(repeating: "a", count: 2_000), "1024 bytes"),
            (words.split(separator: " ").reversed().joined(separator: " "), "the words do not belong together"),
        ] as [(String, String)] {
            let file = folder.path + "/bad.key"
            let refused = try wallet(["import", "--key-file", file], folder, input: text)
            // One order of words in 256 is a mnemonic too.
            #expect(refused.status == 1 && refused.errors.contains(rule), "\(refused.errors)")
            #expect(!FileManager.default.fileExists(atPath: file))
            #expect(!refused.errors.contains("abandon") && !refused.errors.contains(Self.seed.prefix(40)))
        }
    }

    @Test func `Balance and history are those of the chain, as tables and as JSON`() throws {
        let folder = try ScratchFolder()
        let chain = try ChainProgram(["--finality-blocks", "0"])
        let file = folder.path + "/w.key"
        #expect(try wallet(["import", "--key-file", file], folder, input: Self.seed).status == 0)
        let options = ["--key-file", file, "--chain", chain.url, "--chain-rate", "100"]
        let raw = try #require(try facts(["address", "--key-file", file], folder)["address_raw"]?.string)
        var state = try facts(["balance"] + options, folder)
        #expect(state["deployed"]?.boolean == false && state["balance_nanoton"]?.string == "0")
        try chain.ask("/local/fund", #"{"address":"\#(raw)","value":"1500000000","comment":"bell \u0007 and memo"}"#)
        try chain.ask("/local/fund", #"{"address":"\#(raw)","value":"7","comment":"second"}"#)
        try chain.waitUntil { try facts(["balance"] + options, folder)["balance_nanoton"]?.string == "1500000007" }
        state = try facts(["balance"] + options, folder)
        #expect(state["last_lt"]?.string != "0" && state["network"]?.string == "testnet")
        let several = try facts(["balance", "--subwallets", "3"] + options, folder)["wallets"]?.elements
        #expect(several?.map { $0["balance_nanoton"]?.string } == ["1500000007", "0", "0"])
        let addresses = try facts(["address", "--subwallets", "3", "--key-file", file], folder)["wallets"]?.elements
        #expect(addresses?.map { $0["address_raw"]?.string } == several?.map { $0["address_raw"]?.string })
        #expect(addresses?.compactMap { $0["subwallet"]?.integer } == [4_269, 4_270, 4_271])
        let table = try wallet(["balance"] + options, folder).output
        #expect(table.contains("1.500000007 TON"))

        let history = try #require(try facts(["history"] + options, folder)["transactions"]?.elements)
        #expect(history.map { $0["incoming"]?["value_nanoton"]?.string } == ["1500000000", "7"])
        #expect(history.first?["incoming"]?["comment"]?.string == "bell \u{7} and memo")
        let after = try #require(history.first?["lt"]?.string)
        let rest = try facts(["history", "--after", after, "--limit", "1"] + options, folder)["transactions"]?.elements
        #expect(rest == Array(history[1...]))
        let shown = try wallet(["history"] + options, folder).output
        #expect(shown.contains("+1.500000000 TON") && shown.contains("bell · and memo") && !shown.contains("\u{7}"))
        let other = try facts(["balance", "--address", raw] + options.dropFirst(2), folder)
        #expect(other["balance_nanoton"]?.string == "1500000007")

        // Another provider of the same chain agrees, and one of another chain does not.
        let agreed = options + ["--second-chain", chain.url]
        #expect(try facts(["balance"] + agreed, folder)["balance_nanoton"]?.string == "1500000007")
        #expect(try facts(["history"] + agreed, folder)["transactions"]?.elements == history)
        let stranger = try ChainProgram(["--finality-blocks", "0"])
        for command in ["balance", "history"] {
            let refused = try wallet([command, "--second-chain", stranger.url] + options, folder)
            #expect(refused.status == 1, "\(refused.output)")
            let words = command == "balance" ? "the providers differ: 1.500000007 TON" : "is not believed"
            #expect(refused.errors.contains(words), "\(refused.errors)")
        }
    }

    @Test func `A chain that is not there, another network's, or an address of tests is told`() throws {
        let folder = try ScratchFolder()
        let chain = try ChainProgram()
        let file = folder.path + "/w.key"
        #expect(try wallet(["import", "--key-file", file], folder, input: Self.seed).status == 0)
        let test = try #require(try facts(["address", "--key-file", file], folder)["address"]?.string)
        for (arguments, status, rule) in [
            (["balance", "--chain", chain.url, "--network", "mainnet"], 1, "another network than mainnet"),
            (["balance", "--chain", "http://example.com/api/v3"], 64, "must be on the loopback interface"),
            (["balance", "--chain", "nowhere"], 64, "an endpoint is a URL"),
            (["balance", "--chain", chain.url, "--network", "mainnet", "--address", test], 64, "for tests only"),
            (["history", "--chain", chain.url, "--limit", "0"], 64, "--limit must be in"),
            (["balance", "--second-chain", "nowhere"], 64, "--second-chain: an endpoint is a URL"),
            (["balance", "--second-chain-key-file", "k"], 64, "needs --second-chain"),
            (["address", "--timeout", "0"], 64, "--timeout must be in"),
            (["address", "--subwallets", "0"], 64, "--subwallets must be in"),
            (["address", "--subwallets", "2", "--kind", "v4r2"], 64, "the others have no numbers"),
            (["balance", "--chain", chain.url, "--address", test, "--subwallets", "2"], 64, "exclude each other"),
            (["balance", "--chain", chain.url, "--chain-key-file", "/nonexistent"], 1, "cannot be read"),
            (["address", "--key-fd", "77"], 1, "descriptor 77 cannot be read"),
        ] as [([String], Int32, String)] {
            let withKey = arguments.contains("--key-fd") ? arguments : arguments + ["--key-file", file]
            let refused = try wallet(withKey, folder)
            #expect(refused.status == status && refused.errors.contains(rule), "\(arguments): \(refused.errors)")
        }
    }

    @Test func `A wallet is deployed with the known code only, and once`() throws {
        let folder = try ScratchFolder()
        let chain = try ChainProgram(["--finality-blocks", "0"])
        let file = folder.path + "/w.key"
        #expect(try wallet(["import", "--key-file", file], folder, input: Self.seed).status == 0)
        let options = ["--key-file", file, "--chain", chain.url, "--chain-rate", "100", "--wait", "20"]
        let raw = try #require(try facts(["address", "--key-file", file], folder)["address_raw"]?.string)
        try folder.write("te6ccgEBAQEAAgAAAA==", to: "empty.boc")
        try folder.write("nothing", to: "nothing.boc")
        for (arguments, rule) in [
            ([], "--code or --code-from"), (["--code", folder.path + "/absent"], "cannot be read"),
            (["--code", folder.path + "/nothing.boc"], "is no bag of cells"),
            (["--code", folder.path + "/empty.boc"], "other code is never deployed"),
            (["--code-from", raw], "shows no code"),
        ] {
            let refused = try wallet(["deploy"] + options + arguments, folder)
            #expect(refused.status == 1 && refused.errors.contains(rule), "\(arguments): \(refused.errors)")
        }
        guard let code = try RealCode.highload() else { return }
        try folder.write(code, to: "code.b64")
        let deploy = ["deploy"] + options + ["--code", folder.path + "/code.b64"]
        let poor = try wallet(deploy, folder)
        #expect(poor.status == 1 && poor.errors.contains("send it 0.020000000 TON or more"))
        try chain.ask("/local/fund", #"{"address":"\#(raw)","value":"1000000000"}"#)
        try chain.waitUntil { try facts(["balance"] + options.dropLast(2), folder)["balance_nanoton"]?.string != "0" }
        #expect(try facts(deploy, folder)["deployed"]?.string == "now")
        #expect(try facts(["deploy"] + options, folder)["deployed"]?.string == "before")
        #expect(try facts(["balance"] + options.dropLast(2), folder)["deployed"]?.boolean == true)

        // A second wallet takes the code from the first one's account.
        let second = ["--subwallet", "7"]
        let address = try #require(try facts(["address", "--key-file", file] + second, folder)["address_raw"]?.string)
        try chain.ask("/local/fund", #"{"address":"\#(address)","value":"1000000000"}"#)
        try chain.waitUntil {
            try facts(["balance"] + options.dropLast(2) + second, folder)["balance_nanoton"]?.string != "0"
        }
        #expect(try facts(["deploy", "--code-from", raw] + options + second, folder)["deployed"]?.string == "now")
    }

    @Test func `A served chain goes on from its file, whichever way it ended`() throws {
        let folder = try ScratchFolder()
        let state = ["--state", folder.path + "/chain.state", "--finality-blocks", "0"]
        var chain = try ChainProgram(state)
        let address = "0:" + String(repeating: "6", count: 64)
        let balance = { (chain: ChainProgram) in
            try chain.ask("/api/v3/accountStates?address=\(address)")["accounts"]?[0]?["balance"]?.string
        }
        for round in 1...3 {
            try chain.ask("/local/fund", #"{"address":"\#(address)","value":"100"}"#)
            try chain.waitUntil { try balance(chain) == "\(round * 100)" }
            let page = "/api/v3/transactions?account=\(address)&sort=asc&limit=100"
            let history = try chain.ask(page)
            let head = try #require(try chain.ask("/api/v3/masterchainInfo")["last"]?["seqno"]?.integer)
            chain.end(by: round == 2 ? SIGTERM : SIGKILL)
            chain = try ChainProgram(state)
            #expect(try chain.ask(page) == history)
            #expect(try #require(try chain.ask("/api/v3/masterchainInfo")["last"]?["seqno"]?.integer) >= head)
        }
        let second = try Shell(
            [TestServer.executable, "chain", "serve", "--listen", "127.0.0.1:0"] + state,
            in: folder.path
        )
        #expect(second.status == 1 && second.errors.contains("another process keeps a chain"))
        chain.end(by: SIGTERM)
        try folder.write("no chain", to: "chain.state")
        let refused = try Shell(
            [TestServer.executable, "chain", "serve", "--listen", "127.0.0.1:0"] + state,
            in: folder.path
        )
        #expect(refused.status == 1 && refused.errors.contains("is no state of a local chain"))
    }

    private struct Said {
        let status: Int32
        let output: String
        let errors: String
    }

    private func wallet(_ arguments: [String], _ folder: ScratchFolder, input: String = "") throws -> Said {
        let name = UUID().uuidString
        try folder.write(input, to: name)
        // The shell opens the file as the standard input.
        let command = [TestServer.executable, "wallet"] + arguments
        let shell = try Shell(["sh", "-c", "\"$@\" <\(name)", "sh"] + command, in: folder.path)
        return Said(status: shell.status, output: shell.output, errors: shell.errors)
    }

    private func facts(_ arguments: [String], _ folder: ScratchFolder) throws -> JSONValue {
        let said = try wallet(arguments + ["--json"], folder)
        guard said.status == 0 else { throw TestServer.Failure("\(arguments): \(said.errors)") }
        return try JSONValue(Array(said.output.utf8))
    }
}

/// The code of contracts, which `Deploy/test` installs (see `Tests/TONTests/ChainProcess.swift`).
private enum RealCode {
    /// In base64; `nil` where it is not installed and need not be.
    static func highload() throws -> String? {
        let environment = ProcessInfo.processInfo.environment
        let python = environment["BOMBYX_CONTRACTS_PYTHON"] ?? Shell.root + "/.build/python/bin/python"
        let script = """
            import sys; sys.path.insert(0, sys.argv[1]); from chain import contract_code, encode
            print(encode(contract_code(sys.argv[2])))
            """
        let hash = Hex.encode(ContractCode.highloadV3.hash)
        let shell = try Shell([python, "-c", script, Shell.root + "/Tests/TONTests/Harness", hash], in: "/var/tmp")
        if shell.status == 0 { return shell.output }
        guard environment["BOMBYX_CONTRACTS"] == nil else { throw TestServer.Failure("no code: \(shell.errors)") }
        FileHandle.standardError.write(Data("The wallet is NOT deployed: Deploy/test installs its code.\n".utf8))
        return nil
    }
}
