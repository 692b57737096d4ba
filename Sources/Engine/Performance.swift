package import Exchange
package import Units

/// How the exchange measures workers by the receipts that their apps have countersigned. Public, and an entry of the
/// log whenever it changes.
package struct MeasurementPolicyTerms: Hashable, Sendable {
    /// Samples that a number needs before it counts, 1…``Limits/measurementSamplesMax``.
    package var samplesMin: Int64
    /// Microseconds after which what was counted before counts half,
    /// ``Limits/measurementHalfLifeMin``…``Limits/measurementHalfLifeMax``.
    package var halfLife: Int64
    /// Microseconds between two changes of what offers show, 0…``Limits/measurementIntervalMax``.
    package var interval: Int64
    /// Microseconds after which a number counts no more unless it was measured again,
    /// ``Limits/measurementLifetimeMin``…``Limits/measurementLifetimeMax``.
    package var lifetime: Int64

    package init(
        samplesMin: Int64 = 20,
        halfLife: Int64 = 86_400_000_000,
        interval: Int64 = 60_000_000,
        lifetime: Int64 = 604_800_000_000
    ) {
        self.samplesMin = samplesMin
        self.halfLife = halfLife
        self.interval = interval
        self.lifetime = lifetime
    }

    /// In force until the operator sets another.
    package static let initial = MeasurementPolicyTerms()

    /// In the order in which every form has them.
    package var numbers: [Int64] { [samplesMin, halfLife, interval, lifetime] }
}

/// What a countersigned receipt says of how its worker delivers.
package struct PerformanceSample: Hashable, Sendable {
    /// Completion tokens since the receipt before, and the milliseconds in which they came; both 0 when one is.
    package var tokens: Int64 = 0
    package var milliseconds: Int64 = 0
    /// Milliseconds to the first token of a job that ended; 0 when not measured.
    package var timeToFirstToken: Int64 = 0
    /// The receipt ends a job.
    package var endsJob = false
    /// … that was neither aborted nor refused.
    package var hasSucceeded = false

    package init() {}

    /// Whether it says anything.
    package var isEmpty: Bool { self == PerformanceSample() }
}

/// Sums over samples, of which older ones count less.
package struct PerformanceTally: Hashable, Sendable {
    package var tokens: Int64 = 0
    package var milliseconds: Int64 = 0
    /// Samples with tokens.
    package var intervals: Int64 = 0
    package var firstTokenMilliseconds: Int64 = 0
    /// Samples with a time to the first token.
    package var firstTokens: Int64 = 0
    package var succeeded: Int64 = 0
    /// Jobs that ended.
    package var jobs: Int64 = 0

    package init() {}

    /// In the order in which every form has them.
    package var numbers: [Int64] {
        [tokens, milliseconds, intervals, firstTokenMilliseconds, firstTokens, succeeded, jobs]
    }

    /// `nil` unless there are seven numbers, none below 0.
    package init?(numbers: [Int64]) {
        guard numbers.count == 7, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
        tokens = numbers[0]
        milliseconds = numbers[1]
        intervals = numbers[2]
        firstTokenMilliseconds = numbers[3]
        firstTokens = numbers[4]
        succeeded = numbers[5]
        jobs = numbers[6]
    }

    /// Counts everything half, rounded down, so many times.
    mutating func halve(_ times: Int64) {
        let shift = min(times, 63)
        self = PerformanceTally(numbers: numbers.map { $0 >> shift }) ?? PerformanceTally()
    }

    /// Adds a sample; a sum that has no room for it stays at the largest number.
    mutating func add(_ sample: PerformanceSample) {
        func add(_ value: Int64, to sum: inout Int64) {
            let (more, isTooMuch) = sum.addingReportingOverflow(value)
            sum = isTooMuch ? .max : more
        }
        add(sample.tokens, to: &tokens)
        add(sample.milliseconds, to: &milliseconds)
        add(sample.tokens > 0 ? 1 : 0, to: &intervals)
        add(sample.timeToFirstToken, to: &firstTokenMilliseconds)
        add(sample.timeToFirstToken > 0 ? 1 : 0, to: &firstTokens)
        add(sample.hasSucceeded ? 1 : 0, to: &succeeded)
        add(sample.endsJob ? 1 : 0, to: &jobs)
    }

    /// What it comes to, in whole numbers; 0 where there are fewer samples than needed.
    ///
    /// - throughput: `floor(tokens × 1,000 / milliseconds)` tokens a second
    /// - time to first token: `ceil(first-token milliseconds / first tokens)`
    /// - success ratio: `floor(succeeded × 10,000 / jobs)`
    package subscript(trait: Trait, samplesMin samplesMin: Int64) -> Int64 {
        let (samples, dividend, divisor) =
            switch trait {
            case .throughputTPS: (intervals, Int128(tokens) * 1_000, milliseconds)
            case .ttftMS: (firstTokens, Int128(firstTokenMilliseconds) + Int128(firstTokens) - 1, firstTokens)
            case .uptimeBP: (jobs, Int128(succeeded) * 10_000, jobs)
            default: (0, 0, 0)
            }
        guard samples >= samplesMin, divisor > 0 else { return 0 }
        guard case .number(let range) = trait.kind else { return 0 }
        return Int64(min(dividend / Int128(divisor), Int128(range.upperBound)))
    }
}

