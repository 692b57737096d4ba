import Cryptography
import Engine
import Exchange
import Ledger
import Settlement
import Units

/// Deposits, withdrawals and payouts on a chain that does what may happen to wallets.
extension RandomMarket {
    mutating func settlementCommand() -> Command {
        let state = engine.state().settlement
        if state.wallets.count < 2 { return system(.registerWallet(wallet(state.wallets.count))) }
        let account = AccountID(Int64(draw(6) + 1))
        switch draw(24) {
        case 0: return Command(account: account, action: .settlement(.openDeposits(memo())))
        case 1:
            let terms = PayoutTerms(destination: destination(), threshold: NanoTON(Int64(draw(2_000) + 1)))
            return Command(account: account, action: .settlement(.setPayoutTerms(chance(10) ? nil : terms)))
        case 2..<5:
            let amount = NanoTON(Int64(draw(3_000) + 50))
            let terms = WithdrawalTerms(destination: destination(), amount: amount, comment: chance(50) ? "" : "thanks")
            return Command(account: account, action: .settlement(.requestWithdrawal(terms)))
        case 5:
            guard let withdrawal = state.withdrawals.randomElement(using: &generator) else { break }
            if withdrawal.needsApproval, chance(70) { return system(.approveWithdrawal(withdrawal.id)) }
            return Command(account: withdrawal.account, action: .settlement(.cancelWithdrawal(withdrawal.id)))
        case 6: return system(.setTerms(terms()))
        case 7 where chance(30):
            if chance(50) { return system(.requestAnchor) }
            let (isEnabled, seconds) = (chance(80), Int64(draw(4) + 1))
            let policy = AnchorPolicy(
                isEnabled: isEnabled,
                interval: seconds * 1_000_000,
                amount: NanoTON(Limits.anchorAmountMin)
            )
            return system(.setAnchorPolicy(policy))
        case 7: return system(.hold(SettlementHoldTerms(isHeld: chance(15), reason: "look")))
        case 8:
            guard let entry = state.suspense.randomElement(using: &generator) else { break }
            return system(.assignSuspense(entry.id, chance(20) ? .system : account))
        case 9..<12:
            let wallet = state.wallets[draw(2)]
            let time = wallet.scannedTo + UInt64(draw(20))
            let fee = NanoTON(Int64(draw(20)))
            var terms = SettlementPlanTerms(wallet: wallet.id, chainTime: time, baseFee: fee, feePerPayout: fee)
            if chance(70) { terms.origin = ChainHash(.init(1, 2, 3, 4)) }
            return system(.plan(terms))
        case 12..<14:
            let wallet = state.wallets[draw(2)]
            let time = wallet.scannedTo + UInt64(chance(10) ? 4_000 : draw(90))
            let last = wallet.last.logicalTime
            return system(.walletScanned(WalletScan(wallet: wallet.id, lastLogicalTime: last, chainTime: time)))
        case 14:
            guard let batch = state.batches.first(where: { $0.phase == .contested }) else { break }
            let others = chance(20) ? nil : chance(50)
            let named = chance(50) ? [] : [PayoutVerdict(index: Int64(draw(3)), isPaid: chance(50))]
            let terms = SettlementResolution(batch: batch.id, payouts: named, others: others, reference: "seen")
            return system(.resolve(terms))
        case 15 where chance(30):
            return system(.setRetired(WalletID(Int64(draw(2)) + 1), chance(30)))
        default: break
        }
        return system(.walletTransaction(transaction(state)))
    }

    private func system(_ command: SettlementCommand) -> Command {
        Command(account: .system, action: .settlement(command))
    }

    private mutating func hash() -> ChainHash {
        ChainHash(.init(generator.next(), generator.next(), generator.next(), generator.next()))
    }

    private mutating func wallet(_ count: Int) -> WalletTerms {
        WalletTerms(
            address: hash(),
            publicKey: hash(),
            subwallet: UInt32(count),
            timeout: 60,
            start: ChainPosition(logicalTime: UInt64(count), hash: hash()),
            startTime: 1_000_000,
            // Enough for anchors, and at times not for payouts.
            balance: NanoTON(count == 0 ? 30_000_000 : Int64(draw(2) * 100_000))
        )
    }

