internal import Demonstration
internal import JSON
internal import Measurement

/// What `bombyx bench attacks` has measured.
struct AttackReport {
    private let options: BenchAttacks
    private let machine = MachineFacts()
    var rows: [Row] = []
    var slow: [SlowRow] = []

    /// What the slow clients are called together.
    static let slowClients = "all slow clients at once"
    /// Bytes by which the server may grow, whatever the attack.
    static let growthMax: Int64 = 32 << 20
    /// What a slow client may last beyond the server's own time: the server looks once a second, the client says
    /// something once a second, and both do so beside two hundred others.
    static let toleranceMilliseconds: Int64 = 5_000

    /// A client that asks for health beside an attack; over TLS the handshake is a part of what a newcomer waits for.
    enum Bystander: Int, CaseIterable {
        case cleartext
        case cleartextAnew
        case tls
        case tlsAnew

        var isOverTLS: Bool { self == .tls || self == .tlsAnew }
        var comesAnew: Bool { self == .cleartextAnew || self == .tlsAnew }
        var name: String { (isOverTLS ? "TLS" : "cleartext") + (comesAnew ? ", anew" : "") }
    }

    /// One attack at one door.
    struct Row {
        let name: String
        let door: String
        /// Who comes anew beside connections that only come and go waits in the same queue of the system, behind those
        /// that nobody wants any more: that is told, and not judged.
        let judgesNewcomers: Bool
        var tally = Attacker.Tally()
        /// Of each bystander.
        var health = Bystander.allCases.map { _ in HealthClient() }
        /// Bytes of memory at the most, above those at the start of all.
        var growth: Int64 = 0
        /// Beyond those at the start of all, when it was over.
        var descriptors = 0
    }

    /// Slow clients of one kind at one door.
    struct SlowRow {
        let name: String
        let door: String
        let connections: Int
        /// Milliseconds that the server gives them.
        let endsWithin: Int64
        /// Milliseconds until the server ended each, or reset its stream, in this order.
        var endedAfter: [Int64] = []
    }

    init(_ options: BenchAttacks) { self.options = options }

    /// Prints the report, and says whether all held.
    func finish() -> Bool {
        if options.json { Bench.say(json) } else { for line in lines { say(line) } }
        return checks.allSatisfy(\.holds)
    }

    // MARK: What must hold

    private var checks: [LoadOutcome.Check] {
        [answered, timely, small, closed] + (options.slowConnections > 0 ? [cutOff] : [])
    }

    private var answered: LoadOutcome.Check {
        let clients = rows.flatMap(\.health)
        let (asked, healthy) = clients.reduce((0, 0)) { ($0.0 + $1.asked, $0.1 + $1.healthy) }
        return LoadOutcome.Check(
            "every question was answered",
            holds: asked == healthy && clients.allSatisfy { $0.asked > 0 },
            "\(Figures.count(healthy)) of \(Figures.count(asked))"
        )
    }

    private var timely: LoadOutcome.Check {
        let all = rows.flatMap { row in
            Bystander.allCases.filter { !$0.comesAnew || row.judgesNewcomers }.map { bystander in
                (p99: row.times(of: bystander).p99, "\(row.name), \(row.door), for \(bystander.name)")
            }
        }
        let worst = all.max { $0.p99 < $1.p99 }
        return LoadOutcome.Check(
            "in each attack 99 of 100 were answered within \(options.healthLimit) ms",
            holds: worst.map { $0.p99 <= Int64(options.healthLimit) * 1_000 } ?? false,
            worst.map { "\(Figures.duration($0.p99)) in \($0.1)" } ?? "no attack"
        )
    }

    private var small: LoadOutcome.Check {
        let worst = rows.max { $0.growth < $1.growth }
        return LoadOutcome.Check(
            "memory grew by at most \(Figures.bytes(Self.growthMax))",
            holds: worst.map { $0.growth <= Self.growthMax } ?? false,
            worst.map { "\(Figures.bytes($0.growth)) in \($0.name), \($0.door)" } ?? "no attack"
        )
    }

    private var closed: LoadOutcome.Check {
        let left = rows.filter { $0.descriptors > 0 }.map { "\($0.descriptors) after \($0.name), \($0.door)" }
        return LoadOutcome.Check(
            "all descriptors were closed again",
            holds: left.isEmpty,
            left.isEmpty ? "after each of \(rows.count) attacks" : left.joined(separator: "; ")
        )
    }

