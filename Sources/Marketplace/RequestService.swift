internal import API
internal import Cryptography
internal import Engine
package import HTTP2
internal import Log
internal import Units

/// What one loop of the network does with a request: it is checked here, on the loop's own thread; what needs the
/// engine is collected and handed over at the end of the turn.
package final class RequestService: Service {
    let marketplace: Marketplace
    let loop: Int
    let readers: StreamReaders
    /// The server says goodbye.
    var isDraining = false
    /// Streams that begin when it is durable that their end cancels orders.
    var arming: [StreamReference: StreamRequest] = [:]
    /// Answers to bids that wait for their tickets.
    var placed: [StreamReference: API.Response] = [:]
    private var directory: Directory
    private var directoryVersion: Int
    /// What this turn has for the engine, and was not handed over.
    var submission: Submission
    /// Principals that connections refer to, for as long as the directory's keys stay the same.
    private var principals: [Principal] = []
    /// Where a key's principal stands in ``principals``.
    private var places: [KeyID: Int] = [:]
    /// The bytes of the request under way, one behind the other; kept, so that a request allocates nothing for them.
    private var buffer: [UInt8] = []
    private var nextRequestID: UInt64
    var observer: RequestObserver
    var throttle: Throttle
    var shown = ShownAnswers()

    /// Keys that a loop remembers; those of further connections are looked up at every request.
    private static let principalsMax = 65_536

    /// Answers for one loop, whose mailbox gets what other threads have for it.
    package init(_ marketplace: Marketplace, for server: LoopServer) {
        self.marketplace = marketplace
        loop = server.index
        marketplace.loops.attach(server.mailbox, loop: server.index)
        directoryVersion = marketplace.published.directoryVersion
        directory = marketplace.published.directory
        submission = Submission(loop: loop)
        readers = StreamReaders(
            marketplace.feed,
            marketplace.streams,
            loop: loop,
            heartbeat: marketplace.configuration.streams.heartbeatMilliseconds
        )
        let metrics = marketplace.metrics.loops[loop]
        throttle = Throttle(marketplace.limiters.requests, logins: marketplace.limiters.logins, metrics: metrics)
        observer = RequestObserver(metrics, marketplace.configuration.events)
        // A random start, so that ids of several runs and loops do not meet in the logs.
        nextRequestID = SecureRandom.uint64() & ~0xFFFF_FFFF
    }

    package func receive(_ request: borrowing HTTP2.Request, stream: StreamReference, on server: LoopServer) {
        nextRequestID &+= 1
        take(admit(request, requestID: nextRequestID), stream, nextRequestID, on: server)
        // A turn may have heard thousands of them: the engine begins with the first.
        if submission.weight >= marketplace.inbox.submissionItemsMax { handOver(on: server) }
    }

    private func take(_ admission: Admission, _ stream: StreamReference, _ requestID: UInt64, on server: LoopServer) {
        switch admission {
        case .answer(let response):
            // Names that this server does not know yet, the one that leads may know.
            if Self.dependsOnNames(response), let refusal = refusalForWantOfNames {
                return refuse(stream, requestID, refusal, on: server)
            }
            answer(response, to: stream, requestID, on: server)
        case .command(let command, let shape): take(command, shape, stream, requestID, on: server)
        case .batch(let orders): take(orders, stream, requestID, on: server)
        case .query(let query): submit(.query(query), stream, requestID)
        case .history(let query):
            if let account = query.account {
                submit(.touched(account, query), stream, requestID)
            } else {
                // Public lists wait for nobody, unless they fill a gap up to now.
                read(.history(query), needs: needs(of: query), stream, requestID, on: server)
            }
        case .book(let query): show(marketplace.published.answer(query), stream, requestID, on: server)
        case .models(let query): show(marketplace.published.answer(query), stream, requestID, on: server)
        case .stream(let query): open(query, stream, requestID, on: server)
        case .market(let query): show(marketplace.published.answer(query), stream, requestID, on: server)
        case .operations(let operation):
            answer(marketplace.answer(operation, requestID: requestID), to: stream, requestID, on: server)
        case .checkpoint(let account, let identity):
            let request = Checkpointer.Request(
                stream: stream,
                requestID: requestID,
                account: account,
                identity: identity,
                needs: marketplace.metrics.durableSequence
            )
            if let reason = marketplace.inbox.refusal ?? marketplace.checkpointer.request(request) {
                refuse(stream, requestID, reason, on: server)
            }
        case .loginNonce: giveLoginNonce(stream, requestID, on: server)
        case .login(let proof, let command, let shape):
            take(login: command, proof, shape, stream, requestID, on: server)
        case .receipts(let receipts):
            if marketplace.backlog.isFull { return refuse(stream, requestID, .projectionLag, on: server) }
            submit(.verify(receipts), stream, requestID)
        case .signingKeys: answer(View.signingKeys(marketplace.signing.list), to: stream, requestID, on: server)
        case .settlementRound: runSettlement(stream, requestID, on: server)
        case .page(let page):
            answer(
                marketplace.configuration.pages.answer(page, requestID: requestID),
                to: stream,
                requestID,
                on: server
            )
        }
    }

    /// Who fills a gap of a stream needs all that streams have told.
    private func needs(of query: HistoryQuery) -> SequenceNumber {
        guard marketplace.inbox.refusal == nil else { return .none }
        switch query {
        case .trades(let trades) where trades.since != nil: return marketplace.metrics.durableSequence
        // Whoever has had a receipt acknowledged finds it in the log.
        case .log: return marketplace.metrics.durableSequence
        default: return .none
        }
    }

    /// Unknown keys and models are told by these statuses; both are read from the tables before a server is ready.
    private static func dependsOnNames(_ response: API.Response) -> Bool {
        response.status == 401 || response.status == 403 || response.status == 422
    }

    /// `nil` when what this loop knows is what the exchange knows.
    private var refusalForWantOfNames: Unavailable? {
        if let refusal = marketplace.refusalForWantOfNames(at: .now) { return refusal }
        // They have come between the look at them and now: asked again, the answer may be another.
        return marketplace.published.directoryVersion == directoryVersion ? nil : .rebuilding
    }

    package func answer(to refusal: HTTP1Refusal, on server: LoopServer) -> HTTP2.Response {
        nextRequestID &+= 1
        let problem = Problem(ProblemCode(refusal.kind), "\(refusal.rule)")
        return HTTP2.Response(problem.response(requestID: nextRequestID))
    }

    package func receive(_ message: any Sendable, on server: LoopServer) {
        switch message {
        case let batch as SealedBatch:
            marketplace.loops.taken(batch, loop: loop)
            let now = Instant.now
            for delivery in batch.deliveries[loop] {
                if let request = takeArming(delivery.stream) {
                    armed(request, delivery, of: batch, on: server)
                } else {
                    answer(delivery, of: batch, at: now, on: server)
                }
            }
        case let ready as ReadyAnswer:
            marketplace.loops.taken(ready, loop: loop)
            answer(ready.response, to: ready.stream, ready.requestID, on: server)
        case let refused as RefusedItems:
            marketplace.loops.taken(refused, loop: loop)
            for item in refused.items {
                if let request = takeArming(item.stream) { giveUp(request) }
                refuse(item.stream, item.requestID, refused.reason, on: server)
            }
        case let news as StreamNews:
            marketplace.loops.taken(news, loop: loop)
            take(news, on: server)
        default: assertionFailure("a message that no part of the exchange sends")
        }
    }

    package func endTurn(on server: LoopServer) {
        observer.endTurn()
        if !submission.items.isEmpty { handOver(on: server) }
    }

    package func tick(on server: LoopServer) {
        readers.tick(at: .now, on: server)
        let now = LogicalTime(microseconds: wallClockMicroseconds())
        marketplace.disconnects.retry()
        readers.end(.expired, where: { $0.expiresAt <= now }, on: server)
        marketplace.configuration.events.reportSuppressed()
    }
}

