internal import API
internal import Glibc
internal import HTTP2
internal import Sockets

/// The ways back to the loops of the network: for each loop its mailbox.
final class LoopMailboxes: Sendable {
    private let mailboxes: Monitor<[Mailbox?]>

    init(count: Int) { mailboxes = Monitor(Array(repeating: nil, count: count)) }

    /// Called by each loop before it hears its first request; so whoever waits for an answer has a mailbox.
    func attach(_ mailbox: Mailbox, loop: Int) { mailboxes.withLock { $0[loop] = mailbox } }

    /// Tells every loop that waits for something in `batch` that it is durable.
    func deliver(_ batch: SealedBatch) {
        for (loop, deliveries) in batch.deliveries.enumerated() where !deliveries.isEmpty {
            post(batch, to: loop)
        }
    }

    /// Answers each of these with a problem: nothing is known of them, or nothing was done.
    func refuse(_ deliveries: [[Delivery]], _ reason: Unavailable) {
        for (loop, deliveries) in deliveries.enumerated() where !deliveries.isEmpty {
            let items = deliveries.map { RefusedItems.Item(stream: $0.stream, requestID: $0.requestID) }
            post(RefusedItems(items: items, reason: reason), to: loop)
        }
    }

    /// Answers what was still waiting for the engine.
    func refuse(_ submissions: [Submission], _ reason: Unavailable) {
        for submission in submissions {
            let items = submission.items.map { RefusedItems.Item(stream: $0.stream, requestID: $0.requestID) }
            post(RefusedItems(items: items, reason: reason), to: submission.loop)
        }
    }

    /// An answer that a reader has made.
    func answer(_ answer: ReadyAnswer) { post(answer, to: answer.stream.loop) }

    /// A loop that is this far behind must catch up before anything more leaves: dropping an answer would leave a
    /// client waiting for ever.
    private func post(_ message: any Sendable, to loop: Int) {
        guard let mailbox = mailboxes.withLock({ $0[loop] }) else { return }
        var attempts = 0
        while !mailbox.post(message), attempts < 10_000 {
            attempts += 1
            _ = usleep(1_000)
        }
    }
}

/// Requests that get a 503.
struct RefusedItems: Sendable {
    struct Item: Sendable {
        let stream: StreamReference
        let requestID: UInt64
    }

    let items: [Item]
    let reason: Unavailable
}

/// A finished answer for one stream.
struct ReadyAnswer: Sendable {
    let stream: StreamReference
    let requestID: UInt64
    let response: API.Response
}