    private var cutOff: LoadOutcome.Check {
        let (all, ended) = slow.reduce((0, 0)) { ($0.0 + $1.connections, $0.1 + $1.endedAfter.count) }
        let left = slow.filter { $0.endedAfter.count < $0.connections }.map { ", not \($0.name), \($0.door)" }
        let late = slow.filter(\.isLate).map { ", late \($0.name), \($0.door)" }
        return LoadOutcome.Check(
            "every slow client was cut off, at most \(Self.toleranceMilliseconds / 1_000) s late",
            holds: all == ended && late.isEmpty && all > 0,
            "\(Figures.count(ended)) of \(Figures.count(all))" + (left + late).joined()
        )
    }

    // MARK: For people

    private var lines: [String] {
        var all = [
            "\(options.connections) connections for \(options.seconds) s at each door of a server",
            "  " + machine.line, "",
        ]
        if MachineFacts.build == "debug" { all.append("  A DEBUG BUILD: these figures mean nothing") }
        var table = TextTable("llrrrrrrrrr")
        table.row(
            "attack",
            "door",
            "opened",
            "ended",
            "sent",
            "/healthz p50",
            "p99",
            "anew",
            "TLS p99",
            "anew",
            "memory"
        )
        for row in rows {
            let p99 = Bystander.allCases.map { Figures.duration(row.times(of: $0).p99) }
            table.row(
                row.name,
                row.door,
                Figures.count(row.tally.opened),
                Figures.count(row.tally.ended),
                Figures.bytes(row.tally.bytes),
                Figures.duration(row.times(of: .cleartext).p50),
                p99[0],
                p99[1],
                p99[2],
                p99[3],
                "+" + Figures.bytes(max(0, row.growth))
            )
        }
        all += table.lines() + ["  anew: the 99th percentile where each question is asked on a new connection", ""]
        if !slow.isEmpty {
            var table = TextTable("llrrrrr")
            table.row("slow client", "door", "opened", "ended", "due after", "first after", "last after")
            for row in slow {
                let times = [row.endsWithin, row.endedAfter.first, row.endedAfter.last].map { time in
                    time.map { Figures.duration($0 * 1_000) } ?? "–"
                }
                let counts = ["\(row.connections)", "\(row.endedAfter.count)"]
                table.row(row.name, row.door, counts[0], counts[1], times[0], times[1], times[2])
            }
            all += table.lines() + [""]
        }
        return all + checks.map { "  \($0.holds ? "holds " : "BROKEN") \($0.rule): \($0.detail)" }
    }

    // MARK: For programs

    private var json: JSONValue {
        .members([
            ("machine", machine.json),
            ("seconds", .integer(Int64(options.seconds))),
            ("connections", .integer(Int64(options.connections))),
            ("attacks", .array(rows.map(Self.json))),
            ("slow_clients", .array(slow.map(Self.json))),
            ("checks", .array(checks.map(\.json))),
            ("sound", .boolean(checks.allSatisfy(\.holds))),
        ])
    }

    private static func json(_ row: Row) -> JSONValue {
        .members([
            ("attack", .string(row.name)), ("door", .string(row.door)),
            ("opened", .integer(Int64(row.tally.opened))), ("ended", .integer(Int64(row.tally.ended))),
            ("refused", .integer(Int64(row.tally.refused))), ("bytes", .integer(row.tally.bytes)),
            (
                "health",
                .array(
                    Bystander.allCases.map { bystander in
                        let client = row.health[bystander.rawValue]
                        return .members([
                            ("client", .string(bystander.name)), ("asked", .integer(client.asked)),
                            ("answered", .integer(client.healthy)),
                            ("times", row.times(of: bystander).json),
                        ])
                    }
                )
            ),
            ("growth_bytes", .integer(row.growth)),
            ("descriptors_left", .integer(Int64(row.descriptors))),
        ])
    }

    private static func json(_ row: SlowRow) -> JSONValue {
        .members([
            ("client", .string(row.name)), ("door", .string(row.door)),
            ("opened", .integer(Int64(row.connections))), ("ended", .integer(Int64(row.endedAfter.count))),
            ("due_milliseconds", .integer(row.endsWithin)),
            ("first_milliseconds", row.endedAfter.first.map { .integer($0) } ?? .null),
            ("last_milliseconds", row.endedAfter.last.map { .integer($0) } ?? .null),
        ])
    }
}

extension AttackReport.SlowRow {
    /// One lasted longer than the server means to let it.
    var isLate: Bool { (endedAfter.last ?? 0) > endsWithin + AttackReport.toleranceMilliseconds }
}

extension AttackReport.Row {
    /// From when each question was due until its answer.
    func times(of bystander: AttackReport.Bystander) -> Latencies.Summary {
        health[bystander.rawValue].latencies.corrected
    }
}
