import Engine
import Exchange
import Ledger
import Units

/// The one greedy walk, and what follows from it (DESIGN §3, ENGINE §5).
extension ReferenceEngine {
    // MARK: Who may trade with whom

    func order(_ id: OrderID) -> OrderRecord? { orders.first { $0.id == id } }

    func capability(of offer: OrderRecord) -> Capability { classes[Int(offer.classID.rawValue) - 1] }
    func requirement(of bid: OrderRecord) -> Requirement { profiles[Int(bid.profileID.rawValue) - 1] }

    /// Lots that the order may still trade: what is left, and of an offer what may still be leased.
    func free(_ order: OrderRecord) -> Lots {
        guard let most = order.maxOpenLots else { return order.remaining }
        return max(.zero, min(order.remaining, most - order.openLots))
    }

    /// What a taker sees of a resting order.
    func visible(_ order: OrderRecord) -> Lots {
        order.rules.displayLots == .zero ? free(order) : min(free(order), order.displayed)
    }

    /// Whether the orders fit, as far as that can be said of them alone.
    func fit(_ bid: OrderRecord, _ offer: OrderRecord) -> Bool {
        offer.price <= bid.price && requirement(of: bid).isMet(by: capability(of: offer)) && free(offer) > .zero
    }

    /// Whether the order will be taken out by something that has come already: it never fills any more.
    func isDue(_ order: OrderRecord) -> Bool {
        order.rules.expiresAt <= time || operations.contains { $0.kind != .resume && covers($0, order) }
    }

    /// Whether a halt, or a resumption that has not come to both orders yet, keeps them apart.
    func isFrozen(_ bid: OrderRecord, _ offer: OrderRecord) -> Bool {
        let model = capability(of: offer).model
        if isHalted(.unknown) || isHalted(model) { return true }
        return operations.contains {
            $0.kind == .resume && ($0.model == .unknown || $0.model == model)
                && max(bid.priority.rawValue, offer.priority.rawValue) > $0.cursor
        }
    }

    /// Whether the offer sells to the bid's owner. The money of a resting order's owner is not looked at again, so
    /// this is asked only when one of the two walks.
    private func sells(_ offer: OrderRecord, to bid: OrderRecord) -> Bool {
        let rules = capability(of: offer).buyers.rules
        let money = balance(LedgerAccount(bid.account, .available)) + balance(LedgerAccount(bid.account, .held))
        return rules.admits(bid.account) && money >= Int128(rules.minimumDeposit.count)
    }

    /// Orders of one account, or of accounts of one group.
    func areOwn(_ left: OrderRecord, _ right: OrderRecord) -> Bool {
        if left.account == right.account { return true }
        let groups = [left, right].map { order in accounts.first { $0.id == order.account }?.selfTradeGroup ?? 0 }
        return groups[0] != 0 && groups[0] == groups[1]
    }

    // MARK: Ranking

    /// The place among a taker's candidates: lower is better.
    struct Rank: Comparable {
        let price: Int64
        let isUnattested: Bool
        let priority: Priority

        static func < (left: Self, right: Self) -> Bool {
            (left.price, left.isUnattested ? 1 : 0, left.priority) < (
                right.price, right.isUnattested ? 1 : 0, right.priority
            )
        }
    }

    private func rank(_ maker: OrderRecord, for taker: OrderRecord) -> Rank {
        let price = maker.price.nanoTONPerMTok
        guard maker.side == .offer else { return Rank(price: -price, isUnattested: false, priority: maker.priority) }
        let sold = capability(of: maker)
        let credit = taker.rules.qualityCredit * (sold.quality ?? 0)
        return Rank(price: price - credit, isUnattested: !sold.isAttested, priority: maker.priority)
    }

    /// The best order behind `last` that `taker` fits with.
    private func next(for taker: OrderRecord, behind last: Rank?) -> OrderRecord? {
        orders.filter { maker in
            guard maker.side != taker.side, visible(maker) > .zero else { return false }
            guard taker.side == .bid ? fit(taker, maker) : fit(maker, taker) else { return false }
            return last.map { $0 < rank(maker, for: taker) } ?? true
        }.min { rank($0, for: taker) < rank($1, for: taker) }
    }

