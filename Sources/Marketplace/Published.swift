internal import API
internal import Engine
internal import Exchange
internal import Sockets
internal import Synchronization
internal import Units

/// What has changed in the book since the last publication: copies of the levels, made on the engine's thread, shown
/// only when the batch that they belong to is durable.
struct BookChanges: Sendable {
    struct ClassLevels: Sendable {
        let id: ClassID
        let capability: Capability
        let levels: [BookLevel]
    }

    struct ProfileLevels: Sendable {
        let id: ProfileID
        let requirement: Requirement
        let levels: [BookLevel]
    }

    let classes: [ClassLevels]
    let profiles: [ProfileLevels]

    init(takingFrom engine: inout Engine) {
        var changedClasses: [ClassID] = []
        var changedProfiles: [ProfileID] = []
        engine.takeChangedClasses(into: &changedClasses)
        engine.takeChangedProfiles(into: &changedProfiles)
        let depth = Limits.bookDepthMax
        classes = changedClasses.map { [engine] id in
            ClassLevels(id: id, capability: engine.capability(of: id), levels: engine.levels(of: id, depth: depth))
        }
        profiles = changedProfiles.map { [engine] id in
            ProfileLevels(id: id, requirement: engine.requirement(of: id), levels: engine.levels(of: id, depth: depth))
        }
    }
}

/// The book as of one durable sequence number: immutable, shared by all loops.
final class PublishedBook: Sendable {
    let asOf: SequenceNumber
    /// Classes with resting offers, by number.
    let classes: [ClassID: BookChanges.ClassLevels]
    /// Profiles with resting bids, by number.
    let profiles: [ProfileID: BookChanges.ProfileLevels]

    init(
        asOf: SequenceNumber = .none,
        classes: [ClassID: BookChanges.ClassLevels] = [:],
        profiles: [ProfileID: BookChanges.ProfileLevels] = [:]
    ) {
        self.asOf = asOf
        self.classes = classes
        self.profiles = profiles
    }

    func applying(_ changes: BookChanges, asOf: SequenceNumber) -> PublishedBook {
        var classes = classes
        var profiles = profiles
        for change in changes.classes { classes[change.id] = change.levels.isEmpty ? nil : change }
        for change in changes.profiles { profiles[change.id] = change.levels.isEmpty ? nil : change }
        return PublishedBook(asOf: max(self.asOf, asOf), classes: classes, profiles: profiles)
    }
}

/// What the loops read without asking the engine: who may do what, which models there are, and the book. Never ahead
/// of durability; every read gets one consistent value.
final class Published: Sendable {
    private let directoryBox = Lock(Directory())
    private let bookBox = Lock(PublishedBook())
    private let names = Lock(Names())
    private let version = Atomic<Int>(0)
    private let isShown = Atomic<Bool>(false)
    /// Those in use.
    private let wallets = Lock<Set<WalletID>>([])
    private let isSettling = Atomic<Bool>(false)

    /// What the numbers of classes and profiles stand for. They never change their meaning, so this only grows.
    private struct Names {
        var classes: [ClassID: Capability] = [:]
        var profiles: [ProfileID: Requirement] = [:]
    }

    init() {}

    /// Grows whenever the directory changes; a loop may keep its copy until then.
    var directoryVersion: Int { version.load(ordering: .acquiring) }
    var directory: Directory { directoryBox.withLock { $0 } }
    var book: PublishedBook { bookBox.withLock { $0 } }
    /// The book is this server's own; before it has led, and while another leads, there is none to show.
    var hasBook: Bool { isShown.load(ordering: .acquiring) }

    /// There is a wallet in use that pays; before this server has led, there is none that it knows of.
    var hasWallet: Bool { isSettling.load(ordering: .acquiring) }

    /// Another server leads: what is here grows old.
    func withdrawBook() { isShown.store(false, ordering: .releasing) }

    /// Starts anew from the state of an engine that was just rebuilt.
    func replace(with engine: inout Engine) {
        let state = engine.registryState()
        let book = PublishedBook().applying(BookChanges(takingFrom: &engine), asOf: engine.sequence)
        bookBox.withLock { $0 = book }
        replaceRegistry(with: state)
        wallets.withLock { $0 = [] }
        isSettling.store(false, ordering: .releasing)
        for wallet in engine.settlementWallets { note(wallet) }
        isShown.store(true, ordering: .releasing)
    }

    /// Shows what the tables say of keys, models, fees and market control, and of what the numbers of classes and
    /// profiles stand for. The book stays.
    func replaceRegistry(with state: EngineState) {
        directoryBox.withLock { $0 = Directory(state, after: $0) }
        names.withLock { names in
            names = Names()
            for (id, capability) in state.classes { names.classes[id] = capability }
            for (id, requirement) in state.profiles { names.profiles[id] = requirement }
        }
        version.add(1, ordering: .releasing)
    }

    func capability(of id: ClassID) -> Capability? { names.withLock { $0.classes[id] } }
    var allClasses: [ClassID: Capability] { names.withLock { $0.classes } }
    func requirement(of id: ProfileID) -> Requirement? { names.withLock { $0.profiles[id] } }

    func applyToNames(_ interned: Interned) {
        guard !interned.isEmpty else { return }
        names.withLock { names in
            for (id, capability) in interned.classes { names.classes[id] = capability }
            for (id, requirement) in interned.profiles { names.profiles[id] = requirement }
        }
    }

    private func note(_ wallet: WalletRecord) {
        let isAny = wallets.withLock { wallets in
            if wallet.isRetired { wallets.remove(wallet.id) } else { wallets.insert(wallet.id) }
            return !wallets.isEmpty
        }
        isSettling.store(isAny, ordering: .releasing)
    }

    func applyToDirectory(_ batch: SealedBatch) {
        for case .settlement(.walletSet(let wallet)) in batch.events { note(wallet) }
        guard let next = directory.applying(batch.events, through: batch.lastSequence) else { return }
        directoryBox.withLock { $0 = next }
        version.add(1, ordering: .releasing)
    }

    func applyToBook(_ changes: BookChanges, asOf: SequenceNumber) {
        // Only the journal's thread writes, so what was read outside the lock is still the latest.
        let next = book.applying(changes, asOf: asOf)
        bookBox.withLock { $0 = next }
    }
}
