import Cryptography
import Engine
import Units

@testable import EngineTesting

/// What happens in simulated worlds beside what is meant to happen; each is counted.
enum Happening: String, CaseIterable {
    // Of servers.
    case crash, stop, resignation, takeover, returnToLead, clockAhead, clockBack
    // Of the database.
    case commitRefused, commitLost, commitLostButWritten, commitLate, lateCommitWritten, lateCommitFenced, commitFenced
    case lateCommitEnded, sessionLost, databaseDown, damage, damageNoticed, tablesStalled
    // Of the network, and of what clients do about it.
    case requestLost, answerLost, timeout, repetition, copy
    // What clients were answered.
    case carriedOut, rejected, replayed, notLeader, notReady, projectionLag, outcomeUnknown, notForTheEngine
    case accountRead, orderRead, bookRead, askedWhenReplaced
    // What became of batches.
    case batch, gap, tick, trade, executedAndDropped
}

/// One run from a seed: a database, servers, clients, and everything that goes wrong between them, on one thread.
///
/// It ends when something is found that must not be: ``violation``.
final class World {
    /// How much there is.
    struct Size {
        var steps = 5_000
        var servers = 3
        var clients = 8
    }

    let seed: UInt64
    let size: Size
    let time = SimulatedTime()
    var random: SplitMix64
    private(set) var agenda = Agenda()
    private(set) var counts: [Happening: Int] = [:]
    private(set) var steps = 0
    private(set) var violation: String?
    /// Nothing goes wrong any more, so that everything comes to its end.
    private(set) var isCalm = false
    /// What has happened, line by line; only while somebody wants to read it.
    private(set) var trace: [String] = []
    private let isTraced: Bool
    private var lastRequestID: UInt64 = 0
    /// Microseconds between two things that a client does, on the average.
    let pace: Int64
    /// Microseconds between two misfortunes, on the average.
    let peace: Int64

    private(set) lazy var database = SimulatedDatabase(self)
    private(set) lazy var auditor = Auditor(self)
    private(set) var servers: [SimulatedServer] = []
    private(set) var clients: [SimulatedClient] = []

    init(seed: UInt64, size: Size = Size(), isTraced: Bool = false) {
        self.seed = seed
        self.size = size
        self.isTraced = isTraced
        var random = SplitMix64(state: seed)
        pace = random.pick([30_000, 150_000, 600_000])
        peace = pace * random.pick([5, 15, 40])
        self.random = random
    }

    // MARK: What everything in it uses

    /// Plans something for `delay` microseconds from now.
    func plan(after delay: Int64, _ action: @escaping () -> Void) {
        agenda.add(at: time.now + max(0, delay), action)
    }

    func count(_ happening: Happening, _ more: Int = 1) { counts[happening, default: 0] += more }

    /// Something is found that must not be. The first one counts.
    func fail(_ text: @autoclosure () -> String) {
        guard violation == nil else { return }
        violation = "seed \(seed), step \(steps): \(text())"
        note("VIOLATION: \(text())")
    }

    func note(_ text: @autoclosure () -> String) {
        if isTraced { trace.append("\(time.now) \(text())") }
    }

    func nextRequestID() -> UInt64 {
        lastRequestID += 1
        return lastRequestID
    }

    /// A key that only this run has.
    func newKey() -> APIKey {
        let bytes = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        guard let key = APIKey("bx_" + Base64URL.encode(bytes)) else { preconditionFailure("that is a key's form") }
        return key
    }

    /// `true` in `percent` of 100 cases, while things go wrong.
    func happens(_ percent: Int64) -> Bool { !isCalm && random.chance(percent) }

    // MARK: The run

    /// Plays the run; what is found stands in ``violation``.
    func run() {
        servers = (0..<size.servers).map { SimulatedServer($0, in: self) }
        let operatorKey = newKey()
        for server in servers {
            server.operatorKey = operatorKey
            plan(after: random.number(0...50_000)) { server.start() }
        }
        let desk = OperatorDesk(self, key: operatorKey.secret, clients: size.clients)
        clients = [desk.client]
        desk.begin { [unowned self] in
            clients.append($0)
            $0.begin()
        }
        planMisfortune()
        database.tables.planAdvance()
        go { steps < size.steps }
        calmDown()
        // What is left of it takes as long as it takes, within reason.
        let limit = steps + 40_000
        go { steps < limit && !clients.allSatisfy(\.isSettled) }
        if violation == nil, !clients.allSatisfy(\.isSettled) { fail("not every request has come to its end") }
        // Time for everything that was due.
        let end = time.now + 40_000_000
        go { time.now < end && steps < limit + 40_000 }
        // Not in the middle of a commit.
        let last = steps + 1_000
        go { steps < last && servers.first(where: \.isLeading)?.engine?.sequence != auditor.reference.sequence }
        if violation == nil { finish() }
    }

    private func go(_ condition: () -> Bool) {
        while violation == nil, condition(), let next = agenda.next() {
            steps += 1
            time.now = max(time.now, next.time)
            next.action()
        }
    }

    private func calmDown() {
        isCalm = true
        note("calm")
        database.calmDown()
        for server in servers { server.calmDown() }
        for client in clients { client.calmDown() }
    }

    private func finish() {
        guard let leader = servers.first(where: \.isLeading), let engine = leader.engine else {
            return fail("nobody leads in the end")
        }
        auditor.finish(engine)
    }

    // MARK: Misfortune

    private func planMisfortune() {
        plan(after: random.number(peace / 10...peace * 2)) { [unowned self] in
            guard !isCalm else { return }
            misfortune()
            planMisfortune()
        }
    }

    private func misfortune() {
        // Whoever leads is hit more often than the others.
        let leader = servers.first { $0.isLeading }
        let server = random.chance(70) ? leader ?? random.pick(servers) : random.pick(servers)
        switch random.number(1...100) {
        case ...20: server.crash(restartingAfter: random.number(50_000...7_000_000))
        case ...40:
            // For longer than a term, or not.
            let isLong = random.chance(50)
            server.stop(for: isLong ? random.number(5_000_000...9_000_000) : random.number(20_000...5_000_000))
        case ...48: server.askToStop(restartingAfter: random.number(50_000...3_000_000))
        case ...55: server.setClock(ahead: random.number(-20_000_000...60_000_000))
        case ...63: database.cutSessions()
        case ...70: database.goDown(for: random.number(20_000...8_000_000))
        case ...75: database.damageNextReading(server)
        case ...80: database.tables.stall(for: random.number(2_000_000...12_000_000))
        default: database.spoilNextCommit()
        }
    }
}