    // MARK: The walk

    /// How an order comes to walk.
    enum Entry {
        /// It is new, or amended. Own orders that it meets are dealt with.
        case arrival
        /// It rested, and something has changed. It did not come to trade with its owner's orders: it passes them by.
        case again
        /// What it would do is to be found out. As a real one, but for own orders.
        case trial
    }

    /// What ended a walk.
    enum End {
        /// Nothing is left of the taker, or nobody is left to trade with.
        case done
        case stopped(CloseReason)
    }

    /// Trades what can be traded.
    mutating func walk(_ id: OrderID, _ entry: Entry) -> End {
        visited = 0
        guard let taker = order(id), !isDue(taker), !isHalted(taker) else { return .done }
        guard taker.rules.isAllOrNone || taker.timeInForce == .fok else {
            return walk(id, passingOwn: entry != .arrival, least: taker.rules.minLots)
        }
        // The whole or nothing: another self walks, who becomes this one if it fills. It takes from whoever has
        // something; if that is not enough, the whole from one who has it.
        var looked = 0
        var end = End.done
        for least in [.zero, taker.remaining] {
            var other = self
            let way = other.walk(id, passingOwn: true, least: least)
            looked += other.visited
            if case .stopped = way { end = way }
            guard other.order(id)?.remaining == .zero else { continue }
            self = other
            end = .done
            break
        }
        visited = looked
        return end
    }

    private mutating func walk(_ id: OrderID, passingOwn: Bool, least wanted: Lots) -> End {
        var last: Rank?
        var hasSkippedForItself = false
        let before = order(id)?.remaining ?? .zero
        while let taker = order(id), free(taker) > .zero, let maker = next(for: taker, behind: last) {
            guard visited < work.visits else { return .stopped(.workLimit) }
            visited += 1
            last = rank(maker, for: taker)
            let (bid, offer) = taker.side == .bid ? (taker, maker) : (maker, taker)
            if isDue(maker) || isFrozen(bid, offer) || !sells(offer, to: bid) { continue }
            if areOwn(taker, maker) {
                if !passingOwn, preventSelfTrade(taker, maker) { return .stopped(.selfTrade) }
                continue
            }
            let lots = min(free(taker), visible(maker))
            let least = min(wanted, taker.remaining)
            hasSkippedForItself = hasSkippedForItself || lots < least
            if lots < least || lots < maker.rules.leastFill(of: maker.remaining) { continue }
            trade(taker, maker, lots)
        }
        // What was too little for it may be enough now that less is left.
        guard let taker = order(id), hasSkippedForItself else { return .done }
        guard taker.remaining > .zero, taker.remaining < before, taker.remaining < wanted else { return .done }
        return walk(id, passingOwn: passingOwn, least: wanted)
    }

    /// The taker has met an own order. True when that is the end of the taker.
    private mutating func preventSelfTrade(_ taker: OrderRecord, _ maker: OrderRecord) -> Bool {
        switch taker.rules.selfTrade {
        case .cancelNewest: return true
        case .cancelOldest:
            close(maker.id, .selfTrade)
            return false
        case .cancelBoth:
            close(maker.id, .selfTrade)
            return true
        case .decrement:
            let lots = min(taker.remaining, maker.remaining)
            if maker.remaining == lots { close(maker.id, .selfTrade) } else { reduce(maker.id, by: lots) }
            if taker.remaining == lots { return true }
            reduce(taker.id, by: lots)
            return false
        }
    }

    /// Lowers an order without a trade.
    private mutating func reduce(_ id: OrderID, by lots: Lots) {
        guard let before = order(id) else { return }
        change(id) {
            $0.remaining = $0.remaining - lots
            $0.loweredLots = $0.loweredLots + lots
        }
        release(before)
        guard let after = order(id) else { return }
        emit(.reduced(id, after.remaining, lowered: after.loweredLots))
        // One that arrives looks around by itself, and shows something when it comes to rest.
        guard id != arriving else { return }
        show(id, min(after.displayed, after.remaining))
        if after.rules.isAllOrNone || after.remaining < after.rules.minLots { lookAgain(at: id) }
    }

