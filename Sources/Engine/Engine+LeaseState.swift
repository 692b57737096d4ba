import Exchange
import Provenance
import Units

/// What leases are delivered under as plain records, and back.
extension Engine {
    var deliveryState: DeliveryState {
        var state = DeliveryState()
        state.policy = leasePolicy
        state.profiles = registry.accounts.flatMap { $0.profileVersions.map(\.record) }
        state.standings = registry.accounts.compactMap(\.standing)
        state.slashes = slashes.values.sorted { $0.lease < $1.lease }
        state.log = log
        state.performances = registry.accounts.flatMap(\.performances)
        state.measurementPolicy = measurementPolicy
        state.signingKeys = signingKeys
        return state
    }

    mutating func restoreProfiles(_ state: EngineState) throws(StateError) {
        for record in state.delivery.profiles {
            let name = "profile \(record.version) of \(record.account.text)"
            guard let account = registry.accountIndex(record.account) else { throw StateError(name, .accountUnknown) }
            let last = registry.accounts[account].profileVersions.last?.record.version
            // The first is always kept.
            guard last == nil ? record.version == 1 : record.version > last ?? 0 else {
                throw StateError(name, .outOfOrder)
            }
            add(record)
        }
    }

    func checkProfiles(of lease: LeaseRecord) throws(StateError) {
        guard let terms = lease.terms else { return }
        for (account, version) in [
            (lease.buyer, terms.delivery.buyerProfile), (lease.worker, terms.delivery.workerProfile),
        ] where version != 0 {
            let profiles = registry.accounts[Int(account.rawValue) - 1].profileVersions
            guard profiles.contains(where: { $0.record.version == version }) else {
                throw StateError("profile \(version) of \(account.text)", .outOfOrder)
            }
        }
        guard registry.model(terms.model) != nil else { throw StateError(lease.id.text, .modelUnknown) }
        guard terms.weightSet.weightSet != nil else { throw StateError(lease.id.text, .weightSetUnknown) }
        guard case .some(let rebid) = terms.delivery.rebid else { return }
        guard rebid.profileID.rawValue >= 1, rebid.profileID.rawValue <= Int64(book.requirements.count) else {
            throw StateError(lease.id.text, .groupUnknown)
        }
    }

    mutating func restoreDelivery(_ state: EngineState) throws(StateError) {
        leasePolicy = state.delivery.policy
        log = state.delivery.log
        try restoreSigningKeys(state)
        var last = AccountID(0)
        for standing in state.delivery.standings {
            let name = "standing of \(standing.account.text)"
            guard registry.accountIndex(standing.account) != nil else { throw StateError(name, .accountUnknown) }
            guard standing.account > last else { throw StateError(name, .outOfOrder) }
            guard !standing.isBlank, standing.strikes >= 0, standing.disputes >= 0, standing.delivered >= 0 else {
                throw StateError(name, .outOfRange)
            }
            last = standing.account
            set(standing)
        }
        for slash in state.delivery.slashes {
            let name = "slash of \(slash.lease.text)"
            guard registry.accountIndex(slash.worker) != nil, registry.accountIndex(slash.buyer) != nil else {
                throw StateError(name, .accountUnknown)
            }
            guard slashes[slash.lease] == nil else { throw StateError(name, .duplicate) }
            guard slash.amount >= .zero, slash.lease.rawValue <= lastTrade.rawValue else {
                throw StateError(name, .outOfRange)
            }
            add(slash)
        }
        // Profiles that nothing names any more.
        for account in registry.accounts.indices {
            for profile in registry.accounts[account].profileVersions.dropFirst().dropLast() where profile.uses == 0 {
                throw StateError("profile \(profile.record.version) of \(profile.record.account.text)", .outOfRange)
            }
        }
    }
}

extension LeaseRecord {
    /// What holds of the progress of every lease.
    var isConsistent: Bool {
        guard let terms else { return seldomProgress == .none }
        let progress = progress
        guard progress.claim != nil || progress.claimDue == .never else { return false }
        let (limit, step) = (lots.tokens, terms.delivery.step)
        guard terms.delivery.disputeWindow > 0, step.count > 0 else { return false }
        if let mark = progress.countersigned {
            guard mark.adjusted <= limit, mark.adjusted <= used else { return false }
        }
        if let claim = progress.claim {
            guard claim.adjusted <= limit, claim.adjusted.count <= base.count + step.count else { return false }
            guard progress.claimDue != .never || claim.adjusted <= used else { return false }
        }
        return true
    }
}
