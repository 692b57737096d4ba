internal import API
internal import HTTP2
internal import Provenance
internal import Units

/// The thread that signs tickets, so that no loop of the network and no reader does.
final class Signer: Sendable {
    private let queue = Monitor(Queue())
    private let keyring: SigningKeyring
    private let loops: LoopMailboxes

    private struct Queue {
        var jobs: [Job] = []
        var bytes = 0
        var isStopping = false
    }

    /// A ticket that somebody waits for.
    struct Job: Sendable {
        let stream: StreamReference
        let requestID: UInt64
        let ticket: Ticket
        /// When the lease opened: the key of that time signs.
        let openedAt: LogicalTime

        static let bytes = 1_024
    }

    init(_ keyring: SigningKeyring, loops: LoopMailboxes) {
        self.keyring = keyring
        self.loops = loops
    }

    /// False when too many wait.
    func post(_ job: Job) -> Bool {
        queue.withLock(waking: true) { queue in
            let limit = BatchLimits.signatures
            guard !queue.isStopping,
                limit.admits(items: 1, bytes: Job.bytes, besides: queue.jobs.count, queue.bytes)
            else { return false }
            queue.jobs.append(job)
            queue.bytes += Job.bytes
            return true
        }
    }

    func stop() { queue.withLock(waking: true) { $0.isStopping = true } }

    /// Signs what comes until ``stop()``. The network has ended then, so nobody waits for what is left.
    func run() {
        while true {
            let jobs = queue.wait { queue -> [Job]?? in
                if queue.isStopping { return .some(nil) }
                guard !queue.jobs.isEmpty else { return nil }
                defer { (queue.jobs, queue.bytes) = ([], 0) }
                return .some(queue.jobs)
            }
            guard let jobs = jobs ?? nil else { return }
            for job in jobs {
                let key = keyring.key(at: job.openedAt)
                let text = job.ticket.signed(by: key.key)
                let response = View.ticket(text, of: job.ticket.lease, keyID: key.id)
                loops.answer(ReadyAnswer(stream: job.stream, requestID: job.requestID, response: response))
            }
        }
    }
}
