import Cryptography
import Settlement
import Testing
import Units

@testable import TON

private let ton: UInt64 = 1_000_000_000
private let now: UInt64 = 1_800_000_000

/// A highload wallet on a chain with the real code, and its key.
private final class Highload {
    let chain: ChainProcess
    let wallet: HighloadWalletV3
    let key: SigningKey
    let code: Cell

    /// With money, and the code if it `isDeployed`.
    init(money: UInt64 = 1_000 * ton, timeout: UInt32 = 3_600, isDeployed: Bool = true) throws {
        chain = try ChainProcess(now: now)
        key = try SigningKey.random()
        wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: timeout)
        code = try chain.code(.highloadV3)
        try chain.fund(wallet.address, money)
        guard isDeployed else { return }
        let request = try wallet.direct(try samplePayouts(1)[0], QueryID(counter: 1_000_000), createdAt: now)
        let steps = try send(request, isDeploying: true)
        #expect(steps.count == 2 && steps[0].isAccepted)
    }

    func send(_ request: HighloadWalletV3.Request, isDeploying: Bool = false) throws -> [ChainProcess.Step] {
        try chain.send(wallet.message(request, signedBy: key, deploying: isDeploying ? code : nil))
    }

    /// What the wallet says of an id: the raw sets, without forgetting.
    func isProcessed(_ id: QueryID) throws -> Bool {
        try chain.ask(wallet.address, "processed?", [Int64(id.rawValue), 0]) == "-1"
    }
}

/// That each payout has arrived once, with its amount and its comment, and nothing else has.
private func expectPaid(_ payouts: ArraySlice<Payout>, by steps: ArraySlice<ChainProcess.Step>) {
    #expect(steps.count == payouts.count)
    for (payout, step) in zip(payouts, steps) {
        #expect(step.account == payout.address && step.value == payout.amount && step.comment == payout.comment)
        #expect(step.isAccepted && !step.isBounced)
    }
}

