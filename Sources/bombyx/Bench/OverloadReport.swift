internal import Demonstration
internal import JSON
internal import Marketplace
internal import Measurement

/// What `bombyx bench overload` has measured.
struct OverloadReport {
    let options: BenchOverload
    private let machine = MachineFacts()
    /// Requests under way, and orders a second, of 1,000 seconds.
    var tried: [(underWay: Int, perKilosecond: Int64)] = []
    var peakUnderWay = 0
    var peak = FloodFigures(nanoseconds: 1)
    /// One order at a time before the overload.
    var singles = Latencies()
    var singleRowWorst: Int64 = 0
    var flood = FloodFigures(nanoseconds: 1)
    var cancelling = CancellingClient(key: "", body: [], resting: [], after: 0)
    var health = HealthClient()
    var backlog = BacklogClient()
    var memoryBefore: Int64 = 0
    var memoryMost: Int64 = 0
    var memoryAfter: Int64 = 0
    /// Of the server and its database, in the overload, in microseconds.
    var processor: (server: Int64, database: Int64) = (0, 0)
    /// `nil` when it did not come back in time.
    var recoveryMicroseconds: Int64?
    var catchUp: CatchUp?
    var checks: [LoadOutcome.Check] = []

    init(_ options: BenchOverload) { self.options = options }

    /// What the tables say of orders.
    struct Tables {
        let orders: Int64
        /// Of all ids.
        let sum: Int128
        let resting: Int64
    }

    private var peakPerKilosecond: Int64 { peak.perKilosecond(peak.acknowledgedMeanwhile) }
    private var goodputPerKilosecond: Int64 { flood.perKilosecond(flood.acknowledgedMeanwhile) }
    var peakPerSecond: Double { Double(peakPerKilosecond) / 1_000 }

    /// `part` in thousandths of the peak, and of what was due.
    private func ofPeak(_ part: Int64) -> Int64 { Self.share(part, of: peakPerKilosecond) }
    private func ofDue(_ part: Int64) -> Int64 { Self.share(part, of: flood.perKilosecond(flood.offered)) }

    private static func share(_ part: Int64, of whole: Int64) -> Int64 {
        Int64(clamping: Int128(part) * 1_000 / Int128(max(1, whole)))
    }

    /// What a request under way may take of its stream, a KiB, and of its answer.
    static let bytesUnderWay: Int64 = 2_048

    /// Beyond that, memory is not bounded: it follows from what may be under way and not from how long that goes on.
    /// The events that the tables lack grow with time until the server refuses orders for them; so what they took is
    /// counted, as far as they may, and not what they may.
    private var memoryMax: Int64 {
        let underWay = Int64(options.connections * BenchOverload.streams) * Self.bytesUnderWay
        let waiting = Int64(BatchLimits.waiting.withReserve.bytes)
        let backlog = min(backlog.bytesMost, Int64(BatchLimits.projectionBytesMax))
        // The allocator keeps pages that are used in part.
        return memoryBefore + (underWay + waiting + backlog) * 5 / 4
    }

    /// Prints the report, and says whether all held.
    func finish() -> Bool {
        if options.json { Bench.say(json) } else { for line in lines { say(line) } }
        return isSound
    }

    private var isSound: Bool { checks.allSatisfy(\.holds) }

    /// Compares what clients were told with what the server has.
    mutating func check(_ acknowledged: AcknowledgedOrders, unanswered: Int64, _ tables: Tables) {
        let numbers = acknowledged.sequences
        let given = numbers.duplicate.map { "\($0) was given twice" } ?? numbers.impossible.map { "\($0) cannot be" }
        checks.append(
            LoadOutcome.Check(
                "no order was acknowledged twice",
                holds: given == nil && flood.malformed == 0 && peak.malformed == 0,
                given ?? "\(Figures.count(acknowledged.count)) acknowledged"
            )
        )
        // Of what nobody answered the tables may have any.
        let isWhole =
            unanswered == 0
            ? tables.orders == acknowledged.count && tables.sum == acknowledged.sum
            : (acknowledged.count...acknowledged.count + unanswered).contains(tables.orders)
        checks.append(
            LoadOutcome.Check(
                "every acknowledged order is in the tables, and no other",
                holds: isWhole,
                "\(Figures.count(tables.orders)) there, \(Figures.count(acknowledged.count)) acknowledged, "
                    + "\(Figures.count(unanswered)) without an answer"
            )
        )
        let resting = cancelling.restingCount
        let mayRest = resting...resting + cancelling.placements.unanswered + cancelling.cancels.unanswered
        checks.append(
            LoadOutcome.Check(
                "those rest that were not cancelled",
                holds: mayRest.contains(tables.resting),
                "\(Figures.count(tables.resting)) rest, \(Figures.count(resting)) should"
            )
        )
        checkRequests()
        checkMemory()
        checkSpeed()
    }

