import Cryptography
import Engine
import Exchange
import Ledger
import Units
import Vectors

/// The exchange as DESIGN and ENGINE describe it, in the most obvious way: lists that are searched from end to end,
/// and nothing that is computed before it is needed. Slow, and for that reason easy to believe.
struct ReferenceEngine: CommandExecutor {
    private(set) var sequence = SequenceNumber.none
    private(set) var time = LogicalTime.zero
    /// Microseconds by which all gaps have held the clock of leases back.
    private(set) var grace: Int64 = 0
    var lastTrade = TradeID(0)
    var fees = FeeTerms.initial
    var feeNotice: FeeNoticeTerms?
    /// By model, those that say something.
    var controls: [MarketControlRecord] = []
    /// Oldest first.
    var operations: [MassOperation] = []
    private(set) var checkpoint: CheckpointRecord?
    var accounts: [AccountRecord] = []
    var keys: [KeyRecord] = []
    /// All versions, oldest first.
    var models: [ModelRecord] = []
    var attestations: [AttestationRecord] = []
    /// Of the log.
    var leaves: [Digest256] = []
    var measurements: [MeasurementRecord] = []
    /// The position, from 1, is the number.
    var classes: [Capability] = []
    /// The position, from 1, is the number.
    var profiles: [Requirement] = []
    /// Open orders by id.
    var orders: [OrderRecord] = []
    /// Open leases by id.
    var leases: [LeaseRecord] = []
    /// By account; only those that say something.
    var standings: [StandingRecord] = []
    /// By lease; pending ones.
    var slashes: [SlashRecord] = []
    private(set) var counters: [LedgerAccount: LedgerCounters] = [:]
    private(set) var remembered: [RememberedRequest] = []
    /// Orders of a batch that was opened, for the following commands.
    var waiting: [WaitingOrder] = []
    /// Nobody trades: what a batch could take is tried.
    var isTrial = false
    /// When time was last looked at.
    var lastTick = LogicalTime.zero
    /// Most keys and client order ids that are remembered.
    let requestsMax: Int
    let work: WorkLimits
    // Of the command that is being carried out:
    private var events: [Event] = []
    /// Parts of icebergs that have gone to the back of their price.
    var parts: Int64 = 0
    /// Orders that the last walk has visited.
    var visited = 0
    /// The order that arrives with it, until it has come to rest.
    var arriving: OrderID?
    /// Orders that are to walk again at its end.
    var toLookAgain: [OrderID] = []

    init(requestsMax: Int = Limits.idempotencyEntriesMax, work: WorkLimits = .standard) {
        self.requestsMax = requestsMax
        self.work = work
    }

    mutating func emit(_ event: Event) { events.append(event) }

    // MARK: Time

    mutating func beginBatch(at time: LogicalTime) -> Bool { beginBatch(at: time, gap: 0) }

    /// A gap of more than five seconds counts, with thirty on top.
    mutating func beginBatch(at time: LogicalTime, gap: Int64) -> Bool {
        self.time = time
        if gap > 5_000_000 { grace += gap + 30_000_000 }
        waiting = []
        return nextDeadline.map { $0 <= time } ?? false
    }

    mutating func forget(_ count: Int) {
        emit(.forgotten(remembered[count - 1].sequence))
        remembered.removeFirst(count)
    }

    // MARK: Commands

    mutating func apply(_ command: Command, into events: inout [Event]) {
        sequence = sequence.next
        parts = 0
        if case .placeNext = command.action {
            placeNext(command)
        } else {
            waiting = []
            carryOutOnce(command)
        }
        events += self.events
        self.events = []
    }

    /// Idempotency: a repetition is answered and does nothing; everything else with a key or an id is remembered.
    mutating func carryOutOnce(_ command: Command) {
        let key = command.idempotency
        let order = command.action.order
        // What the client order id stands for.
        let first = order.flatMap { request(of: command.account, $0.clientOrderID) }
        guard key != nil || order?.clientOrderID != nil else {
            if let rejection = carryOut(command) { emit(.rejected(rejection)) }
            return
        }
        if let key, let earlier = remembered.last(where: { $0.isOf(command.account, key) }) {
            guard earlier.key?.body == key.body else { return emit(.rejected(.idempotencyKeyReused)) }
            let isOlder = first.map { $0.bodyHash == order?.bodyHash && $0.sequence < earlier.sequence } ?? false
            return emit(.replayed(isOlder ? first?.sequence ?? .none : earlier.sequence))
        }
        guard let first else {
            guard makeRoom(for: command.entries, of: command.account) else {
                return emit(.rejected(.idempotencyWindowFull))
            }
            let rejection = carryOut(command)
            if let rejection { emit(.rejected(rejection)) }
            return remember(command, rejection, order?.clientOrderID)
        }
        // The name is in use: only the key is new, if there is one.
        let isSame = first.bodyHash == order?.bodyHash
        let answer: Event = isSame ? .replayed(first.sequence) : .rejected(.duplicateClientOrderID)
        guard key != nil else { return emit(answer) }
        guard makeRoom(for: command.entries, of: command.account) else {
            return emit(isSame ? answer : .rejected(.idempotencyWindowFull))
        }
        emit(answer)
        remember(command, isSame ? first.rejection : .duplicateClientOrderID, nil)
    }

