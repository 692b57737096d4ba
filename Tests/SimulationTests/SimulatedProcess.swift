import API
import Cryptography
import Engine
import Log
import Units

@testable import EngineTesting
@testable import Marketplace
@testable import Sockets
@testable import Store

/// A server's process: the product's types, and one step of one of its threads at a time.
final class SimulatedProcess {
    unowned let server: SimulatedServer
    let world: World
    let exchange: Marketplace
    private let mailbox: Mailbox
    var period: SimulatedPeriod?
    var restartDelay: Int64 = 100_000
    /// The requests of this turn of its network's loop.
    var turn = Submission(loop: 0)
    var isTurnPlanned = false
    /// Whoever waits for an answer, by the request's number.
    var waiting: [UInt64: Attempt] = [:]

    var claim: (leadership: Leadership, session: SimulatedSession)?
    var rebuildEnds: Int64?
    var keeperFailure: String?
    private var pausedUntil: Int64 = 0
    /// When the engine's thread takes its next step.
    private var wakesAt = Int64.max
    /// How far the tables were when their names were last read.
    var namesAsOf: Int64 = -1

    /// One for all: the pages in it take long to be made.
    private static let configuration: Marketplace.Configuration = {
        let events = EventLog(format: .json, level: .error)
        var configuration = Marketplace.Configuration(database: "", holder: "", loops: 1, events: events)
        configuration.log = { _ in }
        return configuration
    }()

    init(_ server: SimulatedServer) {
        self.server = server
        world = server.world
        var configuration = Self.configuration
        configuration.holder = server.name
        exchange = Marketplace(configuration)
        guard let mailbox = try? Mailbox() else { preconditionFailure("there are descriptors enough") }
        self.mailbox = mailbox
        exchange.loops.attach(mailbox, loop: 0)
    }

    // MARK: Steps

    /// Plans something that the process does, unless it has ended by then. While it is stopped it does nothing.
    func plan(after delay: Int64, _ action: @escaping (SimulatedProcess) -> Void) {
        world.plan(after: delay) { [weak self] in self?.act(action) }
    }

    private func act(_ action: @escaping (SimulatedProcess) -> Void) {
        guard server.process === self else { return }
        guard !server.isStopped else {
            // What waits goes on in about the order in which it came.
            return plan(after: server.stoppedUntil - world.time.now + world.random.number(0...2_000), action)
        }
        action(self)
    }

    /// Plans a step of the engine's thread.
    func wake(after delay: Int64) {
        let time = world.time.now + max(0, delay)
        guard time < wakesAt else { return }
        wakesAt = time
        plan(after: delay) { process in
            guard process.wakesAt == time else { return }
            process.wakesAt = .max
            process.runEngine()
        }
    }

    static let atOnce = Instant(nanoseconds: 0)

    private func runEngine() {
        guard world.time.now >= pausedUntil || exchange.inbox.state == .stopped else { return }
        guard let period else { return runWithoutEngine() }
        let work = exchange.inbox.next(period.sequencer.fill, deadline: Self.atOnce)
        guard period.sequencer.carryOut(work, on: &period.engine) else { return endPeriod(period, work) }
        if work.action == .seal {
            check(period.engine)
            planCommit(period)
        }
        let isSealable = period.sequencer.fill != .empty && exchange.inbox.state.isIdle
        if work.action != nil || isSealable {
            wake(after: world.random.number(1...40))
        } else if let deadline = period.sequencer.deadline(of: period.engine) {
            let now = SimulatedClocks(server.machine).instant
            wake(after: max(1, deadline.microseconds(since: now)))
        }
    }

    private func check(_ engine: Engine) {
        do {
            try engine.checkInvariants()
        } catch {
            world.fail("\(server.name): \(error)")
        }
    }

    private func runWithoutEngine() {
        switch exchange.inbox.next(deadline: Self.atOnce).action {
        case .lookForLeadership: look()
        case .rebuild: rebuild()
        case .end:
            if let claim { try? world.database.resign(claim.leadership.epoch, isSeen: false, claim.session) }
            server.ended()
        default: wake(after: 10)
        }
    }

    func carryOut(_ actions: [LifeCycle.Action]) {
        for case .pause(let milliseconds) in actions {
            pausedUntil = world.time.now + milliseconds * 1_000
            wake(after: milliseconds * 1_000)
        }
    }

    // MARK: The journal's thread

    private func planCommit(_ period: SimulatedPeriod) {
        period.isCommitPlanned = true
        let latency = world.happens(2) ? world.random.number(100_000...6_000_000) : world.random.number(150...2_500)
        plan(after: latency) { $0.runJournal(period) }
    }

    func planRenewal(_ period: SimulatedPeriod) {
        let steps = period.journalSteps
        plan(after: BatchLimits.renewalMilliseconds * 1_000) { process in
            if period.journalSteps == steps, !period.isCommitPlanned { process.runJournal(period) }
        }
    }

    private func runJournal(_ period: SimulatedPeriod) {
        guard self.period === period, !period.hasJournalEnded else { return }
        period.isCommitPlanned = false
        period.journalSteps += 1
        let work = period.journal.next(until: Self.atOnce)
        if period.journal.carryOut(work, in: period.term) {
            planRenewal(period)
            // A renewal is nothing that the engine's thread would hear of.
            if case .idle = work { return }
        } else {
            period.hasJournalEnded = true
            world.note("the journal of \(server.name) ends")
        }
        planLoop()
        wake(after: world.random.number(1...40))
    }

    // MARK: The network's loop

    func planLoop() { plan(after: world.random.number(5...300)) { $0.runLoop() } }

    /// Hands out what the engine's and the journal's thread have sent.
    private func runLoop() {
        var messages: [any Sendable] = []
        mailbox.takeAll(into: &messages)
        for message in messages {
            switch message {
            case let batch as SealedBatch:
                exchange.loops.taken(batch, loop: 0)
                for delivery in batch.deliveries[0] { answer(delivery, of: batch) }
            case let refused as RefusedItems:
                exchange.loops.taken(refused, loop: 0)
                for item in refused.items { refuse(item.requestID, refused.reason) }
            default: world.fail("an unknown message")
            }
        }
    }
}

extension LifeCycle.State {
    /// The journal could take a batch.
    fileprivate var isIdle: Bool {
        switch self {
        case .serving(.idle), .stopping(.idle): true
        default: false
        }
    }
}
