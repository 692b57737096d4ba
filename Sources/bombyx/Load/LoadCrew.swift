internal import HTTP2
internal import Measurement
internal import Sockets
internal import Synchronization

/// The threads of a load.
final class LoadCrew {
    let gauges: [LoadGauges]
    /// When the load began, by ``MonotonicClock``.
    private(set) var startedAt: UInt64 = 0

    private let plan: LoadPlan
    private let mailboxes: [Mailbox]
    private var threads: [SharedThread] = []

    /// Starts them; they connect at once and then wait.
    init(_ plan: LoadPlan) throws {
        self.plan = plan
        gauges = (0..<plan.threads).map { _ in LoadGauges() }
        mailboxes = try (0..<plan.threads).map { _ in try Mailbox() }
        for index in 0..<plan.threads {
            let (gauges, mailbox) = (gauges[index], mailboxes[index])
            threads.append(
                try SharedThread(named: "load-\(index)") {
                    do {
                        try LoadThread(index, plan, gauges, mailbox: mailbox).run()
                    } catch {
                        gauges.lastFailure.withLock { $0 = "\(error)" }
                        gauges.phase.store(LoadThread.Phase.settled.rawValue, ordering: .sequentiallyConsistent)
                    }
                }
            )
        }
    }

    /// Waits until every connection stands.
    func connect(deadline: Duration) throws {
        let end = ContinuousClock.now + deadline
        while true {
            let ready = gauges.reduce(0) { $0 + $1.readyLanes.load(ordering: .sequentiallyConsistent) }
            if ready >= plan.connections { return }
            guard ContinuousClock.now < end else {
                let reason = gauges.lazy.compactMap { $0.lastFailure.withLock { $0 } }.first ?? "no reason was given"
                throw CommandFailure("\(ready) of \(plan.connections) connections stand: \(reason)")
            }
            pause(milliseconds: 5)
        }
    }

    /// Begins the load.
    func start() {
        startedAt = MonotonicClock.nanoseconds() + 5_000_000
        tell(.start(startedAt))
    }

    func tell(_ order: LoadThread.Order) {
        for mailbox in mailboxes { mailbox.post(order) }
    }

    /// Ends the threads; what they found is there afterwards.
    func finish() {
        tell(.finish)
        for thread in threads { thread.join() }
        threads = []
    }

    /// What all of them found.
    func result() throws -> LoadResult {
        var all = LoadResult(after: plan.baseSequence)
        for gauges in gauges {
            guard let result = gauges.result.withLock({ $0 }) else {
                let reason = gauges.lastFailure.withLock { $0 }
                throw CommandFailure("a thread of the generator ended: \(reason ?? "no reason was given")")
            }
            all.add(result)
        }
        return all
    }

    /// Requests that the server takes at once on a connection.
    var streamsGranted: Int { gauges.map { $0.streamsGranted.load(ordering: .relaxed) }.min() ?? 0 }
}
