internal import Demonstration
internal import HTTP2
internal import JSON
internal import Measurement
internal import Sockets
internal import Synchronization

/// Readers of `/v1/stream` beside a load: many streams on some connections, on a thread of their own, each of which
/// checks all that it is told.
final class LoadStreams {
    /// What all streams together have found.
    struct Result: Sendable {
        var streams = 0
        var messages: Int64 = 0
        var books: Int64 = 0
        var wholeBooks: Int64 = 0
        var resumptions: Int64 = 0
        var faultCount: Int64 = 0
        var fault: String?
        /// Trades told, over all streams.
        var trades: Int64 = 0
        /// Streams whose trades are those of the server's list.
        var exact = 0
        /// Streams that came back too late for some of what they had missed.
        var withGaps = 0
    }

    private let board = StreamBoard()
    private let thread: SharedThread
    private let count: Int

    /// Until every stream has begun, and until all have the last trade.
    private static let deadline = Duration.seconds(60)

    /// Opens the streams, each of one of these models in turn.
    init(_ endpoint: Endpoint, models: [String], connections: Int, streams: Int) throws {
        count = connections * streams
        let board = board
        thread = try SharedThread(named: "load-streams") {
            do {
                let crew = try StreamCrew(endpoint, models: models, connections: connections, streams: streams)
                try crew.run(board)
                board.result.withLock { $0 = crew.result(board.expected.withLock { $0 }) }
            } catch {
                board.failure.withLock { $0 = "\(error)" }
            }
        }
        let end = ContinuousClock.now + Self.deadline
        while board.open.load(ordering: .acquiring) < count {
            if let failure = board.failure.withLock({ $0 }) { throw CommandFailure("streams: \(failure)") }
            guard ContinuousClock.now < end else {
                let open = board.open.load(ordering: .acquiring)
                close()
                throw CommandFailure("\(open) of \(count) streams have begun within a minute")
            }
            pause(milliseconds: 10)
        }
    }

    /// Waits until every stream has told these trades, or nobody wants to wait any longer, and ends them.
    func finish(_ expected: [TradeChain], isAbandoned: () -> Bool) throws -> Result {
        board.expected.withLock { $0 = expected }
        let end = ContinuousClock.now + Self.deadline
        while board.result.withLock({ $0 == nil }), board.failure.withLock({ $0 == nil }) {
            if ContinuousClock.now > end || isAbandoned() { break }
            pause(milliseconds: 10)
        }
        close()
        if let failure = board.failure.withLock({ $0 }) { throw CommandFailure("streams: \(failure)") }
        return board.result.withLock { $0 } ?? Result()
    }

    /// Ends the streams, whatever they have told.
    func close() {
        board.isOver.store(true, ordering: .releasing)
        thread.join()
    }
}

/// What the streams' thread and the main thread tell each other.
private final class StreamBoard: Sendable {
    /// Streams that have begun.
    let open = Atomic(0)
    let failure = Lock<String?>(nil)
    /// By model; once it is there, the thread ends when every stream has reached it.
    let expected = Lock<[TradeChain]?>(nil)
    let isOver = Atomic(false)
    let result = Lock<LoadStreams.Result?>(nil)
}

/// The streams of a load, on their thread.
private final class StreamCrew {
    /// One stream.
    private struct Stream {
        let model: Int
        var request: RequestID?
        var reader = ServerSentEventReader()
        var check = StreamCheck()
        var hasBegun = false
        var hasEnded = false
    }

    private let endpoint: Endpoint
    private let models: [String]
    private var connections: [ClientConnection]
    /// By connection.
    private var streams: [[Stream]]

    /// A server that sends the same stream away again and again is given up.
    private static let resumptionsMax: Int64 = 1_000

    init(_ endpoint: Endpoint, models: [String], connections: Int, streams: Int) throws {
        self.endpoint = endpoint
        self.models = models
        self.connections = []
        self.streams = (0..<connections).map { connection in
            (0..<streams).map { Stream(model: (connection * streams + $0) % models.count) }
        }
        for place in 0..<connections {
            self.connections.append(try endpoint.connect())
            // The server's settings say how many streams there may be at once.
            self.connections[place].wait(timeoutMilliseconds: 1_000)
            for index in 0..<streams { try ask(place, index) }
        }
    }

