import Engine
import Exchange
import Ledger
import Units

extension ReferenceEngine {
    func order(_ id: OrderID) -> OrderRecord? { orders.first { $0.id == id } }

    func capability(of offer: OrderRecord) -> Capability { classes[Int(offer.classID.rawValue) - 1] }
    func requirement(of bid: OrderRecord) -> Requirement { profiles[Int(bid.profileID.rawValue) - 1] }

    mutating func change(_ id: OrderID, _ body: (inout OrderRecord) -> Void) {
        for index in orders.indices where orders[index].id == id {
            body(&orders[index])
            orders[index].lastSequence = sequence
        }
    }

    // MARK: Placing

    mutating func placeOffer(_ terms: OfferTerms, by account: AccountID) -> Rejection? {
        guard isKnown(account) else { return .accountUnknown }
        guard let model = model(terms.model) else { return .modelUnknown }
        let capability = Capability(
            model: model.id,
            modelVersion: model.version,
            weightSet: model.terms.weightSet,
            quality: model.terms.quality,
            contextLength: terms.contextLength,
            features: terms.features,
            quantization: terms.quantization,
            region: terms.region,
            tee: attested(terms.claimedTEE, of: account)
        )
        let classesInUse = Set(orders.filter { $0.account == account && $0.side == .offer }.map(self.capability))
        if !classesInUse.contains(capability), classesInUse.count >= Limits.classesPerAccountMax { return .classLimit }
        if let rejection = checkLimits(terms.order, by: account) { return rejection }
        var record = record(terms.order, .offer, by: account)
        record.classID = intern(capability)
        record.claimedTEE = terms.claimedTEE
        record.maxOpenLots = terms.maxOpenLots
        accept(record)
        return nil
    }

    mutating func placeBid(_ terms: BidTerms, by account: AccountID) -> Rejection? {
        guard isKnown(account) else { return .accountUnknown }
        let models = terms.requirement.models.array.map(model)
        if terms.namesUnknownModel || models.contains(where: { $0 == nil }) { return .modelUnknown }
        let weightSets = Set(models.compactMap { $0?.terms.weightSet } + [terms.namedWeightSet].compactMap { $0 })
        if weightSets.count > 1 { return .mixedUnits }
        var requirement = terms.requirement
        requirement.weightSet = weightSets.first ?? .standard
        let profilesInUse = Set(orders.filter { $0.account == account && $0.side == .bid }.map(self.requirement))
        if !profilesInUse.contains(requirement), profilesInUse.count >= Limits.profilesPerAccountMax {
            return .profileLimit
        }
        if let rejection = checkLimits(terms.order, by: account) { return rejection }
        var record = record(terms.order, .bid, by: account)
        let available = LedgerAccount(account, .available)
        guard balance(available) >= Int128(record.held.count) else { return .insufficientFunds }
        record.profileID = intern(requirement)
        move(available, LedgerAccount(account, .held), record.held, .hold, order: record.id)
        accept(record)
        return nil
    }

    private func checkLimits(_ terms: OrderTerms, by account: AccountID) -> Rejection? {
        let openOrdersMax = accounts.first { $0.id == account }?.openOrdersMax ?? 0
        if orders.count(where: { $0.account == account }) >= Int(openOrdersMax) { return .openOrderLimit }
        return terms.price.value(of: terms.lots) < fees.minimumNotional ? .belowMinimumNotional : nil
    }

    private func record(_ terms: OrderTerms, _ side: Side, by account: AccountID) -> OrderRecord {
        OrderRecord(
            id: OrderID(sequence.rawValue),
            account: account,
            side: side,
            price: terms.price,
            lots: terms.lots,
            remaining: terms.lots,
            timeInForce: terms.timeInForce,
            clientOrderID: terms.clientOrderID,
            bodyHash: terms.bodyHash,
            rates: fees.rates,
            classID: ClassID(0),
            profileID: ProfileID(0),
            claimedTEE: .none,
            maxOpenLots: nil,
            openLots: .zero,
            createdAt: time,
            closeReason: nil,
            lastSequence: sequence
        )
    }

    private mutating func intern(_ capability: Capability) -> ClassID {
        if let index = classes.firstIndex(of: capability) { return ClassID(Int64(index + 1)) }
        classes.append(capability)
        emit(.classInterned(ClassID(Int64(classes.count)), capability))
        return ClassID(Int64(classes.count))
    }

    private mutating func intern(_ requirement: Requirement) -> ProfileID {
        if let index = profiles.firstIndex(of: requirement) { return ProfileID(Int64(index + 1)) }
        profiles.append(requirement)
        emit(.profileInterned(ProfileID(Int64(profiles.count)), requirement))
        return ProfileID(Int64(profiles.count))
    }

    private mutating func accept(_ record: OrderRecord) {
        emit(.accepted(record))
        orders.append(record)
        let stop = walk(record.id, isNew: true)
        guard let order = order(record.id) else { return }
        if order.remaining == .zero {
            close(order.id, .filled)
        } else if let stop {
            close(order.id, stop)
        } else if order.timeInForce == .ioc {
            close(order.id, .ioc)
        } else {
            emit(.rested(order.id, order.remaining))
        }
    }

    // MARK: Matching

    /// Lots of an offer that may still be leased, whatever is left of it.
    private func capacity(_ offer: OrderRecord) -> Lots {
        offer.maxOpenLots.map { max(.zero, $0 - offer.openLots) } ?? offer.remaining
    }

    /// Whether two orders of opposite sides may trade.
    func suit(_ bid: OrderRecord, _ offer: OrderRecord) -> Bool {
        offer.price <= bid.price && requirement(of: bid).isMet(by: capability(of: offer)) && capacity(offer) > .zero
    }

