import Cryptography
import LocalChain
import Settlement
import TON
import Testing
import Units

/// One who pays by a highload wallet on a local chain. What it has stored survives its crashes; it crashes between any
/// two steps.
final class Teller {
    /// A batch, and what is stored with it.
    struct Entry {
        var batch: SettlementBatch
        var bag: [UInt8] = []
        /// The hash of the message that the wallet sent itself.
        var child: [UInt8] = []
        /// Those of the messages to the payees.
        var sent: Set<[UInt8]> = []
    }

    /// What is stored: everything else is forgotten in a crash.
    struct Stored {
        var counter = QueryCounter()
        var entries: [Entry] = []
        var waiting: [PlannedPayout] = []
        var paid: Set<Int64> = []
        var credited: [Int64: NanoTON] = [:]
        var alarms: [SettlementBatch.Alarm] = []
        /// Up to where the history is scanned.
        var time: UInt64 = 0
        var hash = [UInt8](repeating: 0, count: 32)
        /// What the wallet should have by that history.
        var balance: Int128 = 0
    }

    var stored = Stored()
    var chain: LocalChain
    var numbers: Numbers
    /// Whether things go wrong.
    var isTroubled = true
    private let start: UInt64
    private let key: SigningKey
    let wallet: HighloadWalletV3
    /// Who refuses what it is sent.
    let refusing: Set<[UInt8]>

    static let timeout: UInt32 = 60

