internal import Synchronization
internal import Units

/// Facts about this server that the loops show: which leadership it has, and how far back requests are remembered.
final class Standing: Sendable {
    private let newestEpoch = Atomic<Int>(0)
    private let window = Atomic<Int>(Int(Limits.idempotencyWindow))

    init() {}

    /// This server's newest leadership, or the one that it follows.
    var epoch: Int64 { Int64(newestEpoch.load(ordering: .relaxed)) }
    /// Whole seconds for which a request is remembered at least.
    var idempotencyWindowSeconds: Int64 { Int64(window.load(ordering: .relaxed)) / 1_000_000 }

    /// This server leads in this epoch, or follows who does.
    func joined(_ epoch: Int64) { newestEpoch.store(Int(epoch), ordering: .relaxed) }

    /// A batch was sealed; requests are remembered for so many microseconds.
    func sealed(window microseconds: Int64) { window.store(Int(microseconds), ordering: .relaxed) }
}
