import Engine
import Ledger
import LocalChain
import Settlement
import TON
import Units

/// What the books must say at the end of a run, by what people did and by what the chain shows: everything is counted
/// again here, without the engine.
struct SettlementAudit {
    /// What is not as it must be.
    private(set) var differences: [String] = []
    private let run: SettlementRun
    /// What a wallet sent to somebody else.
    private var sent: [(hash: [UInt8], address: Address, amount: Int64, comment: String?)] = []
    private var deposited: [Int64] = []
    private var suspended: Int64 = 0
    private var costs: Int64 = 0
    /// By the address that it came back from.
    private var returned: [Address: Int64] = [:]

    init(_ run: SettlementRun) throws {
        self.run = run
        readChain()
        try checkWithdrawals()
        try checkPayouts()
        try checkBalances()
        try checkEnd()
        differences += run.scene.failures
    }

    private mutating func expect(_ isSo: Bool, _ words: @autoclosure () -> String) {
        if !isSo { differences.append(words()) }
    }

    private mutating func readChain() {
        let own = Set(run.wallets.map(\.address))
        for transaction in run.scene.chain.history where own.contains(transaction.account) {
            // The money that a wallet has at first came from nowhere.
            guard transaction.incoming.source != LocalChain.faucet else { continue }
            costs += Int64(transaction.fees.nanoTON)
            for message in transaction.outgoing where !own.contains(message.destination) {
                let amount = Int64(message.value.nanoTON)
                sent.append((message.hash, message.destination, amount, Comment.text(in: message.body)))
            }
            let (message, amount) = (transaction.incoming, Int64(transaction.incoming.value.nanoTON))
            guard let source = message.source, !own.contains(source) else { continue }
            if message.isBounced {
                returned[source, default: 0] += amount
            } else if Comment.text(in: message.body) == SettlementRun.memo, amount >= ton / 100 {
                deposited.append(amount)
            } else {
                suspended += amount
            }
        }
    }

    // MARK: Payouts

    /// Each withdrawal is on the chain once, or not at all if it was cancelled.
    private mutating func checkWithdrawals() throws {
        let database = run.scene.database
        for (comment, terms) in database.requested {
            let found = sent.filter { $0.comment == comment }
            let count = database.cancelled.contains(comment) ? 0 : 1
            expect(found.count == count, "\(comment) was paid \(found.count) times, not \(count)")
            for one in found {
                let isRight = one.address.hash == terms.destination.address.bytes
                expect(isRight, "\(comment) went to another address")
                expect(one.amount == terms.amount.count - run.setup.payeeFee, "\(comment) was of \(one.amount)")
            }
        }
        let payees = Set(try run.earned.indices.map { try run.destination(of: $0).address.bytes })
        for one in sent where !payees.contains(one.address.hash) {
            let isKnown = one.comment.map { database.requested[$0] != nil } ?? false
            expect(isKnown, "somebody was paid who had asked for nothing: \(one)")
        }
    }

    /// What the ledger says was paid is on the chain, and the other way round; nothing else is open.
    private mutating func checkPayouts() throws {
        var messages: [[UInt8]: Int] = [:]
        for one in sent { messages[one.hash, default: 0] += 1 }
        var paid = 0
        for record in run.scene.database.payouts.values {
            let count = record.message.map { messages[$0.bytes] ?? 0 } ?? 0
            switch record.state {
            case .paid, .returned:
                paid += 1
                expect(count == 1, "payout \(record.id) is paid, and on the chain \(count) times")
            case .requeued: expect(record.message == nil, "payout \(record.id) is given back and has a message")
            case .open, .resolvedPaid, .resolvedUnpaid: expect(false, "payout \(record.id) is \(record.state)")
            }
        }
        let count = sent.count
        expect(paid == count, "the ledger has \(paid) payouts, the chain \(count)")
    }

    // MARK: Money

    private mutating func checkBalances() throws {
        let (workers, app) = (SettlementRun.workers, SettlementRun.app)
        var expected: [LedgerAccount: Int64] = [
            .networkCosts: costs, .suspense: suspended, .operatorCapital: run.opening,
            .fees: run.setup.payeeFee * Int64(sent.count),
            .chain: run.wallets.reduce(run.booked) { $0 + Int64(run.scene.chain.balance($1.address).nanoTON) },
        ]
        var ofApp = run.booked - run.earned.reduce(0, +) + deposited.reduce(0, +)
        for one in sent where one.comment != nil { ofApp -= one.amount + run.setup.payeeFee }
        ofApp += returned[try Bureau.address(SettlementRun.refusal)] ?? 0
        expected[LedgerAccount(app, .available)] = ofApp
        for (index, worker) in workers.enumerated() {
            let hash = try run.destination(of: index).address.bytes
            var left = run.earned[index]
            for one in sent where one.address.hash == hash { left -= one.amount + run.setup.payeeFee }
            if index == 1 { left += returned[try Bureau.address(SettlementRun.refusalOfWorkers)] ?? 0 }
            expected[LedgerAccount(worker, .payable)] = left
            // Everything that is enough for a payout is paid, unless it came back.
            let isRefused = index == 1 && run.setup.isRefused
            expect(isRefused || left < ton, "worker \(index + 1) is owed \(left)")
        }
        var found: [LedgerAccount: Int64] = [:]
        run.scene.database.replica.state().balances.forEach { account, counters in
            found[account] = Int64(counters.balance(isAsset: account.isAsset))
        }
        for account in Set(expected.keys).union(found.keys).sorted() {
            let (right, wrong) = (expected[account] ?? 0, found[account] ?? 0)
            let name = "\(account.kindName) of \(account.owner.rawValue)"
            expect(right == wrong, "\(name) is \(wrong), and must be \(right)")
        }
        let (booked, came) = (run.scene.database.deposits.map(\.amount.count), deposited)
        expect(booked == came, "deposits of \(booked) were booked, and \(came) came")
    }

    private mutating func checkEnd() throws {
        let engine = run.scene.database.replica
        do { try engine.checkInvariants() } catch { differences.append("\(error)") }
        let state = engine.settlementState
        expect(state.hold == nil, "settlement is held: \(String(describing: state.hold))")
        expect(state.transits.isEmpty, "money that a wallet sent itself did not arrive")
        let status = engine.settlementStatus
        let troubles = run.scene.troubles
        expect(status.waiting == 0 && status.undecided == 0, "it did not come to an end: \(troubles)")
        let agreed = engine.digest == (try run.scene.leader().process.engine.digest)
        expect(agreed, "the one who leads has another state than the journal")
    }
}
