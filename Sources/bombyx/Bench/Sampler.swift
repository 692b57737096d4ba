internal import Sockets

/// Times a repeated operation on the calling thread.
///
/// An operation is timed by itself if it takes at least ``overheadsPerSample`` times what reading the clock takes;
/// shorter ones are timed several at once, and a sample is then the mean of so many. What reading the clock takes is
/// taken off each sample.
struct Sampler {
    /// Nanoseconds between two readings of the clock with nothing between them: the median of many.
    let clockNanoseconds: Int64
    /// Whether allocations are counted, found by counting some.
    let countsAllocations: Bool

    /// Samples are at least so many times longer than a reading of the clock, so that its jitter does not count.
    static let overheadsPerSample: Int64 = 20

    init() {
        countsAllocations = AllocationCounter.start() && Self.seesAllocations()
        var gaps: [UInt64] = []
        var last = MonotonicClock.nanoseconds()
        for _ in 0..<10_001 {
            let now = MonotonicClock.nanoseconds()
            gaps.append(now - last)
            last = now
        }
        gaps.sort()
        clockNanoseconds = Int64(gaps[gaps.count / 2])
    }

    /// A known number of allocations is what the counter says.
    private static func seesAllocations() -> Bool {
        var arrays: [[UInt8]] = []
        arrays.reserveCapacity(100)
        let start = AllocationCounter.now
        for _ in 0..<100 { arrays.append([UInt8](repeating: 1, count: 64)) }
        return (AllocationCounter.now - start).calls == 100 && arrays.count == 100
    }

    /// How many operations a sample has when one takes `nanoseconds`.
    func sampleSize(forNanoseconds nanoseconds: Int64) -> Int {
        let wanted = clockNanoseconds * Self.overheadsPerSample
        return Int(max(1, (wanted + max(1, nanoseconds) - 1) / max(1, nanoseconds)))
    }

    /// Runs `body` with 0 ..< `operations`, in samples of `sampleSize`, and allocates nothing meanwhile itself.
    ///
    /// `prepare` is called before each portion of the operations and is not measured; a portion is a whole number of
    /// samples.
    func measure(
        operations: Int,
        sampleSize: Int,
        portion: Int = .max,
        prepare: (Range<Int>) -> Void = { _ in },
        _ body: (Int) -> Void
    ) -> RoundFigures {
        let samples = (operations + sampleSize - 1) / sampleSize
        let samplesAtOnce = max(1, min(samples, portion / sampleSize))
        var times = [UInt64](repeating: 0, count: samples)
        var total: UInt64 = 0
        var allocated = AllocationCounter(calls: 0, bytes: 0)
        for first in stride(from: 0, to: samples, by: samplesAtOnce) {
            let end = min(samples, first + samplesAtOnce)
            prepare(first * sampleSize..<min(operations, end * sampleSize))
            let before = AllocationCounter.now
            let start = MonotonicClock.nanoseconds()
            var last = start
            for sample in first..<end {
                for index in sample * sampleSize..<min(operations, (sample + 1) * sampleSize) { body(index) }
                let now = MonotonicClock.nanoseconds()
                times[sample] = now - last
                last = now
            }
            total += last - start
            allocated.add(AllocationCounter.now - before)
        }
        return figures(operations, sampleSize, total: total, &times, allocated)
    }

    private func figures(
        _ operations: Int,
        _ sampleSize: Int,
        total: UInt64,
        _ times: inout [UInt64],
        _ allocated: AllocationCounter
    ) -> RoundFigures {
        times.sort()
        // The last sample may have fewer operations than the others: it counts as a full one only if it is alone.
        func quantile(_ perMille: Int) -> Int64 {
            let rank = max(1, (times.count * perMille + 999) / 1_000)
            let size = Int64(min(sampleSize, operations))
            return max(0, Int64(times[rank - 1]) - clockNanoseconds) * 1_000 / size
        }
        let clocks = Int64(times.count) * clockNanoseconds
        return RoundFigures(
            operations: Int64(operations),
            mean: max(0, Int64(total) - clocks) * 1_000 / Int64(max(1, operations)),
            p50: quantile(500),
            p99: quantile(990),
            longest: quantile(1_000),
            allocations: allocated.calls * 1_000 / Int64(max(1, operations)),
            allocatedBytes: allocated.bytes * 1_000 / Int64(max(1, operations))
        )
    }
}

/// One round of one measurement. Times are in picoseconds an operation, allocations in thousandths.
struct RoundFigures {
    let operations: Int64
    let mean: Int64
    let p50: Int64
    let p99: Int64
    let longest: Int64
    let allocations: Int64
    let allocatedBytes: Int64

    /// The figures of the parts of which each operation did some: `parts` in all.
    func each(of parts: Int64) -> RoundFigures {
        let parts = max(1, parts)
        func part(_ value: Int64) -> Int64 { Int64(Int128(value) * Int128(operations) / Int128(parts)) }
        return RoundFigures(
            operations: parts,
            mean: part(mean),
            p50: part(p50),
            p99: part(p99),
            longest: part(longest),
            allocations: part(allocations),
            allocatedBytes: part(allocatedBytes)
        )
    }
}

/// Something that is measured in rounds.
final class BenchScenario {
    /// As in JSON: small letters and underscores.
    let name: String
    /// What one operation is, for people.
    let about: String
    /// Runs one round with samples of so many operations.
    let run: (_ sampleSize: Int) throws -> RoundFigures

    private(set) var sampleSize = 1
    private(set) var rounds: [RoundFigures] = []

    /// Operations of a sample where the first round does not decide it: 1 where every operation is timed by itself,
    /// however short it is, so that the rare long one is seen.
    private let fixedSampleSize: Int?

    init(
        _ name: String,
        _ about: String,
        sampleSize: Int? = nil,
        run: @escaping (_ sampleSize: Int) throws -> RoundFigures
    ) {
        self.name = name
        self.about = about
        fixedSampleSize = sampleSize
        self.run = run
    }

    /// Measures all scenarios in turns, because a machine is not the same from minute to minute. A first round of each
    /// warms up, tells the size of the samples, and is not reported.
    static func measure(_ scenarios: [BenchScenario], rounds: Int, _ sampler: Sampler) throws {
        for scenario in scenarios {
            complain("  warming up: \(scenario.name)")
            let pilot = try scenario.run(1)
            scenario.sampleSize =
                scenario.fixedSampleSize ?? sampler.sampleSize(forNanoseconds: pilot.mean / 1_000)
        }
        for number in 1...rounds {
            complain("  round \(number) of \(rounds)")
            for scenario in scenarios { scenario.rounds.append(try scenario.run(scenario.sampleSize)) }
        }
    }

    /// The middle of all rounds, the lower one of two; 0 without rounds.
    func median(_ value: KeyPath<RoundFigures, Int64>) -> Int64 { Spread(rounds.map { $0[keyPath: value] }).median }
    func spread(_ value: KeyPath<RoundFigures, Int64>) -> Spread { Spread(rounds.map { $0[keyPath: value] }) }
}

/// The middle of some figures, and their smallest and largest.
struct Spread {
    let median: Int64
    let least: Int64
    let most: Int64

    init(_ values: [Int64]) {
        let sorted = values.sorted()
        median = sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
        least = sorted.first ?? 0
        most = sorted.last ?? 0
    }
}