    /// Resting orders that `taker` may trade with, best first (ENGINE §5).
    private func candidates(for taker: OrderRecord) -> [OrderRecord] {
        if taker.side == .bid {
            return orders.filter { $0.side == .offer && suit(taker, $0) }.sorted {
                ($0.price, capability(of: $0).isAttested ? 0 : 1, $0.id)
                    < ($1.price, capability(of: $1).isAttested ? 0 : 1, $1.id)
            }
        }
        return orders.filter { $0.side == .bid && suit($0, taker) }
            .sorted { $0.price == $1.price ? $0.id < $1.id : $0.price > $1.price }
    }

    /// Trades what can be traded. Says why it stopped early: a new order met an own one, or too much work. What enters
    /// again passes by its owner's orders: it did not come to trade with them.
    private mutating func walk(_ id: OrderID, isNew: Bool) -> CloseReason? {
        guard let start = order(id) else { return nil }
        var visits = 0
        for maker in candidates(for: start) {
            guard let taker = order(id), taker.remaining > .zero else { return nil }
            let offer = taker.side == .offer ? taker : maker
            let lots = min(taker.remaining, maker.remaining, capacity(offer))
            guard lots > .zero else { return nil }
            guard visits < Limits.visitsPerCommandMax else { return .workLimit }
            visits += 1
            if maker.account == taker.account {
                if isNew { return .selfTrade }
                continue
            }
            trade(taker, maker, lots)
        }
        return nil
    }

    private mutating func trade(_ taker: OrderRecord, _ maker: OrderRecord, _ lots: Lots) {
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
            classID: offer.classID
        )
        emit(.traded(trade))
        let lease = LeaseRecord(
            id: LeaseID(lastTrade.rawValue),
            offer: offer.id,
            buyer: bid.account,
            worker: offer.account,
            price: maker.price,
            lots: lots,
            locked: locked,
            buyerRate: buyerRate,
            sellerRate: sellerRate,
            used: .zero
        )
        leases.append(lease)
        if maker.remaining == lots { close(maker.id, .filled) }
    }

    mutating func close(_ id: OrderID, _ reason: CloseReason) {
        guard let order = order(id) else { return }
        if order.side == .bid {
            let held = LedgerAccount(order.account, .held)
            move(held, LedgerAccount(order.account, .available), order.held, .release, order: id)
        }
        emit(.closed(id, reason, order.remaining))
        orders.removeAll { $0.id == id }
    }

    // MARK: Entering again

    /// Puts every offer whose capability is no longer what its class says into its new class, oldest first.
    mutating func reclassify() {
        for offer in orders where offer.side == .offer {
            var capability = capability(of: offer)
            capability.quality = model(capability.model)?.terms.quality
            capability.tee = attested(offer.claimedTEE, of: offer.account)
            guard capability != self.capability(of: offer) else { continue }
            let classID = intern(capability)
            change(offer.id) { $0.classID = classID }
            emit(.reclassified(offer.id, classID))
            enterAgain(offer.id)
        }
    }

    /// As an arrival that keeps its sequence: whatever it trades now, it is the taker.
    private mutating func enterAgain(_ id: OrderID) {
        guard let before = order(id) else { return }
        let stop = walk(id, isNew: false)
        guard let order = order(id) else { return }
        if order.remaining == .zero {
            close(id, .filled)
        } else if stop == .workLimit {
            close(id, .workLimit)
        } else if order.remaining != before.remaining {
            emit(.rested(id, order.remaining))
        }
    }

    // MARK: Leases

    /// What a lease has cost at a cumulative count: value, buyer's fee, seller's fee (ENGINE §4).
    private func charges(_ lease: LeaseRecord) -> (value: NanoTON, buyer: NanoTON, seller: NanoTON) {
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

    mutating func end(_ id: LeaseID) -> Rejection? {
        guard let lease = leases.first(where: { $0.id == id }) else { return .leaseNotFound }
        leases.removeAll { $0.id == id }
        let spent = charges(lease)
        let left = lease.locked - spent.value - spent.buyer
        let available = LedgerAccount(lease.buyer, .available)
        move(LedgerAccount(lease.buyer, .leased), available, left, .refund, trade: TradeID(id.rawValue))
        emit(.leaseEnded(id, lease.used))
        guard order(lease.offer) != nil else { return nil }
        change(lease.offer) { $0.openLots = $0.openLots - lease.lots }
        enterAgain(lease.offer)
        return nil
    }

    // MARK: What must hold

    /// What is wrong with the present state, in a few words.
    struct Violation: Error { let text: String }

    func checkInvariants() throws {
        for account in state.accounts.map(\.id) {
            let bids = orders.filter { $0.account == account && $0.side == .bid }
            let held = bids.reduce(Int128(0)) { $0 + Int128($1.held.count) }
            let leased = leases.filter { $0.buyer == account }.reduce(Int128(0)) {
                let spent = charges($1)
                return $0 + Int128(($1.locked - spent.value - spent.buyer).count)
            }
            if balance(LedgerAccount(account, .held)) != held { throw Violation(text: "held of \(account.text)") }
            if balance(LedgerAccount(account, .leased)) != leased { throw Violation(text: "leased of \(account.text)") }
        }
        var sum: Int128 = 0
        for account in counters.keys {
            if balance(account) < 0 { throw Violation(text: "\(account.kindName) is below zero") }
            sum += balance(account) * (account.isAsset ? 1 : -1)
        }
        if sum != 0 { throw Violation(text: "assets and liabilities differ by \(sum)") }
        for bid in orders where bid.side == .bid {
            for offer in orders where offer.side == .offer && offer.account != bid.account && suit(bid, offer) {
                throw Violation(text: "\(bid.id.text) and \(offer.id.text) could trade")
            }
        }
    }
}
