import API
import Engine
import HTTP2
import Testing
import Units

@testable import Marketplace

/// The engine's mailbox: what it takes, what it refuses, and what it tells the engine's thread to do next.
@Suite struct InboxTests {
    /// A turn of `count` cancels.
    private func submission(_ count: Int) -> Submission {
        var submission = Submission(loop: 0)
        let command = Command(account: AccountID(1), action: .cancel(OrderID(1)))
        for number in 0..<count {
            let item = Submission.Item(
                stream: .none,
                requestID: UInt64(number),
                work: .command(command, .cancelled(OrderID(1)))
            )
            submission.items.append(item)
        }
        return submission
    }

    private func opened() -> Inbox {
        let inbox = Inbox()
        inbox.open()
        return inbox
    }

    @Test func `Nothing is taken before an engine serves, and nothing after a stop`() {
        let inbox = Inbox()
        #expect(inbox.post(submission(1), cancelsOnly: false) == .closed)
        inbox.open()
        #expect(inbox.post(submission(1), cancelsOnly: false) == nil)
        inbox.stop()
        #expect(inbox.post(submission(1), cancelsOnly: false) == .closed)
    }

    @Test func `A full mailbox refuses orders and still takes cancels, up to their reserve`() {
        let inbox = opened()
        #expect(inbox.post(submission(BatchLimits.waitingItemsMax), cancelsOnly: false) == nil)
        #expect(inbox.post(submission(1), cancelsOnly: false) == .full)
        #expect(inbox.post(submission(BatchLimits.waitingCancelsReserve), cancelsOnly: true) == nil)
        #expect(inbox.post(submission(1), cancelsOnly: true) == .full)
        #expect(inbox.waitingItems == BatchLimits.waitingItemsMax + BatchLimits.waitingCancelsReserve)
    }

    @Test func `An empty mailbox takes one turn, however large`() {
        let inbox = opened()
        #expect(inbox.post(submission(BatchLimits.waitingItemsMax + 1), cancelsOnly: false) == nil)
        #expect(inbox.post(submission(1), cancelsOnly: false) == .full)
    }

    @Test func `Work is executed before a batch is sealed, and a full batch is sealed before more is taken`() {
        let inbox = opened()
        #expect(inbox.post(submission(2), cancelsOnly: false) == nil)
        guard case .seal = inbox.next(hasOpenBatch: true, isFull: true, deadline: nil) else {
            Issue.record("a full batch is sealed")
            return
        }
        guard case .execute(let submissions) = inbox.next(hasOpenBatch: true, isFull: false, deadline: nil) else {
            Issue.record("what waits is executed")
            return
        }
        #expect(submissions.map(\.items.count) == [2])
        guard case .seal = inbox.next(hasOpenBatch: true, isFull: false, deadline: nil) else {
            Issue.record("then the batch is sealed")
            return
        }
    }

    @Test func `While the journal is busy a batch stays open, and a stop waits for it`() {
        let inbox = opened()
        inbox.journalIsBusy()
        inbox.stop()
        let soon = Instant.now.adding(milliseconds: 20)
        guard case .deadline = inbox.next(hasOpenBatch: true, isFull: false, deadline: soon) else {
            Issue.record("nothing can be done yet")
            return
        }
        inbox.journalIsIdle()
        guard case .seal = inbox.next(hasOpenBatch: true, isFull: false, deadline: nil) else {
            Issue.record("the batch is sealed when the journal is idle")
            return
        }
        guard case .stop = inbox.next(hasOpenBatch: false, isFull: false, deadline: nil) else {
            Issue.record("then nothing is left")
            return
        }
    }

    @Test func `A failed journal comes before everything else, and closing returns what waits`() {
        let inbox = opened()
        #expect(inbox.post(submission(3), cancelsOnly: false) == nil)
        inbox.journalFailed("gone")
        guard case .journalFailed("gone") = inbox.next(hasOpenBatch: true, isFull: false, deadline: nil) else {
            Issue.record("the failure is told")
            return
        }
        #expect(inbox.close().map(\.items.count) == [3])
        #expect(inbox.post(submission(1), cancelsOnly: false) == .closed)
        inbox.open()
        #expect(inbox.post(submission(1), cancelsOnly: false) == nil, "a rebuilt engine serves again")
    }
}
