import Engine
import Exchange
import Ledger
import Units

/// Arrivals: new orders, and amended ones.
extension ReferenceEngine {
    // MARK: Offers and bids

    mutating func placeOffer(_ terms: OfferTerms, by id: AccountID) -> Rejection? {
        guard let account = accounts.first(where: { $0.id == id }) else { return .accountUnknown }
        if account.isClosed { return .accountClosed }
        guard let model = model(terms.model) else { return .modelUnknown }
        var record = record(terms.order, .offer, by: id)
        record.claimedTEE = terms.claimedTEE
        record.maxOpenLots = [terms.maxOpenLots, account.offerLotsMax].compactMap { $0 }.min()
        if isIdle(record, where: [model.id]) { return .marketHalted }
        if record.rules.expiresAt <= time { return .expired }
        if let rejection = usePriceBand(of: [model.id], terms.order.isMarket, &record) { return rejection }
        var capability = Capability(
            model: model.id,
            modelVersion: model.version,
            weightSet: model.terms.weightSet,
            quality: model.terms.quality,
            contextLength: terms.contextLength,
            features: terms.features,
            quantization: terms.quantization,
            region: terms.region,
            tee: attested(terms.claimedTEE, of: id),
            traits: traits(terms.traits, of: id, model.id, tee: attested(terms.claimedTEE, of: id)),
            weights: ModelWeights(
                revision: HexDigest(model.terms.revision.utf8) ?? .none,
                sha256: HexDigest(model.terms.weightsSHA256.utf8) ?? .none
            )
        )
        capability.buyers = SeldomBuyerRules(terms.buyers)
        let classesInUse = Set(orders.filter { $0.account == id && $0.side == .offer }.map(self.capability))
        if !classesInUse.contains(capability), classesInUse.count >= Limits.classesPerAccountMax { return .classLimit }
        if let rejection = checkLimits(record, of: account) { return rejection }
        record.classID = intern(capability)
        return arrive(record)
    }

    mutating func placeBid(_ terms: BidTerms, by id: AccountID) -> Rejection? {
        guard let account = accounts.first(where: { $0.id == id }) else { return .accountUnknown }
        if account.isClosed { return .accountClosed }
        let named = terms.requirement.models.array
        let models = named.compactMap(model)
        if terms.namesUnknownModel || models.count < named.count { return .modelUnknown }
        var record = record(terms.order, .bid, by: id)
        if isIdle(record, where: named) { return .marketHalted }
        if record.rules.expiresAt <= time { return .expired }
        let weightSets = Set(models.map(\.terms.weightSet) + [terms.namedWeightSet].compactMap { $0 })
        if weightSets.count > 1 { return .mixedUnits }
        if let rejection = usePriceBand(of: named, terms.order.isMarket, &record) { return rejection }
        var requirement = terms.requirement
        requirement.weightSet = weightSets.first ?? .standard
        let profilesInUse = Set(orders.filter { $0.account == id && $0.side == .bid }.map(self.requirement))
        if !profilesInUse.contains(requirement), profilesInUse.count >= Limits.profilesPerAccountMax {
            return .profileLimit
        }
        if let rejection = checkLimits(record, of: account) { return rejection }
        guard balance(LedgerAccount(id, .available)) >= Int128(record.held.count) else { return .insufficientFunds }
        record.profileID = intern(requirement)
        return arrive(record)
    }

    // MARK: Checks

    /// Whether an order that does not wait could only trade where nothing trades now.
    private func isIdle(_ order: OrderRecord, where models: [ModelID]) -> Bool {
        !order.timeInForce.mayRest && areHalted(models)
    }

    /// Checks the price against the bands of the models; that of a market order it takes from them.
    func usePriceBand(of models: [ModelID], _ isMarket: Bool, _ order: inout OrderRecord) -> Rejection? {
        let bands = (models.isEmpty ? [.unknown] : models).map { band(of: $0) ?? band(of: .unknown) }
        let known = bands.compactMap { $0 }
        let low = known.map(\.low).max()
        let high = known.map(\.high).min()
        if isMarket {
            guard known.count == bands.count, let low, let high else { return .noPriceBand }
            order.price = order.side == .offer ? low : high
        }
        if order.side == .offer, let low, order.price < low { return .priceOutsideBand }
        if order.side == .bid, let high, order.price > high { return .priceOutsideBand }
        return nil
    }

