internal import API
internal import Glibc
internal import HTTP2
internal import Sockets

/// The ways back to the loops of the network: for each loop its mailbox.
final class LoopMailboxes: Sendable {
    private let monitor = Monitor<[Mailbox]>([])

    init() {}

    /// The server's loops, in their order; set once, before the first request.
    func attach(_ mailboxes: [Mailbox]) { monitor.withLock { $0 = mailboxes } }

    var count: Int { monitor.withLock { $0.count } }

    /// Tells every loop that waits for something in `batch` that it is durable.
    func deliver(_ batch: SealedBatch) {
        let mailboxes = monitor.withLock { $0 }
        for (loop, deliveries) in batch.deliveries.enumerated() where !deliveries.isEmpty {
            post(batch, to: mailboxes[loop])
        }
    }

    /// Answers each of these with a problem: nothing is known of them, or nothing was done.
    func refuse(_ deliveries: [[Delivery]], _ reason: Unavailable) {
        let mailboxes = monitor.withLock { $0 }
        for (loop, deliveries) in deliveries.enumerated() where !deliveries.isEmpty {
            let refused = RefusedItems(
                items: deliveries.map { RefusedItems.Item(stream: $0.stream, requestID: $0.requestID) },
                reason: reason
            )
            post(refused, to: mailboxes[loop])
        }
    }

    /// Answers what was still waiting for the engine.
    func refuse(_ submissions: [Submission], _ reason: Unavailable) {
        let mailboxes = monitor.withLock { $0 }
        for submission in submissions {
            let refused = RefusedItems(
                items: submission.items.map { RefusedItems.Item(stream: $0.stream, requestID: $0.requestID) },
                reason: reason
            )
            post(refused, to: mailboxes[submission.loop])
        }
    }

    /// An answer that a reader has made.
    func answer(_ answer: ReadyAnswer, loop: Int) {
        let mailbox = monitor.withLock { $0.indices.contains(loop) ? $0[loop] : nil }
        if let mailbox { post(answer, to: mailbox) }
    }

    /// A loop that is this far behind must catch up before anything more leaves: dropping an answer would leave a
    /// client waiting for ever.
    private func post(_ message: any Sendable, to mailbox: Mailbox) {
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
    let response: API.Response
}
