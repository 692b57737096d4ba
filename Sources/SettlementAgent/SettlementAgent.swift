package import Cryptography
package import Engine
internal import Provenance
package import Settlement
package import TON
internal import Units

/// The engine, as who carries out its plans sees it: what it answers is durable.
package protocol SettlementOffice {
    /// What the engine has for settlement now.
    mutating func view() throws(OfficeError) -> SettlementView
    /// Has a command of the system carried out; gives why it was refused, if it was.
    mutating func submit(_ command: SettlementCommand) throws(OfficeError) -> Rejection?
    /// The message that was stored for a batch.
    mutating func message(of batch: SettlementID) throws(OfficeError) -> [UInt8]?
    /// Stores the message of a batch, unless there is one. Only who leads can.
    mutating func store(_ bag: [UInt8], of batch: SettlementID) throws(OfficeError)
}

/// The engine or its tables cannot be reached now, or somebody else leads: nothing is known of what was asked.
package struct OfficeError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// What the engine has for settlement.
package struct SettlementView: Sendable {
    package var wallets: [WalletRecord]
    /// Those that nothing has been decided about.
    package var batches: [SettlementRecord]
    package var payouts: [SettlementID: [PayoutRecord]]
    package var hold: SettlementHold?
    /// The anchor of one of ``batches``; `nil` if none has one.
    package var anchor: AnchorRecord?
    /// Whether a plan would find somebody.
    package var isWaiting: Bool
    /// Whether a plan would anchor the log.
    package var isAnchorDue: Bool

    /// Of an engine.
    package init(_ engine: Engine) {
        let undecided = engine.undecidedSettlements
        wallets = engine.settlementWallets
        batches = undecided.map(\.record)
        payouts = Dictionary(uniqueKeysWithValues: undecided.map { ($0.record.id, $0.payouts) })
        hold = engine.settlementHold
        anchor = engine.anchors.open.flatMap { $0.state == .planned ? $0 : nil }
        isWaiting = engine.hasPayoutsWaiting
        isAnchorDue = engine.hasAnchorDue
    }
}

/// What a round did, and what it could not do.
package struct SettlementRound: Hashable, Sendable {
    /// Transactions that were told.
    package var transactions = 0
    /// Batches that were planned.
    package var planned = 0
    /// Messages that were sent, again or for the first time.
    package var sent = 0
    /// Messages that the node would not take; proof of nothing.
    package var refused = 0
    /// The chain at its beginning; `nil` if nobody answered.
    package var head: ChainHead?
    /// What went wrong, in order.
    package var troubles: [String] = []
    /// Whether more waits than was done in the round.
    package var hasMore = false

    package init() {}
}

