import Cryptography
import LocalChain
import Testing

@testable import TON

private let ton: UInt64 = 1_000_000_000

/// A deployed highload wallet on both chains.
private final class TwinWallet {
    let chains: Twins
    let key: SigningKey
    let wallet: HighloadWalletV3
    let code: Cell

    init(money: UInt64 = 100 * ton, timeout: UInt32 = 60, isDeployed: Bool = true) throws {
        chains = try Twins()
        key = try SigningKey.random()
        wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: timeout)
        code = try chains.real.code(.highloadV3)
        try chains.fund(wallet.address, money)
        guard isDeployed else { return }
        let message = try Sample.payouts(1)[0].message()
        let text = try send(try request(message, place: 1_000_000), isDeploying: true)
        #expect(text == "0/0>1 -/->0")
    }

    func request(_ message: Cell, place: UInt32, age: Int64 = 0, mode: SendMode = .paysFees) throws
        -> HighloadWalletV3.Request
    {
        HighloadWalletV3.Request(
            subwallet: wallet.subwallet,
            message: message,
            mode: mode,
            queryID: try #require(QueryID(place: place)),
            createdAt: UInt64(Int64(chains.now) - age),
            timeout: wallet.timeout
        )
    }

    func batch(
        _ messages: [Cell],
        place: UInt32,
        value: UInt64 = ton,
        inner: SendMode = .paysFees,
        outer: SendMode = .paysFees
    ) throws -> HighloadWalletV3.Request {
        let id = try #require(QueryID(place: place))
        let actions = messages.map { SendAction($0, mode: inner) }
        return try request(try wallet.transfer(actions, value: Coins(value), id), place: place, mode: outer)
    }

    @discardableResult
    func send(_ request: HighloadWalletV3.Request, isDeploying: Bool = false, _ name: String = "") throws -> String {
        try chains.send(wallet.message(request, signedBy: key, deploying: isDeploying ? code : nil), name)
    }

    /// A request whose query id is no number that we give out.
    func send(shift: UInt64, bit: UInt64, _ message: Cell, _ name: String = "") throws -> String {
        let inner = try Cell.build { builder in
            builder.store(UInt64(wallet.subwallet), bits: 32)
            builder.store(reference: message)
            builder.store(1, bits: 8)
            builder.store(shift, bits: 13)
            builder.store(bit, bits: 10)
            builder.store(chains.now, bits: 64)
            builder.store(UInt64(wallet.timeout), bits: 22)
        }
        let body = try Cell.build { builder in
            builder.store(key.sign(inner.hash))
            builder.store(reference: inner)
        }
        return try chains.send(ExternalMessage(to: wallet.address, body: body), name)
    }
}

private enum Sample {
    static func payouts(_ count: Int, amount: UInt64 = 10_000_000, isBounceable: Bool = false) throws -> [Payout] {
        try (0..<count).map { index in
            let hash = SHA256.hash(Array("payee \(index)".utf8)).bytes
            let address = try #require(Address(workchain: 0, hash: hash))
            let amount = Coins(amount + UInt64(index))
            return Payout(to: address, amount: amount, comment: "payout \(index)", isBounceable: isBounceable)
        }
    }

    static func messages(_ count: Int, amount: UInt64 = 10_000_000, isBounceable: Bool = false) throws -> [Cell] {
        try payouts(count, amount: amount, isBounceable: isBounceable).map { try $0.message() }
    }

    /// To an address in a workchain that there is not.
    static func foreign() throws -> Cell {
        try Cell.build { builder in
            builder.store(0b0100_00, bits: 6)
            builder.store(0b100, bits: 3)
            builder.store(5, bits: 8)
            builder.store([UInt8](repeating: 7, count: 32))
            builder.store(Coins(1_000_000))
            builder.store(0, bits: 1 + 4 + 4)
            builder.store(0, bits: 64)
            builder.store(0, bits: 32 + 2)
        }
    }

    /// One that deploys something, which the wallet does not send.
    static func deploying(_ code: Cell) throws -> Cell {
        var message = try InternalMessage(messages(1)[0])
        message.stateInit = StateInit(code: code, data: code)
        return try message.cell()
    }
}

