import ChainServer
import LocalChain
import Sockets
import TON
import Testing

/// A chain that several ask, inside of the process.
@Suite struct HostTests {
    private static let start: UInt64 = 1_800_000_000

    private func makeWallet() throws -> HighloadWalletV3 {
        try HighloadWalletV3(publicKey: [UInt8](repeating: 3, count: 32), timeout: 60)
    }

    @Test func `The chain goes on with the clock, and is written down before anything of it is shown`() throws {
        let time = Lock(Self.start)
        let written = Lock<[[UInt8]]>([])
        let wallet = try makeWallet()
        var chain = LocalChain(LocalChain.Settings(start: Self.start, finalityBlocks: 1))
        chain.install(wallet)
        #expect(try chain.fund(wallet.address, Coins(7_000_000_000)))
        let host = ChainHost(chain, clock: { time.withLock { $0 } }) { chain in
            written.withLock { $0.append(chain.state()) }
            return nil
        }
        var (one, other) = (HostedChain(host), HostedChain(host))
        #expect(try one.head().time == Self.start)
        #expect(written.withLock { $0.count } == 1, "what nobody has written yet is written at once")
        time.withLock { $0 += 5 }
        #expect(try other.head().time == Self.start + 4)
        let shown = try one.account(wallet.address)
        #expect(shown.balance.nanoTON > 6_900_000_000 && shown.isActive)
        let states = written.withLock { $0 }
        #expect(states.count == 2, "blocks in which nothing happens are not")
        var again = try LocalChain(state: try #require(states.last))
        again.advance(seconds: 5)
        #expect(try again.account(wallet.address) == shown)
        #expect(try one.transactions(of: wallet.address, after: 0, limit: 10).count == 1)
        #expect(try one.transaction(ofMessage: [UInt8](repeating: 1, count: 32)) == nil)
        #expect(try one.transaction(sendingMessage: [UInt8](repeating: 1, count: 32)) == nil)
        #expect(throws: ChainError.message) { try one.send([1, 2, 3]) }
        #expect(written.withLock { $0.count } == 2)
    }

    @Test func `What cannot be written down is not shown`() throws {
        let problem = Lock<String?>("the disk is full")
        let chain = LocalChain(LocalChain.Settings(start: Self.start))
        let host = ChainHost(chain, clock: { Self.start }, keep: { _ in problem.withLock { $0 } })
        var client = HostedChain(host)
        #expect(throws: ChainError.answer("the disk is full")) { try client.head() }
        problem.withLock { $0 = nil }
        #expect(try client.head().block == 0)
    }
}