/// Carries out what the engine plans, and tells it what the chain shows.
///
/// All that counts is in the engine's journal and on the chain: this may be ended between any two steps, and run twice
/// at the same time, and nobody is paid twice. It reads every wallet's finalized history behind the engine's cursor,
/// says up to when it is known, asks for plans while somebody waits, of those wallets that have its key, and sends the
/// message of every batch that is signed, the same bytes again until the engine has its verdict; what a node says to a
/// message decides nothing.
package final class SettlementAgent<Chain: ChainClient> {
    package var chain: Chain
    private let key: SigningKey
    private let fees: ChainFees
    private let pace: Pace
    /// The hash of the log's name; `nil` if the log is not anchored.
    private let origin: ChainHash?
    /// By the chain's clock: when a plan for an anchor alone is asked for again that was refused. Nobody waits for it.
    private var anchorAfter: UInt64 = 0
    /// When messages were sent last, by the chain's clock.
    private var sentAt: [SettlementID: UInt64] = [:]

    /// Seconds of the chain's clock, and numbers, that say how much is done when.
    package struct Pace: Hashable, Sendable {
        /// Between two sendings of a message.
        package var resend: UInt64 = 8
        /// Between two scans of a wallet at which nothing new is found and nothing is under way.
        package var idleScan: UInt64 = 60
        /// For which what came back waits until the chain shows what it was.
        package var bounceWait: UInt64 = 900
        /// Transactions of a page, and pages and plans of a wallet in a round.
        package var page = 100
        package var pagesMax = 20
        package var plansMax = 16

        package init() {}
    }

    /// `origin` is the name of the log that is anchored; none is without a name.
    package init(
        _ chain: Chain,
        key: consuming SigningKey,
        fees: ChainFees,
        pace: Pace = Pace(),
        origin: String? = nil
    ) {
        self.origin = origin.flatMap { ChainHash(bytes: LogAnchor.originHash(of: $0).bytes) }
        self.chain = chain
        self.key = key
        self.fees = fees
        self.pace = pace
    }

    /// One round: read, tell, plan, send. Throws when the engine cannot be asked; what the chain does not answer is a
    /// trouble of the round and is tried again in the next.
    package func round(_ office: inout some SettlementOffice) throws(OfficeError) -> SettlementRound {
        var round = SettlementRound()
        let head: ChainHead
        do throws(ChainError) {
            // Before the histories: they have everything up to it then.
            head = try chain.head()
        } catch {
            round.troubles.append("the chain's head: \(error)")
            return round
        }
        guard head.time <= UInt64(Limits.chainTimeMax) else {
            round.troubles.append("the chain's head: its time, \(head.time), is none that a chain has")
            return round
        }
        round.head = head
        var scanned: [WalletID: WalletRecord] = [:]
        let before = try office.view()
        for wallet in before.wallets {
            let isBusy = isWaiting(before, head) || before.batches.contains { $0.wallet == wallet.id }
            guard let known = try scan(wallet, head, isBusy: isBusy, &office, &round) else { continue }
            scanned[wallet.id] = known
        }
        try plan(scanned, head, &office, &round)
        try send(head, &office, &round)
        return round
    }

    // MARK: What the chain shows

    /// Tells what is new of a wallet. Gives the wallet if it is known up to the head then.
    private func scan(
        _ wallet: WalletRecord,
        _ head: ChainHead,
        isBusy: Bool,
        _ office: inout some SettlementOffice,
        _ round: inout SettlementRound
    ) throws(OfficeError) -> WalletRecord? {
        guard let address = Address(workchain: 0, hash: wallet.terms.address.bytes) else { return nil }
        var wallet = wallet
        var isNew = false
        for _ in 0..<pace.pagesMax {
            let found: [ChainTransaction]
            do throws(ChainError) {
                found = try chain.transactions(of: address, after: wallet.last.logicalTime, limit: pace.page)
            } catch {
                round.troubles.append("the history of \(wallet.id.text): \(error)")
                return nil
            }
            for transaction in found {
                guard let told = try tell(transaction, of: wallet, address, head, &office, &round) else { return nil }
                wallet.last = told.position
                wallet.balance = told.balance
                isNew = true
            }
            guard found.count < pace.page else { continue }
            let isDue = isNew || isBusy || head.time >= wallet.scannedTo + pace.idleScan
            guard head.time > wallet.scannedTo, isDue else { return head.time >= wallet.scannedTo ? wallet : nil }
            let scan = WalletScan(wallet: wallet.id, lastLogicalTime: wallet.last.logicalTime, chainTime: head.time)
            if let rejection = try office.submit(.walletScanned(scan)) {
                round.troubles.append("the scan of \(wallet.id.text) is refused: \(rejection)")
                return nil
            }
            wallet.scannedTo = head.time
            return wallet
        }
        round.hasMore = true
        return nil
    }

    /// Tells one transaction; `nil` if it cannot be told now.
    private func tell(
        _ transaction: ChainTransaction,
        of wallet: WalletRecord,
        _ address: Address,
        _ head: ChainHead,
        _ office: inout some SettlementOffice,
        _ round: inout SettlementRound
    ) throws(OfficeError) -> WalletTransaction? {
        var origin: ChainTransaction?
        if transaction.incoming.isBounced {
            do throws(ChainError) {
                origin = try chain.transaction(sendingMessage: transaction.incoming.hash)
            } catch {
                round.troubles.append("what came back to \(wallet.id.text): \(error)")
                return nil
            }
            guard origin != nil || head.time >= transaction.time + pace.bounceWait else {
                round.troubles.append("the chain does not show yet what came back to \(wallet.id.text)")
                return nil
            }
        }
        let told: WalletTransaction
        do throws(TranslationError) {
            told = try WalletTranslation.transaction(transaction, of: wallet.id, at: address, origin: origin)
        } catch {
            let words = "the transaction at \(transaction.logicalTime) of \(wallet.id.text): \(error)"
            round.troubles.append(words)
            if try office.view().hold == nil {
                let reason = String(words.prefix(Limits.holdReasonBytesMax))
                _ = try office.submit(.hold(SettlementHoldTerms(isHeld: true, reason: reason)))
            }
            return nil
        }
        if let rejection = try office.submit(.walletTransaction(told)) {
            round.troubles.append("the transaction at \(told.position.logicalTime) is refused: \(rejection)")
            return nil
        }
        // One that does not explain the balance is carried out as a hold, and is not taken.
        guard try office.view().wallets.first(where: { $0.id == wallet.id })?.last == told.position else {
            round.troubles.append("the transaction at \(told.position.logicalTime) does not explain the balance")
            return nil
        }
        round.transactions += 1
        return told
    }

    // MARK: What the engine plans

    /// Asks for batches, each of the wallet that can pay the most then: so they spread over wallets, and one that has
    /// little left holds nobody up.
    private func plan(
        _ wallets: [WalletID: WalletRecord],
        _ head: ChainHead,
        _ office: inout some SettlementOffice,
        _ round: inout SettlementRound
    ) throws(OfficeError) {
        let before = try office.view()
        let ours = before.wallets.filter { $0.terms.publicKey.bytes == key.publicKey && !$0.isRetired }
        guard !ours.isEmpty else {
            if before.isWaiting { round.troubles.append("nobody is paid: no wallet of the key is in use") }
            return
        }
        var ready = ours.map(\.id).filter { wallets[$0] != nil }
        var plans: [WalletID: Int] = [:]
        var isAnchorRefused = false
        while !ready.isEmpty {
            let view = try office.view()
            guard isWaiting(view, head) else { return }
            guard let (wallet, estimate) = richest(of: ready, view) else { break }
            let terms = SettlementPlanTerms(
                wallet: wallet,
                chainTime: head.time,
                baseFee: estimate.base,
                feePerPayout: estimate.perPayout,
                origin: origin
            )
            guard let rejection = try office.submit(.plan(terms)) else {
                round.planned += 1
                isAnchorRefused = false
                plans[wallet, default: 0] += 1
                if plans[wallet] == pace.plansMax { ready.removeAll { $0 == wallet } }
                continue
            }
            // The ids of one wallet may be in use, or its clock ahead. What else there is holds for all, also too
            // little money: the others have less.
            round.troubles.append("no plan for \(wallet.text): \(rejection)")
            isAnchorRefused = !view.isWaiting
            guard rejection == .queryIDsInUse || rejection == .chainTimeBehind else { break }
            ready.removeAll { $0 == wallet }
        }
        if isAnchorRefused { anchorAfter = head.time + pace.idleScan }
        if isWaiting(try office.view(), head) { round.hasMore = true }
    }

    /// Whether there is something to plan.
    private func isWaiting(_ view: SettlementView, _ head: ChainHead) -> Bool {
        view.isWaiting || origin != nil && view.isAnchorDue && head.time >= anchorAfter
    }

    /// The wallet that has the most beyond what is under way and what a batch of one payout costs; of equal ones the
    /// first.
    private func richest(of ready: [WalletID], _ view: SettlementView) -> (wallet: WalletID, estimate: FeeEstimate)? {
        let signed = view.batches.filter { $0.phase == .signed }
        var best: (wallet: WalletID, estimate: FeeEstimate, free: NanoTON)?
        for wallet in view.wallets where ready.contains(wallet.id) {
            let estimate = FeeEstimate(fees, queries: wallet.queries)
            let taken = signed.filter { $0.wallet == wallet.id }.reduce(NanoTON.zero) { $0 + $1.signed.value }
            let free = wallet.balance - taken - estimate.base - estimate.perPayout
            if let best, free <= best.free { continue }
            best = (wallet.id, estimate, free)
        }
        return best.map { ($0.wallet, $0.estimate) }
    }

    /// Sends what is signed and is good by the chain's clock. The bytes are stored before they leave.
    private func send(
        _ head: ChainHead,
        _ office: inout some SettlementOffice,
        _ round: inout SettlementRound
    ) throws(OfficeError) {
        let view = try office.view()
        let open = view.batches.filter { $0.phase == .signed }
        sentAt = sentAt.filter { entry in open.contains { $0.id == entry.key } }
        for batch in open {
            let isGood = head.time < batch.signed.createdAt + batch.signed.timeout
            guard isGood, head.time >= (sentAt[batch.id] ?? 0) + pace.resend else { continue }
            guard let wallet = view.wallets.first(where: { $0.id == batch.wallet }) else { continue }
            guard let bag = try bag(batch, view, wallet, &office, &round) else { continue }
            sentAt[batch.id] = head.time
            do throws(ChainError) {
                if case .refused(let code) = try chain.send(bag) {
                    round.refused += 1
                    // 36: it was carried out before.
                    if code != 36 {
                        round.troubles.append("\(batch.id.text) is refused: \(code.map(String.init) ?? "no code")")
                    }
                } else {
                    round.sent += 1
                }
            } catch {
                round.troubles.append("sending \(batch.id.text): \(error)")
            }
        }
    }

    private func bag(
        _ batch: SettlementRecord,
        _ view: SettlementView,
        _ wallet: WalletRecord,
        _ office: inout some SettlementOffice,
        _ round: inout SettlementRound
    ) throws(OfficeError) -> [UInt8]? {
        if let stored = try office.message(of: batch.id) { return stored }
        let bag: [UInt8]
        do throws(SigningError) {
            bag = try BatchMessage.bag(
                batch,
                view.payouts[batch.id] ?? [],
                anchor: view.anchor.flatMap { $0.batch == batch.id ? $0 : nil },
                from: wallet.terms,
                signedBy: key
            )
        } catch {
            round.troubles.append("\(batch.id.text) cannot be signed: \(error)")
            return nil
        }
        try office.store(bag, of: batch.id)
        return bag
    }
}
