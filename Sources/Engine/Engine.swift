package import Exchange
package import Ledger
import Provenance
package import Units

/// The core of the exchange: every book and every balance. Commands go in, events come out.
///
/// A value without clock, randomness or I/O: the same commands at the same logical times give the same events and the
/// same digest on every machine. A command cannot fail half way: it is rejected before it changes anything, or it is
/// carried out. The whole way of a command is ``apply(_:into:)``.
package struct Engine: Sendable {
    /// The last command carried out.
    package internal(set) var sequence = SequenceNumber.none
    /// That of the batch.
    package internal(set) var time = LogicalTime.zero
    var lastTrade = TradeID(0)
    /// Microseconds by which all gaps together have held the lease clock back.
    package internal(set) var grace: Int64 = 0
    /// The newest one that was announced.
    package internal(set) var checkpoint: CheckpointRecord?
    /// Of the batch; no part of the state.
    var rules = RulesVersion.current
    var fees = FeeTerms.initial
    /// The fees that come next.
    var feeNotice: FeeNoticeTerms?
    var control = MarketControl()
    /// By the command that began them.
    var operations: [MassOperation] = []
    /// What a resumption still has before it; derived from the book.
    var resumption = Resumption()
    var registry = Registry()
    var keyring = Keyring()
    var logins = Logins()
    var balances = Balances()
    var book = Book()
    /// By the book's slots.
    var details: ContiguousArray<OrderDetails> = []
    var openOrders = HashIndex()
    /// Open orders by account and client order id.
    var clientOrders = HashIndex()
    /// When orders expire and dead-man switches act.
    var expiries = Expiries()
    /// Listed orders that may refuse a fill for being small.
    var ordersWithLeast = 0
    /// Orders that the command under way must look at again.
    var again: [OrderID] = []
    /// Those of ``again`` whose turn has not come.
    var waitingAgain: Set<OrderID> = []
    /// Parts of icebergs that the command under way has shown.
    var shownOrdinal: Int64 = 0
    /// Orders that the last walk has visited.
    var walkVisits = 0
    /// Orders that all walks of the last command have visited, those that only tried included.
    package internal(set) var commandVisits = 0
    var holdings = Holdings()
    var leases = LeaseTable()
    var leaseDeadlines = Heap<LeaseDeadline>()
    var leasePolicy = LeasePolicyTerms.initial
    var measurementPolicy = MeasurementPolicyTerms.initial
    /// That the log names, the oldest first.
    var signingKeys: [SigningKeyRecord] = []
    /// Pending ones.
    var slashes: [LeaseID: SlashRecord] = [:]
    var log = LogFrontier()
    var settlement = SettlementTable()
    var requests = RequestMemory()
    /// Most entries in ``requests``.
    let requestsMax: Int
    let work: WorkLimits
    /// Orders of a batch that was opened, for the following commands.
    var pending = PendingOrders()
    /// Orders of the batch that is being checked.
    var checked = CheckedOrders()
    /// The digest of all records but the head of the state.
    var recordSum = StateDigest()

    /// An empty exchange with the initial fees. Both limits are for tests.
    package init(requestsMax: Int = Limits.idempotencyEntriesMax, work: WorkLimits = .standard) {
        self.requestsMax = requestsMax
        self.work = work
    }

    // MARK: Time

    /// When time itself will next have an effect, because an attestation expires, or keys or requests are to be
    /// forgotten; `nil` for never. Forgetting requests waits a second for company, so that a steady stream of them does
    /// not cause a batch each.
    package var nextDeadline: LogicalTime? {
        if !operations.isEmpty { return time }
        var next = registry.deadlines.first?.at
        if let expiry = expiries.earliest { next = min(next ?? expiry, expiry) }
        if let due = nextLeaseDeadline { next = min(next ?? due, due) }
        if let due = keyring.earliestDeadline, rules >= RulesVersion.forgettingKeys { next = min(next ?? due, due) }
        if let feeNotice { next = min(next ?? feeNotice.effectiveAt, feeNotice.effectiveAt) }
        if let oldest = requests.oldest {
            let due = LogicalTime(microseconds: oldest.at.microseconds + Limits.idempotencyWindow + Self.forgetStep)
            next = min(next ?? due, due)
        }
        return next
    }

    /// Microseconds by which requests are remembered longer than they must.
    static let forgetStep: Int64 = 1_000_000

    /// Opens a batch without a gap, under the rules of this build. A time before the previous batch's becomes that:
    /// logical time never goes back, whatever a clock does.
    package mutating func beginBatch(at time: LogicalTime) -> Bool {
        beginBatch(at: time, gap: 0, rules: RulesVersion.current)
    }

    // MARK: Commands

    /// Carries out one command under the next sequence number and appends its events.
    package mutating func apply(_ command: Command, into events: inout [Event]) {
        sequence = sequence.next
        shownOrdinal = 0
        commandVisits = 0
        touch(command.account)
        keyring.acting = command.key
        if let refusal = refusal(ofKey: command.key, of: command.account) { return events.append(.rejected(refusal)) }
        if case .placeNext = command.action { return placeNext(command, &events) }
        if !pending.isEmpty { pending = PendingOrders() }
        carryOutOnce(command, &events)
    }

    /// Carries the command out, unless it is a repetition.
    mutating func carryOutOnce(_ command: Command, _ events: inout [Event]) {
        guard command.isRepeatable else {
            if let rejection = carryOut(command, &events) { events.append(.rejected(rejection)) }
            return
        }
        if let answer = earlierAnswer(to: command) { return repeatAnswer(answer, to: command, &events) }
        guard makeRoom(for: command.memoryEntries, of: command.account, &events) else {
            return events.append(.rejected(.idempotencyWindowFull))
        }
        let rejection = carryOut(command, &events)
        if let rejection { events.append(.rejected(rejection)) }
        remember(command, rejection, named: true, &events)
    }

    /// Carries the command out, or says why not.
    mutating func perform(_ command: Command, _ events: inout [Event]) -> Rejection? {
        defer { if !again.isEmpty { lookAgain(&events) } }
        guard command.account == .system || registry.accountIndex(command.account) != nil else {
            return .accountUnknown
        }
        switch command.action {
        case .placeOffer(let terms): return place(terms, of: command.account, &events)
        case .placeBid(let terms): return place(terms, of: command.account, &events)
        case .cancel(let order): return cancel(order, of: command.account, &events)
        case .deposit(let owner, let amount): return deposit(amount, to: owner, &events)
        case .createAccount(let terms): return createAccount(terms, &events)
        case .createKey(let terms): return createKey(terms, &events)
        case .setModel(let terms): return setModel(terms, &events)
        case .setAttested(let terms): return setAttested(terms, &events)
        case .setMeasured(let terms): return setMeasured(terms, &events)
        case .setFees(let terms): return setFees(terms, &events)
        case .usage(let lease, let tokens): return use(lease, tokens, &events)
        case .endLease(let lease):
            guard let slot = leases.find(lease) else { return .leaseNotFound }
            end(slot, .operator, &events)
            return nil
        case .tick: return tick(&events)
        case .announceCheckpoint(let terms): return announce(terms, &events)
        case .amend(let terms): return amend(terms, of: command.account, &events)
        case .massCancel(let filter): return cancel(filter, of: command.account, &events)
        case .cancelAfter(let microseconds): return setCancelAfter(microseconds, of: command.account, &events)
        case .setCancelOnDisconnect(let cancels): return setCancelOnDisconnect(cancels, of: command.account, &events)
        case .disconnected(let account): return disconnected(account, &events)
        case .setHalt(let terms): return setHalt(terms, &events)
        case .setPriceBand(let terms): return setPriceBand(terms, &events)
        case .setAccountLimits(let terms): return setAccountLimits(terms, &events)
        case .announceFees(let terms): return announce(terms, &events)
        case .createOwnKey(let terms): return createOwnKey(terms, of: command.account, &events)
        case .revokeKey(let key, let owner): return revoke(key, of: owner, &events)
        case .setKeyLimits(let terms): return setLimits(terms, &events)
        case .login(let terms): return login(terms, &events)
        case .linkLogin(let subject): return link(subject, to: command.account, &events)
        case .unlinkLogin(let login): return unlink(login, of: command.account, &events)
        case .lease(let action): return carryOut(action, of: command.account, &events)
        case .settlement(let action): return carryOut(action, of: command.account, &events)
        case .openBatch(let batch): return open(batch, of: command.account, &events)
        case .placeNext: return .batchRefused
        }
    }

    /// Notes that the command touches an account.
    mutating func touch(_ account: AccountID) {
        if let index = registry.accountIndex(account) { registry.accounts[index].lastTouched = sequence }
    }

    // MARK: Queries

    /// An open order.
    package func order(_ id: OrderID) -> OrderRecord? { find(id).map { record(of: $0) } }

    /// Every account of an owner to which something was posted, in ascending order.
    package func balances(of owner: AccountID) -> [(account: LedgerAccount, counters: LedgerCounters)] {
        let kinds: [LedgerAccount] =
            owner == .system
            ? LedgerAccount.SystemKind.allCases.map { LedgerAccount($0) }
            : registry.accountIndex(owner) == nil ? [] : LedgerAccount.Kind.allCases.map { LedgerAccount(owner, $0) }
        return kinds.map { ($0, balances[$0]) }.filter { !$0.1.isEmpty }
    }

    /// An owner.
    package func account(_ id: AccountID) -> AccountRecord? {
        registry.accountIndex(id).map { registry.accounts[$0].record }
    }

    /// What the operator attests of an account; expired and withdrawn words included.
    package func attestation(of account: AccountID) -> AttestationRecord? {
        registry.accountIndex(account).flatMap { registry.accounts[$0].attestation }
    }

    /// Open orders of an account; 0 for one that does not exist.
    package func openOrderCount(of account: AccountID) -> Int {
        registry.accountIndex(account).map { Int(registry.accounts[$0].orders) } ?? 0
    }

    /// The last command that touched the account: its own, a trade with one of its orders, or money that moved. It is
    /// derived while commands are carried out, is no part of the digest, and starts as `.none` in a rebuilt engine.
    package func lastTouched(_ account: AccountID) -> SequenceNumber {
        registry.accountIndex(account).map { registry.accounts[$0].lastTouched } ?? .none
    }

    /// Open orders of all accounts.
    package var openOrderCount: Int { openOrders.count }

    // MARK: Publication of the book

    /// Appends the classes whose levels have changed since this was last called.
    package mutating func takeChangedClasses(into classes: inout [ClassID]) {
        for group in book.takeChangedClasses() { classes.append(ClassID(Int64(group) + 1)) }
    }

    /// Appends the profiles whose levels have changed since this was last called.
    package mutating func takeChangedProfiles(into profiles: inout [ProfileID]) {
        for group in book.takeChangedProfiles() { profiles.append(ProfileID(Int64(group) + 1)) }
    }

    /// At most `depth` price levels of a class, best first; none for a class that does not exist. What stands at its
    /// limit of open lots is not shown, because it cannot trade.
    package func levels(of number: ClassID, depth: Int) -> [BookLevel] {
        Int32(exactly: number.rawValue - 1).map { book.classLevels($0, depth: depth) } ?? []
    }

    /// At most `depth` price levels of a profile, best first; none for a profile that does not exist.
    package func levels(of number: ProfileID, depth: Int) -> [BookLevel] {
        Int32(exactly: number.rawValue - 1).map { book.profileLevels($0, depth: depth) } ?? []
    }

    /// Of a class that exists.
    package func capability(of number: ClassID) -> Capability { book.capabilities[Int(number.rawValue) - 1] }

    /// Of a profile that exists.
    package func requirement(of number: ProfileID) -> Requirement { book.requirements[Int(number.rawValue) - 1] }
}