    init(seed: UInt64, payouts: Int) throws {
        numbers = Numbers(state: seed)
        let hops = UInt64.random(in: 0...2, using: &numbers)
        start = 1_800_000_000
        chain = LocalChain(LocalChain.Settings(start: start, finalityBlocks: 3, hopBlocks: hops))
        key = try SigningKey(seed: [UInt8](repeating: 9, count: 32).span)
        wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: Self.timeout)
        chain.install(wallet)
        _ = try chain.fund(wallet.address, Coins(20_000_000_000))
        let addresses = (0..<4).map { SHA256.hash(Array("payee \($0)".utf8)).bytes }
        refusing = [addresses[3]]
        for hash in refusing { chain.installRefusal(at: try #require(Address(workchain: 0, hash: hash))) }
        for id in 1...Int64(payouts) {
            let address = try #require(addresses.randomElement(using: &numbers))
            let amount = NanoTON(Int64.random(in: 1_000_000_000...3_000_000_000, using: &numbers))
            stored.waiting.append(try #require(PlannedPayout(id: id, address: address, amount: amount)))
        }
    }

    /// Whether it goes down here, once in so many times.
    private func crashes(_ times: UInt64 = 8) -> Bool { isTroubled && numbers.chance(times) }

    /// Takes those who wait into a batch; the money is in settlement then.
    func plan() throws {
        guard let account = try? chain.account(wallet.address) else { return }
        let inFlight = stored.entries.filter { !$0.batch.phase.isFinal }.reduce(NanoTON.zero) { sum, entry in
            entry.batch.payouts.reduce(sum + Self.fees) { $0 + $1.amount }
        }
        let means = BatchPlan.Means(
            balance: NanoTON(Int64(account.balance.nanoTON)),
            inFlight: inFlight,
            reserve: NanoTON(200_000_000),
            capital: NanoTON(1),
            capitalReserve: .zero,
            fees: { _ in Self.fees }
        )
        guard let plan = try? BatchPlan.next(stored.waiting, means), !crashes() else { return }
        let ids = Set(plan.payouts.map(\.id))
        stored.waiting.removeAll { ids.contains($0.id) }
        stored.entries.append(Entry(batch: SettlementBatch(id: Int64(stored.entries.count), payouts: plan.payouts)))
    }

    private static let fees = NanoTON(100_000_000)

    /// Signs what is planned, and stores the bytes with the number that they use.
    func sign() throws {
        guard let index = stored.entries.firstIndex(where: { $0.batch.phase == .planned }),
            let head = try? chain.head()
        else { return }
        var next = stored
        let timeout = UInt64(Self.timeout)
        guard let place = next.counter.take(createdAt: head.time, timeout: timeout) else { return }
        let payouts = next.entries[index].batch.payouts
        var value = payouts.reduce(Self.fees) { $0 + $1.amount }
        // Misjudged: nothing is sent, or nothing can be carried out.
        if isTroubled, numbers.chance(12) { value = NanoTON(numbers.chance(2) ? 1 : 1_000_000_000_000) }
        let request = try wallet.batch(
            try payouts.map { payout in
                let address = try #require(Address(workchain: 0, hash: payout.address))
                return Payout(
                    to: address,
                    amount: Coins(UInt64(payout.amount.count)),
                    comment: String(payout.id),
                    isBounceable: refusing.contains(payout.address)
                )
            },
            value: Coins(UInt64(value.count)),
            try #require(QueryID(place: place)),
            createdAt: head.time
        )
        next.entries[index].bag = try wallet.message(request, signedBy: key).bag()
        let signed = SettlementBatch.Signed(place: place, createdAt: head.time, timeout: timeout, value: value)
        #expect(try next.entries[index].batch.apply(.signed(signed)) == [])
        if !crashes() { stored = next }
    }

    /// Sends what it is time to send. The node may do anything with it.
    func send() throws {
        guard let head = try? chain.head() else { return }
        for index in stored.entries.indices where !stored.entries[index].batch.phase.isFinal {
            var batch = stored.entries[index].batch
            let actions = try batch.apply(.tick(now: chain.now, chainTime: head.time))
            if crashes() { continue }
            stored.entries[index].batch = batch
            guard actions == [.send], !crashes() else { continue }
            if isTroubled, numbers.chance(3) { chain.inject(numbers.fault()) }
            if isTroubled, numbers.chance(12) { chain.burnNext() }
            var answer = SettlementBatch.Answer.lost
            switch try? chain.send(stored.entries[index].bag) {
            case .taken: answer = .taken
            case .refused(let code?): answer = .refused(code)
            case .refused(nil), nil: break
            }
            if crashes() { continue }
            stored.entries[index].batch = batch
            try take(stored.entries[index].batch.apply(.answered(answer)), &stored)
            // Another signer with the same bytes.
            if isTroubled, numbers.chance(6) { _ = try? chain.send(stored.entries[index].bag) }
        }
    }

    /// Looks at what is final, in order and without gaps, each transaction in a commit of its own.
    func scan() throws {
        guard let head = try? chain.head(),
            let transactions = try? chain.transactions(of: wallet.address, after: stored.time, limit: 4)
        else { return }
        for transaction in transactions {
            #expect(transaction.previousHash == stored.hash, "a gap")
            var next = stored
            do {
                try tell(transaction, &next)
            } catch ChainError.noAnswer {
                return
            }
            if crashes() { return }
            stored = next
            guard isTroubled, numbers.chance(4) else { continue }
            // Told again, it moves nothing.
            var again = stored
            guard (try? tell(transaction, &again)) != nil else { continue }
            #expect(again.paid == stored.paid && again.waiting == stored.waiting && again.credited == stored.credited)
        }
        guard transactions.count < 4 else { return }
        for index in stored.entries.indices where !stored.entries[index].batch.phase.isFinal {
            var next = stored
            try take(next.entries[index].batch.apply(.scanned(from: start, to: head.time)), &next)
            if !crashes() { stored = next }
        }
    }
}

extension Teller {
    private func tell(_ transaction: ChainTransaction, _ next: inout Stored) throws {
        let id = SettlementBatch.TransactionID(logicalTime: transaction.logicalTime, hash: transaction.hash)
        next.time = transaction.logicalTime
        next.hash = transaction.hash
        next.balance += Int128(transaction.incoming.value.nanoTON)
        next.balance -= Int128(transaction.fees.nanoTON + transaction.outgoing.reduce(0) { $0 + $1.value.nanoTON })
        switch HighloadEntry(transaction) {
        case .request(let query, let createdAt, let sent):
            let index = try #require(
                next.entries.firstIndex {
                    $0.batch.signed?.place == query.place && $0.batch.signed?.createdAt == createdAt
                },
                "a message that is not ours"
            )
            next.entries[index].child = sent.first?.hash ?? []
            try take(next.entries[index].batch.apply(.outside(id, sent: sent.count)), &next)
        case .batch(let hash, let code, let sent):
            let index = try #require(next.entries.firstIndex { $0.child == hash })
            next.entries[index].sent = Set(sent.map(\.hash))
            let sent = sent.map {
                SettlementBatch.Sent(address: $0.destination.hash, amount: NanoTON(Int64($0.value.nanoTON)))
            }
            try take(next.entries[index].batch.apply(.inside(id, actionCode: code, sent: sent)), &next)
        case .returned(let hash, let address, let value):
            // Which payout it was says the transaction by which it was sent back.
            guard let refusal = try chain.transaction(sendingMessage: hash) else {
                Issue.record("nobody has sent it")
                return
            }
            let index = try #require(next.entries.firstIndex { $0.sent.contains(refusal.incoming.hash) })
            let amount = NanoTON(Int64(value.nanoTON))
            try take(next.entries[index].batch.apply(.bounced(id, address: address.hash, amount: amount)), &next)
        case .deposit: break
        case .unknown: Issue.record("a request that is not ours")
        }
    }

    private func take(_ actions: [SettlementBatch.Action], _ next: inout Stored) throws {
        for action in actions {
            switch action {
            case .send: Issue.record("only when it is time")
            case .confirm(let ids):
                for id in ids { #expect(next.paid.insert(id).inserted) }
            case .requeue(let ids, _):
                #expect(next.paid.isDisjoint(with: ids))
                let payouts = next.entries.flatMap(\.batch.payouts)
                for id in ids {
                    #expect(!next.waiting.contains { $0.id == id })
                    next.waiting.append(try #require(payouts.first { $0.id == id }))
                }
            case .credit(let id, let amount):
                #expect(next.paid.contains(id) && next.credited.updateValue(amount, forKey: id) == nil)
            case .alarm(let alarm): next.alarms.append(alarm)
            }
        }
    }
}

extension Numbers {
    fileprivate mutating func fault() -> SendFault {
        let faults: [SendFault] = [
            .refuse(exitCode: 35), .refuse(exitCode: nil), .loseMessage, .loseAnswer, .loseBoth, .delay(seconds: 20),
            .delay(seconds: 70), .duplicate(seconds: 1), .duplicate(seconds: 30),
        ]
        return faults[Int(next() % UInt64(faults.count))]
    }
}
