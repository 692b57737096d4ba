internal import API
internal import Engine
internal import Ledger
internal import SettlementAgent
internal import Units

/// What runs on the engine's thread: it gives every command its place, executes it, and seals what it has when the
/// journal is idle. It is the only thread that touches the engine.
///
/// Group commit adapts by itself: a batch is what arrived while the previous one was committing. The engine executes
/// batch k+1 while k commits, once there is enough of it to be woken for; nothing of it leaves the process before it is
/// durable itself, because the journal's thread hands out answers only after its commit.
final class Sequencer {
    private let inbox: Inbox
    private let journal: JournalThread
    private let metrics: Metrics
    private let standing: Standing
    private let loops: Int
    private let checkpointer: Checkpointer
    private let verifiers: VerifierPool
    private let signing: SigningKeyring
    private let clocks: any Clocks
    /// Told who names something new; `nil` when nobody is throttled.
    private let names: NameLimiter?
    /// That the log was compared with.
    private var signingVersion = -1
    /// What the first batch announces.
    private let announcement: CheckpointTerms?
    private var nextBatch: Int64
    private var open: OpenBatch
    private var clock: LogicalClock
    private var publishedAt: Instant
    private var hasUnpublishedBook = true
    /// Accounts whose streams have ended, and whose orders are still to be cancelled.
    private var postponed: [AccountID] = []
    /// What the engine has taken for the open batch.
    private var openBatchMicroseconds: Int64 = 0

    /// `seenAt`: when the leader before was last known to be alive. `announcing`: a checkpoint that was written before.
    init(
        inbox: Inbox,
        journal: JournalThread,
        metrics: Metrics,
        standing: Standing,
        checkpointer: Checkpointer,
        verifiers: VerifierPool,
        signing: SigningKeyring,
        clocks: any Clocks = MachineClocks(),
        loops: Int,
        nextBatch: Int64,
        seenAt: LogicalTime,
        announcing announcement: CheckpointTerms? = nil,
        names: NameLimiter? = nil,
        engine: Engine
    ) {
        self.inbox = inbox
        self.journal = journal
        self.metrics = metrics
        self.standing = standing
        self.loops = loops
        self.checkpointer = checkpointer
        self.verifiers = verifiers
        self.signing = signing
        self.clocks = clocks
        publishedAt = clocks.instant
        self.announcement = announcement
        self.names = names
        self.nextBatch = nextBatch
        open = OpenBatch(number: nextBatch, firstSequence: engine.sequence.next, loops: loops)
        clock = LogicalClock(after: engine.time, seenAt: seenAt, clocks.reading)
    }

    /// What was executed and not sealed: nobody has heard of it yet.
    var unanswered: [[Delivery]] { open.deliveries }

    /// Executes and seals until the life cycle wants something else, which is returned.
    func serve(_ engine: inout Engine) -> Inbox.Work {
        begin(&engine)
        while true {
            let work = inbox.next(fill, deadline: deadline(of: engine))
            guard carryOut(work, on: &engine) else { return work }
        }
    }

    /// What a leadership begins with. Called once in each.
    func begin(_ engine: inout Engine) {
        // Journaled at once, so that the next server does not count the same gap again.
        if clock.hasGap { beginBatch(&engine, ticking: true) }
        if let announcement {
            beginBatchIfEmpty(&engine)
            let command = Command(account: .system, action: .announceCheckpoint(announcement))
            command.encode(into: &open.commandBytes)
            apply(command, on: &engine)
        }
        recordSigningKeys(on: &engine)
        // A leadership that ends takes all its streams along.
        for account in engine.armedAccounts {
            beginBatchIfEmpty(&engine)
            carryOut(Command(account: .system, action: .disconnected(account)), on: &engine)
        }
    }

    /// Does what the mailbox says; false for what ends the serving. No action means that a deadline has passed.
    func carryOut(_ work: Inbox.Work, on engine: inout Engine) -> Bool {
        switch work.action {
        case nil: tickIfDue(&engine)
        case .execute:
            recordSigningKeys(on: &engine)
            let started = clocks.instant
            for submission in work.submissions { execute(submission, on: &engine) }
            openBatchMicroseconds += clocks.instant.microseconds(since: started)
        case .seal: seal(&engine)
        default: return false
        }
        return true
    }

    /// Keys that the log does not name yet. Whoever makes one known brings work along (``Marketplace/sign(with:)``).
    private func recordSigningKeys(on engine: inout Engine) {
        let version = signing.version
        guard version != signingVersion else { return }
        signingVersion = version
        let logged = Set(engine.loggedSigningKeys.map(\.terms.publicKey))
        for terms in signing.rotations where !logged.contains(terms.publicKey) {
            beginBatchIfEmpty(&engine)
            carryOut(Command(account: .system, action: .lease(.recordSigningKey(terms))), on: &engine)
        }
    }

