internal import Attacks
internal import Demonstration
internal import HTTP2
internal import Sockets

/// Carries out `bombyx bench attacks` with a server of its own.
final class AttackRun {
    private let options: BenchAttacks
    private let server: TemporaryServer
    private var report: AttackReport
    private var memoryAtStart: Int64 = 0
    private var descriptorsAtStart = 0

    /// Of `/healthz`, at each door, on a connection that stays; and of those who come anew for each question.
    static let asksPerSecond = 50
    static let newcomersPerSecond = 5
    private static let warmUpRequests = 50
    private static let lookMilliseconds: UInt64 = 100
    /// Until the server has closed what it had of an attack.
    private static let leaveMilliseconds: UInt64 = 30_000
    /// The longest that a client may do nothing, and some time to see how much later it is cut off.
    private static let slowMilliseconds = ServerLimits().idleMilliseconds + 30_000

    init(_ options: BenchAttacks, _ server: TemporaryServer) {
        self.options = options
        self.server = server
        report = AttackReport(options)
    }

    /// Measures, prints, and says whether all held.
    func run() throws -> Bool {
        // Each connection takes a descriptor here, and one in the server, which inherits the limit.
        DescriptorLimit.raise()
        try server.start()
        let facts = try server.running()
        let attacked = try AttackedServer(facts)
        try warmUp(attacked)
        memoryAtStart = ProcessTimes.residentBytes(of: facts.pid)
        descriptorsAtStart = ProcessTimes.descriptors(of: facts.pid)
        for attack in options.floods {
            for door in attack.doors {
                complain("  \(attack), \(door.rawValue)")
                let row = AttackReport.Row(
                    name: "\(attack)",
                    door: door.rawValue,
                    judgesNewcomers: attack.pace != .never
                )
                try measure(row, attacked, facts.pid) { look in
                    flood(attack, door, attacked, look)
                }
            }
        }
        if options.slowConnections > 0 {
            complain("  slow clients, at most \(Self.slowMilliseconds / 1_000) s")
            let row = AttackReport.Row(name: AttackReport.slowClients, door: "all", judgesNewcomers: true)
            try measure(row, attacked, facts.pid) { look in besiege(attacked, look) }
        }
        return report.finish()
    }

    /// What every server needs once.
    private func warmUp(_ attacked: AttackedServer) throws {
        for endpoint in [attacked.cleartext, attacked.tls] {
            for _ in 0..<Self.warmUpRequests {
                let client = try ExchangeClient(endpoint, key: nil)
                _ = try client.bytes("GET", "/openapi.yaml")
                client.close()
            }
        }
        pause(milliseconds: UInt32(ServerLimits().goodbyeMilliseconds))
    }

    /// Measures what an attack does to others; `body` calls its argument often.
    private func measure(
        _ row: AttackReport.Row,
        _ attacked: AttackedServer,
        _ pid: Int32,
        _ body: (() -> Void) -> Attacker.Tally
    ) throws {
        var row = row
        let asking = try AttackReport.Bystander.allCases.map { bystander in
            try ScheduledClient(
                "health",
                bystander.isOverTLS ? attacked.tls : attacked.cleartext,
                perSecond: bystander.comesAnew ? Self.newcomersPerSecond : Self.asksPerSecond,
                comesAnew: bystander.comesAnew,
                HealthClient()
            )
        }
        var lookedAt: UInt64 = 0
        row.tally = body {
            let now = MonotonicClock.milliseconds()
            guard now >= lookedAt + Self.lookMilliseconds else { return }
            lookedAt = now
            row.growth = max(row.growth, ProcessTimes.residentBytes(of: pid) - memoryAtStart)
        }
        row.health = asking.map { $0.end() as? HealthClient ?? HealthClient() }
        let deadline = MonotonicClock.milliseconds() + Self.leaveMilliseconds
        repeat {
            row.descriptors = ProcessTimes.descriptors(of: pid) - descriptorsAtStart
            if row.descriptors > 0 { pause(milliseconds: 20) }
        } while row.descriptors > 0 && MonotonicClock.milliseconds() < deadline
        report.rows.append(row)
    }

    private func flood(_ attack: Attack, _ door: Attack.Door, _ attacked: AttackedServer, _ look: () -> Void)
        -> Attacker.Tally
    {
        var attackers = (0..<options.connections).map { _ in Attacker(attack, attacked, door) }
        let deadline = MonotonicClock.milliseconds() + UInt64(options.seconds) * 1_000
        while MonotonicClock.milliseconds() < deadline {
            var isBusy = false
            for index in attackers.indices {
                if !attackers[index].isOpen {
                    attackers[index].open()
                    isBusy = true
                }
                if attackers[index].turn() { isBusy = true }
            }
            look()
            if !isBusy { pause(milliseconds: 1) }
        }
        for index in attackers.indices { attackers[index].close() }
        return attackers.reduce(Attacker.Tally()) { $0 + $1.tally }
    }

    /// All slow clients at once, until the last of them is cut off.
    private func besiege(_ attacked: AttackedServer, _ look: () -> Void) -> Attacker.Tally {
        let started = MonotonicClock.milliseconds()
        var total = Attacker.Tally()
        var besiegers = Attack.slowClients.flatMap { attack in
            attack.doors.map { door in
                Besieger(attack, door, (0..<options.slowConnections).map { _ in Attacker(attack, attacked, door) })
            }
        }
        for index in besiegers.indices { besiegers[index].open() }
        while besiegers.contains(where: \.isOpen), MonotonicClock.milliseconds() < started + Self.slowMilliseconds {
            let elapsed = MonotonicClock.milliseconds() - started
            for index in besiegers.indices { besiegers[index].turn(sinceStart: elapsed) }
            look()
            pause(milliseconds: 20)
        }
        for index in besiegers.indices {
            besiegers[index].close()
            total = besiegers[index].attackers.reduce(total) { $0 + $1.tally }
        }
        report.slow = besiegers.map(\.row)
        return total
    }
}

extension ServerLimits {
    fileprivate func milliseconds(of timer: Attack.Timer) -> UInt64 {
        switch timer {
        case .handshake: handshakeMilliseconds
        case .idle: idleMilliseconds
        case .headers: headerMilliseconds
        case .request: requestMilliseconds
        case .frame: requestStallMilliseconds
        case .answer: writeStallMilliseconds
        case .http1Head: http1.headMilliseconds
        case .http1Body: http1.bodyMilliseconds
        }
    }
}

/// The slow clients of one kind at one door.
private struct Besieger {
    private(set) var row: AttackReport.SlowRow
    private(set) var attackers: [Attacker]

    init(_ attack: Attack, _ door: Attack.Door, _ attackers: [Attacker]) {
        let limits = ServerLimits()
        row = AttackReport.SlowRow(
            name: "\(attack)",
            door: door.rawValue,
            connections: attackers.count,
            endsWithin: attack.endedBy.reduce(0) { $0 + Int64(limits.milliseconds(of: $1)) }
        )
        self.attackers = attackers
    }

    var isOpen: Bool { attackers.contains(where: \.isOpen) }

    mutating func open() { for index in attackers.indices { attackers[index].open() } }

    mutating func close() { for index in attackers.indices { attackers[index].close() } }

    mutating func turn(sinceStart milliseconds: UInt64) {
        for index in attackers.indices where attackers[index].isOpen {
            _ = attackers[index].turn()
            if !attackers[index].isOpen { row.endedAfter.append(Int64(milliseconds)) }
        }
    }
}
