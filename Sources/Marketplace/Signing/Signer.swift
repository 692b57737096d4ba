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

    /// Tickets that somebody waits for.
    struct Job: Sendable {
        let stream: StreamReference
        let requestID: UInt64
        /// With the times at which the leases opened: the keys of those times sign.
        let tickets: [(ticket: Ticket, openedAt: LogicalTime)]
        /// What the tickets come with; `nil` for the only ticket, which comes by itself.
        let answer: API.Response?

        var bytes: Int { 1_024 * tickets.count + (answer?.body.count ?? 0) }
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
                limit.admits(items: 1, bytes: job.bytes, besides: queue.jobs.count, queue.bytes)
            else { return false }
            queue.jobs.append(job)
            queue.bytes += job.bytes
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
                let signed = job.tickets.map { ticket, openedAt in
                    let key = keyring.key(at: openedAt)
                    return SignedTicketText(ticket.signed(by: key.key), of: ticket.lease, keyID: key.id)
                }
                let response: API.Response
                if let answer = job.answer {
                    response = View.placed(answer, with: signed)
                } else if let only = signed.first {
                    response = View.ticket(only.text, of: only.lease, keyID: only.keyID)
                } else {
                    continue
                }
                loops.answer(ReadyAnswer(stream: job.stream, requestID: job.requestID, response: response))
            }
        }
    }
}
