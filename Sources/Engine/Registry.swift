import Exchange
import Units

/// Accounts, models and attestations: what changes seldom.
struct Registry: Sendable {
    /// An owner, with what the engine derives from its orders.
    struct Account: Sendable {
        var record: AccountRecord
        var attestation: AttestationRecord?
        /// By model, in ascending order.
        var measurements: ContiguousArray<MeasurementRecord> = []
        /// By model, in ascending order.
        var performances: ContiguousArray<PerformanceRecord> = []
        /// By version: the first, the current, and those that open leases name, with how many name each.
        var profileVersions: ContiguousArray<(record: ProfileRecord, uses: Int64)> = []
        /// `nil` while it says nothing.
        var standing: StandingRecord?
        /// What its bond is to pay unless it is pardoned.
        var pendingSlashes: Int128 = 0
        /// Lots of its open leases, as a worker.
        var leasedLots: Int64 = 0
        /// Open orders.
        var orders: Int64 = 0
        /// Distinct classes among the resting offers, and profiles among the resting bids.
        var classes = 0
        var profiles = 0
        /// Slots of the oldest and the newest listed order, between which all are linked; −1 for none.
        var firstOwn: Int32 = -1
        var lastOwn: Int32 = -1
        var lastTouched = SequenceNumber.none
    }

    /// The current version of a model, as far as orders need it.
    struct CurrentModel: Sendable {
        var version: Int32
        var weightSet: WeightSetID
        var quality: Int64?
        var weights: ModelWeights
    }

    /// By account number less one.
    var accounts: ContiguousArray<Account> = []
    /// All versions, by model number less one.
    var models: ContiguousArray<ContiguousArray<ModelRecord>> = []
    var current: ContiguousArray<CurrentModel> = []
    var modelNumbers: [String: ModelID] = [:]
    var deadlines = Heap<Deadline>()

    func accountIndex(_ id: AccountID) -> Int? {
        id.rawValue >= 1 && id.rawValue <= Int64(accounts.count) ? Int(id.rawValue) - 1 : nil
    }

    func model(_ id: ModelID) -> CurrentModel? {
        id.rawValue >= 1 && id.rawValue <= Int64(current.count) ? current[Int(id.rawValue) - 1] : nil
    }

    /// Of a version of a model that exists.
    func weights(of model: ModelID, version: Int32) -> ModelWeights {
        let versions = models[Int(model.rawValue) - 1]
        return versions.indices.contains(Int(version) - 1) ? versions[Int(version) - 1].terms.digests : .unknown
    }

    /// The environment that counts: the claimed one, while the account is attested for it.
    func effectiveTEE(_ claimed: TEE, account: Int, at time: LogicalTime) -> TEE {
        guard claimed != .none, let attestation = accounts[account].attestation?.terms else { return .none }
        return attestation.tees & claimed.bit != 0 && time < attestation.expiresAt ? claimed : .none
    }

    /// Adds the version, or replaces the current one when it has the same number.
    mutating func set(_ record: ModelRecord) {
        let index = Int(record.id.rawValue) - 1
        let terms = record.terms
        let now = CurrentModel(
            version: record.version,
            weightSet: terms.weightSet,
            quality: terms.quality,
            weights: terms.digests
        )
        if index == models.count {
            models.append([record])
            current.append(now)
            modelNumbers[terms.name] = record.id
        } else if models[index].last?.version == record.version {
            models[index][models[index].count - 1] = record
            current[index] = now
        } else {
            models[index].append(record)
            current[index] = now
        }
    }
}

extension ModelTerms {
    /// What is no digest is none.
    var digests: ModelWeights {
        let revision = HexDigest(revision.utf8) ?? .none
        return ModelWeights(revision: revision, sha256: HexDigest(weightsSHA256.utf8) ?? .none)
    }
}

/// When attestations and measurements of an account expire or grow old. What was replaced in the meantime is dropped
/// when it comes up.
struct Deadline: Comparable, Sendable {
    var at: LogicalTime
    /// Index of the account.
    var account: Int32

    static func < (left: Self, right: Self) -> Bool {
        left.at != right.at ? left.at < right.at : left.account < right.account
    }
}
