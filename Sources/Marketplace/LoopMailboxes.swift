internal import API
internal import HTTP2
internal import Sockets
internal import Synchronization

/// What other threads send to a loop of the network, with its size.
protocol LoopMessage: Sendable {
    /// What it takes of the loop's mailbox.
    var bytes: Int { get }
}

extension SealedBatch: LoopMessage {}

/// The ways back to the loops of the network: for each loop its mailbox, bounded by messages and bytes.
///
/// An answer is never dropped while its loop lives: that would leave a client waiting for ever. So a full mailbox holds
/// up whoever has the next answer, behind it the journal, and behind that new requests, which are refused. A loop that
/// takes nothing for a long time loses its answers; that is logged and counted.
final class LoopMailboxes: Sendable {
    private let loops: [Monitor<Waiting>]
    private let dropped = Atomic<Int64>(0)
    private let log: @Sendable (String) -> Void

    private struct Waiting {
        var mailbox: Mailbox?
        var messages = 0
        var bytes = 0
    }

    /// Ways back to so many loops; `log` gets a line for each message that is dropped.
    init(count: Int, log: @escaping @Sendable (String) -> Void) {
        loops = (0..<count).map { _ in Monitor(Waiting()) }
        self.log = log
    }

    /// What all loops have not taken yet.
    var waiting: (messages: Int, bytes: Int) {
        loops.reduce((0, 0)) { sum, loop in
            loop.withLock { (sum.0 + $0.messages, sum.1 + $0.bytes) }
        }
    }

    /// Messages that no loop has taken.
    var droppedMessages: Int64 { dropped.load(ordering: .relaxed) }

    /// Called by each loop before it hears its first request; so whoever waits for an answer has a mailbox.
    func attach(_ mailbox: Mailbox, loop: Int) { loops[loop].withLock { $0.mailbox = mailbox } }

    /// The loop has taken a message out.
    func taken(_ message: some LoopMessage, loop: Int) {
        loops[loop].withLock(waking: true) { waiting in
            waiting.messages -= 1
            waiting.bytes -= message.bytes
        }
    }

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

    /// Hands a message over that may be dropped: false when it was, because ``BatchLimits/news`` wait already.
    func offer(_ message: some LoopMessage, to loop: Int) -> Bool {
        let bytes = message.bytes
        return loops[loop].withLock { waiting in
            guard let mailbox = waiting.mailbox,
                BatchLimits.news.admits(items: 1, bytes: bytes, besides: waiting.messages, waiting.bytes),
                mailbox.post(message)
            else { return false }
            waiting.messages += 1
            waiting.bytes += bytes
            return true
        }
    }

    /// An answer that a reader has made.
    func answer(_ answer: ReadyAnswer) { post(answer, to: answer.stream.loop) }

    /// Hands a message over, as soon as there is room. False for a loop that does not live: none has taken the place,
    /// or it takes nothing for a long time.
    @discardableResult
    func post(
        _ message: some LoopMessage,
        to loop: Int,
        patience milliseconds: Int64 = BatchLimits.answersPatienceMilliseconds
    ) -> Bool {
        let bytes = message.bytes
        let deadline = Instant.now.adding(milliseconds: milliseconds)
        let isPosted = loops[loop].wait(until: deadline) { waiting -> Bool? in
            guard let mailbox = waiting.mailbox else { return false }
            guard BatchLimits.answers.admits(items: 1, bytes: bytes, besides: waiting.messages, waiting.bytes) else {
                return nil
            }
            guard mailbox.post(message) else { return nil }
            waiting.messages += 1
            waiting.bytes += bytes
            return true
        }
        guard isPosted ?? false else {
            dropped.add(1, ordering: .relaxed)
            log("An answer was dropped: loop \(loop) of the network took none.")
            return false
        }
        return true
    }
}

/// Requests that get a 503.
struct RefusedItems: LoopMessage {
    struct Item: Sendable {
        let stream: StreamReference
        let requestID: UInt64
    }

    let items: [Item]
    let reason: Unavailable

    var bytes: Int { items.count * MemoryLayout<Item>.stride }
}

/// A finished answer for one stream.
struct ReadyAnswer: LoopMessage {
    let stream: StreamReference
    let requestID: UInt64
    let response: API.Response

    var bytes: Int { MemoryLayout<Self>.stride + response.body.count }
}
