internal import Store

/// Every bound of the way from the network to the tables and back (ENGINE §8).
package enum BatchLimits {
    // MARK: The open batch

    /// Commands and queries after which a batch takes no further submission.
    static let commandsMax = 10_000
    /// Bytes of commands after which a batch takes no further submission.
    static let bytesMax = 4 << 20
    /// How often the book is published at most, in milliseconds.
    static let publicationIntervalMilliseconds: Int64 = 5

    // MARK: Mailboxes

    /// Commands and queries for which the engine is woken while the journal commits; fewer wait for the end of that.
    static let itemsWhileCommitting = 32
    /// Commands and queries that a loop hands over before its turn ends: the engine need not wait for a long turn, and
    /// a mailbox that is nearly full takes a part of it.
    static let submissionItemsMax = 1_024
    /// What may wait for the engine before new orders are refused.
    package static let waiting = MailboxLimit(items: 65_536, bytes: 64 << 20)
    /// What may wait for one loop of the network; the journal waits when there is more.
    static let answers = MailboxLimit(items: 16_384, bytes: 64 << 20)
    /// What may wait for one loop before messages of streams are dropped: half of that, so that answers have room.
    static let news = MailboxLimit(items: 8_192, bytes: 32 << 20)
    /// How long the sender of an answer waits for a loop that takes none, in milliseconds.
    static let answersPatienceMilliseconds: Int64 = 10_000
    /// Bytes of events that the tables do not show yet, at which new orders are refused.
    package static let projectionBytesMax = 512 << 20
    /// Bytes of events that the tables do not show yet, above which the operator is warned.
    static let projectionBytesWarning = projectionBytesMax / 2
    /// Questions that may wait for a reader of the tables.
    static let questions = MailboxLimit(items: 4_096, bytes: 16 << 20)

    /// Requests with receipts that may wait for one thread that checks signatures.
    static let receipts = MailboxLimit(items: 4_096, bytes: 64 << 20)
    /// Tickets that may wait for the signer.
    static let signatures = MailboxLimit(items: 4_096, bytes: 16 << 20)
    /// Requests for a checkpoint that may wait for the next one.
    static let checkpointRequestsMax = 16

    // MARK: Time

    /// A writer that heard nothing for so long may have been replaced, in seconds.
    static let writerDeadlineSeconds = Leadership.termSeconds
    /// The time between two renewals of an idle leader's term, in milliseconds.
    static let renewalMilliseconds: Int64 = 1_000
    /// For how long after its last word the database lets nobody else lead, in milliseconds: a term, less what a leader
    /// that has just read the state may have missed, and a second for clocks that do not run alike.
    static let certaintyMilliseconds = Int64(Leadership.termSeconds - 2) * 1_000
    /// What a stop may take once the network has ended; then the sessions are cut, whatever they wait for.
    static let stopMilliseconds: Int64 = 10_000
    /// How long a checkpoint that was asked for waits for the tables to show what was durable then, in milliseconds.
    static let checkpointPatienceMilliseconds: Int64 = 10_000
    /// How long a stop waits for the tables to catch up; the next start makes the same rows from the journal.
    static let stopProjectionMilliseconds: Int64 = 5_000
}

/// How much a mailbox takes.
package struct MailboxLimit: Equatable, Sendable {
    let items: Int
    /// Of all messages together, as far as they are counted.
    package let bytes: Int

    /// Cancels have a reserve above what others may take.
    package var withReserve: MailboxLimit { MailboxLimit(items: items + items / 8, bytes: bytes + bytes / 8) }

    /// Whether there is room for so much beside what waits already. An empty mailbox always takes one message, however
    /// large: otherwise it would never be taken.
    func admits(items newItems: Int, bytes newBytes: Int, besides waitingItems: Int, _ waitingBytes: Int) -> Bool {
        waitingItems == 0 || waitingItems + newItems <= items && waitingBytes + newBytes <= bytes
    }
}
