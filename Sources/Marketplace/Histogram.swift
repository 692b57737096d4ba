internal import API
internal import Synchronization

/// How often something was how large, for one thread that counts and any that reads.
///
/// Whoever counts is alone, so counting is a plain load, an addition and a plain store: the atomics only keep readers
/// from seeing half a value.
final class Histogram: Sendable {
    /// What values are counted in, and how they are written.
    struct Scale: Sendable {
        /// Upper bounds, ascending, at most ``Histogram/boundsMax``; what is above all of them is counted too.
        let bounds: [Int64]
        /// Values that make one unit of the metric: 1,000,000 for microseconds shown as seconds.
        let unit: Int64

        /// Times in microseconds, shown in seconds: from what a book's answer takes to what a client gives up after.
        static let latency = Scale(
            bounds: [
                100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
            ],
            unit: 1_000_000
        )
        /// Times of one batch in microseconds, shown in seconds.
        static let batch = Scale(
            bounds: [100, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 64_000, 256_000, 1_000_000],
            unit: 1_000_000
        )
        /// Commands of one batch.
        static let commands = Scale(bounds: [1, 4, 16, 64, 256, 1_024, 4_096, 10_000], unit: 1)
    }

    static let boundsMax = 15

    private let scale: Scale
    /// By bound; the one after the last bound is of what is above it.
    private let counts: InlineArray<16, Atomic<Int64>>
    private let sum = Atomic<Int64>(0)

    init(_ scale: Scale) {
        precondition(scale.bounds.count <= Self.boundsMax, "a histogram has 15 bounds at most")
        self.scale = scale
        counts = InlineArray { _ in Atomic(0) }
    }

    /// Counts a value; one thread at a time.
    func record(_ value: Int64) {
        var index = 0
        while index < scale.bounds.count, value > scale.bounds[index] { index += 1 }
        counts[index].store(counts[index].load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        sum.store(sum.load(ordering: .relaxed) &+ value, ordering: .relaxed)
    }

    /// What was counted so far; a value that is being counted may be in one part of it and not in the other.
    var reading: Reading {
        Reading(scale: scale, counts: (0...scale.bounds.count).map { counts[$0].load(ordering: .relaxed) }, sum: total)
    }

    private var total: Int64 { sum.load(ordering: .relaxed) }

    /// A histogram at a moment. Readings of several threads' histograms are added.
    struct Reading: Sendable {
        let scale: Scale
        var counts: [Int64]
        var sum: Int64

        var count: Int64 { counts.reduce(0, +) }

        init(scale: Scale, counts: [Int64]? = nil, sum: Int64 = 0) {
            self.scale = scale
            self.counts = counts ?? [Int64](repeating: 0, count: scale.bounds.count + 1)
            self.sum = sum
        }

        mutating func add(_ other: Reading) {
            for index in counts.indices { counts[index] += other.counts[index] }
            sum += other.sum
        }

        /// The samples of one set of labels: cumulative buckets, sum and count.
        func write(_ name: String, _ labels: [(String, String)] = [], into text: inout MetricsText) {
            var cumulative: Int64 = 0
            for (index, count) in counts.enumerated() {
                cumulative += count
                let bound = index < scale.bounds.count ? shown(scale.bounds[index]) : "+Inf"
                text.sample(name + "_bucket", labels + [("le", bound)], cumulative)
            }
            text.sample(name + "_sum", labels, Double(sum) / Double(scale.unit))
            text.sample(name + "_count", labels, cumulative)
        }

        private func shown(_ bound: Int64) -> String {
            scale.unit == 1 ? "\(bound)" : "\(Double(bound) / Double(scale.unit))"
        }
    }
}

/// A number that one thread at a time raises and any thread reads.
final class Counter: Sendable {
    private let count = Atomic<Int64>(0)

    init() {}

    func add(_ number: Int64 = 1) { count.store(count.load(ordering: .relaxed) &+ number, ordering: .relaxed) }

    var value: Int64 { count.load(ordering: .relaxed) }
}