    private func ask(_ place: Int, _ index: Int) throws {
        let stream = streams[place][index]
        let name = models[stream.model]
        let path = "/v1/stream?channels=book,trades,ticker&depth=20&model=\(name)&requirement=model:in=\(name)"
        let fields = stream.reader.lastID.map { [(name: "last-event-id", value: $0)] } ?? []
        streams[place][index].request = try connections[place].queue(ClientRequest("GET", path, fields: fields))
    }

    /// Reads until told that it is over, or until every stream has what is expected.
    func run(_ board: StreamBoard) throws {
        while !board.isOver.load(ordering: .acquiring) {
            var isIdle = true
            for place in connections.indices where try read(place) { isIdle = false }
            let begun = streams.reduce(0) { $0 + $1.count(where: \.hasBegun) }
            board.open.store(begun, ordering: .releasing)
            if let expected = board.expected.withLock({ $0 }), isComplete(expected) { return }
            if isIdle { pause(milliseconds: 1) }
        }
    }

    private func isComplete(_ expected: [TradeChain]) -> Bool {
        streams.allSatisfy { streams in
            streams.allSatisfy { $0.check.hasGap || $0.check.trades.count >= expected[$0.model].count }
        }
    }

    /// Takes what has come on a connection; false when nothing has.
    private func read(_ place: Int) throws -> Bool {
        let connection = connections[place]
        let hasCome = connection.wait(timeoutMilliseconds: 0)
        guard hasCome || connection.isClosed else { return false }
        for index in streams[place].indices {
            guard let request = streams[place][index].request else { continue }
            guard let (status, bytes) = connection.takeContent(of: request) else {
                streams[place][index].hasEnded = true
                continue
            }
            guard status == 0 || status == 200 else { throw CommandFailure("a stream was answered with \(status)") }
            try take(bytes, place, index)
        }
        try resumeEnded(place)
        return true
    }

    private func take(_ bytes: [UInt8], _ place: Int, _ index: Int) throws {
        guard !bytes.isEmpty else { return }
        for event in streams[place][index].reader.take(bytes) {
            streams[place][index].hasBegun = true
            streams[place][index].check.take(event.name, try JSONValue(event.data, limits: .answer))
        }
    }

    /// Streams that the server has ended come back with the id of what they have seen.
    private func resumeEnded(_ place: Int) throws {
        guard streams[place].contains(where: \.hasEnded) || connections[place].isClosed else { return }
        for completion in connections[place].receive(timeoutMilliseconds: 0) {
            guard let index = streams[place].firstIndex(where: { $0.request == completion.id }) else { continue }
            streams[place][index].hasEnded = true
            guard case .success(let response) = completion.result else { continue }
            guard response.status == 200 else {
                throw CommandFailure("a stream was answered with \(response.status)")
            }
            try take(response.body, place, index)
        }
        if connections[place].isClosed {
            connections[place] = try endpoint.connect()
            connections[place].wait(timeoutMilliseconds: 1_000)
            for index in streams[place].indices { streams[place][index].hasEnded = true }
        }
        for index in streams[place].indices where streams[place][index].hasEnded {
            streams[place][index].hasEnded = false
            let id = streams[place][index].reader.lastID
            streams[place][index].reader = ServerSentEventReader(lastID: id)
            streams[place][index].check.resume()
            guard streams[place][index].check.resumptions <= Self.resumptionsMax else {
                throw CommandFailure("a stream ended \(Self.resumptionsMax) times")
            }
            try ask(place, index)
        }
    }

    func result(_ expected: [TradeChain]?) -> LoadStreams.Result {
        for connection in connections { connection.close() }
        var result = LoadStreams.Result()
        for stream in streams.flatMap({ $0 }) {
            let check = stream.check
            result.streams += 1
            result.messages += check.counts.values.reduce(0, +)
            result.books += check.counts["book"] ?? 0
            result.wholeBooks += check.wholeBooks
            result.resumptions += check.resumptions
            result.faultCount += check.faultCount
            result.fault = result.fault ?? check.fault.map { "a stream of \(models[stream.model]): \($0)" }
            result.trades += check.trades.count
            if check.hasGap { result.withGaps += 1 }
            if let expected, check.trades == expected[stream.model] { result.exact += 1 }
        }
        return result
    }
}
