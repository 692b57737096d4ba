import Testing

@testable import Measurement

@Suite struct LatencyTests {
    /// 100 requests a second for 10 s at a server that answers in 1 ms, but stands still from 5 s to 7 s.
    private static func stall() -> (scheduled: Latencies, closed: Latencies) {
        var scheduled = Latencies()
        var closed = Latencies()
        for index in 0..<1_000 {
            let intended = UInt64(index) * 10_000_000
            let isStalled = (5_000_000_000..<7_000_000_000).contains(intended)
            let answered = isStalled ? 7_001_000_000 : intended + 1_000_000
            // A generator with one stream sends the stalled requests only after the stall.
            let sent = isStalled && intended > 5_000_000_000 ? 7_000_000_000 : intended
            scheduled.record(sinceSent: answered - sent, sinceIntended: answered - intended)
        }
        // Without a schedule one stream waits for the stalled answer and sends nothing meanwhile.
        for index in 0..<800 { closed.record(sinceSent: index == 400 ? 2_001_000_000 : 1_000_000) }
        closed.correct(everyMicroseconds: 10_000)
        return (scheduled, closed)
    }

    @Test func `A stall that is measured once shows in the corrected percentiles of a schedule`() {
        let latencies = Self.stall().scheduled
        // From sending, 999 of 1,000 took a millisecond.
        #expect(latencies.measured.p99 < 1_100)
        #expect(latencies.measured.max >= 2_000_000)
        // From when they should have been sent, a fifth of all waited, evenly from nothing to two seconds.
        #expect(latencies.corrected.p50 < 1_100)
        #expect((900_000...1_100_000).contains(latencies.corrected.p90))
        #expect((1_850_000...1_960_000).contains(latencies.corrected.p99))
    }

    @Test func `The estimate for a load without a schedule finds the same stall`() {
        let latencies = Self.stall().closed
        #expect(latencies.measured.p99 < 1_100)
        #expect(latencies.measured.count == 800)
        #expect((998...1_001).contains(latencies.corrected.count))
        #expect((900_000...1_100_000).contains(latencies.corrected.p90))
        #expect((1_850_000...1_960_000).contains(latencies.corrected.p99))
    }

    @Test func `Requests that were never sent count with the time that they have waited`() {
        var latencies = Latencies()
        latencies.record(sinceSent: 1_000_000, sinceIntended: 1_000_000)
        latencies.recordUnsent(sinceIntended: 3_000_000_000)
        #expect(latencies.measured.count == 1)
        #expect(latencies.corrected.count == 2)
        #expect(latencies.corrected.max >= 2_990_000)
    }

    @Test func `Figures of several threads add up`() {
        var all = Latencies()
        for part in 1...4 {
            var one = Latencies()
            one.record(sinceSent: UInt64(part) * 1_000_000, sinceIntended: UInt64(part) * 2_000_000)
            all.add(one)
        }
        #expect(all.measured.count == 4)
        #expect((4_000...4_010).contains(all.measured.max))
        #expect((8_000...8_020).contains(all.corrected.max))
        #expect(all.measuredCurve.last?.percentile == 100)
    }

    @Test func `More than an hour counts as an hour, and nothing as nothing`() {
        #expect(Latencies().measured == Latencies.Summary())
        #expect(Latencies().measuredCurve.isEmpty)
        var latencies = Latencies()
        latencies.record(sinceSent: .max, sinceIntended: .max)
        #expect(latencies.measured.count == 1)
        #expect(latencies.measured.max >= 3_590_000_000)
    }
}
