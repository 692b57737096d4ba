import Engine
import Exchange
import Provenance
import Units

/// How a worker is measured, as the formula's text has it: every countersigned receipt is kept, and the sums are made
/// anew from all of them each time.
struct ReferencePerformance {
    /// A receipt, the one countersigned before it on its lease, and when it was recorded.
    private var receipts: [(receipt: Receipt, before: Receipt?, at: Int64, halfLife: Int64)] = []
    var policy = MeasurementPolicyTerms.initial
    private(set) var shown: (throughput: Int64, first: Int64, success: Int64) = (0, 0, 0)
    private(set) var publishedAt: Int64 = 0
    private(set) var expiresAt: Int64 = 0

    mutating func countersigned(_ receipt: Receipt, after before: Receipt?, at time: Int64) {
        receipts.append((receipt, before, time, policy.halfLife))
        let isNothing = receipt.usage == before?.usage ?? .zero && receipt.flags.isDisjoint(with: [.aborted, .refused])
        let isPartial = receipt.flags.contains(.partial)
        let hasTokens = tokens(receipt, before) > 0 && milliseconds(receipt, before) > 0
        guard hasTokens || !(isPartial || isNothing) else { return receipts.removeAll { $0.receipt == receipt } }
        guard time - publishedAt >= policy.interval else { return }
        let sums = sums(at: time)
        let least = policy.samplesMin
        let enough = { (samples: Int64, value: () -> Int64) in samples >= least ? value() : 0 }
        shown.throughput = enough(sums.intervals) { min(1_000_000, sums.tokens * 1_000 / sums.milliseconds) }
        shown.first = enough(sums.firstTokens) { (sums.first + sums.firstTokens - 1) / sums.firstTokens }
        shown.success = enough(sums.jobs) { sums.succeeded * 10_000 / sums.jobs }
        publishedAt = time
        expiresAt = ((time + policy.lifetime) / 3_600_000_000 + 1) * 3_600_000_000
    }

    private func tokens(_ receipt: Receipt, _ before: Receipt?) -> Int64 {
        min(100_000_000, receipt.usage.completion - (before?.usage.completion ?? 0))
    }

    private func milliseconds(_ receipt: Receipt, _ before: Receipt?) -> Int64 {
        min(100_000_000, receipt.endedAt - max(receipt.startedAt, before?.endedAt ?? 0))
    }

    /// What a worker's counts come to in the end.
    struct Sums {
        var (tokens, milliseconds, intervals, first, firstTokens, succeeded, jobs) =
            (0, 0, 0, 0, 0, 0, 0) as (Int64, Int64, Int64, Int64, Int64, Int64, Int64)
        var all: [Int64] { [tokens, milliseconds, intervals, first, firstTokens, succeeded, jobs] }
    }

    func sums(at now: Int64) -> Sums {
        var sums = Sums()
        guard var halved = receipts.first?.at else { return sums }
        for (receipt, before, time, halfLife) in receipts where time <= now {
            while halved + halfLife <= time {
                halved += halfLife
                (sums.tokens, sums.milliseconds, sums.intervals) =
                    (sums.tokens / 2, sums.milliseconds / 2, sums.intervals / 2)
                (sums.first, sums.firstTokens) = (sums.first / 2, sums.firstTokens / 2)
                (sums.succeeded, sums.jobs) = (sums.succeeded / 2, sums.jobs / 2)
            }
            let (more, long) = (tokens(receipt, before), milliseconds(receipt, before))
            if more > 0, long > 0 {
                sums.tokens += more
                sums.milliseconds += long
                sums.intervals += 1
            }
            if receipt.flags.contains(.partial) { continue }
            let hasFailed = receipt.flags.contains(.aborted) || receipt.flags.contains(.refused)
            if !hasFailed, receipt.usage == before?.usage ?? .zero { continue }
            sums.jobs += 1
            if hasFailed { continue }
            sums.succeeded += 1
            guard receipt.timeToFirstToken > 0 else { continue }
            sums.first += Int64(receipt.timeToFirstToken)
            sums.firstTokens += 1
        }
        return sums
    }
}

extension LeaseSchedule {
    /// What the engine measures is what the reference does.
    func comparePerformance() throws {
        let found = engine.performances(of: ReferenceLeases.worker).first
        let performance = reference.performance
        let sums = performance.sums(at: reference.time)
        guard sums.all == found?.tally.numbers ?? ReferencePerformance.Sums().all,
            found?.throughputTPS ?? 0 == performance.shown.throughput,
            found?.ttftMS ?? 0 == performance.shown.first, found?.successBP ?? 0 == performance.shown.success,
            found?.publishedAt.microseconds ?? 0 == performance.publishedAt
        else {
            throw Difference(description: "\(String(describing: found)) is not \(performance.shown) of \(sums.all)")
        }
    }
}