    private mutating func checkRequests() {
        let cancels = cancelling.cancels
        let refused = cancels.refusals.map { "\(Figures.count($0.value)) times \($0.key.status) \($0.key.code)" }
        checks.append(
            LoadOutcome.Check(
                "every cancel got through",
                holds: cancels.sent > 0 && cancels.succeeded == cancels.sent,
                "\(Figures.count(cancels.succeeded)) of \(Figures.count(cancels.sent))"
                    + refused.sorted().map { ", " + $0 }.joined()
            )
        )
        let wrong = flood.refusals.filter { ![503, 429].contains($0.key.status) }
        checks.append(
            LoadOutcome.Check(
                "every refusal was 503 or 429 and said when to come again",
                holds: wrong.isEmpty && flood.withoutRetryAfter == 0,
                "\(Figures.count(flood.refusedCount)) refusals, "
                    + "\(Figures.count(wrong.values.reduce(0, +) + flood.withoutRetryAfter)) others"
            )
        )
        checks.append(
            LoadOutcome.Check(
                "every request was answered",
                holds: flood.unanswered == 0 && flood.connectionsLost == 0 && health.asked > 0
                    && health.healthy == health.asked,
                "\(Figures.count(flood.unanswered)) were not, "
                    + "\(Figures.count(flood.connectionsLost)) connections lost, "
                    + "health \(Figures.count(health.healthy)) of \(Figures.count(health.asked))"
            )
        )
    }

    private mutating func checkMemory() {
        let isKnown = backlog.asked > 0 && backlog.answered == backlog.asked
        checks.append(
            LoadOutcome.Check(
                "memory is bounded",
                holds: isKnown && memoryMost <= memoryMax,
                "\(Figures.bytes(memoryMost)) at most, bound \(Figures.bytes(memoryMax)); the tables lacked "
                    + (isKnown ? "at most \(Figures.bytes(backlog.bytesMost))" : "nobody knows what")
            )
        )
    }

    private mutating func checkSpeed() {
        if options.goodputLimit > 0 {
            let limit = Int64(options.goodputLimit) * 10
            checks.append(
                LoadOutcome.Check(
                    "acknowledged at least \(Self.thousandths(limit)) of the peak",
                    holds: ofPeak(goodputPerKilosecond) >= limit,
                    Self.thousandths(ofPeak(goodputPerKilosecond))
                )
            )
        }
        if options.recoveryLimit > 0 {
            checks.append(
                LoadOutcome.Check(
                    "as before within \(options.recoveryLimit) s of the end",
                    holds: recoveryMicroseconds.map { $0 <= Int64(options.recoveryLimit) * 1_000_000 } ?? false,
                    recovery
                )
            )
        }
    }
}

// For people.
extension OverloadReport {
    var title: String {
        """
        Ten times the peak for \(options.duration) s: single offers, ioc, cleartext, no rate limit; \
        \(Figures.count(options.connections)) connections with \(BenchOverload.streams) streams
          \(machine.line)
        """
    }

    func line(underWay: Int, _ perKilosecond: Int64) -> String {
        "  \(Figures.count(underWay)) under way: \(Self.whole(perKilosecond)) orders/s"
    }

    private var lines: [String] {
        var table = TextTable("lrrr")
        table.row("", "a second", "of the peak", "of what was due")
        row(&table, "peak, \(Figures.count(peakUnderWay)) under way", peakPerKilosecond, isDue: false)
        row(&table, "due in the overload", flood.perKilosecond(flood.offered))
        row(&table, "sent", flood.perKilosecond(flood.sent))
        row(&table, "shed by the client, no stream was free", flood.perKilosecond(flood.shed))
        row(&table, "refused", flood.perKilosecond(flood.refusedCount))
        row(&table, "goodput", goodputPerKilosecond)
        var times = TextTable("lrrrr")
        times.row("", "count", "p50", "p99", "longest")
        row(&times, "one order at a time before", singles.measured)
        row(&times, "orders at the peak", peak.acknowledgements.measured)
        row(&times, "orders in the overload", flood.acknowledgements.measured)
        row(&times, "refusals", flood.refused.measured)
        row(&times, "cancels, from when they were due", cancelling.cancels.latencies.corrected)
        row(&times, "orders of the same client", cancelling.placements.latencies.corrected)
        row(&times, "GET /healthz", health.latencies.corrected)
        var all = [""] + table.lines() + [""] + times.lines() + [""]
        for (refusal, count) in flood.refusals.sorted(by: {
            ($0.key.status, $0.key.code) < ($1.key.status, $1.key.code)
        }) {
            all.append("  refused with \(refusal.status) \(refusal.code): \(Figures.count(count))")
        }
        let cancels = cancelling.cancels
        all += [
            "  cancels sent \(Figures.count(cancels.sent)), through \(Figures.count(cancels.succeeded)); orders beside "
                + "them sent \(Figures.count(cancelling.placements.sent)), "
                + "acknowledged \(Figures.count(cancelling.placements.succeeded))",
            "  memory of the server before \(Figures.bytes(memoryBefore)), at most \(Figures.bytes(memoryMost)), "
                + "after \(Figures.bytes(memoryAfter))",
            "  as before again: \(recovery)",
            "  tables behind at the end: \(catchUp.map { Figures.duration($0.microseconds) } ?? "–")",
            "  processors: server \(used(processor.server)), PostgreSQL \(used(processor.database)), "
                + "generator \(used(flood.processorMicroseconds))",
            "",
        ]
        all += checks.map { "  \($0.holds ? "holds " : "BROKEN") \($0.rule): \($0.detail)" }
        if MachineFacts.build == "debug" { all.append("  A DEBUG BUILD: these figures mean nothing") }
        return all
    }

