import Cryptography
import Foundation
import JSON
import ProgramTesting
import TON

/// `bombyx chain serve`, as a process.
final class ChainProgram {
    private var process = Process()
    private let arguments: [String]
    private var base = "http://127.0.0.1:0"
    var url: String { base + "/api/v3" }

    init(_ arguments: [String] = []) throws {
        self.arguments = arguments
        try start()
    }

    /// Starts the program again, at the address that it had.
    func start() throws {
        process = Process()
        process.executableURL = URL(filePath: TestServer.executable)
        process.arguments = ["chain", "serve", "--listen", String(base.dropFirst("http://".count))] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard line.hasPrefix("chain http://127.0.0.1:") else { throw TestServer.Failure("no chain: \(line)") }
        base = String(line.dropFirst("chain ".count).dropLast("/api/v3\n".count))
    }

    /// One that somebody else serves: `url` is its interface, as in ``url``.
    init(at url: String) throws {
        guard url.hasSuffix("/api/v3") else { throw TestServer.Failure("no chain: \(url)") }
        arguments = []
        base = String(url.dropLast("/api/v3".count))
    }

    deinit { end(by: SIGKILL) }

    func end(by signal: Int32) {
        guard process.isRunning else { return }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
    }

    @discardableResult
    func ask(_ path: String, _ body: String? = nil) throws -> JSONValue {
        var arguments = ["curl", "-q", "-sS", "--fail-with-body", "--noproxy", "*", "--max-time", "20"]
        if let body { arguments += ["-H", "content-type: application/json", "--data-binary", body] }
        let shell = try Shell(arguments + [base + path], in: "/var/tmp")
        guard shell.status == 0 else { throw TestServer.Failure("\(path): \(shell.output)\(shell.errors)") }
        return try JSONValue(Array(shell.output.utf8))
    }

    func waitUntil(seconds: Double = 20, _ isSo: () throws -> Bool) throws {
        let deadline = Date.now + seconds
        while try !isSo() {
            guard Date.now < deadline else { throw TestServer.Failure("it did not come to pass in \(seconds) s") }
            usleep(100_000)
        }
    }
}

/// A local chain with the exchange's wallets, whose key everybody knows, and a server that pays from them.
final class ChainTown {
    let chain: ChainProgram
    let server: TestServer
    /// The exchange's wallets.
    let addresses: [Address]
    /// The first of them.
    var address: Address { addresses[0] }
    private let folder: ScratchFolder

    /// `nanoTON` is what each of the wallets has at the beginning; `arguments` are more of them for the server.
    /// A chain that is kept can be killed and started again. `confirms`: a second provider tells of the same chain;
    /// `second`: who else must confirm.
    init(
        nanoTON: Int64 = 0,
        subwallets: Int = 1,
        keepsChain: Bool = false,
        confirms: Bool = false,
        second: String? = nil,
        arguments more: [String] = []
    ) throws {
        folder = try ScratchFolder()
        let state = keepsChain ? ["--state", folder.path + "/chain"] : []
        chain = try ChainProgram(["--finality-blocks", "0"] + state)
        let file = folder.path + "/wallet.key"
        let seed = String(repeating: "07", count: SigningKey.seedByteCount)
        let mode = [FileAttributeKey.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: file, contents: Data(seed.utf8), attributes: mode) else {
            throw TestServer.Failure("cannot write \(file)")
        }
        let key = try SigningKey(seed: [UInt8](repeating: 7, count: SigningKey.seedByteCount).span)
        var addresses: [Address] = []
        for number in HighloadWalletV3.subwalletDefault..<(HighloadWalletV3.subwalletDefault + UInt32(subwallets)) {
            let wallet = try HighloadWalletV3(publicKey: key.publicKey, subwallet: number, timeout: 3_600)
            addresses.append(wallet.address)
            let terms = #""public_key":"\#(Hex.encode(key.publicKey))","timeout":3600,"subwallet":\#(number)"#
            try chain.ask("/local/wallets", #"{"kind":"highload_v3",\#(terms)}"#)
            if nanoTON > 0 { try chain.fund(wallet.address, nanoTON) }
        }
        self.addresses = addresses
        var arguments = ["--network", "testnet", "--chain", chain.url, "--chain-rate", "100", "--wallet-key", file]
        arguments += ["--subwallets", "\(subwallets)"] + more
        if let second = confirms ? chain.url : second { arguments += ["--second-chain", second] }
        server = try TestServer(arguments: arguments)
    }

    /// Waits until the engine knows the wallet.
    func waitForWallet(_ desk: Scenario, _ key: String) throws {
        try chain.waitUntil { try desk.client.call("GET", "/v1/deposits", key: key).status == 200 }
    }

    /// Ends the server and the chain.
    func remove() {
        server.remove()
        chain.end(by: SIGTERM)
    }
}

/// A user's wallet on the chain.
final class ChainUser {
    let chain: ChainProgram
    let wallet: WalletV5R1
    private let key: SigningKey
    private var number: UInt32 = 0

    init(_ chain: ChainProgram, nanoTON: Int64) throws {
        self.chain = chain
        key = try SigningKey(seed: [UInt8](repeating: 8, count: SigningKey.seedByteCount).span)
        wallet = WalletV5R1(publicKey: key.publicKey, network: .testnet)
        try chain.ask("/local/wallets", #"{"kind":"v5r1","public_key":"\#(Hex.encode(key.publicKey))"}"#)
        try chain.fund(wallet.address, nanoTON)
    }

    func pay(_ address: Address, _ nanoTON: UInt64, _ comment: String) throws {
        let payout = try Payout(to: address, amount: Coins(nanoTON), comment: comment).message()
        let message = try wallet.message(
            [SendAction(payout, mode: [.paysFees, .ignoresErrors])],
            sequenceNumber: number,
            validUntil: UInt32(Date.now.timeIntervalSince1970) + 600,
            signedBy: key
        )
        number += 1
        let before = try chain.balance(wallet.address)
        try chain.ask("/api/v3/message", #"{"boc":"\#(Base64.encode(try message.bag()))"}"#)
        try chain.waitUntil { try chain.balance(wallet.address) < before }
    }
}

extension ChainProgram {
    /// What an account has, in nanoTON.
    func balance(_ address: Address) throws -> Int64 {
        let states = try ask("/api/v3/accountStates?address=\(address)")
        return states["accounts"]?[0]?["balance"]?.string.flatMap { Int64($0) } ?? 0
    }

    /// Gives an account money, and waits until the chain shows it; what receiving it costs is taken from it.
    func fund(_ address: Address, _ nanoTON: Int64) throws {
        let before = try balance(address)
        try ask("/local/fund", #"{"address":"\#(address)","value":"\#(nanoTON)"}"#)
        try waitUntil { try balance(address) > before }
    }
}
