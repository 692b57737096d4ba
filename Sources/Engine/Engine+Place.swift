import Exchange
import Ledger
import Units

/// Placing orders. Every check comes before anything changes, in the order of ``Rejection``.
extension Engine {
    mutating func place(_ terms: OfferTerms, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        var order: Checked<Capability>
        do throws(Rejection) { order = try check(terms, of: owner) } catch { return error }
        let group = order.known ?? intern(order.group, &events)
        order.record.classID = ClassID(Int64(group) + 1)
        return enter(order.record, isFrozen: order.isFrozen, &events)
    }

    mutating func place(_ terms: BidTerms, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        var order: Checked<Requirement>
        do throws(Rejection) { order = try check(terms, of: owner) } catch { return error }
        let group = order.known ?? intern(order.group, &events)
        order.record.profileID = ProfileID(Int64(group) + 1)
        return enter(order.record, isFrozen: order.isFrozen, &events)
    }

    // MARK: Checks

    /// An order that nothing but its walk can refuse any more.
    struct Checked<Group> {
        /// Without class or profile.
        var record: OrderRecord
        /// What it can do, or demands.
        let group: Group
        /// Its class or profile, if there is one.
        let known: Int32?
        let isFrozen: Bool
    }

    func check(_ terms: OfferTerms, of owner: AccountID) throws(Rejection) -> Checked<Capability> {
        guard let account = registry.accountIndex(owner) else { throw .accountUnknown }
        guard !registry.accounts[account].record.isClosed else { throw .accountClosed }
        guard let model = registry.model(terms.model) else { throw .modelUnknown }
        let isFrozen = control.isHalted(terms.model)
        if let rejection = rejection(of: terms.order, isFrozen: isFrozen) { throw rejection }
        var order = terms.order
        switch limit(of: order, band: control.band(terms.model), side: .offer) {
        case .success(let price): order.price = price
        case .failure(let rejection): throw rejection
        }
        let capability = capability(of: terms, account, model)
        let known = book.findClass(capability)
        if registry.accounts[account].classes + checked.capabilities.count >= Limits.classesPerAccountMax {
            guard holds(owner, known, isOffer: true) || checked.capabilities.contains(capability) else {
                throw .classLimit
            }
        }
        if let rejection = rejection(of: order, account) { throw rejection }
        guard isBondEnough(for: checked.offeredLots + order.lots, of: account) else { throw .bondRequired }
        var record = newRecord(.offer, owner, order)
        record.claimedTEE = terms.claimedTEE
        let most = openLotsMax(of: account)
        record.maxOpenLots = terms.maxOpenLots.map { min($0, most ?? $0) } ?? most
        return Checked(record: record, group: capability, known: known, isFrozen: isFrozen)
    }

    func check(_ given: BidTerms, of owner: AccountID) throws(Rejection) -> Checked<Requirement> {
        guard let account = registry.accountIndex(owner) else { throw .accountUnknown }
        guard !registry.accounts[account].record.isClosed else { throw .accountClosed }
        let terms = try toppingUp(given, of: owner).get()
        var requirement = terms.requirement
        let weightSet = weightSet(for: terms)
        if case .failure(.modelUnknown) = weightSet { throw .modelUnknown }
        let isFrozen = isHalted(requirement)
        if let rejection = rejection(of: terms.order, isFrozen: isFrozen) { throw rejection }
        switch weightSet {
        case .success(let set): requirement.weightSet = set
        case .failure(let rejection): throw rejection
        }
        var order = terms.order
        switch limit(of: order, for: requirement) {
        case .success(let price): order.price = price
        case .failure(let rejection): throw rejection
        }
        let known = book.findProfile(requirement)
        if registry.accounts[account].profiles + checked.requirements.count >= Limits.profilesPerAccountMax {
            guard holds(owner, known, isOffer: false) || checked.requirements.contains(requirement) else {
                throw .profileLimit
            }
        }
        if let rejection = rejection(of: order, account) { throw rejection }
        let record = newRecord(.bid, owner, order)
        guard balances.balance(LedgerAccount(owner, .available)) - checked.held >= record.held else {
            throw .insufficientFunds
        }
        if let rejection = budgetRejection(of: record.held, after: checked.held) { throw rejection }
        return Checked(record: record, group: requirement, known: known, isFrozen: isFrozen)
    }

    func capability(of terms: OfferTerms, _ account: Int, _ model: Registry.CurrentModel) -> Capability {
        let tee = registry.effectiveTEE(terms.claimedTEE, account: account, at: time)
        var capability = Capability(
            model: terms.model,
            modelVersion: model.version,
            weightSet: model.weightSet,
            quality: model.quality,
            contextLength: terms.contextLength,
            features: terms.features,
            quantization: terms.quantization,
            region: terms.region,
            tee: tee,
            traits: registry.effectiveTraits(terms.traits, model: terms.model, tee: tee, account: account, at: time),
            weights: model.weights
        )
        capability.buyers = terms.seldomBuyers
        return capability
    }

    /// Halt and expiry.
    private func rejection(of terms: OrderTerms, isFrozen: Bool) -> Rejection? {
        if isFrozen && !terms.timeInForce.mayRest { return .marketHalted }
        return terms.seldomRules.expiresAt <= time ? .expired : nil
    }

    /// The limit price of an order: its own, or the end of the band.
    func limit(of terms: OrderTerms, band: PriceBand?, side: Side) -> Result<Price, Rejection> {
        guard let band else { return terms.isMarket ? .failure(.noPriceBand) : .success(terms.price) }
        let end = side == .offer ? band.low : band.high
        if terms.isMarket { return .success(end) }
        let isWithin = side == .offer ? terms.price >= end : terms.price <= end
        return isWithin ? .success(terms.price) : .failure(.priceOutsideBand)
    }