    private var recovery: String {
        guard let recoveryMicroseconds else { return "not in time" }
        let worst = "p99 of \(SinglePosts.row) orders one at a time at most \(Figures.duration(singleRowWorst))"
        return "\(Figures.duration(recoveryMicroseconds)) after the load (\(worst))"
    }

    private func row(_ table: inout TextTable, _ name: String, _ perKilosecond: Int64, isDue: Bool = true) {
        let part = isDue ? Self.thousandths(ofDue(perKilosecond)) : ""
        table.row(name, Self.whole(perKilosecond), Self.thousandths(ofPeak(perKilosecond)), part)
    }

    private func row(_ table: inout TextTable, _ name: String, _ times: Latencies.Summary) {
        let shown = [times.p50, times.p99, times.max].map(Figures.duration)
        table.row(name, Figures.count(times.count), shown[0], shown[1], shown[2])
    }

    /// Of one processor.
    private func used(_ microseconds: Int64) -> String {
        Figures.percent(Int128(microseconds) * 1_000, of: Int128(flood.nanoseconds))
    }

    private static func whole(_ perKilosecond: Int64) -> String { Figures.count((perKilosecond + 500) / 1_000) }
    private static func thousandths(_ value: Int64) -> String { Figures.decimal(Int128(value), scale: 3, decimals: 3) }
}

// For programs.
extension OverloadReport {
    private var json: JSONValue {
        .members([
            ("machine", machine.json),
            ("seconds", .integer(Int64(options.duration))),
            ("connections", .integer(Int64(options.connections))),
            ("streams", .integer(Int64(BenchOverload.streams))),
            ("tried", .array(tried.map(Self.json))),
            ("peak_under_way", .integer(Int64(peakUnderWay))),
            ("peak_orders_per_second", .thousandths(peakPerKilosecond)),
            ("due_per_second", .thousandths(flood.perKilosecond(flood.offered))),
            ("sent_per_second", .thousandths(flood.perKilosecond(flood.sent))),
            ("shed_per_second", .thousandths(flood.perKilosecond(flood.shed))),
            ("refused_per_second", .thousandths(flood.perKilosecond(flood.refusedCount))),
            ("goodput_orders_per_second", .thousandths(goodputPerKilosecond)),
            ("due_ratio", .thousandths(ofPeak(flood.perKilosecond(flood.offered)))),
            ("sent_ratio", .thousandths(ofPeak(flood.perKilosecond(flood.sent)))),
            ("goodput_ratio", .thousandths(ofPeak(goodputPerKilosecond))),
            ("sent_of_due_ratio", .thousandths(ofDue(flood.perKilosecond(flood.sent)))),
            ("refused_of_due_ratio", .thousandths(ofDue(flood.perKilosecond(flood.refusedCount)))),
            ("refusals", .array(flood.refusals.map(Self.json))),
            ("singles_before", singles.measured.json),
            ("orders", flood.acknowledgements.measured.json),
            ("refused", flood.refused.measured.json),
            ("cancels_sent", .integer(cancelling.cancels.sent)),
            ("cancels_through", .integer(cancelling.cancels.succeeded)),
            ("cancels", cancelling.cancels.latencies.corrected.json),
            ("placements_sent", .integer(cancelling.placements.sent)),
            ("placements_acknowledged", .integer(cancelling.placements.succeeded)),
            ("placements", cancelling.placements.latencies.corrected.json),
            ("health", health.latencies.corrected.json),
            ("memory_before_bytes", .integer(memoryBefore)),
            ("memory_most_bytes", .integer(memoryMost)),
            ("memory_after_bytes", .integer(memoryAfter)),
            ("memory_bound_bytes", .integer(memoryMax)),
            ("tables_lacked_most_bytes", .integer(backlog.bytesMost)),
            ("recovery_microseconds", recoveryMicroseconds.map { .integer($0) } ?? .null),
            ("tables_caught_up_microseconds", .integer(catchUp?.microseconds ?? -1)),
            ("server_cpu_microseconds", .integer(processor.server)),
            ("database_cpu_microseconds", .integer(processor.database)),
            ("generator_cpu_microseconds", .integer(flood.processorMicroseconds)),
            ("checks", .array(checks.map(\.json))),
            ("sound", .boolean(isSound)),
        ])
    }

    private static func json(_ tried: (underWay: Int, perKilosecond: Int64)) -> JSONValue {
        .members([
            ("under_way", .integer(Int64(tried.underWay))),
            ("orders_per_second", .thousandths(tried.perKilosecond)),
        ])
    }

    private static func json(_ refusal: (key: ServerRefusal.Kind, value: Int64)) -> JSONValue {
        .members([
            ("status", .integer(Int64(refusal.key.status))), ("code", .string(refusal.key.code)),
            ("count", .integer(refusal.value)),
        ])
    }
}
