import Demonstration
import Testing

@testable import Measurement

@Suite struct ScheduleTests {
    private func times(_ schedule: ArrivalSchedule, _ count: Int) -> [UInt64] {
        var schedule = schedule
        return (0..<count).map { _ in schedule.next() }
    }

    @Test func `A fixed rate has the same time between two requests`() {
        let schedule = ArrivalSchedule(
            perSecond: 1_000,
            spacing: .fixed,
            random: SeededGenerator(seed: 1, stream: 1)
        )
        #expect(times(schedule, 5) == [0, 1_000_000, 2_000_000, 3_000_000, 4_000_000])
    }

    @Test func `Schedules with phases take turns`() {
        let schedules = [0.0, 0.5].map { phase in
            ArrivalSchedule(
                perSecond: 500,
                spacing: .fixed,
                phase: phase,
                random: SeededGenerator(seed: 1, stream: 1)
            )
        }
        #expect(schedules.flatMap { times($0, 3) }.sorted() == [0, 1, 2, 3, 4, 5].map { $0 * 1_000_000 })
    }

    @Test(arguments: ArrivalSchedule.Spacing.allCases)
    func `A ramp grows evenly and then keeps the rate`(spacing: ArrivalSchedule.Spacing) {
        let seed = UInt64.random(in: 0 ... .max)
        let schedule = ArrivalSchedule(
            perSecond: 10_000,
            rampSeconds: 2,
            spacing: spacing,
            random: SeededGenerator(seed: seed, stream: 1)
        )
        let times = times(schedule, 60_000)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }, "seed \(seed)")
        func count(_ seconds: Range<UInt64>) -> Int {
            times.count { (seconds.lowerBound * 1_000_000_000..<seconds.upperBound * 1_000_000_000).contains($0) }
        }
        // A quarter of the ramp's 10,000 in its first half; then 10,000 a second. Six standard deviations are 600.
        #expect((2_200...2_800).contains(count(0..<1)), "seed \(seed)")
        #expect((7_000...8_000).contains(count(1..<2)), "seed \(seed)")
        #expect((9_400...10_600).contains(count(3..<4)), "seed \(seed)")
    }

    @Test func `Times of independent clients spread as an exponential distribution does`() {
        let seed = UInt64.random(in: 0 ... .max)
        let schedule = ArrivalSchedule(
            perSecond: 1_000,
            spacing: .poisson,
            random: SeededGenerator(seed: seed, stream: 1)
        )
        let times = times(schedule, 100_001)
        let gaps = zip(times.dropFirst(), times).map { Double($0 - $1) / 1_000_000 }
        let mean = gaps.reduce(0, +) / 100_000
        #expect(abs(mean - 1) < 0.02, "seed \(seed)")
        // 1 − 1/e of the gaps are shorter than the mean.
        let short = Double(gaps.count { $0 < 1 }) / 100_000
        #expect(abs(short - 0.632) < 0.012, "seed \(seed)")
    }

    @Test(
        arguments: [
            (1.0, 0.0), (2.0, 0.693_147_180_559_945), (10.0, 2.302_585_092_994_046), (0.5, -0.693_147_180_559_945),
            (1e-16, -36.841_361_487_904_73), (1.999_999, 0.693_146_680_559_820),
        ] as [(Double, Double)]
    )
    func `Logarithms are right to eleven digits`(value: Double, logarithm: Double) {
        #expect(abs(Logarithm.natural(value) - logarithm) < 1e-11 * max(1, abs(logarithm)))
    }
}
