import API
import Foundation
import Units

/// Something that a client wants done once, however often it has to ask.
final class Operation {
    unowned let client: SimulatedClient
    let method: RequestMethod
    let target: String
    let body: String
    /// Of `idempotency-key`.
    let key: String?
    /// The client's API key.
    let secret: String
    /// Sent again, it is done once all the same: it has a key, or changes nothing.
    let isRepeatable: Bool
    var attempts: [Attempt] = []
    /// The first that says what became of it.
    private(set) var answer: API.Response?

    init(_ client: SimulatedClient, _ request: ClientRequest, key: String?) {
        self.client = client
        self.key = key
        secret = client.secret
        method = request.method
        target = request.target
        body = request.body
        isRepeatable = key != nil || request.method == .get || request.isNamed
    }

    /// Takes what one of its attempts was answered; each says the same.
    func take(_ response: API.Response, _ world: World) {
        guard let answer else {
            answer = response
            return
        }
        guard method != .get, answer.isOfEngine, response.isOfEngine else { return }
        // Without a key no refusal is remembered: each is its own command.
        if key == nil, answer.status >= 400, response.status >= 400 { return }
        if answer.status != response.status || answer.lasting != response.lasting {
            world.fail("\(method) \(target): answered \(answer.text), and later \(response.text)")
        }
    }
}

/// One request that is on its way, was answered, or got lost.
final class Attempt {
    let operation: Operation
    let server: SimulatedServer
    /// The newest sequence number that the client knew when it asked.
    let known: Int64
    /// Given by the server that it reaches.
    var requestID: UInt64 = 0
    /// What the server made of it.
    var form: Form?
    /// The client has heard of it, or waits no longer.
    var isOver = false
    /// It was told that nothing was done.
    var isRefused = false

    enum Form {
        case command(AnswerShape)
        case batch([BatchItem])
        case query(EngineQuery)
        /// An order that is not open, and is looked up in the tables.
        case closedOrder
        case book(BookQuery)
    }

    init(_ operation: Operation, at server: SimulatedServer, known: Int64) {
        self.operation = operation
        self.server = server
        self.known = known
    }
}

/// Reading answers as a client does.
extension API.Response {
    var text: String { String(decoding: body, as: UTF8.self) }
    var code: String? { contentType == .problem ? value(of: "code") : nil }

    /// It has the sequence number of a command, or those of several.
    var isOfEngine: Bool { value(of: "sequence") != nil }

    /// The value of the first field of this name, as text.
    func value(of name: String) -> String? { Self.value(of: name, in: body[...]) }

    static func value(of name: String, in body: ArraySlice<UInt8>) -> String? {
        let pattern = Array("\"\(name)\":".utf8)
        guard let start = place(of: pattern, in: body) else { return nil }
        var rest = body[(start + pattern.count)...]
        let isText = rest.first == UInt8(ascii: "\"")
        if isText { rest = rest.dropFirst() }
        let ends = Array((isText ? "\"" : ",}]").utf8)
        return String(decoding: rest.prefix { !ends.contains($0) }, as: UTF8.self)
    }

    private static func place(of pattern: [UInt8], in body: ArraySlice<UInt8>) -> Int? {
        var start = body.startIndex
        while start + pattern.count <= body.endIndex {
            if body[start] == pattern[0], body[start + 1] == pattern[1],
                body[start..<start + pattern.count].elementsEqual(pattern)
            {
                return start
            }
            start += 1
        }
        return nil
    }

    /// The body without what differs between an answer and its repetition: the request's number, and a key's secret,
    /// which is told once.
    var lasting: String {
        var text = text
        for name in ["request_id", "key", "replayed"] {
            while let start = text.range(of: "\"\(name)\":") {
                let end = text[start.upperBound...].firstIndex { $0 == "," || $0 == "}" } ?? text.endIndex
                text.removeSubrange(start.lowerBound..<end)
                if text[start.lowerBound...].first == "," { text.remove(at: start.lowerBound) }
            }
        }
        return text
    }
}
