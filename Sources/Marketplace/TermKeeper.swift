internal import Postgres
internal import Sockets
internal import Store

/// Renews a leadership on a thread of its own while the engine's thread reads the state, which may take longer than a
/// term: otherwise a follower would take over from every leader that has much to read.
final class TermKeeper {
    private let mailbox = Monitor(State())
    private var thread: Thread?

    private struct State {
        var isStopping = false
        var failure: String?
    }

    /// Keeps the leadership until ``stop()``; the journal's session is the keeper's until then.
    init(_ claim: Claim) throws(SystemError) {
        let leadership = claim.leadership
        let session = Handover(claim.journal)
        let loading = claim.projector.interrupter
        thread = try Thread(named: "keeper") { [mailbox] in
            guard let session = session.take() else { return }
            while true {
                let renewal = Instant.now.adding(milliseconds: BatchLimits.renewalMilliseconds)
                if mailbox.wait(until: renewal, for: { $0.isStopping ? true : nil }) == true { return }
                do throws(StoreError) {
                    // The first batch says for how long there was no leader; until then the row must still say it.
                    try leadership.renew(isSeen: false, on: session.connection)
                } catch {
                    mailbox.withLock { $0.failure = error.description }
                    return loading.interrupt()
                }
            }
        }
    }

    /// Ends the thread and gives the session back; says why the leadership is lost, if it is.
    func stop() -> String? {
        mailbox.withLock(waking: true) { $0.isStopping = true }
        if let thread = thread.take() { thread.join() }
        return mailbox.withLock { $0.failure }
    }
}
