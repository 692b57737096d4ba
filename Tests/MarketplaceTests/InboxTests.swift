import Glibc
import Sockets
import Testing

@testable import Marketplace

/// The engine's mailbox: what it takes, what it refuses, and what it tells the engine's thread to do next.
@Suite struct InboxTests {
    private func submission(_ count: Int, bytes: Int = 0) -> Submission { .cancels(count, bytes: bytes) }

    /// So many are carried out while the journal commits.
    private static let many = BatchLimits.itemsWhileCommitting

    /// The mailbox of a server that serves.
    private func opened(_ inbox: Inbox = Inbox()) -> Inbox {
        inbox.apply(.tookLeadership)
        inbox.apply(.rebuilt)
        return inbox
    }

    @Test func `Nothing is taken before an engine serves, and nothing after a stop`() {
        let inbox = Inbox()
        #expect(inbox.post(submission(1), cancelsOnly: false) == .closed(.rebuilding))
        inbox.apply(.foundLeader(LifeCycle.Leader(epoch: 2, holder: "b", address: "http://b:1")))
        #expect(inbox.post(submission(1), cancelsOnly: false) == .closed(.notLeader(address: "http://b:1")))
        inbox.apply(.tookLeadership)
        inbox.apply(.rebuilt)
        #expect(inbox.post(submission(1), cancelsOnly: false) == nil)
        inbox.apply(.stopAsked)
        #expect(inbox.post(submission(1), cancelsOnly: false) == .closed(.rebuilding))
    }

    @Test func `A mailbox full of items refuses orders, takes cancels up to their reserve, and then takes again`() {
        let inbox = opened()
        let (orders, all) = (BatchLimits.waiting.items, BatchLimits.waiting.withReserve.items)
        #expect(inbox.post(submission(orders), cancelsOnly: false) == nil)
        #expect(inbox.post(submission(1), cancelsOnly: false) == .full)
        #expect(inbox.post(submission(all - orders), cancelsOnly: true) == nil)
        #expect(inbox.post(submission(1), cancelsOnly: true) == .full)
        #expect(inbox.waitingItems == all)
        #expect(inbox.next().submissions.map(\.items.count) == [orders, all - orders])
        #expect(inbox.waitingItems == 0 && inbox.waitingBytes == 0)
        #expect(inbox.post(submission(1), cancelsOnly: false) == nil)
    }

    @Test func `A mailbox full of bytes refuses orders, takes cancels up to their reserve, and then takes again`() {
        let inbox = opened()
        let (orders, all) = (BatchLimits.waiting.bytes, BatchLimits.waiting.withReserve.bytes)
        #expect(inbox.post(submission(1, bytes: orders - 1_000), cancelsOnly: false) == nil)
        #expect(inbox.post(submission(1, bytes: 1_000), cancelsOnly: false) == .full)
        #expect(inbox.post(submission(1, bytes: all - orders), cancelsOnly: true) == nil)
        #expect(inbox.post(submission(1, bytes: 1_000), cancelsOnly: true) == .full)
        #expect(inbox.next().submissions.count == 2)
        #expect(inbox.post(submission(1, bytes: 1_000), cancelsOnly: false) == nil)
    }

    @Test func `Whoever is refused for want of room is told so in advance until the engine takes what waits`() {
        let inbox = opened()
        #expect(inbox.post(submission(inbox.submissionItemsMax), cancelsOnly: false) == nil)
        #expect(!inbox.isFull)
        #expect(inbox.post(submission(BatchLimits.waiting.items), cancelsOnly: false) == .full)
        #expect(inbox.isFull)
        #expect(inbox.next(.full, deadline: .now).submissions.isEmpty && inbox.isFull, "nothing was taken")
        inbox.apply(.committed)
        #expect(inbox.next(.empty).action == .execute && !inbox.isFull)
    }

    @Test(arguments: [(512, 32), (80, 10), (1, 1)])
    func `While the journal commits little is left for later, and much is executed beside it`(room: Int, many: Int) {
        let inbox = opened(Inbox(MailboxLimit(items: room, bytes: 1 << 20)))
        #expect(inbox.next(.open).action == .seal)
        for _ in 1..<many {
            #expect(inbox.post(submission(1), cancelsOnly: false) == nil)
            #expect(inbox.next(.empty, deadline: .now).action == nil)
        }
        #expect(inbox.post(submission(1), cancelsOnly: false) == nil)
        #expect(inbox.next(.empty, deadline: .now).submissions.count == many)
        if many > 1 {
            #expect(inbox.post(submission(1), cancelsOnly: false) == nil)
            #expect(inbox.next(.open, deadline: .now).action == nil)
        }
        inbox.apply(.committed)
        #expect(inbox.next(.open).action == (many > 1 ? .execute : .seal))
    }

