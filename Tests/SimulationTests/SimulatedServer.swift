import API
import Cryptography
import Engine
import Log
import Units

@testable import EngineTesting
@testable import Marketplace
@testable import Sockets
@testable import Store

/// A machine on which a server's process is started again and again.
final class SimulatedServer {
    unowned let world: World
    let name: String
    /// Where clients find it.
    let address: String
    let machine: MachineTime
    var operatorKey: APIKey?
    private(set) var process: SimulatedProcess?
    /// Its process does nothing until then, and does not know of it.
    private(set) var stoppedUntil: Int64 = 0

    init(_ number: Int, in world: World) {
        self.world = world
        name = "server-\(number)"
        address = "http://server-\(number):8080"
        machine = MachineTime(world.time)
    }

    var isStopped: Bool { world.time.now < stoppedUntil }
    var isLeading: Bool { process?.period != nil }
    var engine: Engine? { process?.period?.engine }

    func start() {
        guard process == nil else { return }
        world.note("\(name) starts")
        process = SimulatedProcess(self)
        process?.wake(after: 1_000)
    }

    private func restart(after delay: Int64) {
        world.plan(after: world.isCalm ? 10_000 : delay) { [unowned self] in start() }
    }

    func crash(restartingAfter delay: Int64) {
        guard process != nil else { return }
        world.count(.crash)
        world.note("\(name) crashes")
        process = nil
        stoppedUntil = 0
        restart(after: delay)
    }

    func stop(for duration: Int64) {
        guard process != nil else { return }
        world.count(.stop)
        world.note("\(name) stops for \(duration)")
        stoppedUntil = world.time.now + duration
    }

    func askToStop(restartingAfter delay: Int64) {
        guard let process, !isStopped else { return }
        world.note("\(name) is asked to stop")
        process.restartDelay = delay
        process.exchange.inbox.apply(.stopAsked)
        process.wake(after: 0)
    }

    func setClock(ahead offset: Int64) {
        world.count(offset < machine.offset ? .clockBack : .clockAhead)
        world.note("the clock of \(name) is set ahead by \(offset)")
        machine.offset = offset
    }

    /// The process has ended by itself.
    func ended() {
        world.note("\(name) has ended")
        let delay = process?.restartDelay ?? 100_000
        process = nil
        restart(after: delay)
    }

    func calmDown() {
        stoppedUntil = min(stoppedUntil, world.time.now)
        machine.offset = max(machine.offset, 0)
        if process == nil { start() }
    }
}

/// The time in which a process leads: what it has in memory, and who writes the journal.
final class SimulatedPeriod {
    var engine: Engine
    let sequencer: Sequencer
    let journal: JournalThread
    let term: JournalTerm
    /// The journal's thread has nothing more to do.
    var hasJournalEnded = false
    /// Counts what the journal's thread has done, so that a renewal is only due when nothing else came before it.
    var journalSteps = 0
    var isCommitPlanned = false

    init(engine: Engine, sequencer: Sequencer, journal: JournalThread, term: JournalTerm) {
        self.engine = engine
        self.sequencer = sequencer
        self.journal = journal
        self.term = term
    }
}
