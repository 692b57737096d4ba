internal import API
internal import Synchronization
internal import Units

/// Counters and gauges of the whole process, for `/metrics` and `/readyz`. Every thread adds to them without a lock.
final class Metrics: Sendable {
    private let commands = Atomic<Int>(0)
    private let events = Atomic<Int>(0)
    private let batches = Atomic<Int>(0)
    private let commandBytes = Atomic<Int>(0)
    private let commitMicroseconds = Atomic<Int>(0)
    private let openOrders = Atomic<Int>(0)
    private let sequence = Atomic<Int>(0)
    private let batch = Atomic<Int>(0)
    private let eventsWaiting = Atomic<Int>(0)
    private let projectionFailures = Atomic<Int>(0)
    private let recoveries = Atomic<Int>(0)
    private let commitBuckets: [Bucket] = Metrics.commitBounds.map { Bucket(upTo: $0) }

    /// Upper bounds of the commit histogram in microseconds; the last is everything.
    private static let commitBounds = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 64_000, 256_000, Int.max]

    private final class Bucket: Sendable {
        let upTo: Int
        let count = Atomic<Int>(0)
        init(upTo: Int) { self.upTo = upTo }
    }

    init() {}

    func sealed(_ batch: SealedBatch, openOrders count: Int) {
        openOrders.store(count, ordering: .relaxed)
        events.add(batch.events.count, ordering: .relaxed)
    }

    func committed(_ sealed: SealedBatch, microseconds: Int64) {
        batches.add(1, ordering: .relaxed)
        commands.add(sealed.ends.count, ordering: .relaxed)
        commandBytes.add(sealed.commandBytes.count, ordering: .relaxed)
        commitMicroseconds.add(Int(microseconds), ordering: .relaxed)
        sequence.store(Int(sealed.lastSequence.rawValue), ordering: .relaxed)
        batch.store(Int(sealed.number), ordering: .relaxed)
        for bucket in commitBuckets where microseconds <= bucket.upTo { bucket.count.add(1, ordering: .relaxed) }
    }

    func started(batch number: Int64, sequence last: SequenceNumber, openOrders count: Int) {
        batch.store(Int(number), ordering: .relaxed)
        sequence.store(Int(last.rawValue), ordering: .relaxed)
        openOrders.store(count, ordering: .relaxed)
    }

    func projectionWaiting(events count: Int) { eventsWaiting.store(count, ordering: .relaxed) }
    func projectionFailed(_ reason: String) { projectionFailures.add(1, ordering: .relaxed) }
    func recovered() { recoveries.add(1, ordering: .relaxed) }

    /// Events that the tables do not show yet.
    var eventsWaitingForProjection: Int { eventsWaiting.load(ordering: .relaxed) }
    /// The last durable sequence number.
    var durableSequence: SequenceNumber { SequenceNumber(Int64(sequence.load(ordering: .relaxed))) }
    /// The last durable batch.
    var durableBatch: Int64 { Int64(batch.load(ordering: .relaxed)) }

    /// What Prometheus reads.
    func write(into text: inout MetricsText, projected: SequenceNumber, waitingItems: Int) {
        let lag = max(0, durableSequence.rawValue - projected.rawValue)
        let counters: [(String, String, Int)] = [
            ("commands_total", "Commands made durable.", commands.load(ordering: .relaxed)),
            ("batches_total", "Batches committed.", batches.load(ordering: .relaxed)),
            ("events_total", "Events of executed commands.", events.load(ordering: .relaxed)),
            ("journal_bytes_total", "Bytes of commands committed.", commandBytes.load(ordering: .relaxed)),
            ("projection_failures_total", "Projections to repeat.", projectionFailures.load(ordering: .relaxed)),
            ("recoveries_total", "Rebuilds from the database.", recoveries.load(ordering: .relaxed)),
        ]
        for (name, help, value) in counters { text.metric("bombyx_\(name)", .counter, help, Int64(value)) }
        let gauges: [(String, String, Int)] = [
            ("sequence", "Last durable sequence number.", Int(durableSequence.rawValue)),
            ("batch", "Last durable batch.", Int(durableBatch)),
            ("projected_sequence", "Sequence number that the tables show.", Int(projected.rawValue)),
            ("projection_lag_sequence", "Durable commands that the tables do not show yet.", Int(lag)),
            ("projection_waiting_events", "Events waiting to be projected.", eventsWaitingForProjection),
            ("open_orders", "Resting orders.", openOrders.load(ordering: .relaxed)),
            ("engine_waiting_items", "Requests waiting for the engine.", waitingItems),
        ]
        for (name, help, value) in gauges { text.metric("bombyx_\(name)", .gauge, help, Int64(value)) }
        writeCommits(into: &text)
    }

    private func writeCommits(into text: inout MetricsText) {
        let name = "bombyx_batch_commit_seconds"
        text.describe(name, .histogram, "Time of the commit of a batch.")
        for bucket in commitBuckets {
            let bound = bucket.upTo == .max ? "+Inf" : "\(Double(bucket.upTo) / 1_000_000)"
            text.sample("\(name)_bucket", [("le", bound)], Int64(bucket.count.load(ordering: .relaxed)))
        }
        text.sample("\(name)_sum", [], Double(commitMicroseconds.load(ordering: .relaxed)) / 1_000_000)
        text.sample("\(name)_count", [], Int64(batches.load(ordering: .relaxed)))
    }
}
