internal import Measurement

/// What became of one phase of an ``OrderFlood``.
struct FloodFigures: Sendable {
    /// How long requests were sent, in nanoseconds.
    let nanoseconds: UInt64
    /// Requests that were due; in a closed loop, those that were sent.
    var offered: Int64 = 0
    var sent: Int64 = 0
    /// Orders whose acknowledgement came while requests were sent, and afterwards.
    var acknowledgedMeanwhile: Int64 = 0
    var acknowledgedLater: Int64 = 0
    /// All other answers.
    var refusals: [ServerRefusal.Kind: Int64] = [:]
    /// Refusals with 503 or 429 that did not say when to come again.
    var withoutRetryAfter: Int64 = 0
    /// Acknowledgements without a sequence number.
    var malformed: Int64 = 0
    /// Requests without an answer, and connections that ended.
    var unanswered: Int64 = 0
    var connectionsLost: Int64 = 0
    var acknowledgements = Latencies()
    var refused = Latencies()
    /// Of the generator.
    var processorMicroseconds: Int64 = 0

    init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    var acknowledged: Int64 { acknowledgedMeanwhile + acknowledgedLater }
    var refusedCount: Int64 { refusals.values.reduce(0, +) }
    /// Requests that were due when no stream was free.
    var shed: Int64 { offered - sent }

    /// So many a second, of 1,000 seconds.
    func perKilosecond(_ count: Int64) -> Int64 {
        Int64(clamping: Int128(count) * 1_000_000_000_000 / Int128(max(1, nanoseconds)))
    }
}

/// The orders that were acknowledged to a client.
struct AcknowledgedOrders: Sendable {
    private(set) var sequences: SequenceRecord
    private(set) var count: Int64 = 0
    /// Of their ids.
    private(set) var sum: Int128 = 0

    init(after base: Int64) { sequences = SequenceRecord(after: base) }

    mutating func add(_ order: Int64) {
        sequences.add(order)
        count += 1
        sum += Int128(order)
    }

    mutating func add(_ other: AcknowledgedOrders) {
        sequences.add(other.sequences)
        count += other.count
        sum += other.sum
    }
}