// What comes in.
extension RequestService {
    private func admit(_ request: borrowing HTTP2.Request, requestID: UInt64) -> Admission {
        let method = RequestMethod(request.method)
        let parent = request.bytes(of: .traceparent).flatMap { TraceParent($0) }
        if request.isBodyTooLarge || request.isHeaderTooLarge {
            observer.heard(requestID, method, nil, account: nil, parent: parent)
            let code = request.isBodyTooLarge ? ProblemCode.bodyTooLarge : .headerFieldsTooLarge
            return .answer(Problem(code).response(requestID: requestID))
        }
        refreshDirectory()
        buffer.removeAll(keepingCapacity: true)
        let target = request.append(.path, to: &buffer) ?? 0..<0
        let peer = NetworkAddress(request.peer)
        if method == .get, let kept = keptAnswer(to: buffer[target], directoryVersion) {
            return charged(kept, peer, requestID, parent)
        }
        let contentType = request.append(.contentType, to: &buffer)
        let idempotencyKey = request.append(.idempotencyKey, to: &buffer)
        let lastEventID = request.append(.lastEventID, to: &buffer)
        let now = LogicalTime(microseconds: wallClockMicroseconds())
        let known = request.rememberedContext.flatMap { principal(of: $0) }
        // A connection that has shown this very field before need not show it again.
        let authorization = known == nil ? request.append(.authorization, to: &buffer) : nil
        var context = RequestContext(directory: directory, now: now, requestID: requestID, principal: known, peer: peer)
        context.login = marketplace.configuration.login
        context.network = marketplace.configuration.network
        // Only what is read can be a page.
        let isReading = method == .get || method == .head
        let accept = isReading ? request.append(.accept, to: &buffer) : nil
        let ifNoneMatch = isReading ? request.append(.ifNoneMatch, to: &buffer) : nil
        let prefer = isReading ? nil : request.append(.prefer, to: &buffer)
        var head = RequestHead(
            method: method,
            target: buffer[target],
            contentType: contentType.map { buffer[$0] },
            authorization: authorization.map { buffer[$0] },
            idempotencyKey: idempotencyKey.map { buffer[$0] },
            lastEventID: lastEventID.map { buffer[$0] }
        )
        head.accept = accept.map { buffer[$0] }
        head.ifNoneMatch = ifNoneMatch.map { buffer[$0] }
        head.prefer = prefer.map { buffer[$0] }
        if let authorization = head.authorization {
            // What is wrong with a key, and whether that matters here, is for the interface to say.
            context.principal = try? Authentication.principal(authorization, directory: directory, now: now, peer: peer)
            if let found = context.principal { remember(found, for: request) }
        }
        var route: Route?
        let admission = API.admit(
            head,
            body: request.body,
            in: context,
            newKey: APIKey.random,
            route: &route
        ) { (route, principal) throws(Problem) in
            try charge(route, principal, peer, requestID)
        }
        observer.heard(requestID, method, route, account: context.principal?.account, parent: parent)
        if let route { shown.ask(buffer[target], route) }
        return charged(admission, context.principal, requestID)
    }