    mutating func remember(_ command: Command, _ rejection: Rejection?, _ name: ClientOrderID?) {
        let request = RememberedRequest(
            sequence: sequence,
            account: command.account,
            key: command.idempotency,
            clientOrderID: name?.hash,
            bodyHash: name == nil ? 0 : command.action.order?.bodyHash ?? 0,
            at: time,
            rejection: rejection
        )
        remembered.append(request)
        emit(.remembered(request))
    }

    /// What had the client's order id before: an open order, or a request that is remembered.
    func request(
        of account: AccountID,
        _ clientOrderID: ClientOrderID?
    ) -> (sequence: SequenceNumber, bodyHash: UInt64, rejection: Rejection?)? {
        guard let clientOrderID else { return nil }
        if let order = orders.first(where: { $0.account == account && $0.clientOrderID == clientOrderID }) {
            return (SequenceNumber(order.id.rawValue), order.bodyHash, nil)
        }
        return remembered.last { $0.account == account && $0.clientOrderID == clientOrderID.hash }
            .map { ($0.sequence, $0.bodyHash, $0.rejection) }
    }

    /// Forgets the oldest requests early when there are too many; `false` when they are too young for that. The last
    /// sixteenth of the memory is not for accounts that have more than a sixteenth.
    mutating func makeRoom(for needed: Int, of account: AccountID) -> Bool {
        var count = remembered.reduce(needed) { $0 + $1.entries }
        var forgotten = 0
        for request in remembered where count > requestsMax {
            guard !isYoung(request) else { break }
            count -= request.entries
            forgotten += 1
        }
        if forgotten > 0 { forget(forgotten) }
        guard count <= requestsMax else { return false }
        let own = remembered.filter { $0.account == account }.reduce(needed) { $0 + $1.entries }
        let young = remembered.filter { isYoung($0) }.reduce(needed) { $0 + $1.entries }
        return account == .system || own <= requestsMax / 16 || young <= requestsMax - requestsMax / 16
    }

    /// Whether it must be kept.
    private func isYoung(_ request: RememberedRequest) -> Bool {
        request.at.microseconds + Limits.idempotencyWindowMin > time.microseconds
    }

    private mutating func carryOut(_ command: Command) -> Rejection? {
        let rejection = carryOutItself(command)
        lookAgain()
        return rejection
    }

    mutating func carryOutItself(_ command: Command) -> Rejection? {
        guard command.account == .system || isKnown(command.account) else { return .accountUnknown }
        switch command.action {
        case .placeOffer(let terms): return placeOffer(terms, by: command.account)
        case .placeBid(let terms): return placeBid(terms, by: command.account)
        case .cancel(let id):
            guard let order = order(id), order.account == command.account else { return .orderNotFound }
            close(id, .cancelled)
        case .deposit(let owner, let amount): return deposit(amount, to: owner)
        case .createAccount(let terms):
            let record = AccountRecord(
                id: AccountID(Int64(accounts.count + 1)),
                label: terms.label,
                openOrdersMax: terms.openOrdersMax,
                createdAt: time
            )
            accounts.append(record)
            emit(.accountCreated(record))
        case .createKey(let terms):
            guard isKnown(terms.owner) else { return .accountUnknown }
            let record = KeyRecord(id: KeyID(Int64(keys.count + 1)), terms: terms, createdAt: time)
            keys.append(record)
            emit(.keyCreated(record))
        case .setModel(let terms): return setModel(terms)
        case .setAttested(let terms): return setAttested(terms)
        case .setMeasured(let terms): return setMeasured(terms)
        case .setFees(let terms):
            fees = terms
            emit(.feesSet(terms))
        case .usage(let lease, let tokens): return use(lease, upTo: tokens)
        case .endLease(let lease): return end(lease)
        case .tick: tick()
        case .announceCheckpoint(let terms): announce(terms)
        case .amend(let terms): return amend(terms, by: command.account)
        case .massCancel(let filter): return massCancel(filter, of: command.account)
        case .cancelAfter(let microseconds): return setCancelAfter(microseconds, of: command.account)
        case .setCancelOnDisconnect(let cancels): return setCancelOnDisconnect(cancels, of: command.account)
        case .disconnected(let account): return disconnect(account)
        case .setHalt(let terms): return setHalt(terms)
        case .setPriceBand(let terms): return setPriceBand(terms)
        case .setAccountLimits(let terms): return setLimits(terms)
        case .announceFees(let terms): return announce(terms)
        case .createOwnKey, .revokeKey, .setKeyLimits, .login, .linkLogin, .unlinkLogin, .lease, .settlement:
            preconditionFailure("its markets are played without keys")
        case .openBatch(let batch): return open(batch, of: command.account)
        case .placeNext: return .batchRefused
        }
        return nil
    }