/// Our messages, carried out by the code of the contracts.
@Suite(.serialized, .enabled(if: ChainProcess.isThere)) struct ContractTests {
    @Test func `The vectors are what another implementation computes`() throws {
        #expect(try ChainProcess.failure(of: "vectors.py") == nil)
    }

    @Test(arguments: [1, 3, 254], [false, true])
    func `A batch pays everybody`(count: Int, isDeploying: Bool) throws {
        let highload = try Highload(isDeployed: !isDeploying)
        let payouts = try samplePayouts(256).dropFirst(2).prefix(count)
        let id = QueryID(counter: 0)
        let batch = try highload.wallet.batch(Array(payouts), value: Coins(30 * ton), id, createdAt: now)
        let steps = try highload.send(batch, isDeploying: isDeploying)
        // From outside, from the wallet to itself, and the payouts.
        #expect(steps[0].account == highload.wallet.address && steps[0].exitCode == 0 && steps[0].sent == 1)
        #expect(steps[1].account == highload.wallet.address && steps[1].actionCode == 0)
        #expect(steps[1].sent == Int64(count) && steps[1].skipped == 0)
        expectPaid(payouts, by: steps.dropFirst(2))
        for payout in payouts { #expect(try highload.chain.balance(payout.address) == payout.amount) }
        #expect(try highload.isProcessed(id))
        #expect(try highload.chain.state(highload.wallet.address) == "account_active")
    }

    @Test(arguments: [false, true]) func `One payout without a batch`(isDeploying: Bool) throws {
        let highload = try Highload(isDeployed: !isDeploying)
        let payouts = try samplePayouts(2).dropFirst()
        let request = try highload.wallet.direct(payouts[1], QueryID(counter: 5), createdAt: now)
        let steps = try highload.send(request, isDeploying: isDeploying)
        #expect(steps[0].exitCode == 0 && steps[0].sent == 1)
        expectPaid(payouts, by: steps.dropFirst())
    }

    @Test func `What the wallet is made with is what it answers`() throws {
        let highload = try Highload(timeout: 86_400)
        let address = highload.wallet.address
        #expect(try highload.chain.ask(address, "get_timeout") == String(86_400, radix: 16))
        #expect(try highload.chain.ask(address, "get_subwallet_id") == "10ad")
        let key = try highload.chain.ask(address, "get_public_key")
        #expect(String(repeating: "0", count: 64 - key.count) + key == Hex.encode(highload.key.publicKey))
    }

    @Test func `The same message twice pays once`() throws {
        let highload = try Highload()
        let payouts = try samplePayouts(4).dropFirst()
        let id = QueryID(counter: 1)
        let batch = try highload.wallet.batch(Array(payouts), value: Coins(ton), id, createdAt: now)
        expectPaid(payouts, by: try highload.send(batch).dropFirst(2))
        for request in [
            batch,
            try highload.wallet.direct(payouts[1], id, createdAt: now),
            try highload.wallet.direct(payouts[1], id, createdAt: now - 1),
        ] {
            let steps = try highload.send(request)
            #expect(steps.count == 1 && !steps[0].isAccepted && steps[0].exitCode == 36)
        }
        for payout in payouts { #expect(try highload.chain.balance(payout.address) == payout.amount) }
    }

    @Test func `Messages that the wallet refuses cost nothing`() throws {
        let highload = try Highload()
        let wallet = highload.wallet
        let payout = try samplePayouts(2)[1]
        let money = try highload.chain.balance(wallet.address)
        func expect(_ code: Int64, _ body: Cell, _ name: String) throws {
            let steps = try highload.chain.send(ExternalMessage(to: wallet.address, body: body))
            #expect(steps.count == 1 && !steps[0].isAccepted && steps[0].exitCode == code, "\(name)")
        }
        let good = try wallet.direct(payout, QueryID(counter: 2), createdAt: now)
        let other = try SigningKey.random()
        try expect(33, try good.signed(by: other), "another key")
        let subwallet = try HighloadWalletV3(publicKey: highload.key.publicKey, subwallet: 1, timeout: 3_600)
        let slow = try HighloadWalletV3(publicKey: highload.key.publicKey, timeout: 3_601)
        for (code, request, name) in [
            (34, try subwallet.direct(payout, good.queryID, createdAt: now), "another subwallet"),
            (38, try slow.direct(payout, good.queryID, createdAt: now), "another timeout"),
            (35, try wallet.direct(payout, good.queryID, createdAt: now - 3_600), "stale"),
            (35, try wallet.direct(payout, good.queryID, createdAt: now + 1), "of the future"),
        ] as [(Int64, HighloadWalletV3.Request, String)] {
            try expect(code, try request.signed(by: highload.key), name)
        }
        #expect(try highload.chain.balance(wallet.address) == money)
        #expect(try highload.chain.balance(payout.address) == .zero && !highload.isProcessed(good.queryID))
        let steps = try highload.send(try wallet.direct(payout, good.queryID, createdAt: now - 3_599))
        #expect(steps.count == 2, "the oldest that is good")
    }

    @Test func `An id can be used up and nobody paid`() throws {
        let highload = try Highload(money: 2 * ton)
        let payouts = try samplePayouts(4).dropFirst()
        let id = QueryID(counter: 3)
        // More than there is: the wallet remembers the id and leaves the message out.
        let batch = try highload.wallet.batch(Array(payouts), value: Coins(5 * ton), id, createdAt: now)
        let steps = try highload.send(batch)
        #expect(steps.count == 1 && steps[0].isAccepted && !steps[0].isAborted && steps[0].exitCode == 0)
        #expect(steps[0].sent == 0 && steps[0].skipped == 1)
        #expect(try highload.isProcessed(id), "known, and yet nothing was sent")
        for payout in payouts { #expect(try highload.chain.balance(payout.address) == .zero) }
        let again = try highload.wallet.batch(
            Array(payouts),
            value: Coins(ton),
            QueryID(counter: 4),
            createdAt: now
        )
        expectPaid(payouts, by: try highload.send(again).dropFirst(2))
    }

    @Test func `A batch is paid as a whole or not at all`() throws {
        let highload = try Highload(money: 2 * ton)
        var payouts = try samplePayouts(4)
        payouts.removeFirst()
        payouts[2].amount = Coins(50 * ton)
        let batch = try highload.wallet.batch(payouts, value: Coins(ton), QueryID(counter: 3), createdAt: now)
        let steps = try highload.send(batch)
        #expect(steps.count == 2 && steps[0].sent == 1, "the message to itself arrives")
        #expect(steps[1].actionCode == 37 && steps[1].isAborted && steps[1].sent == 0)
        for payout in payouts { #expect(try highload.chain.balance(payout.address) == .zero) }
    }

    @Test func `A payout that may come back does, where nobody is`() throws {
        let highload = try Highload()
        var payout = try samplePayouts(2)[1]
        payout.isBounceable = true
        let steps = try highload.send(try highload.wallet.direct(payout, QueryID(counter: 9), createdAt: now))
        #expect(steps.count == 3 && steps[2].account == highload.wallet.address && steps[2].isBounced)
        #expect(try highload.chain.balance(payout.address) == .zero)
    }

    @Test func `An id is good again when the timeout has gone by`() throws {
        let highload = try Highload(timeout: 60)
        let payout = try samplePayouts(2)[1]
        let id = QueryID(counter: 11)
        #expect(try highload.send(try highload.wallet.direct(payout, id, createdAt: now)).count == 2)
        try highload.chain.set(now: now + 60)
        #expect(try highload.send(try highload.wallet.direct(payout, id, createdAt: now + 1))[0].exitCode == 36)
        try highload.chain.set(now: now + 200)
        #expect(try highload.send(try highload.wallet.direct(payout, id, createdAt: now + 200)).count == 2)
    }

    @Test(arguments: [1, 255], [false, true])
    func `A wallet v5 pays everybody`(count: Int, isDeploying: Bool) throws {
        let chain = try ChainProcess(now: now)
        let key = try SigningKey.random()
        let wallet = WalletV5R1(publicKey: key.publicKey, network: .mainnet)
        let code = try chain.code(.walletV5R1)
        try chain.fund(wallet.address, 100 * ton)
        let mode: SendMode = [.paysFees, .ignoresErrors]
        let payouts = try samplePayouts(256)
        var number: UInt32 = 0
        func send(_ payouts: ArraySlice<Payout>, deploying code: Cell?) throws -> [ChainProcess.Step] {
            let actions = try payouts.map { SendAction(try $0.message(), mode: mode) }
            let until = UInt32(now) + 60
            return try chain.send(
                wallet.message(actions, sequenceNumber: number, validUntil: until, signedBy: key, deploying: code)
            )
        }
        if !isDeploying {
            #expect(try send(payouts[..<1], deploying: code).count == 2)
            number = 1
        }
        let paid = payouts[1...count]
        let steps = try send(paid, deploying: isDeploying ? code : nil)
        #expect(steps[0].exitCode == 0 && steps[0].actionCode == 0 && steps[0].skipped == 0)
        expectPaid(paid, by: steps.dropFirst())
        let again = try send(paid, deploying: nil)
        #expect(again.count == 1 && !again[0].isAccepted && again[0].exitCode == 133, "the number is used up")
        #expect(try chain.ask(wallet.address, "seqno") == String(number + 1, radix: 16))
    }

    @Test(arguments: [1, 4]) func `A wallet v4 pays everybody`(count: Int) throws {
        let chain = try ChainProcess(now: now)
        let key = try SigningKey.random()
        let wallet = WalletV4R2(publicKey: key.publicKey)
        try chain.fund(wallet.address, 100 * ton)
        let payouts = try samplePayouts(count)
        let steps = try chain.send(
            wallet.message(
                try payouts.map { SendAction(try $0.message(), mode: [.paysFees, .ignoresErrors]) },
                sequenceNumber: 0,
                validUntil: UInt32(now) + 60,
                signedBy: key,
                deploying: try chain.code(.walletV4R2)
            )
        )
        #expect(steps[0].exitCode == 0)
        expectPaid(payouts[...], by: steps.dropFirst())
    }

    @Test(arguments: [1, 10, 254]) func `The fees of a batch are known beforehand, a little too high`(count: Int) throws
    {
        let highload = try Highload()
        let payouts = Array(try samplePayouts(256).dropFirst(2).prefix(count))
        let batch = try highload.wallet.batch(payouts, value: Coins(30 * ton), QueryID(counter: 0), createdAt: now)
        let outside = try highload.wallet.message(batch, signedBy: highload.key).cell()
        // The prices of the chain's configuration in `Harness`.
        let fees = ChainFees(
            lump: 66_667,
            bitPrice: 4_369_067,
            cellPrice: 436_906_667,
            flatGas: 100,
            flatGasPrice: 6_667,
            gasPrice: 4_369_067
        )
        func size(_ cell: Cell) -> ChainFees.Size {
            let size = cell.sizeBelow()
            return ChainFees.Size(cells: Int64(size.cells), bits: Int64(size.bits))
        }
        let estimate = fees.batch(
            outside: size(outside),
            inside: size(batch.message),
            payouts: try payouts.map { size(try $0.message()) },
            shifts: 2
        )
        let before = try highload.chain.balance(highload.wallet.address).nanoTON
        _ = try highload.send(batch)
        let after = try highload.chain.balance(highload.wallet.address).nanoTON
        let cost = Int64(before - after - payouts.reduce(0) { $0 + $1.amount.nanoTON })
        #expect(estimate.count >= cost && estimate.count <= cost * 13 / 10, "\(estimate.count) for \(cost)")
    }
}
