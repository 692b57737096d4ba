import Exchange
import Ledger
import Units

/// Accounts, keys, models, attestations, fees, and what time does to them.
extension Engine {
    mutating func createAccount(_ terms: AccountTerms, _ events: inout [Event]) -> Rejection? {
        let id = AccountID(Int64(registry.accounts.count) + 1)
        let record = AccountRecord(id: id, label: terms.label, openOrdersMax: terms.openOrdersMax, createdAt: time)
        add(record)
        events.append(.accountCreated(record))
        return nil
    }

    mutating func add(_ record: AccountRecord) {
        registry.accounts.append(Registry.Account(record: record))
        balances.addOwner()
        recordSum.add(record.recordHash)
        registry.accounts[registry.accounts.count - 1].lastTouched = sequence
        if record.cancelAfter != .never { expiries.insert(record.cancelAfter, .account(record.id)) }
    }

    mutating func createKey(_ terms: KeyTerms, _ events: inout [Event]) -> Rejection? {
        guard registry.accountIndex(terms.owner) != nil else { return .accountUnknown }
        makeRoomForKey(of: terms.owner, &events)
        let record = KeyRecord(id: KeyID(keyring.newest.rawValue + 1), terms: terms, createdAt: time)
        add(record)
        events.append(.keyCreated(record))
        touch(terms.owner)
        return nil
    }

    mutating func setFees(_ terms: FeeTerms, _ events: inout [Event]) -> Rejection? {
        fees = terms
        events.append(.feesSet(terms))
        return nil
    }

    // MARK: Models

    /// The same revision, weights and weight set change the current version; anything else makes a new one, and the
    /// resting offers of the old one are closed, because it is no longer what they sell.
    mutating func setModel(_ terms: ModelTerms, _ events: inout [Event]) -> Rejection? {
        let known = registry.modelNumbers[terms.name]
        guard known != nil || registry.models.count < Limits.modelsMax else { return .modelLimit }
        guard terms.weightSet.weightSet != nil else { return .weightSetUnknown }
        guard let id = known, let current = registry.models[Int(id.rawValue) - 1].last else {
            let id = ModelID(Int64(registry.models.count) + 1)
            set(ModelRecord(id: id, version: 1, terms: terms, createdAt: time), &events)
            return nil
        }
        let resting = restingOffers(of: id)
        if terms.isSameVersion(as: current.terms) {
            var record = current
            record.terms = terms
            recordSum.subtract(current.recordHash)
            set(record, &events)
            if terms.quality != current.terms.quality { reenter(resting, &events) }
        } else {
            set(ModelRecord(id: id, version: current.version + 1, terms: terms, createdAt: time), &events)
            for order in resting {
                if let slot = find(order) {
                    touch(book.orders[Int(slot)].account)
                    close(slot, .modelSuperseded, &events)
                }
            }
        }
        return nil
    }

    private mutating func set(_ record: ModelRecord, _ events: inout [Event]) {
        registry.set(record)
        recordSum.add(record.recordHash)
        events.append(.modelSet(record))
    }

    private func restingOffers(of model: ModelID) -> [OrderID] {
        book.restingOffers(of: model).map { book.orders[Int($0)].id }.sorted()
    }

    /// Lets offers arrive again, each as long as it is still open.
    mutating func reenter(_ offers: [OrderID], _ events: inout [Event]) {
        for offer in offers {
            if let slot = find(offer) {
                touch(book.orders[Int(slot)].account)
                reenter(slot, &events)
            }
        }
    }

    // MARK: Attestations

    mutating func setAttested(_ terms: AttestationTerms, _ events: inout [Event]) -> Rejection? {
        guard let account = registry.accountIndex(terms.account) else { return .accountUnknown }
        if let old = registry.accounts[account].attestation { recordSum.subtract(old.recordHash) }
        set(AttestationRecord(terms: terms, setAt: time), of: account)
        if let record = registry.accounts[account].attestation { events.append(.attestationSet(record)) }
        log(.attestation(terms), &events)
        touch(terms.account)
        reenter(misplacedOffers(of: account), &events)
        return nil
    }

    mutating func set(_ record: AttestationRecord, of account: Int) {
        registry.accounts[account].attestation = record
        recordSum.add(record.recordHash)
        schedule(record.terms.expiresAt, of: account)
        for aging in record.terms.agings { schedule(aging, of: account) }
        dropReplacedDeadlines()
    }

    /// So that the earliest deadline is always one that counts.
    mutating func dropReplacedDeadlines() {
        while let next = registry.deadlines.first, !registry.isDue(Int(next.account), at: next.at) {
            registry.deadlines.removeFirst()
        }
    }

    /// The account's resting offers whose capability is no longer that of their class, in ascending order.
    func misplacedOffers(of account: Int) -> [OrderID] {
        var offers: [OrderID] = []
        var slot = registry.accounts[account].firstOwn
        while slot >= 0 {
            let order = book.orders[Int(slot)]
            if order.isOffer, currentCapability(of: slot) != book.capabilities[Int(order.group)] {
                offers.append(order.id)
            }
            slot = details[Int(slot)].nextOwn
        }
        return offers
    }

    // MARK: Time

    /// Carries out what is due: first attestations and measurements that have expired or grown old, whose offers arrive
    /// again in ascending order, whosever they are; then orders that have expired, dead-man switches, and mass
    /// operations, and leases, as many as a command may visit; then announced fees; at last keys and requests that
    /// need no longer be remembered are forgotten.
    mutating func tick(_ events: inout [Event]) -> Rejection? {
        var misplaced: [OrderID] = []
        while let next = registry.deadlines.first, next.at <= time {
            registry.deadlines.removeFirst()
            misplaced += misplacedOffers(of: Int(next.account))
            dropReplacedDeadlines()
        }
        // An account may have had the same deadline twice.
        reenter(Set(misplaced).sorted(), &events)
        var budget = work.step
        expire(&budget, &events)
        goOnWithOperations(&budget, &events)
        settleLeases(&budget, &events)
        carryOutFeeNotice(&events)
        forgetKeys(&events)
        forgetOld(&events)
        return nil
    }

    private mutating func expire(_ budget: inout Int, _ events: inout [Event]) {
        var waiting: [AccountID] = []
        while budget > 0, let due = expiries.takeDue(at: time) {
            switch due {
            case .order(let id):
                guard let slot = find(id) else { continue }
                budget -= 1
                touch(book.orders[Int(slot)].account)
                close(slot, .expired, &events)
            case .account(let id): if !carryOutCancelAfter(id, &budget, &events) { waiting.append(id) }
            }
        }
        for id in waiting { expiries.insert(account(id)?.cancelAfter ?? .never, .account(id)) }
    }
}

extension ModelTerms {
    /// The same weights at the same revision, measured in the same unit.
    fileprivate func isSameVersion(as other: ModelTerms) -> Bool {
        revision == other.revision && weightsSHA256 == other.weightsSHA256 && weightSet == other.weightSet
    }
}
