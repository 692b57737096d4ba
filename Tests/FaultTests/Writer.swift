import Foundation
import HTTP2
import JSON
import ProgramTesting
import Sockets
import Synchronization

/// One client with one connection, on a thread of its own.
final class Writer: Sendable {
    /// What it does on the market.
    enum Role: Sendable {
        /// Places offers, and cancels some of them.
        case worker(Scenario.Party)
        /// Places bids, of which about half trade at once.
        case app(Scenario.Party)
        /// Pays money in, with the operator's key.
        case depositor(String, to: String)

        var key: String {
            switch self {
            case .worker(let party), .app(let party): party.key
            case .depositor(let key, _): key
            }
        }
    }

    let name: String
    let role: Role
    let oracle = Lock(Oracle())
    private let control: LoadControl
    private let firstGenerator: FaultGenerator
    private let inFlight: Int
    private let pauseMaxMicroseconds: UInt32
    private let isIdle = Atomic<Bool>(false)

    /// Pause after a refusal: shorter than `Retry-After` says, because we want to be in the way.
    private static let backOffMicroseconds: UInt32 = 50_000

    init(
        name: String,
        role: Role,
        control: LoadControl,
        generator: FaultGenerator,
        inFlight: Int,
        pauseMaxMicroseconds: UInt32
    ) {
        self.name = name
        self.role = role
        self.control = control
        firstGenerator = generator
        self.inFlight = inFlight
        self.pauseMaxMicroseconds = pauseMaxMicroseconds
    }

    /// Every outcome is known, and nothing is under way.
    var isSettled: Bool { isIdle.load(ordering: .acquiring) }

    /// What only the thread knows.
    private struct Turn {
        var client: TestClient?
        var open: [RequestID: Int] = [:]
        /// Requests to send again.
        var again: [Int] = []
        var isRefused = false
        /// The connection has given an answer: the server has taken it up.
        var hasHeard = false
        /// Which of the servers it asks.
        var site = 0
        var heardAt = MonotonicClock.milliseconds()
        var generator: FaultGenerator
    }

    /// Runs until the load is stopped.
    func run() {
        var turn = Turn(generator: firstGenerator)
        while control.mode != .stopped {
            guard connect(&turn) else {
                usleep(10_000)
                continue
            }
            fill(&turn)
            collect(&turn)
            if turn.isRefused { usleep(Self.backOffMicroseconds) }
            turn.isRefused = false
            usleep(UInt32.random(in: 0...pauseMaxMicroseconds, using: &turn.generator))
        }
        giveUp(&turn)
    }

    private func connect(_ turn: inout Turn) -> Bool {
        if let client = turn.client, !client.connection.isClosed { return true }
        giveUp(&turn)
        turn.hasHeard = false
        let addresses = control.addresses
        turn.client = try? TestClient(addresses[turn.site % addresses.count])
        if turn.client == nil { turn.site += 1 }
        turn.heardAt = MonotonicClock.milliseconds()
        return turn.client != nil
    }

    /// The connection has ended: nothing more will be heard.
    private func giveUp(_ turn: inout Turn) {
        turn.client?.connection.close()
        // What was heard before the end counts.
        collect(&turn)
        turn.client = nil
        for index in turn.open.values {
            oracle.withLock { $0.lost(index) }
            turn.again.append(index)
        }
        turn.open = [:]
    }

    private func fill(_ turn: inout Turn) {
        guard let client = turn.client else { return }
        let isSettling = control.mode == .settling
        while turn.open.count < inFlight {
            guard let index = choose(&turn, isSettling: isSettling) else { break }
            let request = oracle.withLock { oracle in
                oracle.sent(index)
                return self.request(oracle.items[index])
            }
            guard let id = try? client.connection.queue(request) else {
                // It was not sent: the server goes away, or has gone.
                oracle.withLock { $0.notProcessed(index) }
                turn.again.append(index)
                client.connection.close()
                return
            }
            turn.open[id] = index
        }
        let isDone = isSettling && turn.open.isEmpty && turn.again.isEmpty
        isIdle.store(isDone, ordering: .releasing)
    }

    /// What is sent next: something again, now or later as chance has it, or something of its own.
    private func choose(_ turn: inout Turn, isSettling: Bool) -> Int? {
        if !turn.again.isEmpty, isSettling || !turn.generator.oneIn(4) { return turn.again.removeFirst() }
        if isSettling { return nil }
        return oracle.withLock { oracle in oracle.add(makeItem(oracle, &turn.generator)) }
    }

