import API
import Units

@testable import EngineTesting

/// What a client sends, but for its keys.
struct ClientRequest {
    var method: RequestMethod
    var target: String
    var body = ""
    /// It has a `client_order_id`.
    var isNamed = false
}

/// A client that does one thing after the other, and asks again as the problems' pages say.
final class SimulatedClient {
    unowned let world: World
    let name: String
    let secret: String
    /// Its own orders, of which it knows by their answers.
    var orders: [String] = []
    private let next: (SimulatedClient) -> ClientRequest?
    private let done: (SimulatedClient, API.Response?) -> Void
    private var operation: Operation?
    private var server: Int
    private var operations = 0
    /// The newest sequence number of which it has heard.
    private var known: Int64 = 0

    /// `next` gives what it wants, `done` hears what came of it; of what it does not know there is no answer.
    init(
        _ world: World,
        name: String,
        secret: String,
        next: @escaping (SimulatedClient) -> ClientRequest?,
        done: @escaping (SimulatedClient, API.Response?) -> Void = { _, _ in }
    ) {
        self.world = world
        self.name = name
        self.secret = secret
        self.next = next
        self.done = done
        server = Int(world.random.number(0...Int64(world.servers.count - 1)))
    }

    var isSettled: Bool { operation == nil }

    func begin() { think() }

    /// Whatever it waits for, it asks for once more.
    func calmDown() {
        if let operation, operation.isRepeatable { send(operation) }
    }

    private func think() {
        world.plan(after: world.random.number(world.pace / 4...world.pace * 2)) { [unowned self] in
            guard operation == nil, !world.isCalm else { return }
            guard let request = next(self) else { return think() }
            operations += 1
            let isKeyed = request.method != .get && world.random.chance(85)
            let operation = Operation(self, request, key: isKeyed ? "\(name)-\(operations)" : nil)
            self.operation = operation
            send(operation)
        }
    }

    // MARK: Asking

    private func send(_ operation: Operation) {
        // A question may be put to anybody.
        if operation.method == .get, world.random.chance(50) { changeServer() }
        let attempt = Attempt(operation, at: world.servers[server], known: known)
        operation.attempts.append(attempt)
        if operation.attempts.count > 1 { world.count(.repetition) }
        world.note("\(name) sends \(operation.method) \(operation.target) \(operation.body) to server-\(server)")
        transmit(attempt)
        // A network that delivers a request twice, for the client as well as for the server.
        if operation.isRepeatable, world.happens(2) {
            world.count(.copy)
            let copy = Attempt(operation, at: attempt.server, known: known)
            copy.isOver = true
            operation.attempts.append(copy)
            transmit(copy)
        }
        let patience = world.random.number(200_000...3_000_000)
        world.plan(after: patience) { [unowned self] in
            guard !attempt.isOver else { return }
            attempt.isOver = true
            guard self.operation === operation else { return }
            world.count(.timeout)
            changeServer()
            again(operation, after: 1_000)
        }
    }

    private func transmit(_ attempt: Attempt) {
        if world.happens(3) { return world.count(.requestLost) }
        let late = world.happens(2) ? world.random.number(300_000...5_000_000) : world.random.number(50...3_000)
        world.plan(after: late) { [unowned self] in deliver(attempt) }
    }

    private func deliver(_ attempt: Attempt) {
        let server = attempt.server
        guard let process = server.process else { return }
        guard server.isStopped else { return process.receive(attempt) }
        // It waits in the socket until the process goes on.
        process.plan(after: 0) { $0.receive(attempt) }
    }

    private func changeServer() { server = Int(world.random.number(0...Int64(world.servers.count - 1))) }

    /// Asks again, unless nobody could tell whether it would be done twice.
    private func again(_ operation: Operation, after delay: Int64) {
        guard operation.isRepeatable || operation.attempts.allSatisfy(\.isRefused) else {
            return finish(operation, nil)
        }
        world.plan(after: delay) { [unowned self] in
            if self.operation === operation, operation.attempts.last?.isOver ?? true { send(operation) }
        }
    }

    // MARK: Hearing

    func hear(_ response: API.Response, to attempt: Attempt) {
        let operation = attempt.operation
        let isFirst = !attempt.isOver
        attempt.isOver = true
        switch response.code {
        case "not_leader", "not_ready", "projection_lag", "overloaded":
            // A repetition that the tables cannot answer yet says nothing of the command that it repeats.
            attempt.isRefused = response.code != "projection_lag"
            if let leader = response.value(of: "leader") {
                server = world.servers.firstIndex { $0.address == leader } ?? server
            } else if world.random.chance(50) {
                changeServer()
            }
            if isFirst, self.operation === operation { again(operation, after: backOff(operation)) }
        case "outcome_unknown":
            if isFirst, self.operation === operation { again(operation, after: backOff(operation)) }
        default:
            operation.take(response, world)
            note(response)
            if self.operation === operation { finish(operation, response) }
        }
    }

    private func backOff(_ operation: Operation) -> Int64 {
        world.random.number(5_000...min(1_000_000, 20_000 << Int64(min(operation.attempts.count, 6))))
    }

    /// What it has heard of it will see from now on.
    private func note(_ response: API.Response) {
        for field in ["sequence", "as_of_sequence"] {
            if let sequence = response.value(of: field).flatMap({ Int64($0) }) { known = max(known, sequence) }
        }
    }

    private func finish(_ operation: Operation, _ response: API.Response?) {
        self.operation = nil
        if let response, !response.isOfEngine, operation.method != .get { world.auditor.checkUndone(operation) }
        done(self, response)
        think()
    }
}