    private func checkLimits(_ order: OrderRecord, of account: AccountRecord) -> Rejection? {
        if orders.count(where: { $0.account == account.id }) >= Int(account.openOrdersMax) { return .openOrderLimit }
        return order.price.value(of: order.lots) < fees.minimumNotional ? .belowMinimumNotional : nil
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
            lastSequence: sequence,
            rules: terms.rules
        )
    }

    mutating func intern(_ capability: Capability) -> ClassID {
        if let index = classes.firstIndex(of: capability) { return ClassID(Int64(index + 1)) }
        classes.append(capability)
        emit(.classInterned(ClassID(Int64(classes.count)), capability))
        return ClassID(Int64(classes.count))
    }

    mutating func intern(_ requirement: Requirement) -> ProfileID {
        if let index = profiles.firstIndex(of: requirement) { return ProfileID(Int64(index + 1)) }
        profiles.append(requirement)
        emit(.profileInterned(ProfileID(Int64(profiles.count)), requirement))
        return ProfileID(Int64(profiles.count))
    }

    // MARK: Arriving

    /// Why an order that has passed all other checks is refused for what it would do, or would not do.
    private func refusal(of order: OrderRecord) -> Rejection? {
        guard order.rules.isPostOnly || order.timeInForce == .fok else { return nil }
        var before = self
        before.orders.removeAll { $0.id == order.id }
        before.orders.append(order)
        var other = before
        let end = other.walk(order.id, .trial)
        if order.timeInForce == .fok { return other.order(order.id)?.remaining == .zero ? nil : .fokUnfillable }
        if case .stopped = end { return .postOnlyWouldTrade }
        // Lowered by an order of its own, it may take what was too little for it before.
        var lowered = before
        if case .stopped(.workLimit) = lowered.walk(order.id, .arrival) { return .postOnlyWouldTrade }
        return max(other.lastTrade, lowered.lastTrade) == lastTrade ? nil : .postOnlyWouldTrade
    }

    private mutating func arrive(_ order: OrderRecord) -> Rejection? {
        if isTrial { return arriveInTrial(order) }
        if let rejection = refusal(of: order) { return rejection }
        emit(.accepted(order))
        let available = LedgerAccount(order.account, .available)
        move(available, LedgerAccount(order.account, .held), order.held, .hold, order: order.id)
        orders.append(order)
        arriving = order.id
        settle(order.id, walk(order.id, .arrival))
        return nil
    }

    // MARK: Amending

    mutating func amend(_ terms: AmendTerms, by id: AccountID) -> Rejection? {
        guard let before = order(terms.order), before.account == id, !isDue(before) else { return .orderNotFound }
        guard let account = accounts.first(where: { $0.id == id }), !account.isClosed else { return .accountClosed }
        if let expiresAt = terms.expiresAt, before.timeInForce != .gtd || expiresAt <= time {
            return .expiryNotAmendable
        }
        let filled = before.lots - before.remaining
        var after = before
        after.price = terms.price ?? before.price
        after.lots = terms.lots ?? before.lots
        after.remaining = after.lots - filled
        after.rules.expiresAt = terms.expiresAt ?? before.rules.expiresAt
        if after.lots <= filled { return .quantityFilled }
        let isSame = after.price == before.price && after.rules.expiresAt == before.rules.expiresAt
        if isSame && after.lots <= before.lots {
            shrink(before, to: after)
            return nil
        }
        after.priority = Priority(sequence)
        let models = before.side == .offer ? [capability(of: before).model] : requirement(of: before).models.array
        if let rejection = usePriceBand(of: models, false, &after) { return rejection }
        if after.price.value(of: after.lots) < fees.minimumNotional { return .belowMinimumNotional }
        let missing = Int128(after.held.count) - Int128(before.held.count)
        guard balance(LedgerAccount(id, .available)) >= missing else { return .insufficientFunds }
        if let rejection = refusal(of: after) { return rejection }
        change(after.id) { $0 = after }
        emit(.amended(amendment(of: after)))
        let available = LedgerAccount(id, .available)
        let held = LedgerAccount(id, .held)
        if missing > 0 {
            move(available, held, after.held - before.held, .hold, order: after.id)
        } else {
            release(before)
        }
        arriving = after.id
        settle(after.id, walk(after.id, .arrival))
        return nil
    }

    /// A smaller order keeps its place. Its hold is released first.
    private mutating func shrink(_ before: OrderRecord, to after: OrderRecord) {
        change(before.id) { $0 = after }
        release(before)
        emit(.amended(amendment(of: after)))
        guard after.remaining < before.remaining else { return }
        show(after.id, min(after.displayed, after.remaining))
        // Smaller, it may take what it would not take before. Its least fill is lower only if all of it is.
        if after.rules.isAllOrNone || after.remaining < after.rules.minLots { lookAgain(at: after.id) }
    }

    private func amendment(of order: OrderRecord) -> OrderAmendment {
        OrderAmendment(
            order: order.id,
            price: order.price,
            lots: order.lots,
            remaining: order.remaining,
            expiresAt: order.rules.expiresAt,
            priority: order.priority
        )
    }
}