    func request(_ item: Oracle.Item) -> ClientRequest {
        TestClient.request(
            item.method,
            item.path,
            key: role.key,
            item.body.isEmpty ? nil : item.body,
            fields: [(name: "idempotency-key", value: "key-\(item.name)")]
        )
    }

    private func makeItem(_ oracle: Oracle, _ generator: inout FaultGenerator) -> Oracle.Item {
        let number = oracle.items.count + 1
        let name = "\(name)-\(number)"
        switch role {
        case .worker:
            if number % 3 == 0, let item = oracle.items.randomElement(using: &generator),
                case .settled(let answer) = item.fate, answer.order > 0
            {
                return Oracle.Item(
                    kind: .cancel,
                    method: "DELETE",
                    path: "/v1/orders/o\(answer.order)",
                    body: "",
                    name: name
                )
            }
            let price = 20_000_000 + Int64.random(in: 0..<7, using: &generator) * 1_000
            let body = Scenario.offer(price: price, lots: 3, clientOrderID: name)
            return Oracle.Item(kind: .order, method: "POST", path: "/v1/offers", body: body, name: name)
        case .app:
            // Above the offers it trades, below them it rests.
            let price: Int64 = generator.oneIn(2) ? 20_007_000 : 19_000_000
            let isNow = generator.oneIn(5)
            let body = Scenario.bid(price: price, lots: 2, clientOrderID: name, timeInForce: isNow ? "ioc" : "gtc")
            return Oracle.Item(kind: .order, method: "POST", path: "/v1/bids", body: body, name: name)
        case .depositor(_, let account):
            let amount = 1_000_000 + Int64(number)
            return Oracle.Item(
                kind: .deposit(amount),
                method: "POST",
                path: "/v1/accounts/\(account)/deposits",
                body: #"{"amount_nanoton":"\#(amount)"}"#,
                name: name
            )
        }
    }

    private func collect(_ turn: inout Turn) {
        guard let client = turn.client, !turn.open.isEmpty else { return }
        let completions = client.connection.receive(timeoutMilliseconds: 100)
        let now = MonotonicClock.milliseconds()
        if !completions.isEmpty { turn.heardAt = now }
        for completion in completions {
            guard let index = turn.open.removeValue(forKey: completion.id) else { continue }
            judge(completion, index, &turn)
        }
        let patience = control.patienceMilliseconds
        if !turn.open.isEmpty, now - turn.heardAt > patience {
            if control.addresses.count == 1 { oracle.withLock { $0.complain("\(name): silence of \(patience) ms") } }
            turn.site += 1
            client.connection.close()
        }
    }

    private func judge(_ completion: ClientCompletion, _ index: Int, _ turn: inout Turn) {
        switch completion.result {
        case .success(let response):
            turn.hasHeard = true
            control.answered(after: completion.latencyNanoseconds)
            let heard = Self.heard(response)
            let fate = oracle.withLock { oracle in
                oracle.heard(heard, index)
                return oracle.items[index].fate
            }
            if heard.code == "not_leader", turn.client?.connection.isClosed == false {
                // Once for all answers of the connection.
                turn.site += 1
                turn.client?.connection.close()
            }
            switch fate {
            case .settled: control.settled(sentAt: completion.sentAt)
            case .unknown:
                turn.again.append(index)
                turn.isRefused = true
            case .refused:
                turn.isRefused = true
                // Some are never sent again: they must not be there later.
                if turn.generator.oneIn(2) { turn.again.append(index) }
            case .fresh, .underWay, .declined: break
            }
        case .failure(.streamReset(code: Self.refusedStream)):
            oracle.withLock { $0.notProcessed(index) }
            turn.again.append(index)
        case .failure:
            oracle.withLock { $0.lost(index, onNewConnection: !turn.hasHeard) }
            turn.again.append(index)
        }
    }

    /// REFUSED_STREAM (RFC 9113, section 7).
    private static let refusedStream: UInt32 = 7

    /// What an answer says.
    static func heard(_ response: ClientResponse) -> Oracle.Heard {
        var heard = Oracle.Heard(status: response.status, hasRetryAfter: response.field("retry-after") != nil)
        guard let answer = try? TestClient.answer(response) else { return heard }
        heard.code = answer.code ?? ""
        if let sequence = answer["sequence"]?.integer {
            let id = answer["id"]?.string ?? ""
            let order = id.hasPrefix("o") ? Int64(id.dropFirst()) ?? 0 : 0
            heard.answer = Oracle.Answer(
                body: response.body,
                order: order,
                sequence: sequence,
                isReplayed: response.field("idempotency-replayed") == "true"
            )
        }
        return heard
    }
}