/// The local chain does what the code of the contracts does.
@Suite(.serialized, .enabled(if: ChainProcess.isThere)) struct AgreementTests {
    /// What is sent to a wallet with 100 TON, and what comes of it.
    private static let cases: [(name: String, outcome: String, send: @Sendable (TwinWallet) throws -> String)] = [
        ("direct", "0/0>1 -/->0", { try $0.send($0.request(Sample.messages(1)[0], place: 0)) }),
        ("batch", "0/0>1 0/0>3 -/->0 -/->0 -/->0", { try $0.send($0.batch(Sample.messages(3), place: 0)) }),
        (
            "more payouts than value", "0/0>1 0/0>2 -/->0 -/->0",
            { try $0.send($0.batch(Sample.messages(2, amount: 3 * ton), place: 0)) }
        ),
        ("value of nothing", "0/0>1 -/->0", { try $0.send($0.batch(Sample.messages(2), place: 0, value: 1)) }),
        ("burnt", "0/0>0!1", { try $0.send($0.batch(Sample.messages(3), place: 0, value: 200 * ton)) }),
        (
            "one cannot be paid", "0/0>1 0/37>0",
            { try $0.send($0.batch(Sample.messages(2) + Sample.messages(1, amount: 300 * ton), place: 0)) }
        ),
        (
            "one is left out", "0/0>1 0/0>2!1 -/->0 -/->0",
            {
                let messages = try Sample.messages(2) + Sample.messages(1, amount: 300 * ton)
                return try $0.send($0.batch(messages, place: 0, inner: [.paysFees, .ignoresErrors]))
            }
        ),
        ("workchain 5", "0/0>1 0/36>0", { try $0.send($0.batch(Sample.messages(1) + [Sample.foreign()], place: 0)) }),
        ("workchain 5 direct", "0/0>0!1", { try $0.send($0.request(Sample.foreign(), place: 0)) }),
        ("first state inside", "37/0>0", { try $0.send($0.request(Sample.deploying($0.code), place: 0)) }),
        ("255 payouts", "0/0>1 0/33>0", { try $0.send($0.batch(Sample.messages(255), place: 0)) }),
        (
            "whole balance", "0/0>1 0/0>2 -/->0 -/->0",
            { try $0.send($0.batch(Sample.messages(2), place: 0, value: 0, outer: .wholeBalance)) }
        ),
        (
            "comes back", "0/0>1 -/->1 0/0>0",
            { try $0.send($0.request(Sample.messages(1, isBounceable: true)[0], place: 0)) }
        ),
        (
            "come back", "0/0>1 0/0>2 -/->1 -/->1 0/0>0 0/0>0",
            { try $0.send($0.batch(Sample.messages(2, isBounceable: true), place: 0)) }
        ),
        ("oldest", "0/0>1 -/->0", { try $0.send($0.request(Sample.messages(1)[0], place: 0, age: 59)) }),
        ("stale", "refused 35", { try $0.send($0.request(Sample.messages(1)[0], place: 0, age: 60)) }),
        ("future", "refused 35", { try $0.send($0.request(Sample.messages(1)[0], place: 0, age: -1)) }),
        ("known id", "refused 36", { try $0.send($0.request(Sample.messages(1)[0], place: 1_000_000)) }),
        (
            "subwallet", "refused 34",
            {
                let other = try HighloadWalletV3(publicKey: $0.key.publicKey, subwallet: 7, timeout: 60)
                let request = try other.direct(Sample.payouts(1)[0], QueryID(counter: 0), createdAt: $0.chains.now)
                return try $0.send(request)
            }
        ),
        (
            "timeout", "refused 38",
            {
                let other = try HighloadWalletV3(publicKey: $0.key.publicKey, timeout: 61)
                let request = try other.direct(Sample.payouts(1)[0], QueryID(counter: 0), createdAt: $0.chains.now)
                return try $0.send(request)
            }
        ),
        (
            "another key", "refused 33",
            {
                let body = try $0.request(Sample.messages(1)[0], place: 0).signed(by: try SigningKey.random())
                return try $0.chains.send(ExternalMessage(to: $0.wallet.address, body: body))
            }
        ),
        ("no request", "refused 9", { try $0.chains.send(ExternalMessage(to: $0.wallet.address, body: $0.code)) }),
        ("bit 1023 of a new set", "refused 8", { try $0.send(shift: 3, bit: 1_023, Sample.messages(1)[0]) }),
        (
            "bit 1023 of a used set", "refused 9",
            {
                try $0.send($0.request(Sample.messages(1)[0], place: 0))
                return try $0.send(shift: 0, bit: 1_023, Sample.messages(1)[0])
            }
        ),
    ]

    @Test(arguments: cases.indices) func `Each message has the same outcome`(index: Int) throws {
        let (name, outcome, send) = Self.cases[index]
        let wallet = try TwinWallet()
        #expect(try send(wallet) == outcome, "\(name)")
        for place in [0, 1, 1_000_000] as [UInt32] {
            try wallet.chains.compareProcessed(try #require(QueryID(place: place)), at: wallet.wallet.address, name)
        }
    }

    @Test func `A wallet that is poor or not there refuses`() throws {
        for money in [1_000, 100_000] as [UInt64] {
            let wallet = try TwinWallet(money: money, isDeployed: false)
            let request = try wallet.request(Sample.messages(1)[0], place: 0)
            #expect(try wallet.send(request, isDeploying: true) == "refused unasked")
            #expect(try wallet.send(request) == "refused unasked")
        }
    }

    @Test(arguments: [0, 1, 59, 60, 61, 119, 120, 121, 122, 123, 500] as [UInt64])
    func `An id is forgotten at the same time`(seconds: UInt64) throws {
        let wallet = try TwinWallet()
        let (first, second) = (try #require(QueryID(place: 0)), try #require(QueryID(place: 5_000)))
        let message = try Sample.messages(1)[0]
        for wait in [0, seconds, 30, seconds] {
            try wallet.chains.wait(wait)
            try wallet.send(wallet.request(message, place: first.place), "\(seconds)")
            try wallet.chains.compareProcessed(first, at: wallet.wallet.address, "\(seconds)")
            try wallet.send(wallet.request(message, place: second.place), "\(seconds)")
            try wallet.chains.compareProcessed(second, at: wallet.wallet.address, "\(seconds)")
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `Whatever is sent, in whatever order, has the same outcome`(seed: UInt64) throws {
        var numbers = Numbers(state: seed)
        let wallet = try TwinWallet()
        var seen: [String: Int] = [:]
        var last: ExternalMessage?
        for step in 1...60 {
            let name = "seed \(seed), step \(step)"
            let waits: [UInt64] = [0, 0, 0, 0, 1, 5, 59, 60, 61, 130]
            try wallet.chains.wait(try #require(waits.randomElement(using: &numbers)))
            let message = try numbers.message(to: wallet, last: last)
            seen[try wallet.chains.send(message, name), default: 0] += 1
            last = message
            let id = try #require(QueryID(place: numbers.place()))
            try wallet.chains.compareProcessed(id, at: wallet.wallet.address, name)
        }
        // Not only refusals.
        #expect(seen.filter { !$0.key.hasPrefix("refused") }.values.reduce(0, +) >= 10, "\(seen)")
        #expect(seen.count >= 5, "\(seen)")
    }
}

extension Numbers {
    /// A place in the order of query ids out of a few, in two sets.
    fileprivate mutating func place() -> UInt32 {
        [0, 1, 2, 3, 4, 5, 1_022, 1_023, 1_024].randomElement(using: &self) ?? 0
    }

    private mutating func chance(_ times: UInt64) -> Bool { next() % times == 0 }

    /// Any message to a wallet: mostly good ones, and each kind of bad one.
    fileprivate mutating func message(to wallet: TwinWallet, last: ExternalMessage?) throws -> ExternalMessage {
        if let last, chance(8) { return last }
        var messages: [Cell] = []
        for payout in try Sample.payouts(8).shuffled(using: &self).prefix(Int.random(in: 1...5, using: &self)) {
            var payout = payout
            payout.amount = chance(12) ? Coins(5_000 * ton) : Coins(.random(in: 1_000_000...50_000_000, using: &self))
            payout.isBounceable = chance(6)
            messages.append(chance(30) ? try Sample.foreign() : try payout.message())
        }
        let inner: SendMode = chance(4) ? [.paysFees, .ignoresErrors] : .paysFees
        let value = chance(10) ? 1 : chance(10) ? 5_000 * ton : .random(in: 100_000_000...400_000_000, using: &self)
        let id = try #require(QueryID(place: place()))
        let actions = messages.map { SendAction($0, mode: inner) }
        var message = chance(3) ? messages[0] : try wallet.wallet.transfer(actions, value: Coins(value), id)
        if chance(25) { message = try Sample.deploying(wallet.code) }
        let ages: [Int64] = [0, 0, 0, 0, 1, 30, 59, 60, 61, -1]
        let request = HighloadWalletV3.Request(
            subwallet: chance(25) ? 1 : wallet.wallet.subwallet,
            message: message,
            mode: chance(12) ? [] : .paysFees,
            queryID: id,
            createdAt: UInt64(Int64(wallet.chains.now) - (ages.randomElement(using: &self) ?? 0)),
            timeout: chance(25) ? 59 : 60
        )
        let stranger = try SigningKey.random()
        let body = chance(20) ? try request.signed(by: stranger) : try request.signed(by: wallet.key)
        return ExternalMessage(to: wallet.wallet.address, body: body)
    }
}
