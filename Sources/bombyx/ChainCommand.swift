internal import ArgumentParser
internal import ChainServer
internal import Glibc
internal import HTTP2
internal import LocalChain
internal import Sockets

/// `bombyx chain`: what is done with a chain of one's own.
struct ChainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "A local chain, to develop settlement without a network.",
        subcommands: [ServeChain.self]
    )
}

/// `bombyx chain serve`.
struct ServeChain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a local chain as toncenter's HTTP interface, version 3.",
        discussion: """
            The chain begins without accounts and goes on with the clock. It is in memory, and with --state also in a \
            file: no answer shows what is not in it. Of toncenter's calls it knows \
            those that a settlement needs, under /api/v3: masterchainInfo, accountStates, transactions, \
            transactionsByMessage and message. These are its own:

              POST /local/wallets  {"kind": "highload_v3", "public_key": "HEX", "timeout": 3600, "subwallet": 7}
              POST /local/fund     {"address": "0:HEX", "value": "1000000000", "comment": "memo"}
              POST /local/faults   {"kind": "lose_answer"}

            Who reaches the port may do all of it: keep it on the loopback interface. It says on standard output where \
            it listens, and ends on SIGTERM and SIGINT.
            Exit codes: 1 when it cannot listen, or the file is not a chain's.
            """
    )

    @Option(help: "Where to listen; port 0 takes a free one.")
    var listen = "127.0.0.1:8081"

    @Option(help: "A file that keeps the chain; one that is there goes on, by its own intervals.", completion: .file())
    var state: String?

    @Option(help: "Seconds from block to block: 1…3600.")
    var blockInterval: UInt64 = 1

    @Option(help: "Blocks after which a block is final: 0…1000.")
    var finalityBlocks = 2

    func validate() throws {
        guard SocketAddress(listen) != nil else {
            throw ValidationError("--listen must be an address and a port, like 127.0.0.1:8081")
        }
        guard (1...3_600).contains(blockInterval) else {
            throw ValidationError("--block-interval must be in 1…3600")
        }
        guard (0...1_000).contains(finalityBlocks) else {
            throw ValidationError("--finality-blocks must be in 0…1000")
        }
    }

    func run() throws {
        let signals = StopSignals()
        let settings = LocalChain.Settings(
            start: Self.clock(),
            blockInterval: blockInterval,
            finalityBlocks: finalityBlocks
        )
        do {
            let file = try state.map { try ChainStateFile(path: $0) }
            let chain = try file?.read() ?? LocalChain(settings)
            let keep = file.map { file in { @Sendable (chain: LocalChain) in file.write(chain) } }
            let configuration = ServerConfiguration(cleartext: [SocketAddress(listen)].compactMap(\.self))
            let host = ChainHost(chain, clock: Self.clock, keep: keep)
            let server = try Server(configuration) { _ in ChainService(host) }
            say("chain http://\(server.cleartext[0])/api/v3")
            while signals.next(milliseconds: 60_000) != .stop {}
            if let failure = server.drain(timeoutMilliseconds: 5_000) { throw failure }
        } catch {
            complain("bombyx chain serve: \(error)")
            throw ExitCode(1)
        }
    }

    /// Seconds since 1970.
    @Sendable static func clock() -> UInt64 { UInt64(max(0, time(nil))) }
}
