import API
import Cryptography
import Engine
import Exchange
import Ledger
import Units

@testable import EngineTesting
@testable import Marketplace
@testable import Store

/// Judges a run by the one durable history: what the database has of the journal. It has no engine; what each command
/// has to come to it asks the reference engine, which carries the same commands out.
final class Auditor {
    /// A durable command.
    struct Entry {
        let command: Command
        let batch: Int64
        /// What it had to do.
        let events: [Event]
    }

    /// What one leadership has journaled, and by which clocks.
    private struct Term {
        /// The rule of gaps: of the last reading, and what is still to be journaled.
        var clocks: SimulatedClocks?
        var last: LogicalClock.Reading?
        var gap: Int64 = 0
        var batches = 0
        /// Those whose time was read from the clocks.
        var timed = 0
        /// When a leader that had journaled its gap was last alive, at the beginning.
        let seenAt: Int64
    }

    private unowned let world: World
    private(set) var reference = ReferenceEngine()
    private(set) var history: [Entry] = []
    private var lastBatch: JournalBatch?
    /// Of each request the sequence numbers of its commands.
    private var sequences: [UInt64: [Int64]] = [:]
    private var attempts: [UInt64: Attempt] = [:]
    private var terms: [Int64: Term] = [:]
    private var newestTerm: Int64 = 0
    private var seenAt: Int64 = 0
    /// What questions about the newest commands must show; the last is of the newest.
    private var views: [ReferenceEngine] = []
    private var releasedBatch: Int64 = 0

    private static let viewsMax = 256

    init(_ world: World) { self.world = world }

    // MARK: Leaderships

    func tookLeadership(_ epoch: Int64) {
        if epoch != newestTerm + 1 { world.fail("epoch \(epoch) follows epoch \(newestTerm)") }
        newestTerm = epoch
        terms[epoch] = Term(seenAt: seenAt)
    }

    /// The state is read; from now on batches follow.
    func begins(_ epoch: Int64, _ clocks: SimulatedClocks, at time: LogicalTime) { terms[epoch]?.clocks = clocks }

    /// The leader has shown the database that it lives. One that has journaled nothing yet does not end the time in
    /// which there was none.
    func lives(_ epoch: Int64) {
        if let term = terms[epoch], term.batches > 0 { seenAt = world.time.wall }
    }

    // MARK: The journal

    /// A row is durable.
    func written(_ row: JournalBatch) {
        world.count(.batch)
        checkPlace(row)
        checkTime(row)
        terms[row.epoch]?.batches += 1
        seenAt = world.time.wall
        let isDue = reference.beginBatch(at: row.time, gap: row.gap)
        var offset = 0
        while offset < row.commands.count {
            let isFirst = offset == 0
            guard let command = try? Command.decode(row.commands.span, at: &offset) else {
                return world.fail("batch \(row.number) cannot be decoded")
            }
            if isFirst, row.number > 1 {
                let isTick = command.action == .tick
                if isTick != (isDue || row.gap > 0) { world.fail("batch \(row.number): tick \(isTick), due \(isDue)") }
                if isTick { world.count(.tick) }
            }
            carryOut(command, in: row)
        }
        if row.lastSequence.rawValue != Int64(history.count) {
            world.fail("batch \(row.number) says that it ends with \(row.lastSequence.rawValue), not \(history.count)")
        }
        lastBatch = row
        do {
            try reference.checkInvariants()
        } catch {
            world.fail("batch \(row.number): \(error)")
        }
    }

