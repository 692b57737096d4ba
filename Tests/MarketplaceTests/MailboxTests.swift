import API
import Engine
import HTTP2
import Postgres
import Sockets
import Store
import Synchronization
import Testing
import Units

@testable import Marketplace

extension Submission {
    /// A turn of `count` cancels with so many bytes of commands.
    static func cancels(_ count: Int, bytes: Int = 0) -> Submission {
        var submission = Submission(loop: 0)
        let command = Command(account: AccountID(1), action: .cancel(OrderID(1)))
        submission.items = (0..<count).map { number in
            Submission.Item(
                stream: .none,
                requestID: UInt64(number),
                work: .command(command, .cancelled(OrderID(1)))
            )
        }
        submission.commandBytes = [UInt8](repeating: 0, count: bytes)
        return submission
    }
}

/// Each mailbox but the engine's when it is full: that it refuses or holds up, and that it takes again.
@Suite struct MailboxTests {
    private struct Message: LoopMessage { let bytes: Int }

    private func loops() throws -> LoopMailboxes {
        let loops = LoopMailboxes(count: 1) { _ in }
        loops.attach(try Mailbox(), loop: 0)
        return loops
    }

    @Test(arguments: [(items: 0, bytes: 0), (items: 3, bytes: 3), (items: 2, bytes: 10)])
    func `A limit counts items and bytes, and an empty mailbox takes anything`(waiting: (items: Int, bytes: Int)) {
        let limit = MailboxLimit(items: 3, bytes: 10)
        let fits = waiting.items == 0
        #expect(limit.admits(items: 1, bytes: 1, besides: waiting.items, waiting.bytes) == fits)
        #expect(limit.admits(items: 9, bytes: 99, besides: waiting.items, waiting.bytes) == fits)
        #expect(limit.admits(items: 1, bytes: 5, besides: 2, 5), "both bounds may be reached")
    }

