import Cryptography
import Engine
import Exchange
import Settlement
import Units

/// Settlement as one would write it down: what everybody has, and what the chain has really done.
struct ReferenceSettlement {
    struct Account {
        var available: Int64 = 0
        var payable: Int64 = 0
        var payout: Wish?
        /// Addresses, and when each may be used.
        var known: [ChainHash: Int64] = [:]
        var days: [Int64: Int64] = [:]
    }

    struct Wish {
        var address: ChainHash
        var threshold: Int64
        var usable: Int64
        var isSuspended = false
    }

    struct Payout: Equatable {
        var account: AccountID
        var withdrawal: Int64?
        var address: ChainHash
        var amount: Int64
        var fee: Int64
    }

    struct Withdrawal {
        var account: AccountID
        var amount: Int64
        var address: ChainHash
        var fee: Int64
        var due: Int64
        var needsApproval: Bool
        var day: Int64
        /// `waits`, `planned` or `gone`.
        var state = "waits"
    }

    struct Batch {
        var id: SettlementID
        var wallet: Int
        var payouts: [Payout]
        var place: UInt32
        var createdAt: UInt64
        var value: Int64
        /// `signed`, `accepted`, `paid`, `over`, `contested` or `resolved`.
        var state = "signed"
        var own: ChainHash?
        var decidedAt: UInt64 = 0
        var messages: [ChainHash] = []
        var returned: Set<Int> = []
        /// Payouts of which the operator has said what has become of them.
        var resolved: Set<Int> = []

        /// Payouts whose money is in settlement.
        var open: [Payout] {
            guard state == "signed" || state == "accepted" || state == "contested" else { return [] }
            return payouts.indices.filter { !resolved.contains($0) }.map { payouts[$0] }
        }
    }

    struct Wallet {
        var balance: Int64
        var isUnexplained = false
        var isRetired = false
    }

    var terms = SettlementTerms.initial
    var accounts: [AccountID: Account] = [:]
    var withdrawals: [Int64: Withdrawal] = [:]
    var batches: [Batch] = []
    var wallets: [Wallet] = []
    /// Of the wallets.
    var addresses: [ChainHash] = []
    /// What the log must say of batches, in order.
    private(set) var said: [[UInt8]] = []
    var isHeld = false
    var (capital, fees, suspense, costs, byHand): (Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0)
    /// What an account was ever given, what of that was kept for costs, and what came back as nobody's.
    var given: [AccountID: Int64] = [:]
    var feesOf: [AccountID: Int64] = [:]
    var lostReturns: [AccountID: Int64] = [:]
    /// What the operator has said to be paid.
    var saidPaid: [AccountID: Int64] = [:]
    /// Whose address a transaction came back from, by its logical time.
    var sources: [UInt64: AccountID] = [:]

    mutating func change(_ account: AccountID, _ change: (inout Account) -> Void) {
        change(&accounts[account, default: Account()])
    }

    mutating func give(_ account: AccountID, available: Int64 = 0, payable: Int64 = 0) {
        change(account) {
            $0.available += available
            $0.payable += payable
        }
        given[account, default: 0] += available + payable
    }

    func settling(_ account: AccountID) -> Int64 {
        let waiting = withdrawals.values.filter { $0.account == account && $0.state == "waits" }
        let open = batches.flatMap(\.open)
        return waiting.reduce(0) { $0 + $1.amount }
            + open.filter { $0.account == account }.reduce(0) { $0 + $1.amount + $1.fee }
    }

    // MARK: Accounts

    mutating func name(_ address: ChainHash, by account: AccountID, at now: Int64) -> Int64 {
        if let known = accounts[account]?.known[address] { return known }
        let usable = now + terms.coolingOff
        change(account) { $0.known[address] = usable }
        return usable
    }

    func refusal(of amount: Int64, isOwn: Bool, by account: AccountID, at now: Int64) -> Rejection? {
        if amount < terms.payoutMinimum.count { return .belowPayoutMinimum }
        let open = withdrawals.values.count { $0.account == account && $0.state != "gone" }
        if open >= Limits.withdrawalsPerAccountMax { return .withdrawalLimit }
        if isOwn { return .addressIsWallet }
        let today = accounts[account]?.days[now / 86_400_000_000] ?? 0
        if today + amount > terms.accountDayMax.count { return .withdrawalDayLimit }
        return amount > accounts[account]?.available ?? 0 ? .insufficientFunds : nil
    }

