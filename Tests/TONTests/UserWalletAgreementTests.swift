import Cryptography
import LocalChain
import Testing

@testable import TON

private let ton: UInt64 = 1_000_000_000

/// A user's wallet with 10 TON on both chains, and a highload wallet to send to.
private final class TwinUser {
    let chains: Twins
    let key: SigningKey
    let isV5: Bool
    let code: Cell
    let highload: HighloadWalletV3

    init(isV5: Bool) throws {
        chains = try Twins()
        key = try SigningKey.random()
        self.isV5 = isV5
        code = try chains.real.code(isV5 ? .walletV5R1 : .walletV4R2)
        highload = try HighloadWalletV3(publicKey: key.publicKey, timeout: 60)
        try chains.fund(address, 10 * ton)
        try chains.fund(highload.address, ton)
        let message = try Payout(to: chains.payee, amount: Coins(ton)).message()
        let request = try highload.request(message, mode: .paysFees, QueryID(counter: 0), createdAt: chains.now)
        let deploying = try chains.real.code(.highloadV3)
        try chains.send(highload.message(request, signedBy: key, deploying: deploying))
    }

    var address: Address {
        isV5
            ? WalletV5R1(publicKey: key.publicKey, network: .mainnet).address
            : WalletV4R2(publicKey: key.publicKey).address
    }

    /// What a request may have that is not as it should be.
    struct Request {
        var messages: [Cell]
        var number: UInt32 = 0
        var age: Int64 = -1
        var mode: SendMode = [.paysFees, .ignoresErrors]
        var isOfOtherWallet = false
        var isByOtherKey = false
        var isDeploying = true
    }

    func send(_ request: Request, _ name: String = "") throws -> String {
        let until = UInt32(Int64(chains.now) - request.age)
        let actions = request.messages.map { SendAction($0, mode: request.mode) }
        let signer = try SigningKey.random()
        let state = request.isDeploying ? StateInit(code: code, data: data) : nil
        let body =
            request.isByOtherKey
            ? try body(actions, request, until, signer) : try body(actions, request, until, key)
        return try chains.send(ExternalMessage(to: address, stateInit: state, body: body), name)
    }

    private var data: Cell {
        isV5
            ? WalletV5R1(publicKey: key.publicKey, network: .mainnet).data
            : WalletV4R2(publicKey: key.publicKey).data
    }

    private func body(_ actions: [SendAction], _ request: Request, _ until: UInt32, _ key: borrowing SigningKey) throws
        -> Cell
    {
        guard isV5 else {
            let wallet = WalletV4R2(publicKey: self.key.publicKey, walletID: request.isOfOtherWallet ? 5 : 698_983_191)
            let message = try wallet.message(
                actions,
                sequenceNumber: request.number,
                validUntil: until,
                signedBy: key
            )
            return message.body
        }
        let network: Network = request.isOfOtherWallet ? .testnet : .mainnet
        let wallet = WalletV5R1(publicKey: self.key.publicKey, network: network)
        // By hand, because our own code makes no request that the wallet refuses for its modes.
        let list = try SendAction.list(actions)
        var builder = CellBuilder()
        builder.store(0x7369_676E, bits: 32)
        builder.store(UInt64(wallet.walletID), bits: 32)
        builder.store(UInt64(until), bits: 32)
        builder.store(UInt64(request.number), bits: 32)
        builder.store(maybe: list)
        builder.store(false)
        builder.store(key.sign(try builder.cell().hash))
        return try builder.cell()
    }
}

extension Twins {
    /// Somebody without code.
    fileprivate var payee: Address {
        get throws { try #require(Address(workchain: 0, hash: SHA256.hash(Array("payee".utf8)).bytes)) }
    }
}

/// The local chain does what the code of users' wallets does.
@Suite(.serialized, .enabled(if: ChainProcess.isThere)) struct UserWalletAgreementTests {
    private typealias Case = (
        name: String, v5: String, v4: String, change: @Sendable (inout TwinUser.Request, TwinUser) throws -> Void
    )

    /// A payment of 1 TON that deploys the wallet, changed, and what comes of it with each wallet.
    private static let cases: [Case] = [
        ("good", "0/0>1 -/->0", "0/0>1 -/->0", { _, _ in }),
        ("wrong number", "refused 133", "refused 33", { request, _ in request.number = 1 }),
        ("another wallet", "refused 134", "refused 34", { request, _ in request.isOfOtherWallet = true }),
        ("another key", "refused 135", "refused 35", { request, _ in request.isByOtherKey = true }),
        ("expired", "refused 136", "refused 36", { request, _ in request.age = 0 }),
        ("no code", "refused unasked", "refused unasked", { request, _ in request.isDeploying = false }),
        ("mode 1", "137/0>0", "0/0>1 -/->0", { request, _ in request.mode = .paysFees }),
        (
            "too much", "0/0>0!1", "0/0>0!1",
            { request, user in
                request.messages = [try Payout(to: user.chains.payee, amount: Coins(20 * ton)).message()]
            }
        ),
        (
            "deposit", "0/0>1 0/0>0", "0/0>1 0/0>0",
            { request, user in
                let payout = Payout(to: user.highload.address, amount: Coins(ton), comment: "memo")
                request.messages = [try payout.message()]
            }
        ),
        (
            "deposit of dust", "0/0>1 -/->0", "0/0>1 -/->0",
            { request, user in
                let payout = Payout(to: user.highload.address, amount: Coins(1), isBounceable: true)
                request.messages = [try payout.message()]
            }
        ),
        (
            "comes back", "0/0>1 -/->1 0/0>0", "0/0>1 -/->1 0/0>0",
            { request, user in
                let payout = Payout(to: try user.chains.payee, amount: Coins(ton), isBounceable: true)
                request.messages = [try payout.message()]
            }
        ),
    ]

    @Test(arguments: cases.indices, [true, false])
    func `Each message has the same outcome`(index: Int, isV5: Bool) throws {
        let (name, v5, v4, change) = Self.cases[index]
        let user = try TwinUser(isV5: isV5)
        var request = TwinUser.Request(messages: [try Payout(to: user.chains.payee, amount: Coins(ton)).message()])
        try change(&request, user)
        #expect(try user.send(request, name) == (isV5 ? v5 : v4), "\(name) \(isV5)")
    }

    @Test(arguments: [true, false]) func `Numbers go up, one by one`(isV5: Bool) throws {
        let user = try TwinUser(isV5: isV5)
        let payee = try user.chains.payee
        for number in [0, 0, 1, 3, 2, 1] as [UInt32] {
            let message = try Payout(to: payee, amount: Coins(1_000_000), comment: "\(number)").message()
            let messages = [Cell](repeating: message, count: Int(number) + 1)
            _ = try user.send(TwinUser.Request(messages: messages, number: number), "\(number)")
            let answer = user.chains.local.sequenceNumber(at: user.address).map { String($0, radix: 16) }
            #expect(try user.chains.real.ask(user.address, "seqno") == answer)
        }
        #expect(user.chains.local.sequenceNumber(at: user.address) == 3)
    }
}
