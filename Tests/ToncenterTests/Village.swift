import ChainServer
import Cryptography
import HTTP2
import LocalChain
import Sockets
import Synchronization
import TLS
import TON
import Testing
import Toncenter

let ton: UInt64 = 1_000_000_000

/// A local chain on which everything has happened that a settlement can meet.
final class Village {
    var chain: LocalChain
    let key: SigningKey
    let wallet: HighloadWalletV3
    let user: WalletV5R1

    init() throws {
        chain = LocalChain(LocalChain.Settings(start: 1_800_000_000))
        key = try SigningKey(seed: [UInt8](repeating: 7, count: 32).span)
        wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: 60)
        user = WalletV5R1(publicKey: key.publicKey, network: .testnet)
        chain.install(wallet)
        chain.install(user)
        chain.installRefusal(at: try person(9))
        for address in [wallet.address, user.address] { #expect(try chain.fund(address, Coins(1_000 * ton))) }
        chain.advance(seconds: 3)
        _ = try chain.send(try batch(0, people: 3))
        chain.advance(seconds: 2)
        _ = try chain.send(try batch(1, people: 1))
        _ = try chain.send(try refused(2))
        chain.burnNext()
        _ = try chain.send(try batch(3, people: 2))
        chain.advance(seconds: 4)
        _ = try chain.send(try batch(4, people: 2))
        chain.fork(keepingMessages: true)
        for (number, comment) in ["a memo", "", String(repeating: "long ", count: 200)].enumerated() {
            _ = try chain.send(try deposit(UInt32(number), comment))
            chain.advance(seconds: 2)
        }
        chain.advance(seconds: 3)
    }

    func batch(_ place: UInt32, people: Int, age: UInt64 = 0) throws -> [UInt8] {
        let payouts = try (0..<people).map {
            Payout(to: try person($0), amount: Coins(ton), comment: "for \($0)")
        }
        let id = try #require(QueryID(place: place))
        let value = Coins(UInt64(people) * ton + ton / 10)
        return try wallet.message(wallet.batch(payouts, value: value, id, createdAt: chain.now - age), signedBy: key)
            .bag()
    }

    /// A payout that comes back.
    private func refused(_ place: UInt32) throws -> [UInt8] {
        let id = try #require(QueryID(place: place))
        let payout = Payout(to: try person(9), amount: Coins(ton), isBounceable: true)
        return try wallet.message(wallet.direct(payout, id, createdAt: chain.now), signedBy: key).bag()
    }

    private func deposit(_ number: UInt32, _ comment: String) throws -> [UInt8] {
        let payout = try Payout(to: wallet.address, amount: Coins(ton), comment: comment).message()
        return try user.message(
            [SendAction(payout, mode: [.paysFees, .ignoresErrors])],
            sequenceNumber: number,
            validUntil: UInt32(chain.now + 60),
            signedBy: key
        ).bag()
    }
}

/// An address without code.
func person(_ number: Int) throws -> Address {
    try #require(Address(workchain: 0, hash: SHA256.hash(Array("person \(number)".utf8)).bytes))
}

/// A chain behind a port; its clock is the test's.
final class ServedChain: Sendable {
    private let server: Server
    private let time: Time

    private final class Time: Sendable {
        let now: Mutex<UInt64>
        init(_ now: UInt64) { self.now = Mutex(now) }
    }

    init(_ chain: LocalChain, certificate: ReloadableTLSContext? = nil) throws {
        let time = Time(chain.now)
        self.time = time
        let address = [SocketAddress.loopback(port: 0)]
        let configuration = ServerConfiguration(
            cleartext: certificate == nil ? address : [],
            tls: certificate == nil ? [] : address,
            certificate: certificate
        )
        server = try Server(configuration) { _ in
            ChainService(ChainHost(chain) { time.now.withLock { $0 } })
        }
    }

    deinit { _ = server.drain(timeoutMilliseconds: 5_000) }

    var port: UInt16 { (server.cleartext + server.tls)[0].port }

    func wait(_ seconds: UInt64) { time.now.withLock { $0 += seconds } }

    func settings() throws -> ToncenterSettings { try Self.settings(port) }

    /// As fast as it goes.
    static func settings(_ port: UInt16, _ path: String = "/api/v3", scheme: String = "http") throws
        -> ToncenterSettings
    {
        var settings = ToncenterSettings(
            try ProviderEndpoint("\(scheme)://127.0.0.1:\(port)\(path)"),
            network: .testnet
        )
        settings.requestsPerSecond = 1_000
        settings.burst = 1_000
        settings.requestMilliseconds = 5_000
        settings.sleep = { _ in }
        return settings
    }
}
