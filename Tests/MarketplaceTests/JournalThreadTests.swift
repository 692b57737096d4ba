import Cryptography
import Engine
import HTTP2
import Postgres
import Testing
import Units

@testable import Marketplace
@testable import Sockets
@testable import Store

/// What the journal's thread does with one batch, step by step.
@Suite struct JournalThreadTests {
    /// A clock that stands where it is put.
    private final class StandingClocks: Clocks {
        private let now = Lock(Instant(nanoseconds: 1_000_000_000_000))

        var instant: Instant {
            get { now.withLock { $0 } }
            set { now.withLock { $0 = newValue } }
        }
        var wallMicroseconds: Int64 { instant.nanoseconds / 1_000 }
        var reading: LogicalClock.Reading { .init(wall: wallMicroseconds, monotonic: wallMicroseconds) }
    }

    private final class Writer: TermWriter {
        let leadership = Leadership(epoch: 1, holder: "a", lastBatch: 0, predecessorSeenAt: .zero)
        var renewals = 0
        var error: StoreError?

        func commit(_ batch: JournalBatch) throws(StoreError) { if let error { throw error } }
        func renew(isSeen: Bool) throws(StoreError) {
            if let error { throw error }
            renewals += 1
        }
        func resign(isSeen: Bool) throws(StoreError) {}
    }

    private struct Nobody: BatchFollower {
        func follow(_ batch: SealedBatch) {}
    }

    /// A journal's thread, and a mailbox with what it sends to the network.
    private struct Desk {
        let clocks = StandingClocks()
        let writer = Writer()
        let standing = Standing()
        let inbox = Inbox()
        let mailbox: Mailbox
        let journal: JournalThread
        let term: JournalTerm

        init() throws {
            mailbox = try Mailbox()
            let loops = LoopMailboxes(count: 1) { _ in }
            loops.attach(mailbox, loop: 0)
            journal = JournalThread(
                inbox: inbox,
                outlets: .init(loops: loops, projector: Nobody(), published: Published(), feed: Nobody()),
                metrics: Metrics(loops: 1),
                standing: standing,
                clocks: clocks
            )
            term = JournalTerm(writer: writer, previousDigest: .zero)
            standing.confirmed(at: clocks.instant)
            inbox.apply(.tookLeadership)
            inbox.apply(.rebuilt)
        }

        /// Commits a batch with an answer to a question, and perhaps a command. What it has sent then.
        func commit(commands: Int) -> (goesOn: Bool, sent: [any Sendable]) {
            _ = inbox.next(.open)
            var open = OpenBatch(number: 1, firstSequence: SequenceNumber(1), loops: 1)
            open.ends = Array(repeating: 0, count: commands)
            open.deliveries[0] = [Delivery(stream: .none, requestID: 7, outcome: .account(nil, asOf: .none))]
            journal.commit(SealedBatch(open, stateDigest: Engine().digest, bookChanges: nil))
            let goesOn = journal.carryOut(journal.next(until: clocks.instant), in: term)
            var sent: [any Sendable] = []
            mailbox.takeAll(into: &sent)
            return (goesOn, sent)
        }
    }

    @Test func `A question is answered from memory while nobody else can lead`() throws {
        let desk = try Desk()
        desk.clocks.instant = desk.clocks.instant.adding(milliseconds: BatchLimits.renewalMilliseconds - 1)
        let (goesOn, sent) = desk.commit(commands: 0)
        #expect(goesOn && sent.first is SealedBatch && desk.writer.renewals == 0)
    }

    @Test func `Questions alone do not keep a leader from renewing`() throws {
        let desk = try Desk()
        for step in 1...20 {
            desk.clocks.instant = desk.clocks.instant.adding(milliseconds: BatchLimits.renewalMilliseconds / 2)
            #expect(desk.standing.isCertain(at: desk.clocks.instant))
            let (goesOn, sent) = desk.commit(commands: 0)
            #expect(goesOn && sent.first is SealedBatch && desk.writer.renewals == step / 2)
        }
    }

    @Test func `Whoever was stopped for long renews the leadership before it answers a question`() throws {
        let desk = try Desk()
        desk.clocks.instant = desk.clocks.instant.adding(milliseconds: BatchLimits.certaintyMilliseconds)
        #expect(!desk.standing.isCertain(at: desk.clocks.instant))
        let (goesOn, sent) = desk.commit(commands: 0)
        #expect(goesOn && sent.first is SealedBatch && desk.writer.renewals == 1)
        #expect(desk.standing.isCertain(at: desk.clocks.instant))
    }

    @Test(
        arguments: [
            (StoreError.fenced, Unavailable.notLeader(address: "")),
            (.unknown(.connectionLost("gone")), .rebuilding),
        ]
    )
    func `Whoever was replaced meanwhile answers no question`(error: StoreError, answer: Unavailable) throws {
        let desk = try Desk()
        desk.clocks.instant = desk.clocks.instant.adding(milliseconds: BatchLimits.certaintyMilliseconds)
        desk.writer.error = error
        let (goesOn, sent) = desk.commit(commands: 0)
        #expect(!goesOn && (sent.first as? RefusedItems)?.reason == answer)
        #expect(desk.inbox.next(.empty).action == .drop(open: answer, waiting: answer))
    }

    @Test(
        arguments: [
            (StoreError.fenced, Unavailable.notLeader(address: "")),
            (.unknown(.connectionLost("gone")), .outcomeUnknown), (.refused(.connectionLost("gone")), .rebuilding),
        ]
    )
    func `A commit that fails is answered by what is known of it`(error: StoreError, answer: Unavailable) throws {
        let desk = try Desk()
        desk.writer.error = error
        let (goesOn, sent) = desk.commit(commands: 1)
        #expect(!goesOn && (sent.first as? RefusedItems)?.reason == answer)
    }

    @Test func `A commit shows that nobody else leads`() throws {
        let desk = try Desk()
        desk.clocks.instant = desk.clocks.instant.adding(milliseconds: 60_000)
        let (goesOn, sent) = desk.commit(commands: 1)
        #expect(goesOn && sent.first is SealedBatch && desk.writer.renewals == 0)
        #expect(desk.standing.isCertain(at: desk.clocks.instant))
    }
}