    private func carryOut(_ command: Command, in row: JournalBatch) {
        var events: [Event] = []
        reference.apply(command, into: &events)
        history.append(Entry(command: command, batch: row.number, events: events))
        views.append(reference.view)
        if views.count > Self.viewsMax { views.removeFirst(Self.viewsMax / 2) }
        for case .traded in events { world.count(.trade) }
        guard command.requestID != 0 else { return }
        guard let attempt = attempts[command.requestID] else {
            return world.fail("command \(history.count) is of a request that nobody has made")
        }
        if attempt.isRefused { world.fail("request \(attempt.requestID) is journaled, and was told that it is not") }
        let own = sequences[command.requestID] ?? []
        if let last = own.last, last != Int64(history.count) - 1 || history[Int(last) - 1].batch != row.number {
            world.fail("request \(attempt.requestID) is journaled twice: \(own) and \(history.count)")
        }
        sequences[command.requestID] = own + [Int64(history.count)]
    }

    /// No gap, no fork, and the chain of digests, computed here once more.
    private func checkPlace(_ row: JournalBatch) {
        let (number, sequence) = (lastBatch?.number ?? 0, Int64(history.count))
        if row.number != number + 1 { world.fail("batch \(row.number) follows batch \(number)") }
        if row.firstSequence.rawValue != sequence + 1 { world.fail("batch \(row.number) leaves a gap in the sequence") }
        if row.epoch != newestTerm { world.fail("epoch \(row.epoch) has written while epoch \(newestTerm) leads") }
        var bytes = lastBatch?.digest.bytes ?? [UInt8](repeating: 0, count: 32)
        bytes += Array("BXB2".utf8)
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: row.rulesVersion >> (24 - 8 * $0)) }
        let words = [
            row.number, row.epoch, row.firstSequence.rawValue, row.lastSequence.rawValue, row.time.microseconds,
            row.gap, Int64(bitPattern: row.stateDigest.high), Int64(bitPattern: row.stateDigest.low),
            Int64(row.commands.count),
        ]
        for word in words { bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        bytes += row.commands
        if SHA256.hash(bytes) != row.digest { world.fail("batch \(row.number) breaks the chain") }
    }

    /// Time is the leader's wall clock, unless that is behind; gaps are what is longer than five seconds: the time
    /// without a leader, and steps of the clock to where it had not been.
    private func checkTime(_ row: JournalBatch) {
        guard var term = terms[row.epoch], let clocks = term.clocks else {
            // The first batch of all is written before the clock begins.
            if row.number > 1 || row.gap != 0 { world.fail("batch \(row.number) has no clock") }
            return
        }
        let time = lastBatch?.time.microseconds ?? 0
        if term.last == nil {
            let first = clocks.readings[0]
            term.last = first
            let isFirstEver = time == 0
            if !isFirstEver { note(first.wall - max(time, term.seenAt), in: &term) }
        }
        term.timed += 1
        guard term.timed < clocks.readings.count else { return world.fail("batch \(row.number) has read no clock") }
        let reading = clocks.readings[term.timed]
        if let last = term.last {
            let step = (reading.wall - last.wall) - (reading.monotonic - last.monotonic)
            note(min(step, reading.wall - time), in: &term)
        }
        term.last = reading
        let expected = max(time, reading.wall)
        if row.time.microseconds != expected || row.gap != term.gap {
            world.fail("batch \(row.number): time \(row.time.microseconds), gap \(row.gap); \(expected), \(term.gap)")
        }
        if term.gap > 0 { world.count(.gap) }
        term.gap = 0
        terms[row.epoch] = term
    }

    private func note(_ length: Int64, in term: inout Term) {
        if length > 5_000_000 { term.gap += length }
    }

    /// A batch has been let out.
    func released(_ batch: SealedBatch, epoch: Int64) {
        guard batch.number <= lastBatch?.number ?? 0, batch.lastSequence.rawValue <= Int64(history.count) else {
            return world.fail("batch \(batch.number) is let out, and is not durable")
        }
        if batch.number <= releasedBatch { world.fail("batch \(batch.number) is let out again") }
        releasedBatch = batch.number
        for index in batch.ends.indices {
            let entry = history[Int(batch.sequence(index).rawValue) - 1]
            // The reference engine keeps no list of what operators have done.
            let events = batch.group(index).filter { if case .operated = $0 { false } else { true } }
            if entry.batch != batch.number || events != entry.events {
                world.fail("command \(batch.sequence(index).rawValue): \(events), and should be \(entry.events)")
            }
        }
    }

    // MARK: Requests

    func heard(_ attempt: Attempt) { attempts[attempt.requestID] = attempt }

    /// An answer leaves a server.
    func answered(_ attempt: Attempt, _ response: API.Response) {
        let own = sequences[attempt.requestID] ?? []
        switch response.code {
        case "not_leader", "not_ready", "overloaded":
            world.count(response.code == "not_leader" ? .notLeader : .notReady)
            attempt.isRefused = true
            if !own.isEmpty { world.fail("request \(attempt.requestID) is durable, and was refused: \(response.text)") }
        case "projection_lag":
            world.count(.projectionLag)
            if own.contains(where: { !isRepetition($0) }) {
                world.fail("request \(attempt.requestID) is durable, and was refused: \(response.text)")
            }
        case "outcome_unknown": world.count(.outcomeUnknown)
        default: check(attempt, response, own)
        }
    }

    /// It did nothing: it repeats another command, or opens a batch of such.
    private func isRepetition(_ sequence: Int64) -> Bool {
        let entry = history[Int(sequence) - 1]
        if case .openBatch = entry.command.action, entry.events.isEmpty { return true }
        return entry.events.contains { if case .replayed = $0 { true } else { false } }
    }

    private func check(_ attempt: Attempt, _ response: API.Response, _ own: [Int64]) {
        var expected: API.Response?
        switch attempt.form {
        case nil:
            world.count(.notForTheEngine)
            attempt.isRefused = true
            if !own.isEmpty { world.fail("request \(attempt.requestID) is durable, and was judged before the engine") }
            return
        case .command(let shape):
            guard own.count == 1 else {
                return world.fail("request \(attempt.requestID) is answered \(response.text), and is not durable")
            }
            expected = outcome(own[0], shape, attempt.requestID)
            count(expected)
        case .batch(let items): expected = outcomes(own, items, attempt.requestID)
        case .query, .closedOrder, .book: return checkReading(attempt, response)
        }
        if let expected, response != expected {
            world.fail("request \(attempt.requestID) is answered \(response.text), and should be \(expected.text)")
        }
    }

    private func count(_ response: API.Response?) {
        guard let response else { return }
        world.count(response.isReplayed ? .replayed : response.status < 300 ? .carriedOut : .rejected)
    }

    /// The answer to a command by what the reference engine says of it, or of what it repeats.
    private func outcome(_ sequence: Int64, _ shape: AnswerShape, _ requestID: UInt64) -> API.Response {
        let entry = history[Int(sequence) - 1]
        for case .replayed(let original) in entry.events {
            let outcome = Outcome(
                sequence: original,
                events: effects(original)[...],
                isReplay: true,
                requestID: requestID
            )
            return Answer.render(shape, outcome)
        }
        let outcome = Outcome(sequence: SequenceNumber(sequence), events: entry.events[...], requestID: requestID)
        return Answer.render(shape, outcome)
    }

    private func effects(_ sequence: SequenceNumber) -> [Event] {
        let events = history[Int(sequence.rawValue) - 1].events
        for case .replayed(let first) in events { return effects(first) }
        return events
    }

    private func outcomes(_ own: [Int64], _ items: [BatchItem], _ requestID: UInt64) -> API.Response? {
        guard own.count == BatchItem.commands(of: items).count else {
            world.fail("request \(requestID) has \(own.count) commands in the journal")
            return nil
        }
        var rest = own[...]
        var answers: [API.Response] = []
        for item in items {
            switch item {
            case .refused(let problem): answers.append(problem.response(requestID: requestID))
            case .opening: rest.removeFirst()
            case .command, .announced: answers.append(outcome(rest.removeFirst(), .placed, requestID))
            }
        }
        for answer in answers { count(answer) }
        return Answer.batch(answers)
    }

    /// Whoever is told that nothing of a request is for the engine must not have had it carried out before.
    func checkUndone(_ operation: Operation) {
        for attempt in operation.attempts where !(sequences[attempt.requestID] ?? []).isEmpty {
            let words = "\(operation.method) \(operation.target) \(operation.body)"
            world.fail("\(words) is durable as \(attempt.requestID), and its repetition was refused before the engine")
        }
    }

    // MARK: Questions

    private func checkReading(_ attempt: Attempt, _ response: API.Response) {
        if case .closedOrder = attempt.form { return checkClosedOrder(attempt, response) }
        guard let asOf = response.value(of: "as_of_sequence").flatMap({ Int64($0) }) else {
            return world.fail("\(attempt.operation.target): \(response.text)")
        }
        if asOf > history.count { return world.fail("what is not durable is shown: \(response.text)") }
        guard let view = view(asOf) else { return }
        let expected: API.Response?
        switch attempt.form {
        case .query(.account(let id)):
            world.count(.accountRead)
            checkKnown(attempt, asOf)
            expected = view.account(id, asOf: asOf)
        case .query(.order(let id, _)):
            world.count(.orderRead)
            checkKnown(attempt, asOf)
            expected = view.order(id, asOf: asOf)
        case .book(let query):
            world.count(.bookRead)
            expected = view.book(query, asOf: asOf)
        default: expected = nil
        }
        if response != expected {
            world.fail("as of \(asOf): \(response.text), and should be \(expected?.text ?? "nothing")")
        }
    }

    /// Nobody is shown less than he has seen already.
    private func checkKnown(_ attempt: Attempt, _ asOf: Int64) {
        if asOf < attempt.known {
            world.fail("\(attempt.operation.client.name) knows of \(attempt.known), and is shown \(asOf)")
        }
    }

    private func checkClosedOrder(_ attempt: Attempt, _ response: API.Response) {
        world.count(.orderRead)
        guard let text = response.value(of: "request_id"), let asOf = Int64(text, radix: 16) else { return }
        let id = attempt.operation.target.split(separator: "/").last ?? ""
        guard let order = OrderID(text: Array(id.utf8)), let view = view(asOf) else { return }
        if view.order(order) != nil { world.fail("\(order.text) was open as of \(asOf), and was not found") }
    }

    private func view(_ sequence: Int64) -> ReferenceEngine? {
        let index = views.count - 1 - (history.count - Int(sequence))
        return views.indices.contains(index) ? views[index] : nil
    }

    // MARK: States

    /// A state that a server has, beside the one of the reference engine.
    func compare(_ state: EngineState, _ words: String) {
        let expected = reference.state
        for (name, isEqual) in [
            ("head", state.sequence == expected.sequence && state.time == expected.time),
            ("grace", state.grace == expected.grace), ("last trade", state.lastTrade == expected.lastTrade),
            ("fees", state.fees == expected.fees), ("controls", state.controls == expected.controls),
            ("operations", state.operations == expected.operations), ("accounts", state.accounts == expected.accounts),
            ("keys", state.keys == expected.keys), ("orders", state.orders == expected.orders),
            ("leases", state.leases == expected.leases),
            ("balances", state.balances.elementsEqual(expected.balances, by: ==)),
            ("remembered", state.remembered == expected.remembered),
        ] where !isEqual {
            world.fail("\(words): \(name)")
        }
    }

    /// The end of a run, when everything has come to rest.
    func finish(_ engine: Engine) {
        compare(engine.state(), "in the end")
        if let due = reference.nextDeadline, due.microseconds < world.time.wall - 5_000_000 {
            world.fail("what was due at \(due.microseconds) has not happened at \(world.time.wall)")
        }
    }
}