    /// A book that is to be published is sealed like a batch.
    var fill: LifeCycle.Fill {
        open.isEmpty && isPublicationDue ? .open : open.fill(itemsMax: inbox.batchItemsMax)
    }

    private var nextPublication: Instant {
        publishedAt.adding(milliseconds: BatchLimits.publicationIntervalMilliseconds)
    }

    private var isPublicationDue: Bool { hasUnpublishedBook && nextPublication <= clocks.instant }

    /// The moment at which there is work without a submission: something of the engine is due, or the book is to be
    /// published. While a batch is open its sealing brings both, and what is already due waits for the journal: a
    /// deadline in the past would only spin.
    func deadline(of engine: Engine) -> Instant? {
        guard open.isEmpty else { return nil }
        var deadline: Instant?
        if let due = engine.nextDeadline {
            let wait = max(0, due.microseconds - now(engine).microseconds) / 1_000 + 1
            deadline = clocks.instant.adding(milliseconds: wait)
        }
        guard hasUnpublishedBook, nextPublication > clocks.instant else { return deadline }
        return min(deadline ?? nextPublication, nextPublication)
    }

    private func execute(_ submission: Submission, on engine: inout Engine) {
        for command in submission.ownCommands {
            beginBatchIfEmpty(&engine)
            apply(command, on: &engine)
        }
        if let ticket = submission.settlement {
            // Asked under an earlier leadership: nobody waits for it, and it was meant for another engine.
            guard ticket.epoch == standing.epoch else { return }
            open.settlement.append((ticket, answer(ticket, from: &engine)))
        }
        for item in submission.items {
            switch item.work {
            case .command(let command, let shape):
                beginBatchIfEmpty(&engine)
                apply(command, on: &engine)
                deliver(outcome(of: command, shape), of: item, to: submission.loop)
            case .query(let query):
                deliver(answer(query, from: &engine), of: item, to: submission.loop)
            case .touched(let account, let query):
                deliver(.touched(engine.lastTouched(account), query), of: item, to: submission.loop)
            case .batch(let orders):
                beginBatchIfEmpty(&engine)
                let first = open.ends.count
                for command in BatchItem.commands(of: orders) { apply(command, on: &engine) }
                deliver(.batch(first: first, orders), of: item, to: submission.loop)
            case .verify(let receipts):
                let leases = receipts.leases
                let keys = Dictionary(uniqueKeysWithValues: zip(leases, engine.leaseKeys(of: leases)))
                if !verifiers.post(.init(stream: item.stream, batch: receipts, keys: keys)) {
                    deliver(.refused(.overloaded), of: item, to: submission.loop)
                }
            }
        }
        open.commandBytes.append(contentsOf: submission.commandBytes)
        open.itemCount += submission.weight
    }

    private func deliver(_ outcome: Delivery.Outcome, of item: Submission.Item, to loop: Int) {
        open.deliveries[loop].append(Delivery(stream: item.stream, requestID: item.requestID, outcome: outcome))
    }

    private func apply(_ command: Command, on engine: inout Engine) {
        engine.apply(command, into: &open.events)
        let start = Int(open.ends.last ?? 0)
        open.ends.append(Int32(open.events.count))
        let named = open.interned.collect(from: open.events[start...])
        if named > 0 { names?.count(named, by: command.account, at: clocks.instant.nanoseconds) }
        hasUnpublishedBook = true
        switch command.action {
        case .createKey, .createAccount, .setModel, .setFees, .announceFees, .setHalt, .setPriceBand, .createOwnKey,
            .revokeKey, .setKeyLimits, .login, .settlement(.registerWallet), .settlement(.setRetired):
            open.changesDirectory = true
        case .tick where open.events[start...].contains(where: \.changesDirectory): open.changesDirectory = true
        // There are too many mass operations already: it is carried out when one of them is done.
        case .disconnected(let account) where open.events[start...].contains(.rejected(.operationLimit)):
            postponed.append(account)
        default: break
        }
    }

    /// A command of the server itself; its bytes come where it is carried out.
    private func carryOut(_ command: Command, on engine: inout Engine) {
        command.encode(into: &open.commandBytes)
        apply(command, on: &engine)
    }

