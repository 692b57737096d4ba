internal import API
package import HTTP2
internal import Sockets
internal import Synchronization
internal import Units

/// What the server says of itself.
extension Marketplace {
    /// What is answered instead of a refusal for names that this server does not know: another one may know them.
    /// `nil` while nobody else can lead.
    func refusalForWantOfNames(at now: Instant) -> Unavailable? {
        inbox.refusal ?? (standing.isCertain(at: now) ? nil : .rebuilding)
    }

    func answer(_ operation: Operation, requestID: UInt64) -> APIResponse {
        switch operation {
        case .readiness: return readiness.response
        case .metrics: return metricsPage.response(at: .now) { metricsResponse }
        }
    }

    private var metricsResponse: APIResponse {
        var text = MetricsText()
        let moment = Metrics.Moment(
            projected: progress.sequence,
            published: published.book.asOf,
            engineWaiting: inbox.waitingItems,
            readersWaiting: readers.waitingJobs,
            isReady: currentStatus == .ready
        )
        metrics.write(into: &text, at: moment)
        writeMailboxes(into: &text)
        feed.metrics.write(into: &text, clients: streams.total)
        (network.withLock { $0 }?.counters ?? ServerCounters()).write(into: &text)
        return text.response
    }

    private func writeMailboxes(into text: inout MetricsText) {
        let answers = loops.waiting
        let gauges: [(String, String, Int)] = [
            ("answers_waiting_messages", "Messages with answers that no loop has taken yet.", answers.messages),
            ("answers_waiting_bytes", "Bytes of them.", answers.bytes),
            ("engine_waiting_bytes", "Bytes of requests waiting for the engine.", inbox.waitingBytes),
            ("projection_waiting_bytes", "Bytes of events that the tables do not show yet.", backlog.bytes),
            ("projection_lag_warning", "1 while the tables lack more than they should.", backlog.isHigh ? 1 : 0),
            ("epoch", "The newest leadership that this server has had or followed.", Int(standing.epoch)),
        ]
        for (name, help, value) in gauges { text.metric("bombyx_\(name)", .gauge, help, Int64(value)) }
        let help = "Messages with answers that a loop of the network did not take in time."
        text.metric("bombyx_answers_dropped_total", .counter, help, loops.droppedMessages)
    }

    /// What the exchange can do now.
    package enum Status: Equatable, Sendable {
        case starting
        /// Another server leads.
        case following
        /// Commands are refused until the state has been rebuilt; the reason is for the log and `/readyz`.
        case rebuilding(String)
        case ready
        case stopping
        /// The state cannot be rebuilt, and trying again would not help.
        case failed(String)
    }

    package var currentStatus: Status { Status(inbox.state) }

    /// Where the exchange stands.
    private var readiness: Readiness {
        let state = inbox.state
        let status = Status(state)
        var readiness = Readiness(
            status.word,
            reason: status.reason,
            holder: configuration.holder,
            epoch: standing.epoch,
            sequence: metrics.durableSequence,
            batch: metrics.durableBatch,
            projected: progress.sequence,
            idempotencyWindowSeconds: standing.idempotencyWindowSeconds
        )
        if case .following(let leader) = state {
            readiness.holder = leader.holder
            readiness.leader = leader.address.isEmpty ? nil : leader.address
        }
        return readiness
    }

    /// Lets `/metrics` count what the network does.
    package func attach(_ server: Server) { network.withLock { $0 = server } }
}

/// The figures for whoever asks, who needs no key and is never throttled: they are made so often and no oftener, and
/// otherwise the last ones are told again.
final class MetricsPage: Sendable {
    private let meter = Meter()
    private let last = Lock<APIResponse?>(nil)

    /// The figures of now, or those that were made a moment ago.
    func response(at now: Instant, make: () -> APIResponse) -> APIResponse {
        if case .refused = meter.take(1, of: .metrics, at: now.nanoseconds), let kept = last.withLock({ $0 }) {
            return kept
        }
        let response = make()
        last.withLock { $0 = response }
        return response
    }
}

extension Marketplace.Status {
    init(_ state: LifeCycle.State) {
        self =
            switch state {
            case .starting: .starting
            case .following: .following
            case .rebuilding(let reason, _): .rebuilding(reason)
            case .interrupted(let interruption, isStopping: false): .rebuilding(interruption.reason)
            case .serving: .ready
            case .stopping, .stopped, .interrupted(_, isStopping: true): .stopping
            case .failed(let reason): .failed(reason)
            }
    }

    fileprivate var word: Readiness.Status {
        switch self {
        case .starting: .starting
        case .following: .following
        case .rebuilding: .rebuilding
        case .ready: .ready
        case .stopping: .stopping
        case .failed: .failed
        }
    }

    /// Why commands are refused; `nil` while they are taken.
    fileprivate var reason: String? {
        switch self {
        case .ready: nil
        case .starting: "The exchange is starting."
        case .following: "Another server leads the exchange; this one answers what the tables show."
        case .rebuilding(let failure): "The exchange rebuilds its state from the database: \(failure)."
        case .stopping: "The exchange is stopping."
        case .failed(let failure): "The exchange cannot go on: \(failure)."
        }
    }
}
