import Exchange
package import Units

/// What parties state of themselves, and how they have kept their leases.
extension Engine {
    mutating func setProfile(_ terms: ProfileTerms, of account: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let index = registry.accountIndex(account) else { return .accountUnknown }
        let current = registry.accounts[index].profileVersions.last
        if current?.record.terms == terms { return nil }
        let version = (current?.record.version ?? 0) + 1
        let record = ProfileRecord(account: account, version: version, terms: terms, setAt: time)
        add(record)
        events.append(.lease(.profileSet(record)))
        if let current { dropProfile(of: index, current.record.version) }
        touch(account)
        return nil
    }

    /// Makes a version current.
    mutating func add(_ record: ProfileRecord) {
        registry.accounts[Int(record.account.rawValue) - 1].profileVersions.append((record, 0))
        recordSum.add(record.recordHash)
    }

    /// The version of an account's profile that a trade freezes; 0 without one.
    func currentProfile(of account: AccountID) -> Int64 {
        registry.accounts[Int(account.rawValue) - 1].profileVersions.last?.record.version ?? 0
    }

    /// Notes that leases name a version, or do so no more.
    mutating func countUse(of account: AccountID, _ version: Int64, _ change: Int64) {
        guard version > 1 else { return }
        let index = Int(account.rawValue) - 1
        guard let place = registry.accounts[index].profileVersions.firstIndex(where: { $0.record.version == version })
        else {
            preconditionFailure("a version that leases name is kept")
        }
        registry.accounts[index].profileVersions[place].uses += change
        if change < 0 { dropProfile(of: index, version) }
    }

    /// Forgets a version, unless it is the first, the current one, or named by a lease.
    private mutating func dropProfile(of account: Int, _ version: Int64) {
        let profiles = registry.accounts[account].profileVersions
        guard version > 1, profiles.last?.record.version != version,
            let place = profiles.firstIndex(where: { $0.record.version == version }), profiles[place].uses == 0
        else { return }
        recordSum.subtract(profiles[place].record.recordHash)
        registry.accounts[account].profileVersions.remove(at: place)
    }

    /// What counts for the buyer of a lease.
    package func buyerProfile(of lease: LeaseRecord) -> ProfileRecord? {
        lease.terms.flatMap { profile(of: lease.buyer, $0.delivery.buyerProfile) }
    }

    /// What counts for the worker of a lease.
    package func workerProfile(of lease: LeaseRecord) -> ProfileRecord? {
        lease.terms.flatMap { profile(of: lease.worker, $0.delivery.workerProfile) }
    }

    /// A version that is kept; for 0 the first one.
    private func profile(of account: AccountID, _ version: Int64) -> ProfileRecord? {
        let profiles = registry.accounts[Int(account.rawValue) - 1].profileVersions
        return profiles.first { $0.record.version == max(version, 1) }?.record
    }

    /// The current profile of an account; `nil` when it has set none.
    package func profile(of account: AccountID) -> ProfileRecord? {
        registry.accountIndex(account).flatMap { registry.accounts[$0].profileVersions.last?.record }
    }

    // MARK: Standing

    /// How an account has kept its leases; all 0 for one that has had none.
    package func standing(of account: AccountID) -> StandingRecord {
        registry.accountIndex(account).flatMap { registry.accounts[$0].standing } ?? StandingRecord(account: account)
    }

    mutating func changeStanding(
        of account: AccountID,
        _ events: inout [Event],
        _ body: (inout StandingRecord) -> Void
    ) {
        var record = standing(of: account)
        body(&record)
        set(record)
        events.append(.lease(.standingSet(record)))
    }

    /// One that says nothing is not kept.
    mutating func set(_ record: StandingRecord) {
        let index = Int(record.account.rawValue) - 1
        recordSum.subtract(registry.accounts[index].standing?.recordHash)
        registry.accounts[index].standing = record.isBlank ? nil : record
        recordSum.add(registry.accounts[index].standing?.recordHash)
    }
}