    /// What the last command of the open batch came to, for its answer.
    private func outcome(of command: Command, _ shape: AnswerShape) -> Delivery.Outcome {
        // A repetition has this event last, or before the one that keeps its new key.
        let start = open.ends.count < 2 ? 0 : Int(open.ends[open.ends.count - 2])
        for event in open.events[start...].suffix(2) {
            if case .replayed(let sequence) = event { return .replay(sequence, shape, command.action) }
        }
        return .command(index: open.ends.count - 1, shape)
    }

    /// The exchange's time: a wall clock that was set back does not take it along.
    private func now(_ engine: Engine) -> LogicalTime {
        max(engine.time, LogicalTime(microseconds: clocks.wallMicroseconds))
    }

    /// The first command of a batch fixes its logical time, and what is due by then happens before it.
    private func beginBatchIfEmpty(_ engine: inout Engine) {
        guard open.ends.isEmpty else { return }
        beginBatch(&engine, ticking: false)
    }

    private func beginBatch(_ engine: inout Engine, ticking: Bool) {
        (open.time, open.gap) = clock.next(clocks.reading)
        let isDue = engine.beginBatch(at: open.time, gap: open.gap, rules: RulesVersion.current)
        open.grace = engine.grace
        // Commands of one batch are journaled in the order of their execution: these come before the submission's.
        // A gap is journaled whatever comes: it may have moved what seemed due, and no command would carry it then.
        if isDue || ticking || open.gap > 0 { carryOut(Command(account: .system, action: .tick), on: &engine) }
        let accounts = postponed
        postponed = []
        for account in accounts { carryOut(Command(account: .system, action: .disconnected(account)), on: &engine) }
    }

    private func tickIfDue(_ engine: inout Engine) {
        guard let due = engine.nextDeadline, due <= now(engine) else { return }
        beginBatchIfEmpty(&engine)
    }

    private func answer(_ query: EngineQuery, from engine: inout Engine) -> Delivery.Outcome {
        switch query {
        case .order(let id, let owner):
            return .order(
                engine.order(id),
                id,
                owner: owner,
                asOf: engine.sequence,
                touched: owner.map { engine.lastTouched($0) } ?? engine.sequence
            )
        case .account(let id):
            return .account(engine.detail(of: id), asOf: engine.sequence)
        case .keys(let id):
            let keys = engine.account(id) == nil ? nil : engine.keys(of: id, limit: Limits.pageMax)
            return .keys(id, keys, asOf: engine.sequence)
        case .preview(let query): return .preview(EnginePreview(query, &engine))
        case .lease(let question): return .lease(question.finding(in: engine), asOf: engine.sequence)
        case .settlement(let question): return .settlement(question.finding(in: engine), asOf: engine.sequence)
        }
    }

    private func answer(_ ticket: SettlementTicket, from engine: inout Engine) -> SettlementTicket.Answer {
        guard case .command(let command) = ticket.question else { return .view(SettlementView(engine)) }
        beginBatchIfEmpty(&engine)
        let start = open.events.count
        apply(command, on: &engine)
        for case .rejected(let rejection) in open.events[start...] { return .done(rejection) }
        return .done(nil)
    }

    private func seal(_ engine: inout Engine) {
        var changes: BookChanges?
        if isPublicationDue {
            changes = BookChanges(takingFrom: &engine)
            publishedAt = clocks.instant
            hasUnpublishedBook = false
        }
        let batch = SealedBatch(open, stateDigest: engine.digest, bookChanges: changes)
        metrics.sealed(batch, engine: engine, microseconds: openBatchMicroseconds)
        openBatchMicroseconds = 0
        if batch.hasCommands {
            checkpointer.sealed(nextBatch, engine.sequence)
            nextBatch += 1
        }
        standing.sealed(window: engine.idempotencyWindow)
        open = OpenBatch(number: nextBatch, firstSequence: engine.sequence.next, loops: loops, like: batch)
        journal.commit(batch)
    }
}

extension Event {
    /// Announced fees have come into force, or a key is forgotten.
    fileprivate var changesDirectory: Bool {
        switch self {
        case .feesSet, .keyForgotten: true
        default: false
        }
    }
}

extension Engine {
    /// An account with its balances; `nil` when there is none of this number.
    fileprivate func detail(of id: AccountID) -> AccountDetail? {
        guard let record = account(id) else { return nil }
        var amounts: [LedgerAccount.Kind: NanoTON] = [:]
        for (account, counters) in balances(of: id) {
            guard let kind = account.kind else { continue }
            amounts[kind] = NanoTON(Int64(counters.credits - counters.debits))
        }
        return AccountDetail(
            record: record,
            balances: amounts,
            openOrders: openOrderCount(of: id),
            attestation: attestation(of: id),
            logins: logins(of: id)
        )
    }
}
