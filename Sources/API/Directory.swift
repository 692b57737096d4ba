package import Engine
package import Units

/// What requests are checked against before they reach the engine: keys, models, fees, market control. An immutable
/// snapshot; the marketplace makes the next one from the events of durable batches and publishes it.
package final class Directory: Sendable {
    /// Everything up to this command is in it.
    package let asOf: SequenceNumber
    /// Changes whenever a key does: what a connection remembers of a key is then looked up again.
    package let keysVersion: UInt64
    package let fees: FeeTerms
    /// The fees that come next, if they are announced.
    package let feeNotice: FeeNoticeTerms?
    /// Halts and price bands, by model; ``ModelID/unknown`` is the whole market.
    package let controls: [ModelID: MarketControlRecord]
    package let models: ModelTable
    private let keys: KeyTable

    /// What the engine's state says, e.g. at start. It follows `previous`, with which its keys may have nothing in
    /// common: what a connection remembers of those must not be taken for one of these.
    package convenience init(_ state: EngineState = EngineState(), after previous: Directory? = nil) {
        var keys = KeyTable()
        let standings = Dictionary(uniqueKeysWithValues: state.keyStandings.map { ($0.key, $0) })
        for key in state.keys {
            if let standing = standings[key.id] { keys.set(standing, of: key) } else { keys.insert(key) }
        }
        self.init(
            asOf: state.sequence,
            keysVersion: (previous?.keysVersion ?? 0) + 1,
            market: Market(state),
            models: ModelTable(state.models),
            keys: keys
        )
    }

    /// What the operator sets beside keys and models.
    private struct Market {
        var fees: FeeTerms
        var feeNotice: FeeNoticeTerms?
        var controls: [ModelID: MarketControlRecord]

        init(_ state: EngineState) {
            fees = state.fees
            feeNotice = state.feeNotice
            controls = Dictionary(uniqueKeysWithValues: state.controls.map { ($0.model, $0) })
        }

        init(_ directory: Directory) {
            fees = directory.fees
            feeNotice = directory.feeNotice
            controls = directory.controls
        }

        /// Whether the event was one of these.
        mutating func apply(_ event: Event) -> Bool {
            switch event {
            case .feesSet(let terms, let isAnnounced):
                fees = terms
                if isAnnounced { feeNotice = nil }
            case .feesAnnounced(let notice): feeNotice = notice
            case .controlSet(let record):
                controls[record.model] = record.isHalted || record.band != nil ? record : nil
            default: return false
            }
            return true
        }
    }

    private init(asOf: SequenceNumber, keysVersion: UInt64, market: Market, models: ModelTable, keys: KeyTable) {
        self.asOf = asOf
        self.keysVersion = keysVersion
        fees = market.fees
        feeNotice = market.feeNotice
        controls = market.controls
        self.models = models
        self.keys = keys
    }

    /// Whose key has this hash; expired keys too, but no revoked ones.
    package func principal(of hash: KeyHash) -> Principal? { keys[hash] }

    /// The next snapshot; `nil` when none of the events concerns it, so that most batches publish nothing.
    package func applying(_ events: some Sequence<Event>, through sequence: SequenceNumber) -> Directory? {
        var keys = keys
        var changedModels: [ModelRecord] = []
        var market = Market(self)
        var keysVersion = keysVersion
        var isChanged = false
        for event in events {
            switch event {
            case .keyCreated(let key):
                keys.insert(key)
                keysVersion += 1
            case .keyStandingSet(let standing, let key):
                keys.set(standing, of: key)
                keysVersion += 1
            case .keyForgotten(let key):
                keys.remove(key)
                keysVersion += 1
            case .modelSet(let model): changedModels.append(model)
            default: guard market.apply(event) else { continue }
            }
            isChanged = true
        }
        guard isChanged else { return nil }
        let models = changedModels.isEmpty ? models : ModelTable(models.records + changedModels)
        return Directory(asOf: sequence, keysVersion: keysVersion, market: market, models: models, keys: keys)
    }
}

/// Keys by hash, in 256 tables: a snapshot copies only the one that a new key is in.
private struct KeyTable: Sendable {
    private var shards = [[KeyHash: Principal]](repeating: [:], count: 256)

    subscript(hash: KeyHash) -> Principal? { shards[Self.shard(of: hash)][hash] }

    /// Takes a revoked key out; any other has the networks of its limits.
    mutating func set(_ standing: KeyStanding, of key: KeyRecord) {
        if standing.isRevoked {
            shards[Self.shard(of: key.terms.hash)][key.terms.hash] = nil
        } else {
            insert(key, networks: standing.limits.networks)
        }
    }

    mutating func insert(_ key: KeyRecord, networks: [NetworkPrefix] = []) {
        let principal = Principal(
            account: key.terms.owner,
            key: key.id,
            scopes: key.terms.scopes,
            expiresAt: key.terms.expiresAt,
            networks: networks.isEmpty ? nil : networks
        )
        shards[Self.shard(of: key.terms.hash)][key.terms.hash] = principal
    }

    mutating func remove(_ key: KeyRecord) { shards[Self.shard(of: key.terms.hash)][key.terms.hash] = nil }

    private static func shard(of hash: KeyHash) -> Int { Int(hash.words.a & 255) }
}