    @Test func `A loop with too many answers holds up the next one until it has taken one out`() throws {
        let loops = try loops()
        for _ in 0..<BatchLimits.answers.items { #expect(loops.post(Message(bytes: 1), to: 0)) }
        #expect(!loops.post(Message(bytes: 1), to: 0, patience: 20), "there is no room")
        let thread = try Thread(named: "loop") { loops.taken(Message(bytes: 1), loop: 0) }
        #expect(loops.post(Message(bytes: 1), to: 0), "there is room again")
        thread.join()
        #expect(loops.waiting == (BatchLimits.answers.items, BatchLimits.answers.items))
    }

    @Test func `A loop with too many bytes of answers holds up the next one until it has taken one out`() throws {
        let loops = try loops()
        let large = Message(bytes: BatchLimits.answers.bytes + 1)
        #expect(loops.post(large, to: 0), "an empty mailbox takes one answer, however large")
        #expect(!loops.post(Message(bytes: 1), to: 0, patience: 20))
        let thread = try Thread(named: "loop") { loops.taken(large, loop: 0) }
        #expect(loops.post(Message(bytes: 1), to: 0))
        thread.join()
    }

    @Test func `A loop that has ended takes nothing, nobody waits for it, and what it misses is counted and logged`() {
        let lines = Lines()
        let loops = LoopMailboxes(count: 1) { lines.add($0) }
        #expect(!loops.post(Message(bytes: 1), to: 0, patience: 600_000))
        #expect(loops.droppedMessages == 1 && lines.count == 1)
        #expect(loops.waiting == (0, 0))
    }

    @Test func `Questions to the tables wait in a queue that is bounded by items and bytes`() {
        let pool = makePool()
        let history = job(.history(.order(OrderID(1), owner: nil)))
        for _ in 0..<BatchLimits.questions.items { #expect(pool.post(history)) }
        #expect(!pool.post(history), "one more is refused at once")
        #expect(pool.take() != nil)
        #expect(pool.post(history), "there is room again")
        while pool.take() != nil {}

        let replay = job(.replay(.placed, SequenceNumber(1), .tick))
        let count = BatchLimits.questions.bytes / replay.bytes
        #expect(count < BatchLimits.questions.items, "bytes are the bound")
        for _ in 0..<count { #expect(pool.post(replay)) }
        #expect(!pool.post(replay))
        #expect(pool.take() != nil)
        #expect(pool.post(replay))
        pool.stop()
        #expect(!pool.post(history))
    }

    @Test func `While one thread explains a preview, the others answer what comes behind it`() {
        let pool = makePool()
        let explanation = job(.preview(preview()))
        let history = job(.history(.order(OrderID(1), owner: nil)))
        for job in [explanation, explanation, history, history] { #expect(pool.post(job)) }
        let first = pool.take()
        #expect(first?.isExplanation == true, "the oldest question first")
        #expect(pool.take()?.isExplanation == false && pool.take()?.isExplanation == false)
        #expect(pool.take() == nil && pool.waitingJobs == 1, "the other explanation waits for the first one's end")
        pool.end(history)
        #expect(pool.take() == nil)
        pool.end(explanation)
        #expect(pool.take()?.isExplanation == true)
    }

    @Test(
        arguments: [
            ("22008", true), ("22003", true), ("57014", true), ("57P01", false), ("08006", false), ("40003", false),
            ("53300", false), ("XX001", false),
        ]
    )
    func `A question that a living database cannot answer leaves the other questions alone`(
        sqlState: String,
        isOfTheQuestion: Bool
    ) {
        let failure = PostgresError.statementFailed(StatementFailure(sqlState: sqlState, message: ""))
        #expect(StoreError.refused(failure).isOfTheQuestion == isOfTheQuestion)
        #expect(!StoreError.unknown(failure).isOfTheQuestion)
        #expect(!StoreError.refused(.connectionFailed("")).isOfTheQuestion)
    }

    /// Readers of no database.
    private func makePool() -> ReaderPool {
        ReaderPool(
            database: "",
            progress: ProjectionProgress(),
            published: Published(),
            loops: LoopMailboxes(count: 1) { _ in },
            keyring: .temporary(),
            lifelines: Lifelines()
        )
    }

    private func preview() -> EnginePreview {
        var engine = Engine()
        var events: [Event] = []
        _ = engine.beginBatch(at: LogicalTime(microseconds: 1))
        let account = AccountTerms(label: "", openOrdersMax: 1)
        for _ in 0..<2 { engine.apply(Command(account: .system, action: .createAccount(account)), into: &events) }
        let order = OrderTerms(price: Price(nanoTONPerMTok: 1_000), lots: Lots(1), timeInForce: .gtc)
        let action = Command.Action.placeOffer(OfferTerms(order: order, model: ModelID(1)))
        let query = PreviewQuery(account: AccountID(2), key: KeyID(1), side: .offer, action: action, body: [])
        return EnginePreview(query, &engine)
    }

    private func job(_ question: ReaderJob.Question) -> ReaderJob {
        ReaderJob(stream: .none, requestID: 1, needs: .none, deadline: .now, question: question)
    }

    /// Lines of a log.
    private final class Lines: Sendable {
        let lines = Lock<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var count: Int { lines.withLock { $0.count } }
    }

    @Test func `The projector's backlog warns above half, refuses new orders when it is full, and recovers`() {
        let lines = Lines()
        let backlog = ProjectionBacklog { lines.add($0) }
        backlog.set(bytes: BatchLimits.projectionBytesWarning)
        #expect(!backlog.isHigh && lines.count == 0)
        backlog.set(bytes: BatchLimits.projectionBytesWarning + 1)
        backlog.set(bytes: BatchLimits.projectionBytesMax)
        #expect(backlog.isHigh && !backlog.isFull && lines.count == 1, "one warning, not one for each batch")
        #expect(lines.lines.withLock { $0[0] }.contains("projection_lag"))
        backlog.set(bytes: BatchLimits.projectionBytesMax + 1)
        #expect(backlog.isFull)
        backlog.set(bytes: BatchLimits.projectionBytesMax)
        #expect(!backlog.isFull && backlog.isHigh)
        backlog.set(bytes: BatchLimits.projectionBytesWarning / 2)
        #expect(!backlog.isHigh && lines.count == 2)
    }

    @Test func `Batches count in the backlog until the tables show them`() {
        let backlog = ProjectionBacklog { _ in }
        let projector = ProjectorThread(progress: ProjectionProgress(), backlog: backlog, metrics: Metrics(loops: 1))
        let batch = SealedBatch.of(events: 100)
        projector.project(batch)
        #expect(backlog.bytes >= 100 * MemoryLayout<Event>.stride)
        let one = backlog.bytes
        projector.project(batch)
        #expect(backlog.bytes == 2 * one)
        _ = ProjectorThread(progress: ProjectionProgress(), backlog: backlog, metrics: Metrics(loops: 1))
        #expect(backlog.bytes == 0, "a rebuilt exchange has its own backlog")
    }

    /// A projector that gathers for so long that only something else can end it.
    private func gathering(_ progress: ProjectionProgress) -> ProjectorThread {
        ProjectorThread(
            progress: progress,
            backlog: ProjectionBacklog { _ in },
            metrics: Metrics(loops: 1),
            gatherMilliseconds: 600_000
        )
    }

    @Test(.timeLimit(.minutes(1)))
    func `Batches gather until there are many, or somebody waits for the tables`() throws {
        let batch = SealedBatch.of(events: 100)
        let many = Array(repeating: batch, count: ProjectorThread.eventsGathered / 100 + 1)
        for last in [[batch], many] {
            let progress = ProjectionProgress()
            let projector = gathering(progress)
            let reader = try Thread(named: "reader") {
                guard last.count == 1 else { return }
                _ = progress.wait(for: batch.lastSequence, until: .now.adding(milliseconds: 1_000))
            }
            let feeder = try Thread(named: "journal") { for batch in last { projector.project(batch) } }
            guard case .batches(let taken) = projector.nextWork(after: .now) else {
                Issue.record("there is work")
                return
            }
            let events = taken.reduce(0) { $0 + $1.events.count }
            #expect(events >= (last.count == 1 ? 100 : ProjectorThread.eventsGathered))
            reader.join()
            feeder.join()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `A stop ends the gathering, and so does time`() {
        let stopping = gathering(ProjectionProgress())
        stopping.project(SealedBatch.of(events: 1))
        stopping.stop()
        if case .stop = stopping.nextWork(after: .now) { Issue.record("what waits is projected first") }
        if case .batches = stopping.nextWork(after: .now) { Issue.record("and then nothing waits") }

        let late = gathering(ProjectionProgress())
        late.project(SealedBatch.of(events: 1))
        let before = Instant.now.adding(milliseconds: -600_001)
        if case .stop = late.nextWork(after: before) { Issue.record("the last transaction was long ago") }
    }

    @Test func `Only who waits for more than the tables show is waited for`() {
        let progress = ProjectionProgress()
        let calls = Atomic(0)
        progress.whenWanted { calls.add(1, ordering: .relaxed) }
        progress.advance(to: SequenceNumber(5))
        #expect(progress.wait(for: SequenceNumber(5), until: .now))
        #expect(!progress.isWanted && calls.load(ordering: .relaxed) == 0)
        #expect(!progress.wait(for: SequenceNumber(7), until: .now))
        #expect(progress.isWanted && calls.load(ordering: .relaxed) == 1)
        progress.advance(to: SequenceNumber(6))
        #expect(progress.isWanted)
        progress.advance(to: SequenceNumber(7))
        #expect(!progress.isWanted)
    }

    @Test func `A batch is full by items or by bytes`() {
        func open(items: Int, bytes: Int) -> OpenBatch {
            var batch = OpenBatch(number: 1, firstSequence: SequenceNumber(1), loops: 1)
            batch.itemCount = items
            batch.commandBytes = [UInt8](repeating: 0, count: bytes)
            return batch
        }
        let max = BatchLimits.commandsMax
        #expect(open(items: 0, bytes: 0).fill(itemsMax: max) == .empty)
        #expect(open(items: max - 1, bytes: BatchLimits.bytesMax - 1).fill(itemsMax: max) == .open)
        #expect(open(items: max, bytes: 0).fill(itemsMax: max) == .full)
        #expect(open(items: 1, bytes: BatchLimits.bytesMax).fill(itemsMax: max) == .full)
        #expect(open(items: 5, bytes: 0).fill(itemsMax: 5) == .full)
    }
}

extension SealedBatch {
    /// A batch of one command with so many events.
    fileprivate static func of(events count: Int) -> SealedBatch {
        var open = OpenBatch(number: 1, firstSequence: SequenceNumber(1), loops: 1)
        open.events = Array(repeating: .forgotten(SequenceNumber(1)), count: count)
        open.ends = [Int32(count)]
        return SealedBatch(open, stateDigest: StateDigest(), bookChanges: nil)
    }
}
