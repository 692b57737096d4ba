import Engine
import Exchange
import Ledger
import Units

/// Trades, ends of orders, and leases (ENGINE §4).
extension ReferenceEngine {
    mutating func change(_ id: OrderID, _ body: (inout OrderRecord) -> Void) {
        for index in orders.indices where orders[index].id == id {
            body(&orders[index])
            orders[index].lastSequence = sequence
        }
    }

    mutating func trade(_ taker: OrderRecord, _ maker: OrderRecord, _ lots: Lots) {
        lastTrade = TradeID(lastTrade.rawValue + 1)
        let (bid, offer) = taker.side == .bid ? (taker, maker) : (maker, taker)
        let value = maker.price.value(of: lots)
        let buyerRate = bid.id == taker.id ? bid.rates.taker : bid.rates.maker
        let sellerRate = offer.id == taker.id ? offer.rates.taker : offer.rates.maker
        let locked = value + buyerRate.part(of: value)
        change(bid.id) { $0.remaining = $0.remaining - lots }
        change(offer.id) {
            $0.remaining = $0.remaining - lots
            $0.openLots = $0.openLots + lots
        }
        let heldAfter = bid.rates.hold(for: bid.remaining - lots, at: bid.price)
        let held = LedgerAccount(bid.account, .held)
        move(held, LedgerAccount(bid.account, .leased), locked, .trade, order: bid.id, trade: lastTrade)
        let release = bid.held - locked - heldAfter
        move(held, LedgerAccount(bid.account, .available), release, .release, order: bid.id, trade: lastTrade)
        let sold = capability(of: offer)
        let trade = Trade(
            id: lastTrade,
            bid: bid.id,
            offer: offer.id,
            buyer: bid.account,
            seller: offer.account,
            lots: lots,
            price: maker.price,
            takerSide: taker.side,
            bidRemaining: bid.remaining - lots,
            offerRemaining: offer.remaining - lots,
            locked: locked,
            buyerRate: buyerRate,
            sellerRate: sellerRate,
            model: sold.model,
            modelVersion: sold.modelVersion,
            weightSet: sold.weightSet,
            classID: offer.classID,
            delivery: DeliveryTerms(
                openedAt: time,
                deadline: after(sold.traits[.deliverWithinS] == 0 ? 3_600 : sold.traits[.deliverWithinS]),
                step: AdjustedTokens(1_000),
                disputeWindow: 600_000_000
            )
        )
        emit(.traded(trade))
        leases.append(LeaseRecord(of: trade))
        afterFill(maker.id, of: lots)
    }

    /// So many seconds from now, on the clock of leases.
    private func after(_ seconds: Int64) -> LogicalTime {
        LogicalTime(microseconds: leaseClock.microseconds + seconds * 1_000_000)
    }

    /// Time without the grace that gaps have given.
    private var leaseClock: LogicalTime { LogicalTime(microseconds: time.microseconds - grace) }

    /// The end of an open order; what was held for it is released first.
    mutating func close(_ id: OrderID, _ reason: CloseReason) {
        guard let order = order(id) else { return }
        let held = LedgerAccount(order.account, .held)
        move(held, LedgerAccount(order.account, .available), order.held, .release, order: id)
        emit(.closed(id, reason, order.remaining))
        orders.removeAll { $0.id == id }
    }

    // MARK: Leases

    /// What a lease has cost at a cumulative count: value, buyer's fee, seller's fee (ENGINE §4).
    func charges(_ lease: LeaseRecord) -> (value: NanoTON, buyer: NanoTON, seller: NanoTON) {
        let value = lease.price.cost(of: lease.used)
        return (value, lease.buyerRate.part(of: value), lease.sellerRate.part(of: value))
    }

    mutating func use(_ id: LeaseID, upTo tokens: AdjustedTokens) -> Rejection? {
        guard let index = leases.firstIndex(where: { $0.id == id }) else { return .leaseNotFound }
        guard tokens >= leases[index].used else { return .usageNotMonotone }
        guard tokens <= leases[index].lots.tokens else { return .usageAboveLease }
        let before = charges(leases[index])
        leases[index].used = tokens
        let lease = leases[index]
        let after = charges(lease)
        let leased = LedgerAccount(lease.buyer, .leased)
        let trade = TradeID(id.rawValue)
        let sellerFee = after.seller - before.seller
        let earned = after.value - before.value - sellerFee
        move(leased, LedgerAccount(lease.worker, .payable), earned, .usage, trade: trade)
        move(leased, .fees, after.buyer - before.buyer + sellerFee, .fee, trade: trade)
        emit(.used(id, tokens))
        return nil
    }

    mutating func end(_ id: LeaseID, _ reason: LeaseEnd = .operator) -> Rejection? {
        guard let lease = leases.first(where: { $0.id == id }) else { return .leaseNotFound }
        leases.removeAll { $0.id == id }
        let spent = charges(lease)
        let left = lease.locked - spent.value - spent.buyer
        let available = LedgerAccount(lease.buyer, .available)
        move(LedgerAccount(lease.buyer, .leased), available, left, .refund, trade: TradeID(id.rawValue))
        emit(.leaseEnded(id, lease.used, reason))
        if reason == .noReceipts { strike(lease) }
        let wasAtItsLimit = order(lease.offer).map { free($0) == .zero } ?? false
        change(lease.offer) { $0.openLots = $0.openLots - lease.lots }
        if wasAtItsLimit || someHaveLeastFills { lookAgain(at: lease.offer) }
        return nil
    }
    // MARK: Deadlines

    /// A worker that delivered nothing in time: a tenth of the lease's value is to be paid by its bond tomorrow.
    private mutating func strike(_ lease: LeaseRecord) {
        var record = standings.first { $0.account == lease.worker } ?? StandingRecord(account: lease.worker)
        record.strikes += 1
        standings = (standings.filter { $0.account != lease.worker } + [record]).sorted { $0.account < $1.account }
        emit(.lease(.standingSet(record)))
        let slash = SlashRecord(
            lease: lease.id,
            worker: lease.worker,
            buyer: lease.buyer,
            amount: NanoTON(lease.price.value(of: lease.lots).count / 10),
            due: after(86_400),
            reason: .noReceipts
        )
        slashes = (slashes + [slash]).sorted { $0.lease < $1.lease }
        emit(.lease(.slashSet(slash)))
    }

    /// Nobody has a bond in these markets, and no receipt comes: a lease ends at its deadline.
    mutating func settleLeases(_ budget: inout Int) {
        while budget > 0 {
            let ends = leases.map { (at: $0.end, lease: $0.id, isSlash: false) }
            let payments = slashes.map { (at: $0.due, lease: $0.lease, isSlash: true) }
            let due = (ends + payments).filter { $0.at <= leaseClock }.min {
                ($0.at, $0.lease, $0.isSlash ? 1 : 0) < ($1.at, $1.lease, $1.isSlash ? 1 : 0)
            }
            guard let due else { return }
            budget -= 1
            if due.isSlash {
                slashes.removeAll { $0.lease == due.lease }
                emit(.lease(.slashEnded(due.lease, .paid, .zero)))
            } else if let lease = leases.first(where: { $0.id == due.lease }) {
                _ = end(due.lease, lease.used == .zero ? .noReceipts : .deadline)
            }
        }
    }
}
