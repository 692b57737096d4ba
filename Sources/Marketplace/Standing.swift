internal import Synchronization
internal import Units

/// Facts about this server that the loops show: which leadership it has, and how far back requests are remembered.
final class Standing: Sendable {
    private let newestEpoch = Atomic<Int>(0)
    /// In nanoseconds of ``Instant``.
    private let confirmedAt = Atomic<Int>(0)
    private let window = Atomic<Int>(Int(Limits.idempotencyWindow))

    init() {}

    /// This server's newest leadership, or the one that it follows.
    var epoch: Int64 { Int64(newestEpoch.load(ordering: .relaxed)) }
    /// Whole seconds for which a request is remembered at least.
    var idempotencyWindowSeconds: Int64 { Int64(window.load(ordering: .relaxed)) / 1_000_000 }

    /// This server leads in this epoch, or follows who does.
    func joined(_ epoch: Int64) { newestEpoch.store(Int(epoch), ordering: .relaxed) }

    /// The database has taken something of this leader's that was sent at `instant`.
    func confirmed(at instant: Instant) { confirmedAt.store(Int(instant.nanoseconds), ordering: .relaxed) }

    /// When the leadership is to be renewed, if the database takes nothing else before.
    var renewalDue: Instant { confirmation.adding(milliseconds: BatchLimits.renewalMilliseconds) }

    /// Whether nobody else can lead. A process that was stopped for longer than a term may have been replaced, and does
    /// not know it yet: what it has in memory is then no answer.
    func isCertain(at now: Instant) -> Bool {
        now < confirmation.adding(milliseconds: BatchLimits.certaintyMilliseconds)
    }

    private var confirmation: Instant { Instant(nanoseconds: Int64(confirmedAt.load(ordering: .relaxed))) }

    /// A batch was sealed; requests are remembered for so many microseconds.
    func sealed(window microseconds: Int64) { window.store(Int(microseconds), ordering: .relaxed) }
}
