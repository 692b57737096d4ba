import Exchange
import Ledger
import Units

/// Placing and cancelling orders.
extension Engine {
    mutating func place(_ terms: OfferTerms, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let account = registry.accountIndex(owner) else { return .accountUnknown }
        guard let model = registry.model(terms.model) else { return .modelUnknown }
        let tee = registry.effectiveTEE(terms.claimedTEE, account: account, at: time)
        let capability = Capability(
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
        let known = book.findClass(capability)
        if registry.accounts[account].classes >= Limits.classesPerAccountMax {
            guard let known, holdings.find(owner, known, isOffer: true) != nil else { return .classLimit }
        }
        if let rejection = rejection(of: terms.order, account) { return rejection }

        let group = known ?? intern(capability, &events)
        var record = newRecord(.offer, owner, terms.order)
        record.classID = ClassID(Int64(group) + 1)
        record.claimedTEE = terms.claimedTEE
        record.maxOpenLots = terms.maxOpenLots
        enter(record, &events)
        return nil
    }

    mutating func place(_ terms: BidTerms, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let account = registry.accountIndex(owner) else { return .accountUnknown }
        var requirement = terms.requirement
        switch weightSet(for: terms) {
        case .success(let set): requirement.weightSet = set
        case .failure(let rejection): return rejection
        }
        let known = book.findProfile(requirement)
        if registry.accounts[account].profiles >= Limits.profilesPerAccountMax {
            guard let known, holdings.find(owner, known, isOffer: false) != nil else { return .profileLimit }
        }
        if let rejection = rejection(of: terms.order, account) { return rejection }
        let hold = fees.rates.hold(for: terms.order.lots, at: terms.order.price)
        guard balances.balance(LedgerAccount(owner, .available)) >= hold else { return .insufficientFunds }

        let group = known ?? intern(requirement, &events)
        var record = newRecord(.bid, owner, terms.order)
        record.profileID = ProfileID(Int64(group) + 1)
        enter(record, &events)
        return nil
    }

    /// What both sides are checked for, in order of precedence.
    private func rejection(of terms: OrderTerms, _ account: Int) -> Rejection? {
        guard registry.accounts[account].orders < registry.accounts[account].record.openOrdersMax else {
            return .openOrderLimit
        }
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

    /// Gives a capability that is new its class.
    mutating func intern(_ capability: Capability, _ events: inout [Event]) -> Int32 {
        let group = book.addClass(capability)
        events.append(.classInterned(ClassID(Int64(group) + 1), capability))
        return group
    }

    private mutating func intern(_ requirement: Requirement, _ events: inout [Event]) -> Int32 {
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
            lastSequence: sequence
        )
    }

    /// Accepts an order: hold, match, then close or rest what is left.
    private mutating func enter(_ record: OrderRecord, _ events: inout [Event]) {
        let slot = add(record)
        events.append(.accepted(record))
        let owner = record.account
        if record.side == .bid {
            post(owner, .available, owner, .held, record.held, .hold, order: record.id, &events)
        }
        switch match(slot, as: .arrival, &events) {
        case .filled: close(slot, .filled, &events)
        case .selfTrade: close(slot, .selfTrade, &events)
        case .workLimit: close(slot, .workLimit, &events)
        case .exhausted where record.timeInForce == .ioc: close(slot, .ioc, &events)
        case .exhausted:
            events.append(.rested(record.id, book.orders[Int(slot)].remaining))
            list(slot)
            book.enter(slot)
        }
    }

    mutating func cancel(_ id: OrderID, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let slot = find(id), book.orders[Int(slot)].account == owner else { return .orderNotFound }
        close(slot, .cancelled, &events)
        return nil
    }
}
