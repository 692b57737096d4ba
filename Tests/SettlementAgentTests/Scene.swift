import Cryptography
import Engine
import Exchange
import LocalChain
import Settlement
import SettlementAgent
import TON
import Testing
import Units

/// A server's process: what is lost when it ends.
final class ServerProcess {
    let epoch: Int
    var engine: Engine
    /// Batches that the engine has carried out and the journal does not have yet.
    var uncommitted: [JournalBatch] = []
    /// Batches of the journal that the engine comes from.
    var length: Int
    var isDead = false

    init(epoch: Int, engine: Engine, length: Int) {
        self.epoch = epoch
        self.engine = engine
        self.length = length
    }
}

/// A process and the agent that works in it.
struct Server {
    let process: ServerProcess
    let agent: SettlementAgent<ChainDoor>
}

/// What may go wrong when a process passes a door.
enum Mishap: Hashable {
    /// The process ends before anything happens behind the door, or after it and before the process hears of it.
    case crashBefore, crashAfter
    /// Nothing happens, and the process hears nothing.
    case lostQuestion
    /// It happens, and the process hears nothing.
    case lostAnswer
    case twice
    /// So many seconds pass before.
    case delay(UInt64)
    /// Before, another process takes the lead and works for so many rounds. This one does not know.
    case handover(rounds: Int)
}

/// Where something goes wrong.
enum Script {
    case calm
    case once(Mishap, at: Int)
    /// At one passage in so many.
    case random(oneIn: UInt64)
}

/// All that stays when a process ends: the chain and the database; and the processes, which reach both through doors.
/// At each passage of a door the ``script`` may let something go wrong, so there is no step between two writes or sends
/// at which a process cannot end.
final class Scene {
    enum Door: Hashable {
        case question, journal, messageRead, messageWrite, chainRead, chainSend
    }

    var chain: LocalChain
    /// Seconds since 1970 on the clock of the servers.
    var time: UInt64
    var database: Database
    var script = Script.calm
    var numbers: Numbers
    private(set) var passages = 0
    /// How often each door was passed.
    private(set) var passed: [Door: Int] = [:]
    /// What went wrong, and how often.
    private(set) var met: [String: Int] = [:]
    /// What must never be, whatever goes wrong.
    var failures: [String] = []
    /// Of the last rounds.
    var troubles: [String] = []
    /// The chain as a node shows it that is behind.
    private var behind: LocalChain?
    private var timeBehind: UInt64 = 0
    private(set) var former: Server?
    private var current: Server?
    private var isHandingOver = false
    private let makeKey: () throws -> SigningKey

    /// A node that is further behind than this is not asked: more than what a batch waits for beyond its timeout would
    /// be a chain that takes finalized blocks back.
    private static let lagMax = SettlementBatch.expiryMargin - 10

    init(_ chain: LocalChain, seed: UInt64, makeKey: @escaping () throws -> SigningKey) {
        self.chain = chain
        time = chain.now
        database = Database()
        numbers = Numbers(state: seed)
        self.makeKey = makeKey
    }

    // MARK: Time

    /// Seconds pass, for the chain and for the servers.
    func pass(_ seconds: UInt64) {
        chain.advance(seconds: seconds)
        time += seconds
    }

    /// From now on some questions go to a node that stays where it is now.
    func leaveBehind() {
        behind = chain
        timeBehind = headTime
    }

    /// Of the last finalized block, also when nobody answers.
    private var headTime: UInt64 {
        var copy = chain
        while true { if let head = try? copy.head() { return head.time } }
    }

    // MARK: Processes

    /// The server that leads; one takes the lead if it must.
    func leader() throws -> Server {
        if let current, !current.process.isDead { return current }
        return try takeOver()
    }

    /// A new process takes the lead, with what the journal has. The one before goes on until it notices.
    @discardableResult
    func takeOver() throws -> Server {
        if let current, !current.process.isDead { former = current }
        database.epoch += 1
        // From the journal, or from the tables.
        let engine = database.epoch % 2 == 0 ? database.replica : try Engine(state: database.replica.state())
        let process = ServerProcess(epoch: database.epoch, engine: engine, length: database.length)
        let agent = SettlementAgent(ChainDoor(scene: self, process: process), key: try makeKey(), fees: .june2026)
        let server = Server(process: process, agent: agent)
        current = server
        return server
    }