    mutating func request(_ id: Int64, _ amount: Int64, to address: ChainHash, by account: AccountID, at now: Int64) {
        let day = now / 86_400_000_000
        let due = name(address, by: account, at: now)
        withdrawals[id] = Withdrawal(
            account: account,
            amount: amount,
            address: address,
            fee: terms.payeeFee.count,
            due: due,
            needsApproval: amount >= terms.approvalThreshold.count,
            day: day
        )
        change(account) {
            $0.available -= amount
            $0.days[day, default: 0] += amount
        }
    }

    mutating func cancel(_ id: Int64, at now: Int64) {
        guard let record = withdrawals[id] else { return }
        withdrawals[id]?.state = "gone"
        change(record.account) {
            $0.available += record.amount
            if record.day == now / 86_400_000_000 { $0.days[record.day, default: 0] -= record.amount }
        }
    }

    // MARK: Batches

    private func waiting(at now: Int64) -> [Payout] {
        var all: [Payout] = []
        for (id, record) in withdrawals.sorted(by: { $0.key < $1.key }) {
            guard record.state == "waits", !record.needsApproval, record.due <= now else { continue }
            let amount = record.amount - record.fee
            all.append(
                Payout(
                    account: record.account,
                    withdrawal: id,
                    address: record.address,
                    amount: amount,
                    fee: record.fee
                )
            )
        }
        for (id, account) in accounts.sorted(by: { $0.key < $1.key }) {
            guard let wish = account.payout, !wish.isSuspended, wish.usable <= now else { continue }
            guard account.payable >= wish.threshold, account.payable >= terms.payoutMinimum.count else { continue }
            let fee = terms.payeeFee.count
            all.append(
                Payout(account: id, withdrawal: nil, address: wish.address, amount: account.payable - fee, fee: fee)
            )
        }
        return all
    }

    func plan(_ wallet: Int, at now: Int64) -> Result<[Payout], Rejection> {
        if isHeld { return .failure(.settlementHeld) }
        if wallets[wallet].isRetired { return .failure(.walletRetired) }
        let all = waiting(at: now)
        if all.isEmpty { return .failure(.nothingToSettle) }
        if capital + fees - costs < terms.capitalReserve.count { return .failure(.capitalBelowReserve) }
        let signed = batches.filter { $0.wallet == wallet && $0.state == "signed" }
        let free = wallets[wallet].balance - terms.walletReserve.count - signed.reduce(0) { $0 + $1.value }
        var chosen: [Payout] = []
        for one in all where !chosen.contains(where: { $0.address == one.address }) {
            if value(of: chosen + [one]) > free { break }
            chosen.append(one)
        }
        return chosen.isEmpty ? .failure(.walletBalanceLow) : .success(chosen)
    }

    private func value(of payouts: [Payout]) -> Int64 {
        payouts.reduce(5 * SettlementDesk.fee) { $0 + $1.amount + SettlementDesk.fee }
    }

    mutating func open(_ record: SettlementRecord, _ payouts: [Payout], _ wallet: Int) {
        let signed = record.signed
        let value = value(of: payouts)
        let batch = Batch(
            id: record.id,
            wallet: wallet,
            payouts: payouts,
            place: signed.place,
            createdAt: signed.createdAt,
            value: value
        )
        batches.append(batch)
        for payout in payouts {
            if let id = payout.withdrawal {
                withdrawals[id]?.state = "planned"
            } else {
                change(payout.account) { $0.payable = 0 }
            }
        }
    }

    private mutating func giveBack(_ index: Int, at chainTime: UInt64) {
        batches[index].state = "over"
        batches[index].decidedAt = chainTime
        for payout in batches[index].payouts {
            if let id = payout.withdrawal {
                withdrawals[id]?.state = "waits"
            } else {
                change(payout.account) { $0.payable += payout.amount + payout.fee }
            }
        }
    }

    /// The operator says what has become of payouts.
    mutating func resolve(_ index: Int, _ verdicts: [Int: Bool], at now: Int64) {
        for (place, isPaid) in verdicts {
            let payout = batches[index].payouts[place]
            batches[index].resolved.insert(place)
            if isPaid {
                capital += payout.amount
                fees += payout.fee
                feesOf[payout.account, default: 0] += payout.fee
                saidPaid[payout.account, default: 0] += payout.amount
                if let id = payout.withdrawal { withdrawals[id]?.state = "gone" }
            } else if let id = payout.withdrawal {
                cancel(id, at: now)
            } else {
                change(payout.account) { $0.payable += payout.amount + payout.fee }
            }
        }
        if batches[index].open.isEmpty { batches[index].state = "resolved" }
    }

    // MARK: The chain