    private mutating func announce(_ terms: CheckpointTerms) {
        if let checkpoint, checkpoint.terms.batch >= terms.batch { return }
        let record = CheckpointRecord(terms: terms, sequence: sequence, announcedAt: time)
        checkpoint = record
        emit(.checkpointAnnounced(record))
    }

    func isKnown(_ account: AccountID) -> Bool { accounts.contains { $0.id == account } }

    // MARK: Money

    func balance(_ account: LedgerAccount) -> Int128 {
        let counters = counters[account] ?? LedgerCounters()
        return (counters.credits - counters.debits) * (account.isAsset ? -1 : 1)
    }

    /// One transfer; nothing for a zero amount.
    mutating func move(
        _ debit: LedgerAccount,
        _ credit: LedgerAccount,
        _ amount: NanoTON,
        _ kind: Transfer.Kind,
        order: OrderID = OrderID(0),
        trade: TradeID = TradeID(0)
    ) {
        guard amount > .zero else { return }
        counters[debit, default: LedgerCounters()].debits += Int128(amount.count)
        counters[credit, default: LedgerCounters()].credits += Int128(amount.count)
        let transfer = Transfer(debit: debit, credit: credit, amount: amount, kind: kind, order: order, trade: trade)
        emit(.transfer(transfer))
    }

    private mutating func deposit(_ amount: NanoTON, to owner: AccountID) -> Rejection? {
        guard owner == .system || isKnown(owner) else { return .accountUnknown }
        guard balance(.chain) + Int128(amount.count) <= Int128(Limits.depositsMax) else { return .depositLimit }
        move(.chain, owner == .system ? .operatorCapital : LedgerAccount(owner, .available), amount, .deposit)
        return nil
    }

    func balances(of owner: AccountID) -> [(account: LedgerAccount, counters: LedgerCounters)] {
        counters.filter { $0.key.owner == owner }.sorted { $0.key < $1.key }.map {
            (account: $0.key, counters: $0.value)
        }
    }

    // MARK: The state

    /// What a question may show: all but the memory of requests, which is most of it.
    var view: ReferenceEngine {
        var view = self
        view.remembered = []
        return view
    }

    /// What the tables would hold.
    var state: EngineState {
        var state = EngineState()
        state.sequence = sequence
        state.time = time
        state.lastTrade = lastTrade
        state.grace = grace
        state.checkpoint = checkpoint
        state.fees = fees
        state.feeNotice = feeNotice
        state.controls = controls
        state.operations = operations
        state.accounts = accounts
        state.keys = keys
        state.models = models
        state.attestations = attestations
        state.measurements = measurements
        state.classes = classes.enumerated().map { (id: ClassID(Int64($0.offset + 1)), capability: $0.element) }
        state.profiles = profiles.enumerated().map { (id: ProfileID(Int64($0.offset + 1)), requirement: $0.element) }
        state.orders = orders
        state.leases = leases
        state.delivery.standings = standings
        state.delivery.slashes = slashes
        state.balances = counters.sorted { $0.key < $1.key }.map { (account: $0.key, counters: $0.value) }
        state.remembered = remembered
        return state
    }
}

extension Command.Action {
    /// What both kinds of order have; `nil` for any other command.
    var order: OrderTerms? {
        switch self {
        case .placeOffer(let terms): terms.order
        case .placeBid(let terms): terms.order
        default: nil
        }
    }
}

extension RememberedRequest {
    /// Whether it had this key; what was its body is another question.
    func isOf(_ account: AccountID, _ key: IdempotencyKey) -> Bool {
        self.account == account && self.key?.high == key.high && self.key?.low == key.low
    }

    /// What it takes of the memory: its key and its client order id.
    var entries: Int { (key == nil ? 0 : 1) + (clientOrderID == nil ? 0 : 1) }
}

extension ModelTerms {
    /// Whether both name the same weights, so that one may replace the other in its entry.
    func isSameVersion(as other: ModelTerms) -> Bool {
        revision == other.revision && weightsSHA256 == other.weightsSHA256 && weightSet == other.weightSet
    }
}
