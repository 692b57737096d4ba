internal import ChainServer
internal import HTTP2
internal import LocalChain
internal import Sockets
internal import TON

/// The local chain inside of a server, with its state in a file: play money by the real rules.
final class EmbeddedChain: Sendable {
    private let host: ChainHost
    private let server: Server?

    /// What each wallet of the exchange is given when it is deployed: the operator's capital, 1,000 TON.
    static let capital = Coins(1_000_000_000_000)

    /// Goes on with the chain of the file, or begins one. `wallets` are deployed unless they are. With `port`, the
    /// chain is served on the loopback interface too.
    init(file path: String, wallets: [HighloadWalletV3], port: UInt16?) throws {
        let file = try ChainStateFile(path: path)
        let now = ServeChain.clock()
        var chain = try file.read() ?? LocalChain(LocalChain.Settings(start: now))
        if now > chain.now { chain.advance(seconds: now - chain.now) }
        for wallet in wallets where !chain.isActive(wallet.address) {
            chain.install(wallet)
            guard try chain.fund(wallet.address, Self.capital) else {
                throw CommandFailure("the chain of \(path) has no money left for another wallet")
            }
            // At once and final: what it has when the exchange comes to know it is the operator's.
            for _ in 0...chain.settings.finalityBlocks { chain.makeBlock() }
        }
        let host = ChainHost(chain, clock: ServeChain.clock) { file.write($0) }
        self.host = host
        server = try port.map { port in
            do {
                return try Server(ServerConfiguration(cleartext: [.loopback(port: port)])) { _ in ChainService(host) }
            } catch {
                throw CommandFailure("--chain-port \(port): cannot listen: \(error)")
            }
        }
    }

    /// For the settlement.
    var client: HostedChain { HostedChain(host) }

    /// toncenter's interface; `nil` when it is not served.
    var url: String? { server.map { "http://\($0.cleartext[0])/api/v3" } }

    func stop() { _ = server?.drain(timeoutMilliseconds: 1_000) }
}
