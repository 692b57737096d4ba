import API
import Cryptography
import Engine
import Units

@testable import EngineTesting
@testable import HTTP2
@testable import Marketplace
@testable import Store

/// What the loop of the network does with requests and answers: as `RequestService`, without sockets.
extension SimulatedProcess {
    /// Judges a request that has arrived, and gives it to the engine's thread at the end of the turn.
    func receive(_ attempt: Attempt) {
        let requestID = world.nextRequestID()
        attempt.requestID = requestID
        waiting[requestID] = attempt
        world.auditor.heard(attempt)
        if let period, period.term.leadership.epoch < world.database.leader.epoch { world.count(.askedWhenReplaced) }
        let operation = attempt.operation
        let context = RequestContext(
            directory: exchange.published.directory,
            now: LogicalTime(microseconds: server.machine.wall),
            requestID: requestID
        )
        let head = RequestHead(
            method: operation.method,
            target: Array(operation.target.utf8)[...],
            contentType: operation.body.isEmpty ? nil : Array("application/json".utf8)[...],
            authorization: Array("Bearer \(operation.secret)".utf8)[...],
            idempotencyKey: operation.key.map { Array($0.utf8)[...] }
        )
        let body = Array(operation.body.utf8)
        switch API.admit(head, body: body, in: context, newKey: world.newKey) {
        case .answer(let response):
            if [401, 403, 422].contains(response.status), let refusal = wantOfNames {
                return refuse(requestID, refusal)
            }
            reply(attempt, response)
        case .command(let command, let shape):
            if shape.placesOrder, exchange.backlog.isFull { return refuse(requestID, .projectionLag) }
            attempt.form = .command(shape)
            command.encode(into: &turn.commandBytes)
            submit(.command(command, shape), requestID)
        case .batch(let items):
            if exchange.backlog.isFull { return refuse(requestID, .projectionLag) }
            let commands = BatchItem.commands(of: items)
            attempt.form = .batch(items)
            guard !commands.isEmpty else {
                if let refusal = wantOfNames { return refuse(requestID, refusal) }
                return reply(attempt, BatchAnswers.refused(items, requestID))
            }
            for command in commands { command.encode(into: &turn.commandBytes) }
            submit(.batch(items), requestID)
        case .query(let query):
            attempt.form = .query(query)
            submit(.query(query), requestID)
        case .book(let query):
            attempt.form = .book(query)
            if !exchange.published.hasBook, let refusal = exchange.inbox.refusal { return refuse(requestID, refusal) }
            reply(attempt, exchange.published.answer(query))
        default: world.fail("no client asks \(operation.target)")
        }
    }

    private var wantOfNames: Unavailable? {
        exchange.refusalForWantOfNames(at: SimulatedClocks(server.machine).instant)
    }

    private func submit(_ work: Submission.Work, _ requestID: UInt64) {
        let stream = StreamReference(loop: 0, slot: 0, generation: 0, id: 1)
        turn.append(Submission.Item(stream: stream, requestID: requestID, work: work))
        guard !isTurnPlanned else { return }
        isTurnPlanned = true
        plan(after: world.random.number(5...400)) { $0.endTurn() }
    }

    private func endTurn() {
        let handed = turn
        turn = Submission(loop: 0)
        isTurnPlanned = false
        switch exchange.inbox.post(handed, cancelsOnly: false) {
        case nil: wake(after: world.random.number(1...40))
        case .closed(let reason): for item in handed.items { refuse(item.requestID, reason) }
        case .full: for item in handed.items { refuse(item.requestID, .overloaded) }
        }
    }

    // MARK: Answers

    func answer(_ delivery: Delivery, of batch: SealedBatch) {
        guard let attempt = waiting[delivery.requestID] else {
            return world.fail("an answer to a request that nobody waits for: \(delivery.requestID)")
        }
        switch delivery.outcome {
        case .command(let index, let shape):
            let outcome = Outcome(
                sequence: batch.sequence(index),
                events: batch.group(index),
                requestID: delivery.requestID
            )
            reply(attempt, Answer.render(shape, outcome))
        case .replay(let original, let shape, let action):
            fromTables(attempt, needs: original, for: .replay(shape, original, action)) { tables in
                Answer.render(
                    shape,
                    Outcome(
                        sequence: original,
                        events: tables.outcome(original),
                        isReplay: true,
                        requestID: delivery.requestID
                    )
                )
            }
        case .order(let order, let id, let owner, let asOf, let touched):
            if let order, owner == nil || order.account == owner {
                reply(attempt, exchange.published.answer(order, asOf: asOf))
            } else {
                // The tables have it, of which this world has only the place.
                fromTables(attempt, needs: touched, for: .history(.order(id, owner: owner))) { tables in
                    attempt.form = .closedOrder
                    return View.orderNotFound(requestID: UInt64(tables.sequence.rawValue))
                }
            }
        case .account(let account, let asOf):
            guard let account else { return world.fail("an account that there is was not found") }
            reply(attempt, View.account(account, asOf: asOf))
        case .refused(let reason): refuse(delivery.requestID, reason)
        case .batch(let first, let items):
            let answers = BatchAnswers(batch: batch, first: first, items: items, requestID: delivery.requestID)
            guard let newest = answers.newestReplay else { return reply(attempt, answers.response { _, _ in nil }) }
            fromTables(attempt, needs: newest, for: .batch(answers)) { tables in
                answers.response { sequence, _ in
                    Answer.render(
                        .placed,
                        Outcome(
                            sequence: sequence,
                            events: tables.outcome(sequence),
                            isReplay: true,
                            requestID: delivery.requestID
                        )
                    )
                }
            }
        default: world.fail("an answer to a question that nobody has asked")
        }
    }

    func refuse(_ requestID: UInt64, _ reason: Unavailable) {
        guard let attempt = waiting[requestID] else {
            return world.fail("a refusal of a request that nobody waits for: \(requestID)")
        }
        reply(attempt, reason.response(requestID: requestID))
    }

    /// Answers when the tables show the command, which they do in time or not.
    private func fromTables(
        _ attempt: Attempt,
        needs sequence: SequenceNumber,
        for question: ReaderJob.Question,
        until deadline: Int64? = nil,
        _ answer: @escaping (SimulatedTables) -> API.Response
    ) {
        let deadline = deadline ?? world.time.now + ReaderPool.waitMilliseconds * 1_000
        let tables: SimulatedTables = world.database.tables
        if tables.sequence >= sequence { return reply(attempt, answer(tables)) }
        guard world.time.now < deadline else {
            let job = ReaderJob(
                stream: .none,
                requestID: attempt.requestID,
                needs: sequence,
                deadline: SimulatedClocks(server.machine).instant,
                question: question
            )
            return refuse(attempt.requestID, job.refusal(.projectionLag))
        }
        plan(after: 40_000) { $0.fromTables(attempt, needs: sequence, for: question, until: deadline, answer) }
    }

    /// An answer leaves the process, and may get lost.
    private func reply(_ attempt: Attempt, _ response: API.Response) {
        guard waiting.removeValue(forKey: attempt.requestID) != nil else {
            return world.fail("request \(attempt.requestID) is answered twice")
        }
        world.note("\(server.name) answers \(attempt.requestID) with \(response.status)")
        world.auditor.answered(attempt, response)
        if world.happens(3) { return world.count(.answerLost) }
        let late = world.happens(3) ? world.random.number(500_000...4_000_000) : world.random.number(100...3_000)
        world.plan(after: late) { attempt.operation.client.hear(response, to: attempt) }
    }
}