    /// A hold that is larger than the order still needs.
    mutating func release(_ before: OrderRecord) {
        guard let after = order(before.id) else { return }
        let held = LedgerAccount(before.account, .held)
        let available = LedgerAccount(before.account, .available)
        move(held, available, before.held - after.held, .release, order: before.id)
    }

    // MARK: After the walk

    /// What becomes of an order that has arrived and walked.
    mutating func settle(_ id: OrderID, _ end: End) {
        arriving = nil
        guard let order = order(id) else { return }
        if order.remaining == .zero { return close(id, .filled) }
        if case .stopped(let reason) = end { return close(id, reason) }
        guard order.timeInForce.mayRest else { return close(id, .ioc) }
        emit(.rested(id, order.remaining))
        show(id, min(order.rules.displayLots, order.remaining))
    }

    /// Of an iceberg: so much of it can be seen now.
    mutating func show(_ id: OrderID, _ lots: Lots) {
        guard let order = order(id), order.rules.displayLots > .zero else { return }
        change(id) { $0.displayed = lots }
        emit(.shown(id, lots, order.priority))
    }

    /// A maker has traded: it is filled, or it shows what it has left, an iceberg perhaps its next part.
    mutating func afterFill(_ id: OrderID, of lots: Lots) {
        guard let maker = order(id) else { return }
        if maker.remaining == .zero { return close(id, .filled) }
        if maker.remaining < maker.rules.minLots { lookAgain(at: id) }
        guard maker.rules.displayLots > .zero else { return }
        guard maker.displayed == lots else { return show(id, maker.displayed - lots) }
        parts += 1
        let priority = Priority(sequence, ordinal: parts)
        change(id) { $0.priority = priority }
        show(id, min(maker.rules.displayLots, maker.remaining))
        if someHaveLeastFills { lookAgain(at: id) }
    }

    /// Whether there is an order that does not take just anything, beside one that only arrives.
    var someHaveLeastFills: Bool {
        orders.contains { $0.id != arriving && ($0.rules.isAllOrNone || $0.rules.minLots > .zero) }
    }

    // MARK: Looking again

    var hasShownEnough: Bool { parts >= work.parts }

    /// Once the command has done what it is for, the order walks again; once for all reasons until then.
    mutating func lookAgain(at id: OrderID) { if !toLookAgain.contains(id) { toLookAgain.append(id) } }

    /// Lets those that wait for it walk again, and those whom they give a reason. When they have visited so many
    /// together, the rest is closed; one that meets nobody counts as well.
    mutating func lookAgain() {
        var count = 0
        while !toLookAgain.isEmpty {
            let id = toLookAgain.removeFirst()
            guard order(id) != nil else { continue }
            visited = 0
            if count < work.visits { enterAgain(id) } else { close(id, .workLimit) }
            count += max(1, visited)
        }
    }

    /// As an arrival that keeps its place: whatever it trades now, it is the taker. An offer moves to the class of what
    /// it can do now.
    mutating func enterAgain(_ id: OrderID) {
        guard let before = order(id) else { return }
        if before.side == .offer, capabilityNow(of: before) != capability(of: before) {
            let classID = intern(capabilityNow(of: before))
            change(id) { $0.classID = classID }
            emit(.reclassified(id, classID))
        }
        // Priorities have room for so many parts of icebergs.
        let end = hasShownEnough ? .stopped(.workLimit) : walk(id, .again)
        guard let after = order(id) else { return }
        if after.remaining == .zero { return close(id, .filled) }
        if case .stopped(let reason) = end { return close(id, reason) }
        guard after.remaining != before.remaining else { return }
        emit(.rested(id, after.remaining))
        show(id, min(after.displayed, after.remaining))
    }
}