    /// The process that led before ends.
    func endFormer() {
        former?.process.isDead = true
        former = nil
    }

    func round(_ server: Server) {
        var office = OfficeDoor(scene: self, process: server.process)
        do throws(OfficeError) {
            troubles = try server.agent.round(&office).troubles
        } catch {
            troubles = ["\(error)"]
        }
    }

    // MARK: Commands

    /// Has a command carried out by the one who leads; it is durable only with the next commit. Gives why it was
    /// refused.
    @discardableResult
    func give(_ account: AccountID, _ action: Command.Action) throws -> Rejection? {
        carryOut(Command(account: account, action: action), by: try leader().process)
    }

    /// Makes durable what the one who leads has carried out.
    func commit() throws { _ = commit(of: try leader().process) }

    /// Carries out a command, with a tick before it if one is due.
    func carryOut(_ command: Command, by process: ServerProcess) -> Rejection? {
        var batch = JournalBatch(time: LogicalTime(microseconds: Int64(time) * 1_000_000))
        var commands = [command]
        if process.engine.beginBatch(at: batch.time) {
            commands.insert(Command(account: .system, action: .tick), at: 0)
        }
        var rejection: Rejection?
        for command in commands {
            command.encode(into: &batch.bytes)
            var events: [Event] = []
            process.engine.apply(command, into: &events)
            for case .rejected(let reason) in events { rejection = reason }
        }
        process.uncommitted.append(batch)
        return rejection
    }

    /// Whether the journal takes what a process has carried out. It does not when another leads: then the process ends.
    func commit(of process: ServerProcess) -> Bool {
        guard database.epoch == process.epoch, database.length == process.length else {
            process.isDead = true
            return false
        }
        for batch in process.uncommitted {
            do { try database.append(batch) } catch { failures.append("the journal cannot be read: \(error)") }
        }
        if !process.uncommitted.isEmpty, database.replica.digest != process.engine.digest {
            failures.append("the journal gives another state than the engine that wrote it")
        }
        process.uncommitted = []
        process.length = database.length
        return true
    }

    // MARK: Doors

    /// A process has something done behind a door.
    func pass<Value, Failure>(
        _ door: Door,
        _ process: ServerProcess,
        _ silence: Failure,
        _ effect: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard !process.isDead else { throw silence }
        passages += 1
        passed[door, default: 0] += 1
        let mishap = nextMishap()
        if let mishap { met["\(mishap)".prefix { $0 != "(" }.description, default: 0] += 1 }
        switch mishap {
        case nil: break
        case .crashBefore:
            process.isDead = true
            throw silence
        case .crashAfter:
            _ = try? effect()
            process.isDead = true
            throw silence
        case .lostQuestion: throw silence
        case .lostAnswer:
            _ = try? effect()
            throw silence
        case .twice: _ = try? effect()
        case .delay(let seconds): pass(seconds)
        case .handover(let rounds): handOver(rounds)
        }
        guard !process.isDead else { throw silence }
        return try effect()
    }

    private func nextMishap() -> Mishap? {
        switch script {
        case .calm: return nil
        case .once(let mishap, let place): return place == passages ? mishap : nil
        case .random(let oneIn):
            guard numbers.next() % oneIn == 0 else { return nil }
            switch numbers.next() % 10 {
            case 0: return .crashBefore
            case 1, 2: return .crashAfter
            case 3: return .lostQuestion
            case 4: return .lostAnswer
            case 5: return .twice
            case 6: return .delay(numbers.next() % 12)
            case 7: return .delay(numbers.next() % 160)
            default: return .handover(rounds: Int(numbers.next() % 3) + 1)
            }
        }
    }

    private func handOver(_ rounds: Int) {
        guard !isHandingOver else { return }
        isHandingOver = true
        defer { isHandingOver = false }
        do {
            try takeOver()
            for _ in 0..<rounds {
                round(try leader())
                pass(numbers.next() % 20)
            }
        } catch {
            failures.append("nobody can take the lead: \(error)")
        }
    }

    /// Asks the chain, or the node that is behind.
    func read<Value>(_ question: (inout LocalChain) throws(ChainError) -> Value) throws(ChainError) -> Value {
        guard var node = behind, numbers.next() % 2 == 0 else { return try question(&chain) }
        if headTime > timeBehind + Self.lagMax {
            behind = nil
            return try question(&chain)
        }
        defer { behind = node }
        return try question(&node)
    }
}