    @Test func `Who waits for work is woken by much while the journal commits, and by the end of that`() throws {
        for posts in [1, Self.many] {
            let inbox = opened()
            #expect(inbox.next(.open).action == .seal)
            let found = Monitor<LifeCycle.Action?>(nil)
            let waiter = try Thread(named: "waiter") {
                let action = inbox.next(.empty).action
                found.withLock(waking: true) { $0 = action }
            }
            // Time to fall asleep: whoever comes later finds what waits without being woken.
            usleep(100_000)
            for _ in 0..<posts { #expect(inbox.post(submission(1), cancelsOnly: false) == nil) }
            if posts == 1 { inbox.apply(.committed) }
            #expect(found.wait(until: .now.adding(milliseconds: 10_000)) { $0 } == .execute)
            if posts > 1 { inbox.apply(.committed) }
            waiter.join()
        }
    }

    @Test func `A turn is handed over in parts that leave a mailbox fine steps`() {
        #expect(opened().submissionItemsMax == 1_024)
        #expect(Inbox(MailboxLimit(items: 512, bytes: 1 << 20)).submissionItemsMax == 64)
        #expect(Inbox(MailboxLimit(items: 1, bytes: 1 << 20)).submissionItemsMax == 1)
    }

    @Test func `An empty mailbox takes one turn, however large`() {
        let inbox = opened()
        let items = BatchLimits.waiting.items + 1
        #expect(inbox.post(submission(items, bytes: BatchLimits.waiting.bytes + 1), cancelsOnly: false) == nil)
        #expect(inbox.post(submission(1), cancelsOnly: false) == .full)
    }

    @Test func `Work is executed before a batch is sealed, and a full batch is sealed before more is taken`() {
        let inbox = opened()
        #expect(inbox.post(submission(Self.many), cancelsOnly: false) == nil)
        #expect(inbox.next(.full).action == .seal)
        let work = inbox.next(.open)
        #expect(work.action == .execute && work.submissions.map(\.items.count) == [Self.many])
        inbox.apply(.committed)
        #expect(inbox.next(.open).action == .seal)
    }

    @Test func `Beside the batch that commits one more is executed, and a full one waits until the journal is idle`() {
        let inbox = opened()
        #expect(inbox.next(.open).action == .seal)
        #expect(inbox.post(submission(Self.many), cancelsOnly: false) == nil)
        #expect(inbox.next(.empty).action == .execute)
        #expect(inbox.post(submission(Self.many), cancelsOnly: false) == nil)
        let soon = Instant.now.adding(milliseconds: 20)
        #expect(inbox.next(.full, deadline: soon).action == nil, "neither sealed nor filled further")
        #expect(inbox.apply(.committed) == [.release])
        #expect(inbox.next(.full).action == .seal)
        inbox.apply(.committed)
        #expect(inbox.next(.empty).action == .execute, "what waited is taken again")
    }

    @Test func `A stop waits for the batch that commits and for the one that is open`() {
        let inbox = opened()
        #expect(inbox.next(.open).action == .seal)
        inbox.apply(.stopAsked)
        let soon = Instant.now.adding(milliseconds: 20)
        #expect(inbox.next(.open, deadline: soon).action == nil, "nothing can be done yet")
        inbox.apply(.committed)
        #expect(inbox.next(.open).action == .seal)
        inbox.apply(.committed)
        #expect(inbox.next(.empty).action == .end)
    }

    @Test func `A journal that has ended comes before everything else, and gives out what waits`() {
        let inbox = opened()
        #expect(inbox.post(submission(3), cancelsOnly: false) == nil)
        inbox.apply(.journalEnded(.lost("gone")))
        let work = inbox.next(.open)
        #expect(work.action == .drop(open: .rebuilding, waiting: .rebuilding))
        #expect(work.submissions.map(\.items.count) == [3])
        #expect(inbox.post(submission(1), cancelsOnly: false) == .closed(.rebuilding))
        #expect(inbox.next().action == .lookForLeadership)
        inbox.apply(.tookLeadership)
        inbox.apply(.rebuilt)
        #expect(inbox.post(submission(1), cancelsOnly: false) == nil, "a rebuilt engine serves again")
    }

    @Test func `A pause ends early when a stop is asked for`() throws {
        let inbox = Inbox()
        let start = Instant.now
        let thread = try Thread(named: "stop") { inbox.apply(.stopAsked) }
        inbox.pause(milliseconds: 600_000)
        thread.join()
        #expect(Instant.now < start.adding(milliseconds: 300_000))
    }
}
