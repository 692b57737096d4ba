import Foundation
import HTTP2
import ProgramTesting
import Sockets
import Synchronization

/// Clients that go on whatever happens: connections that are opened again, requests that are repeated under the same
/// key until their outcome is known, and a memory of all of it.
final class FaultLoad {
    let control = LoadControl()
    let parties: [Scenario.Party]
    let operatorKey: String
    let writers: [Writer]
    private var threads: [ThreadBox] = []
    /// The parties' first money, in nanoTON, by command of the operator.
    static let firstDeposit: Int64 = 1_000_000_000_000_000

    /// Lets an array hold threads.
    private final class ThreadBox {
        private var thread: Sockets.Thread?
        init(_ thread: consuming Sockets.Thread) { self.thread = consume thread }
        func join() { thread.take()?.join() }
    }

    /// Two workers, two apps and the operator, each with a connection of its own.
    init(_ server: TestServer, purpose: String, inFlight: Int = 4, pauseMaxMicroseconds: UInt32 = 16_000) throws {
        let scenario = try Scenario(server)
        operatorKey = scenario.operatorKey
        let deposit = Self.firstDeposit
        parties = [
            try scenario.party("worker 1"), try scenario.party("worker 2"),
            try scenario.party("app 1", deposit: deposit), try scenario.party("app 2", deposit: deposit),
        ]
        let roles: [(String, Writer.Role)] = [
            ("w1", .worker(parties[0])), ("w2", .worker(parties[1])), ("b1", .app(parties[2])),
            ("b2", .app(parties[3])), ("op", .depositor(operatorKey, to: parties[2].account)),
        ]
        var writers: [Writer] = []
        for (name, role) in roles {
            writers.append(
                Writer(
                    name: name,
                    role: role,
                    control: control,
                    generator: FaultGenerator(for: purpose + name),
                    inFlight: inFlight,
                    pauseMaxMicroseconds: pauseMaxMicroseconds
                )
            )
        }
        self.writers = writers
        control.moved(to: server.http)
    }

    /// Begins to send.
    func start() throws {
        for writer in writers {
            threads.append(ThreadBox(try Sockets.Thread(named: "load \(writer.name)") { writer.run() }))
        }
    }

    /// Ends the threads; what is under way stays unknown.
    func stop() {
        control.set(.stopped)
        for thread in threads { thread.join() }
        threads = []
    }

    /// Sends nothing that is not known yet, and waits until every outcome is known; false if some stay unknown.
    func settle(seconds: Double) -> Bool {
        control.set(.settling)
        return poll(seconds: seconds) {
            writers.allSatisfy { $0.isSettled } ? true : nil
        } ?? false
    }

    /// Waits until a request that was sent after now is carried out; false if the time is over.
    func waitForProgress(seconds: Double) -> Bool {
        let start = MonotonicClock.nanoseconds()
        return poll(seconds: seconds, every: 2_000) { control.newestSettled > start ? true : nil } ?? false
    }

    /// What all writers remember now.
    var oracles: [(writer: Writer, oracle: Oracle)] { writers.map { ($0, $0.oracle.withLock { $0 }) } }

    /// What each client has heard how often, for the message of a failure.
    var heard: String {
        oracles.map { "\($0.writer.name): \($0.oracle.heardCounts), unknown \($0.oracle.unknownCount)" }
            .joined(separator: "; ")
    }

    /// One line about what was sent.
    var summary: String {
        let all = oracles.map(\.oracle)
        let sent = all.reduce(0) { $0 + $1.items.count }
        let settled = all.reduce(0) { $0 + $1.settledCount }
        let refused = all.reduce(0) { $0 + $1.count { $0 == .refused } }
        let repeated = all.reduce(0) { $0 + $1.items.count { $0.timesSent > 1 } }
        return "\(sent) requests, \(settled) acknowledged, \(refused) refused for certain, \(repeated) sent again"
    }
}

/// What the writers share with the one who watches them.
final class LoadControl: Sendable {
    enum Mode: Int { case running, settling, stopped }

    private let modeValue = Atomic<Int>(Mode.running.rawValue)
    private let sites = Lock<[String]>([])
    private let patience = Atomic<UInt64>(60_000)
    private let newest = Atomic<UInt64>(0)
    private let slowest = Atomic<UInt64>(0)

    var mode: Mode { Mode(rawValue: modeValue.load(ordering: .relaxed)) ?? .stopped }
    func set(_ mode: Mode) { modeValue.store(mode.rawValue, ordering: .relaxed) }

    /// Where the servers are now.
    var addresses: [String] { sites.withLock { $0 } }
    func moved(to addresses: String...) { sites.withLock { $0 = addresses } }

    /// How long a client waits for any answer before it asks elsewhere. With one server, that is a fault of it.
    var patienceMilliseconds: UInt64 {
        get { patience.load(ordering: .relaxed) }
        set { patience.store(newValue, ordering: .relaxed) }
    }

    /// When the newest request that has been carried out was sent, by ``MonotonicClock/nanoseconds()``.
    var newestSettled: UInt64 { newest.load(ordering: .relaxed) }
    func settled(sentAt: UInt64) { _ = newest.max(sentAt, ordering: .relaxed) }

    /// The longest that an answer took.
    var slowestAnswer: Duration { .nanoseconds(Int64(slowest.load(ordering: .relaxed))) }
    func answered(after nanoseconds: UInt64) { _ = slowest.max(nanoseconds, ordering: .relaxed) }
}
