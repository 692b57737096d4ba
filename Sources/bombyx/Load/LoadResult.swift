internal import HTTP2
internal import Measurement
internal import Sockets
internal import Synchronization

/// What one thread of a load has found.
struct LoadResult: Sendable {
    /// Latencies by ``Measurement/Operation/Kind``.
    var latencies = [Latencies](repeating: Latencies(), count: Operation.Kind.allCases.count)
    /// Unsent requests, which have no kind.
    var unsent = Latencies()
    var sequences: SequenceRecord
    var losses = LoadOutcome.Losses()
    /// Answers with 201 and with 200.
    var created: Int64 = 0
    var fulfilled: Int64 = 0
    /// All others.
    var refusals: [ServerRefusal.Kind: Int64] = [:]
    /// Answers behind the ramp, and in it.
    var answered: Int64 = 0
    var answeredInRamp: Int64 = 0
    /// Orders that were acknowledged and rest for good, less those whose cancel was acknowledged.
    var resting: Int64 = 0
    /// Offers at the market that were acknowledged, less the bids that take them: at the end of a load some lane may
    /// have offered and not bid.
    var atMarket: Int64 = 0
    /// All offers at the market that were acknowledged.
    var marketOffers: Int64 = 0
    var verification = Verification()
    /// When the last answer of the load came, by ``MonotonicClock``.
    var lastAnswerAt: UInt64 = 0
    var processorMicroseconds: Int64 = 0

    /// What came of asking back.
    struct Verification: Sendable {
        var sampled: Int64 = 0
        var readBack: Int64 = 0
        var repeated: Int64 = 0
        /// Checks that could not be made before the end.
        var open: Int64 = 0
        var faultCount: Int64 = 0
        /// The first of them.
        var faults: [String] = []
        /// Requests that this took, those included that were put off.
        var requests: Int64 = 0
        /// Acknowledgements without a sequence number where it belongs.
        var malformed: Int64 = 0

        mutating func found(_ fault: String) {
            faultCount += 1
            if faults.count < 5 { faults.append(fault) }
        }
    }

    init(after base: Int64) { sequences = SequenceRecord(after: base) }

    mutating func add(_ other: LoadResult) {
        for index in latencies.indices { latencies[index].add(other.latencies[index]) }
        unsent.add(other.unsent)
        sequences.add(other.sequences)
        losses.add(other.losses)
        created += other.created
        fulfilled += other.fulfilled
        refusals.merge(other.refusals) { $0 + $1 }
        answered += other.answered
        answeredInRamp += other.answeredInRamp
        resting += other.resting
        atMarket += other.atMarket
        marketOffers += other.marketOffers
        lastAnswerAt = max(lastAnswerAt, other.lastAnswerAt)
        processorMicroseconds += other.processorMicroseconds
        verification.sampled += other.verification.sampled
        verification.readBack += other.verification.readBack
        verification.repeated += other.verification.repeated
        verification.open += other.verification.open
        verification.faultCount += other.verification.faultCount
        verification.faults = Array((verification.faults + other.verification.faults).prefix(5))
        verification.requests += other.verification.requests
        verification.malformed += other.verification.malformed
    }
}

/// What a thread shows while it works; the main thread looks now and then.
final class LoadGauges: Sendable {
    let readyLanes = Atomic(0)
    /// Requests that the server takes at once on a connection.
    let streamsGranted = Atomic(Int.max)
    let answered = Atomic(0)
    let failed = Atomic(0)
    /// ``LoadThread/Phase``.
    let phase = Atomic(0)
    let lastFailure = Lock<String?>(nil)
    let result = Lock<LoadResult?>(nil)
}