    /// What a bid's models allow together: the least high end. A market bid needs a band for each of them.
    func limit(of terms: OrderTerms, for requirement: Requirement) -> Result<Price, Rejection> {
        guard !requirement.models.isEmpty else { return limit(of: terms, band: control.band(.unknown), side: .bid) }
        var price = Result<Price, Rejection>.success(terms.isMarket ? Price(nanoTONPerMTok: .max) : terms.price)
        requirement.models.forEach { model in
            guard case .success(let so) = price else { return }
            price = limit(of: terms, band: control.band(model), side: .bid).map { min($0, so) }
        }
        return price
    }

    /// What both sides are checked for after their groups.
    func rejection(of terms: OrderTerms, _ account: Int) -> Rejection? {
        let orders = registry.accounts[account].orders + checked.resting
        guard orders < registry.accounts[account].record.openOrdersMax else { return .openOrderLimit }
        guard terms.price.value(of: terms.lots) >= fees.minimumNotional else { return .belowMinimumNotional }
        return nil
    }

    /// The good that a bid is for: the weight set that it names, or that of its models, or the standard one.
    private func weightSet(for terms: BidTerms) -> Result<WeightSetID, Rejection> {
        guard !terms.namesUnknownModel else { return .failure(.modelUnknown) }
        let models = terms.requirement.models
        var isMixed = false
        var set = terms.namedWeightSet
        for index in 0..<models.count {
            guard let model = registry.model(models[index]) else { return .failure(.modelUnknown) }
            isMixed = isMixed || model.weightSet != set ?? model.weightSet
            set = set ?? model.weightSet
        }
        return isMixed ? .failure(.mixedUnits) : .success(set ?? .standard)
    }

    // MARK: Names

    /// Gives a capability that is new its class.
    mutating func intern(_ capability: Capability, _ events: inout [Event]) -> Int32 {
        let group = book.addClass(capability)
        events.append(.classInterned(ClassID(Int64(group) + 1), capability))
        return group
    }

    mutating func intern(_ requirement: Requirement, _ events: inout [Event]) -> Int32 {
        let group = book.addProfile(requirement)
        events.append(.profileInterned(ProfileID(Int64(group) + 1), requirement))
        return group
    }

    private func newRecord(_ side: Side, _ owner: AccountID, _ terms: OrderTerms) -> OrderRecord {
        OrderRecord(
            id: OrderID(sequence.rawValue),
            account: owner,
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
            seldomRules: terms.seldomRules
        )
    }

    // MARK: Entering

    /// Accepts an order: hold, match, then close or rest what is left. Refuses it when the walk would break its rules.
    private mutating func enter(_ record: OrderRecord, isFrozen: Bool, _ events: inout [Event]) -> Rejection? {
        let slot = add(record)
        if let rejection = isFrozen ? nil : walkRejection(of: slot) {
            book.remove(slot)
            return rejection
        }
        events.append(.accepted(record))
        let owner = record.account
        if record.side == .bid {
            post(owner, .available, owner, .held, record.held, .hold, order: record.id, &events)
        }
        settle(slot, isFrozen ? .exhausted : match(slot, as: .arrival, &events), &events)
        return nil
    }

    /// Why an order that is on its way in must not take what the other side has for it.
    mutating func walkRejection(of slot: Int32) -> Rejection? {
        let rules = details[Int(slot)].seldomRules
        let isWhole = rules.isAllOrNone || details[Int(slot)].timeInForce == .fok
        guard isWhole || rules.isPostOnly else { return nil }
        if isWhole {
            switch wholeFill(of: slot) {
            case .found: return rules.isPostOnly ? .postOnlyWouldTrade : nil
            case .none: return details[Int(slot)].timeInForce == .fok ? .fokUnfillable : nil
            case .unknown:
                if rules.isPostOnly { return .postOnlyWouldTrade }
                return details[Int(slot)].timeInForce == .fok ? .fokUnfillable : nil
            }
        }
        var plan = WalkPlan(least: rules.minLots, isFirstEnough: true)
        // Lowered by an order of its own, it may take what was too little for it before.
        let modes: [SelfTradePrevention?] = rules.selfTrade == .decrement ? [nil, .decrement] : [nil]
        for mode in modes {
            plan.prevention = mode
            let run = dryRun(slot, plan)
            guard run.fills.isEmpty && !run.isCutShort else { return .postOnlyWouldTrade }
        }
        return nil
    }

    /// Closes or rests an order whose walk has ended.
    mutating func settle(_ slot: Int32, _ end: WalkEnd, _ events: inout [Event]) {
        switch end {
        case .filled: close(slot, .filled, &events)
        case .selfTrade: close(slot, .selfTrade, &events)
        case .workLimit: close(slot, .workLimit, &events)
        case .exhausted where !details[Int(slot)].timeInForce.mayRest: close(slot, .ioc, &events)
        case .exhausted:
            let order = book.orders[Int(slot)]
            events.append(.rested(order.id, order.remaining))
            show(details[Int(slot)].seldomRules.displayLots, of: slot, &events)
            if details[Int(slot)].isListed { updateDigest(of: slot) } else { list(slot) }
            book.enter(slot)
        }
    }

    mutating func cancel(_ id: OrderID, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let slot = find(id), book.orders[Int(slot)].account == owner else { return .orderNotFound }
        close(slot, .cancelled, &events)
        return nil
    }
}