    private mutating func memo() -> DepositMemo {
        let text = (0..<DepositMemo.length).map { _ in DepositMemo.alphabet[draw(DepositMemo.alphabet.count)] }
        guard let memo = DepositMemo(reading: String(decoding: text, as: UTF8.self)) else {
            preconditionFailure("digits of a memo are one")
        }
        return memo
    }

    private mutating func destination() -> PayoutDestination {
        PayoutDestination(address: ChainHash(.init(7, 7, 7, UInt64(draw(9)))), isBounceable: chance(30))
    }

    private mutating func terms() -> SettlementTerms {
        SettlementTerms(
            payoutMinimum: NanoTON(Int64(draw(300) + 20)),
            walletReserve: NanoTON(Int64(draw(50))),
            accountDayMax: NanoTON(Int64(draw(90_000) + 5_000)),
            approvalThreshold: NanoTON(Int64(draw(4_000) + 500)),
            coolingOff: chance(50) ? 0 : Int64(draw(9)) * 1_000_000,
            dustLimit: NanoTON(Int64(draw(20))),
            payeeFee: NanoTON(Int64(draw(20)))
        )
    }

    /// The next transaction of some wallet.
    private mutating func transaction(_ state: SettlementState) -> WalletTransaction {
        let wallet = state.wallets[draw(2)]
        var next = WalletTransaction(
            wallet: wallet.id,
            position: ChainPosition(logicalTime: wallet.last.logicalTime + UInt64(draw(9) + 1), hash: hash()),
            previous: wallet.last,
            time: wallet.scannedTo + UInt64(draw(30)),
            block: UInt64(draw(1_000)),
            fee: .zero,
            balance: .zero,
            incoming: .other(NanoTON(Int64(draw(9))))
        )
        fill(&next, wallet, state)
        let sent = next.outgoing.reduce(0) { $0 + $1.amount.count }
        let rest = wallet.balance.count + next.incoming.amount.count - sent
        next.fee = NanoTON(min(rest, Int64(draw(9))))
        next.balance = NanoTON(rest - next.fee.count + (chance(2) ? 1 : 0))
        return next
    }

    private mutating func fill(_ next: inout WalletTransaction, _ wallet: WalletRecord, _ state: SettlementState) {
        let batches = state.batches.filter { $0.wallet == wallet.id }
        switch draw(10) {
        case 0..<3:
            guard let batch = batches.first(where: { $0.phase == .signed }) else { break }
            next.incoming = .external(place: batch.signed.place, createdAt: batch.signed.createdAt)
            guard batch.signed.value < wallet.balance, !chance(20) else { return }
            next.outgoing = [.init(address: wallet.terms.address, amount: batch.signed.value, hash: hash())]
            return
        case 3..<6:
            guard let transit = state.transits.first(where: { $0.wallet == wallet.id }) else { break }
            next.incoming = .own(transit.hash, transit.amount)
            next.code = chance(20) ? 37 : 0
            guard next.code == 0, let batch = batches.first(where: { $0.own == transit.hash }) else { return }
            if chance(10) {
                next.outgoing = [.init(address: hash(), amount: NanoTON(transit.amount.count / 2), hash: hash())]
                return
            }
            for payout in state.payouts where payout.id.batch == batch.id {
                next.outgoing.append(
                    .init(address: payout.destination.address, amount: payout.amount, hash: hash())
                )
            }
            if let anchor = state.anchors.open, anchor.batch == batch.id {
                next.outgoing.append(.init(address: wallet.terms.address, amount: anchor.amount, hash: hash()))
            }
            return
        case 6:
            let paid = state.payouts.filter { payout in
                payout.state == .paid && batches.contains { $0.id == payout.id.batch }
            }
            guard let payout = paid.randomElement(using: &generator) else { break }
            next.incoming = .bounced(chance(85) ? payout.message : nil, NanoTON(payout.amount.count / 2))
            return
        case 7 where chance(5) && wallet.balance.count > 10:
            next.incoming = .external(place: 8_000_000, createdAt: 1)
            next.outgoing = [.init(address: hash(), amount: NanoTON(5), hash: hash())]
            return
        default: break
        }
        let memo = state.memos.randomElement(using: &generator)?.memo.text
        let comment = chance(70) ? memo : chance(50) ? nil : "\u{0}who?"
        next.incoming = .deposit(comment: comment, source: hash(), amount: NanoTON(Int64(draw(20_000))))
    }
}
