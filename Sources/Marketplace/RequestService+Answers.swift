internal import API
internal import Engine
internal import HTTP2
internal import Units

// What goes out.
extension RequestService {
    /// Every answer leaves here, and is counted.
    func answer(
        _ response: API.Response,
        to stream: StreamReference,
        _ requestID: UInt64,
        at now: Instant = .now,
        isDurable: Bool = false,
        on server: LoopServer
    ) {
        observer.answered(requestID, status: response.status, at: now, isDurable: isDurable)
        var response = response
        response.quota = throttle.quota(of: requestID)
        server.respond(to: stream, HTTP2.Response(response))
    }

    func answer(_ delivery: Delivery, of batch: SealedBatch, at now: Instant, on server: LoopServer) {
        let requestID = delivery.requestID
        let stream = delivery.stream
        switch delivery.outcome {
        case .command(let index, let shape):
            let outcome = Outcome(
                sequence: batch.sequence(index),
                events: batch.group(index),
                requestID: requestID
            )
            if let question = question(after: shape, outcome) {
                return read(.history(question), needs: outcome.sequence, stream, requestID, on: server)
            }
            let response = Answer.render(shape, outcome)
            if askForTickets(response, shape, outcome.events, stream, requestID) { return }
            answer(response, to: stream, requestID, at: now, isDurable: true, on: server)
        case .replay(let original, let shape, let action):
            read(.replay(shape, original, action), needs: original, stream, requestID, on: server)
        case .order(let order, let id, let owner, let asOf, let touched):
            if let order, owner == nil || order.account == owner {
                let response = marketplace.published.answer(order, asOf: asOf)
                answer(response, to: stream, requestID, at: now, on: server)
            } else {
                read(.history(.order(id, owner: owner)), needs: touched, stream, requestID, on: server)
            }
        case .account(let account, let asOf):
            let response =
                account.map { View.account($0, asOf: asOf) }
                ?? Problem(.accountUnknown).response(requestID: requestID)
            answer(response, to: stream, requestID, at: now, on: server)
        case .keys(let account, let keys, let asOf):
            let response =
                keys.map { View.keys(of: account, $0, asOf: asOf) }
                ?? Problem(.accountUnknown).response(requestID: requestID)
            answer(response, to: stream, requestID, at: now, on: server)
        case .preview(let preview):
            // Explaining takes a while, so a reader's thread does it.
            read(.preview(preview), needs: .none, stream, requestID, on: server)
        case .lease(let finding, let asOf): answer(finding, asOf: asOf, to: stream, requestID, at: now, on: server)
        case .settlement(let finding, let asOf):
            answer(finding, asOf: asOf, to: stream, requestID, at: now, on: server)
        case .refused(let reason): refuse(stream, requestID, reason, on: server)
        case .touched(let sequence, let query):
            read(.history(query), needs: sequence, stream, requestID, on: server)
        case .batch(let first, let items):
            let orders = BatchAnswers(batch: batch, first: first, items: items, requestID: requestID)
            if let original = orders.newestReplay {
                read(.batch(orders), needs: original, stream, requestID, on: server)
            } else {
                answer(orders.response { _, _ in nil }, to: stream, requestID, at: now, isDurable: true, on: server)
            }
        }
    }
}

extension HTTP2.Response {
    init(_ response: API.Response) {
        self.init(
            status: response.status,
            contentType: response.contentType.text,
            body: response.body,
            location: response.location ?? [],
            fields: response.fields.map { Field($0.name, $0.value) }
        )
    }
}