    private func refreshDirectory() {
        let version = marketplace.published.directoryVersion
        guard version != directoryVersion else { return }
        let next = marketplace.published.directory
        if next.keysVersion != directory.keysVersion {
            principals.removeAll(keepingCapacity: true)
            places.removeAll(keepingCapacity: true)
        }
        directory = next
        directoryVersion = version
    }

    /// A connection remembers a place in ``principals`` and the version of the keys in which it was looked up.
    private func principal(of context: UInt64) -> Principal? {
        let index = Int(context & 0xFFFF_FFFF)
        guard context >> 32 == directory.keysVersion & 0xFFFF_FFFF, index < principals.count else { return nil }
        return principals[index]
    }

    private func remember(_ principal: Principal, for request: borrowing HTTP2.Request) {
        let place = places[principal.key] ?? principals.count
        if place == Self.principalsMax { return }
        if place == principals.count {
            principals.append(principal)
            places[principal.key] = place
        }
        request.remember(directory.keysVersion << 32 | UInt64(place))
    }

    func take(
        _ command: Command,
        _ shape: AnswerShape,
        _ stream: StreamReference,
        _ requestID: UInt64,
        on server: LoopServer
    ) {
        if shape.placesOrder, marketplace.backlog.isFull {
            return refuse(stream, requestID, .projectionLag, on: server)
        }
        if command.action.needsWallet, marketplace.lacksWallet {
            let response = Problem(.walletMissing).response(requestID: requestID)
            return answer(response, to: stream, requestID, on: server)
        }
        command.encode(into: &submission.commandBytes)
        submit(.command(command, shape), stream, requestID)
    }

    private func take(
        _ orders: [BatchItem],
        _ stream: StreamReference,
        _ requestID: UInt64,
        on server: LoopServer
    ) {
        let commands = BatchItem.commands(of: orders)
        if marketplace.backlog.isFull { return refuse(stream, requestID, .projectionLag, on: server) }
        guard !commands.isEmpty else {
            // Nothing of it is for the engine; but what another server knows may be another matter.
            if let refusal = refusalForWantOfNames { return refuse(stream, requestID, refusal, on: server) }
            return answer(BatchAnswers.refused(orders, requestID), to: stream, requestID, on: server)
        }
        for command in commands { command.encode(into: &submission.commandBytes) }
        submit(.batch(orders), stream, requestID)
    }

    func submit(_ work: Submission.Work, _ stream: StreamReference, _ requestID: UInt64) {
        submission.append(Submission.Item(stream: stream, requestID: requestID, work: work))
    }

    func read(
        _ question: ReaderJob.Question,
        needs sequence: SequenceNumber,
        _ stream: StreamReference,
        _ requestID: UInt64,
        on server: LoopServer
    ) {
        let job = ReaderJob(
            stream: stream,
            requestID: requestID,
            needs: sequence,
            deadline: Instant.now.adding(milliseconds: ReaderPool.waitMilliseconds),
            question: question
        )
        guard !marketplace.readers.post(job) else { return }
        refuse(stream, requestID, job.refusal(.overloaded), on: server)
    }
}
