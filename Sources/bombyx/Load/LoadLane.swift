internal import HTTP2
internal import Measurement

/// One connection of a load: what is under way on it, and what is to be asked back.
final class LoadLane {
    /// The place of the lane among all lanes of the load.
    let number: Int
    let channel: ClientChannel
    var workload: Workload
    /// Requests of the load under way; those of the verification are not counted.
    private(set) var loadCount = 0
    /// No request of the load before this time: the ramp, or the server asked for patience.
    var pausedUntil: UInt64 = 0
    /// When the next connection is tried, and how long to wait after that.
    var reconnectAt: UInt64 = 0
    var reconnectPause: UInt64 = LoadLane.reconnectPauseMin
    /// When the thread looks after this lane unasked; `.max` for not at all.
    var attentionAt: UInt64 = .max
    /// What is to be asked back, oldest first.
    var questions: [Question] = []

    private let plan: LoadPlan
    private var flights: [Flight] = []
    private var freeFlights: [Int] = []
    private var head: [UInt8] = []
    private var body: [UInt8] = []
    private var path: [UInt8] = []

    static let reconnectPauseMin: UInt64 = 50_000_000
    static let reconnectPauseMax: UInt64 = 1_000_000_000
    /// Streams beside those of the load that the verification takes at most.
    private static let questionsAtOnce = 4
    /// Bytes of a body at most: a name of a model and a client order id are short.
    private static let bodyBytesMax = 512

    /// A request under way.
    struct Flight {
        var operation: Operation
        var sentAt: UInt64
        var intendedAt: UInt64
        /// It belongs to the verification.
        var question: Question?
    }

    /// A sampled request whose acknowledgement is to be verified.
    final class Sample {
        let operation: Operation
        let status: Int
        let answer: [UInt8]

        init(_ operation: Operation, status: Int, answer: [UInt8]) {
            self.operation = operation
            self.status = status
            self.answer = answer
        }
    }

    /// Something to ask of a sample.
    struct Question {
        enum Kind { case readBack, repetition }

        let sample: Sample
        let kind: Kind
        /// Not before this time: the tables were not that far.
        var notBefore: UInt64 = 0
    }

    init(_ number: Int, _ plan: LoadPlan, channel: ClientChannel) {
        self.number = number
        self.plan = plan
        self.channel = channel
        workload = Workload(
            plan.terms,
            lane: number,
            sellers: plan.accounts(of: number, sellers: true),
            buyers: plan.accounts(of: number, sellers: false),
            seed: plan.seed
        )
    }

    /// There is a stream for a request of the load.
    var hasRoom: Bool { loadCount < plan.streams && channel.canBegin(bodyCount: Self.bodyBytesMax) }

    /// Requests of the verification under way.
    var questionCount: Int { flights.count - freeFlights.count - loadCount }

    /// When the first question may be asked; `nil` without one.
    var nextQuestionAt: UInt64? {
        var next: UInt64?
        for question in questions { next = min(next ?? .max, question.notBefore) }
        return next
    }

    /// Begins the next request of the load.
    func begin(now: UInt64, intended: UInt64) {
        let operation = workload.next()
        encode(operation)
        send(Flight(operation: operation, sentAt: now, intendedAt: intended, question: nil))
        loadCount += 1
    }

    /// Begins what is due of the verification.
    func askBack(now: UInt64) {
        while questionCount < Self.questionsAtOnce, channel.canBegin(bodyCount: Self.bodyBytesMax),
            let index = questions.firstIndex(where: { $0.notBefore <= now })
        {
            let question = questions.remove(at: index)
            var operation = question.sample.operation
            if question.kind == .readBack {
                if operation.kind.isPlacement { operation.order = question.sample.order }
                operation.kind = .readOrder
                operation.isSampled = false
            }
            encode(operation)
            send(Flight(operation: operation, sentAt: now, intendedAt: now, question: question))
        }
    }

    /// Takes the request that was answered.
    func take(_ token: Int) -> Flight {
        let flight = flights[token]
        flights[token].question = nil
        freeFlights.append(token)
        if flight.question == nil { loadCount -= 1 }
        return flight
    }

    private func send(_ flight: Flight) {
        let token = freeFlights.popLast() ?? flights.count
        if token == flights.count { flights.append(flight) } else { flights[token] = flight }
        let (head, body) = (head, body)
        channel.pipeline.begin(head: head.span, body: body.span, token: token)
    }

    private func encode(_ operation: Operation) {
        head.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
        path.removeAll(keepingCapacity: true)
        let account = plan.accounts[operation.account]
        switch operation.kind {
        case .offer, .bid:
            workload.appendBody(of: operation, to: &body)
            account.place.append(to: &head, bodyCount: body.count)
        case .cancel:
            workload.appendPath(of: operation, to: &path)
            account.cancel.append(to: &head, path: path)
        case .readOrder:
            workload.appendPath(of: operation, to: &path)
            account.read.append(to: &head, path: path)
        case .readBook: plan.books[operation.model].append(to: &head)
        }
        if operation.isSampled {
            let key = Array(workload.name(of: operation).utf8)
            ClientHead.append("idempotency-key", key.span, to: &head)
        }
    }

    /// What the acknowledgement of an operation has to say.
    func expected(_ operation: Operation) -> AnswerCheck.Expected {
        let isNamed = operation.kind.isPlacement && plan.terms.hasClientOrderIDs
        return AnswerCheck.Expected(
            operation,
            account: plan.accounts[operation.account].id,
            clientOrderID: isNamed ? workload.name(of: operation) : nil
        )
    }
}

extension LoadLane.Sample {
    /// The order that was placed or cancelled.
    var order: Int64 {
        guard operation.kind.isPlacement else { return operation.order }
        let answer = answer
        return AnswerCheck.sequence(of: operation.kind, in: answer.span) ?? 0
    }
}
