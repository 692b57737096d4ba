internal import Histogram

/// How long answers took, in two ways: from the moment in which each request was sent, and from the moment in which it
/// should have been sent.
///
/// A generator that waits for a stalled server sends nothing meanwhile and so measures the stall once, where clients
/// that do not know of each other would have met it many times (*coordinated omission*). With a schedule the correct
/// figure is measured; without one it is estimated, by ``correct(everyMicroseconds:)``.
package struct Latencies: Sendable {
    private var sent = Latencies.empty
    private var intended = Latencies.empty

    /// An hour: what takes longer counts as that.
    package static let microsecondsMax: UInt64 = 3_600_000_000

    private static var empty: Histogram<UInt64> {
        Histogram(highestTrackableValue: microsecondsMax, numberOfSignificantValueDigits: .three)
    }

    /// Nothing is recorded yet.
    package init() {}

    /// Figures of one of the two ways, in microseconds with three significant digits. All are 0 when nothing is
    /// recorded.
    package struct Summary: Equatable, Sendable {
        package var count: Int64 = 0
        package var mean: Int64 = 0
        package var p50: Int64 = 0
        package var p90: Int64 = 0
        package var p99: Int64 = 0
        package var p999: Int64 = 0
        package var max: Int64 = 0
    }

    /// One point of the curve of all percentiles.
    package struct Point: Equatable, Sendable {
        /// 0 to 100.
        package let percentile: Double
        package let microseconds: Int64
    }

    /// An answer that came so many nanoseconds after its request was sent, and after it should have been sent.
    package mutating func record(sinceSent: UInt64, sinceIntended: UInt64) {
        sent.record(min(sinceSent / 1_000, Self.microsecondsMax))
        intended.record(min(sinceIntended / 1_000, Self.microsecondsMax))
    }

    /// An answer to a request without a schedule.
    package mutating func record(sinceSent: UInt64) {
        sent.record(min(sinceSent / 1_000, Self.microsecondsMax))
    }

    /// A request that should have been sent so many nanoseconds ago and was not: it would have taken longer than that.
    package mutating func recordUnsent(sinceIntended: UInt64) {
        intended.record(min(sinceIntended / 1_000, Self.microsecondsMax))
    }

    /// Estimates the corrected figures of requests without a schedule: each stream would have sent a request every
    /// so many microseconds, also while it waited for an answer.
    package mutating func correct(everyMicroseconds interval: Int64) {
        intended = Self.empty
        // A shorter interval than the clock is good for would fill the histogram one by one.
        let interval = UInt64(max(10, interval))
        for value in sent.recordedValues() {
            intended.recordCorrectedValue(value.value, count: value.count, expectedInterval: interval)
        }
    }

    /// Takes what another thread has recorded.
    package mutating func add(_ other: Latencies) {
        sent.add(other.sent)
        intended.add(other.intended)
    }

    /// From sending.
    package var measured: Summary { Self.summary(sent) }
    /// From when it should have been sent.
    package var corrected: Summary { Self.summary(intended) }
    /// The percentiles from sending, up to the largest value.
    package var measuredCurve: [Point] { Self.curve(sent) }
    /// The percentiles from when it should have been sent.
    package var correctedCurve: [Point] { Self.curve(intended) }

    private static func summary(_ histogram: Histogram<UInt64>) -> Summary {
        guard histogram.totalCount > 0 else { return Summary() }
        func at(_ percentile: Double) -> Int64 { Int64(histogram.valueAtPercentile(percentile)) }
        return Summary(
            count: Int64(histogram.totalCount),
            mean: Int64(histogram.mean),
            p50: at(50),
            p90: at(90),
            p99: at(99),
            p999: at(99.9),
            max: Int64(histogram.max)
        )
    }

    private static func curve(_ histogram: Histogram<UInt64>) -> [Point] {
        guard histogram.totalCount > 0 else { return [] }
        return histogram.percentiles(ticksPerHalfDistance: 8).map { step in
            Point(percentile: step.percentile, microseconds: Int64(step.value))
        }
    }
}