    mutating func take(_ transaction: WalletTransaction, _ wallet: Int, memos: [AccountID: String]) {
        wallets[wallet].balance = transaction.balance.count
        wallets[wallet].isUnexplained = false
        costs += transaction.fee.count
        switch transaction.incoming {
        case .external(let place, _):
            guard let index = batches.firstIndex(where: { $0.wallet == wallet && $0.place == place }) else {
                costs += transaction.outgoing.reduce(0) { $0 + $1.amount.count }
                isHeld = true
                return
            }
            if let own = transaction.outgoing.first {
                batches[index].state = "accepted"
                batches[index].own = own.hash
            } else {
                giveBack(index, at: transaction.time)
                say(index, 2, transaction)
            }
        case .own(let hash, _):
            guard let index = batches.firstIndex(where: { $0.own == hash }) else { return }
            guard transaction.code == 0 else {
                say(index, 3, transaction)
                return giveBack(index, at: transaction.time)
            }
            guard transaction.outgoing.map(\.address) == batches[index].payouts.map(\.address) else {
                batches[index].state = "contested"
                costs += transaction.outgoing.reduce(0) { $0 + $1.amount.count }
                isHeld = true
                return
            }
            say(index, 1, transaction)
            batches[index].state = "paid"
            batches[index].decidedAt = transaction.time
            batches[index].messages = transaction.outgoing.map(\.hash)
            for payout in batches[index].payouts {
                if let id = payout.withdrawal { withdrawals[id]?.state = "gone" }
                fees += payout.fee
                feesOf[payout.account, default: 0] += payout.fee
            }
        case .deposit(let comment, _, let amount):
            let owner = memos.first { $0.value == comment }?.key
            if let owner, amount >= terms.dustLimit {
                give(owner, available: amount.count)
            } else {
                suspense += amount.count
            }
        case .other(let amount): suspense += amount.count
        case .bounced(let hash, let amount): comeBack(hash, amount.count, transaction.position.logicalTime)
        }
    }

    private mutating func comeBack(_ hash: ChainHash?, _ amount: Int64, _ logicalTime: UInt64) {
        for batch in batches.indices {
            guard let hash, let place = batches[batch].messages.firstIndex(of: hash) else { continue }
            guard batches[batch].returned.insert(place).inserted else { break }
            let payout = batches[batch].payouts[place]
            guard payout.withdrawal == nil else { return change(payout.account) { $0.available += amount } }
            return change(payout.account) {
                $0.payable += amount
                if amount > 0, $0.payout?.address == payout.address { $0.payout?.isSuspended = true }
            }
        }
        suspense += amount
        if let account = sources[logicalTime] { lostReturns[account, default: 0] += amount }
    }

    mutating func scanned(_ wallet: Int, at chainTime: UInt64) {
        for index in batches.indices where batches[index].wallet == wallet {
            if batches[index].state == "signed", chainTime > batches[index].createdAt + SettlementDesk.timeout + 60 {
                giveBack(index, at: chainTime)
                say(index, 4, nil)
            }
            let isDecided = batches[index].state == "paid" || batches[index].state == "over"
            if isDecided, chainTime >= batches[index].decidedAt + 3_600 {
                batches[index].messages = []
                batches[index].own = nil
            }
        }
    }
}

// What the log says.
extension ReferenceSettlement {
    /// Withdrawals have the comment `c`, earnings none.
    private mutating func say(_ index: Int, _ verdict: Int64, _ transaction: WalletTransaction?) {
        let batch = batches[index]
        var payouts = Array("bx-payouts/v1".utf8) + [0]
        for payout in batch.payouts {
            let comment = Array((payout.withdrawal == nil ? "" : "c").utf8)
            payouts += payout.address.bytes + Self.eight(payout.amount) + Self.eight(Int64(comment.count)) + comment
        }
        let query = Int64(batch.place / 1_023 * 1_024 + batch.place % 1_023)
        let sum = batch.payouts.reduce(0) { $0 + $1.amount }
        var bytes = Array("bx-settlement-batch/v1".utf8) + [0]
        bytes += Self.eight(batch.id.rawValue) + addresses[batch.wallet].bytes
        for number in [query, Int64(batch.createdAt), verdict, Int64(batch.payouts.count), sum] {
            bytes += Self.eight(number)
        }
        bytes += SHA256.hash(payouts).bytes + Self.eight(Int64(transaction?.position.logicalTime ?? 0))
        bytes += transaction?.position.hash.bytes ?? [UInt8](repeating: 0, count: 32)
        said.append(bytes)
    }

    private static func eight(_ number: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }
}
