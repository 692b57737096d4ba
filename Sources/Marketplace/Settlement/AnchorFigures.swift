internal import API
internal import Engine
internal import Synchronization
internal import Units

/// How far and since when the log is anchored on the chain.
struct AnchorFigures: ~Copyable, Sendable {
    private let entries = Atomic<Int64>(0)
    /// By the chain's clock, in seconds since 1970; 0 for never.
    private let arrivedAt = Atomic<Int64>(0)

    init() {}

    func read(_ engine: Engine) {
        entries.store(engine.anchoredSize, ordering: .relaxed)
        arrivedAt.store(Int64(clamping: engine.anchors.last?.chainTime ?? 0), ordering: .relaxed)
    }

    func write(into text: inout MetricsText) {
        let help = "Entries of the log that its newest anchor on the chain covers."
        text.metric("bombyx_anchor_log_entries", .gauge, help, entries.load(ordering: .relaxed))
        let name = "bombyx_anchor_age_seconds"
        text.describe(name, .gauge, "Time since the newest anchor of the log arrived on the chain.")
        let since = arrivedAt.load(ordering: .relaxed)
        let age = Double(wallClockMicroseconds() - since * 1_000_000) / 1_000_000
        text.sample(name, [], since == 0 ? .nan : max(0, age))
    }
}
