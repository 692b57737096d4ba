internal import API
internal import Engine
internal import HTTP2
internal import Sockets
internal import Units

// How what a turn has heard comes to the engine, and what becomes of it when that does not take it.
extension RequestService {
    /// Takes what a request costs, before its body is looked at; throws for who has asked too often, and while there is
    /// no room for new orders: what is refused in the end should cost as little as it can.
    func charge(
        _ route: Route,
        _ principal: Principal?,
        _ peer: NetworkAddress,
        _ requestID: UInt64
    ) throws(Problem) {
        try throttle.charge(route, principal, peer: peer, requestID: requestID)
        guard route.placesOrders else { return }
        if let principal, let names = marketplace.limiters.names { try Self.checkNames(of: principal.account, names) }
        guard marketplace.inbox.isFull else { return }
        observer.refused(.overloaded)
        throw Problem(.overloaded, retryAfterSeconds: Unavailable.retryAfterSeconds)
    }

    private static func checkNames(of account: AccountID, _ names: NameLimiter) throws(Problem) {
        guard let wait = names.wait(for: account, at: Instant.now.nanoseconds) else { return }
        let rule = """
            This account has named \(Limits.newNamesMax) capabilities and requirements that were new, and may name \
            another one every \(Limits.newNameSeconds) s. Cancelling is never limited.
            """
        throw Problem(.rateLimited, rule, retryAfterSeconds: Int(wait / 1_000_000_000) + 1)
    }

    /// Takes what the entries of a batch cost beyond the request itself, now that it is known how many there are; a
    /// batch that costs too much is refused.
    func charged(_ admission: Admission, _ principal: Principal?, _ requestID: UInt64) -> Admission {
        let count: Int
        switch admission {
        case .batch(let orders): count = orders.count
        case .receipts(let receipts): count = receipts.items.count
        default: return admission
        }
        guard let principal else { return admission }
        do {
            try throttle.charge(entries: count, of: principal.key, requestID: requestID)
            return admission
        } catch {
            return .answer(error.response(requestID: requestID))
        }
    }

    /// Gives the engine what was collected.
    func handOver(on server: LoopServer) {
        let items = submission.items.count
        let handed = submission
        submission = Submission(loop: loop)
        submission.items.reserveCapacity(items)
        submission.commandBytes.reserveCapacity(handed.commandBytes.count)
        switch marketplace.inbox.post(handed, cancelsOnly: false) {
        case nil: return
        case .closed(let reason): answerWithoutEngine(handed.items, reason, on: server)
        case .full: handOverCancels(of: handed, on: server)
        }
    }

    /// No engine serves here. While another server leads, the tables still answer what they can, as of their cursor.
    private func answerWithoutEngine(_ items: [Submission.Item], _ reason: Unavailable, on server: LoopServer) {
        guard case .notLeader = reason else { return refuse(items, reason, on: server) }
        for item in items {
            switch item.work {
            case .touched(_, let query): read(.history(query), needs: .none, item.stream, item.requestID, on: server)
            case .query(.order(let id, let owner)):
                let question = HistoryQuery.order(id, owner: owner)
                read(.history(question), needs: .none, item.stream, item.requestID, on: server)
            case .query(.lease(let question)):
                guard let history = question.history else { return refuse([item], reason, on: server) }
                read(.history(history), needs: .none, item.stream, item.requestID, on: server)
            case .query(.account), .query(.keys), .query(.preview), .query(.settlement), .command, .batch, .verify:
                refuse([item], reason, on: server)
            }
        }
    }

    /// The engine's mailbox is full: cancels have a reserve, everything else is refused.
    private func handOverCancels(of full: Submission, on server: LoopServer) {
        var cancels = Submission(loop: loop)
        var others: [Submission.Item] = []
        for item in full.items {
            guard case .command(let command, _) = item.work, command.action.onlyCancels else {
                others.append(item)
                continue
            }
            cancels.append(item)
            command.encode(into: &cancels.commandBytes)
        }
        refuse(others, .overloaded, on: server)
        guard !cancels.items.isEmpty else { return }
        if marketplace.inbox.post(cancels, cancelsOnly: true) != nil { refuse(cancels.items, .overloaded, on: server) }
    }

    private func refuse(_ items: [Submission.Item], _ reason: Unavailable, on server: LoopServer) {
        for item in items { refuse(item.stream, item.requestID, reason, on: server) }
    }

    func refuse(_ stream: StreamReference, _ requestID: UInt64, _ reason: Unavailable, on server: LoopServer) {
        if answerWithoutTickets(stream, requestID, on: server) { return }
        observer.refused(reason)
        answer(reason.response(requestID: requestID), to: stream, requestID, on: server)
    }
}