/// How a worker delivers a model, by what was countersigned: the sums of what each sample says, and what its offers
/// show of them.
///
/// The formula, in integers throughout. Let R be a countersigned receipt of a lease, recorded at time t, and P the one
/// countersigned before it on the lease, if any:
///
/// 1. `n = floor((t − halved at) / half-life)`; all sums are halved n times, each time rounded down, and `halved at`
///    rises by n half-lives.
/// 2. `d` = R's completion tokens less P's, `m` = R's end less the later of R's start and P's end, in milliseconds. If
///    both are above 0: tokens + d, milliseconds + m, intervals + 1; at most ``Limits/sampleMax`` of each.
/// 3. Unless R is `partial`, or states no more usage than P and is neither `aborted` nor `refused`: jobs + 1; if it is
///    neither `aborted` nor `refused`, succeeded + 1; and if it states a time to first token, that is added, and first
///    tokens + 1.
/// 4. At the first receipt with a sample at least an interval after the last change, what offers show becomes what the
///    sums come to (``PerformanceTally/subscript(_:samplesMin:)``), until the end of the hour in which the lifetime has
///    passed.
package struct PerformanceRecord: Hashable, Sendable {
    package let account: AccountID
    package let model: ModelID
    package var tally = PerformanceTally()
    /// Up to when the sums were halved.
    package var halvedAt: LogicalTime
    /// What offers show: tokens a second, milliseconds, and 1/10,000; 0 for what is not known.
    package var throughputTPS: Int64 = 0
    package var ttftMS: Int64 = 0
    package var successBP: Int64 = 0
    /// When that became what it is; ``LogicalTime/zero`` when it never did.
    package var publishedAt = LogicalTime.zero
    package var expiresAt = LogicalTime.zero

    package init(account: AccountID, model: ModelID, at time: LogicalTime) {
        self.account = account
        self.model = model
        halvedAt = time
    }

    /// What offers show of a measured trait; 0 of any other, and when it is over.
    package func shown(_ trait: Trait, at time: LogicalTime) -> Int64 {
        guard time < expiresAt else { return 0 }
        return switch trait {
        case .throughputTPS: throughputTPS
        case .ttftMS: ttftMS
        case .uptimeBP: successBP
        default: 0
        }
    }

    /// Whether offers are in the same class with it as with another.
    func showsAlike(_ other: PerformanceRecord, at time: LogicalTime) -> Bool {
        Trait.measured.allSatisfy { $0.step(for: shown($0, at: time)) == $0.step(for: other.shown($0, at: time)) }
    }

    /// Steps 1 to 3 of the formula.
    mutating func add(_ sample: PerformanceSample, at time: LogicalTime, _ policy: MeasurementPolicyTerms) {
        let times = max(0, time.microseconds - halvedAt.microseconds) / policy.halfLife
        if times > 0 {
            tally.halve(times)
            halvedAt = LogicalTime(microseconds: halvedAt.microseconds + times * policy.halfLife)
        }
        tally.add(sample)
    }

    /// Step 4, when its time has come.
    func published(at time: LogicalTime, _ policy: MeasurementPolicyTerms) -> PerformanceRecord? {
        guard time.microseconds - publishedAt.microseconds >= policy.interval else { return nil }
        var record = self
        record.throughputTPS = tally[.throughputTPS, samplesMin: policy.samplesMin]
        record.ttftMS = tally[.ttftMS, samplesMin: policy.samplesMin]
        record.successBP = tally[.uptimeBP, samplesMin: policy.samplesMin]
        record.publishedAt = time
        let hour: Int64 = 3_600_000_000
        record.expiresAt = LogicalTime(microseconds: ((time.microseconds + policy.lifetime) / hour + 1) * hour)
        return record
    }

    var recordHash: RecordHash {
        var hash = RecordHash(tag: 75)
        hash.combine(account.rawValue)
        hash.combine(model.rawValue)
        for number in tally.numbers + [throughputTPS, ttftMS, successBP] { hash.combine(number) }
        for time in [halvedAt, publishedAt, expiresAt] { hash.combine(time.microseconds) }
        return hash
    }
}

extension MeasurementPolicyTerms {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 76)
        for number in numbers { hash.combine(number) }
        return hash
    }
}
