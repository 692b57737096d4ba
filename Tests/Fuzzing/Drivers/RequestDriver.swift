import API
import Cryptography
import Engine
import JSON
import Units

/// Whole requests, for the interface: method and target in the first line, then fields, an empty line, and the body.
package enum RequestDriver {
    /// What comes of it is an answer that is no fault of the server, or something that keeps its meaning on its way.
    static func run(_ input: [UInt8]) throws {
        let request = Text(input)
        switch request.admission() {
        case .answer(let response): try check(response)
        case .command(let command, _): try check(command)
        case .batch(let items): for command in BatchItem.commands(of: items) { try check(command) }
        case .login(_, let command, _): try check(command)
        case .stream(let query): try check(query, request)
        default: break
        }
    }

    /// Whether the interface takes the request or knows the answer, be it that it believes a login not or has none.
    package static func isUnderstood(_ input: [UInt8]) -> Bool {
        guard case .answer(let response) = Text(input).admission() else { return true }
        return response.status < 400 || response.status == 401 || response.status == 404
    }

    private static func check(_ response: APIResponse) throws {
        try FuzzDrivers.check((200..<500).contains(response.status), "an answer of \(response.status)")
        guard response.contentType == .problem else { return }
        let problem = try JSONValue(response.body)
        try FuzzDrivers.check(problem["status"]?.integer == Int64(response.status), "a problem says its status")
        try FuzzDrivers.check(problem["code"]?.string != nil, "a problem has a code")
    }

    /// The journal gives the command back as the interface made it.
    private static func check(_ command: Command) throws {
        var (bytes, again): ([UInt8], [UInt8]) = ([], [])
        command.encode(into: &bytes)
        var offset = 0
        let decoded = try Command.decode(bytes.span, at: &offset)
        decoded.encode(into: &again)
        try FuzzDrivers.check(offset == bytes.count && again == bytes, "a command is journaled as it was meant")
    }

    /// Where a stream is to go on has one spelling, and nobody sees what is another's.
    private static func check(_ query: StreamQuery, _ request: Text) throws {
        if let position = query.lastEventID {
            let text = Array(String(position.rawValue).utf8)
            try FuzzDrivers.check(request.fields["last-event-id"] == text[...], "a place has one spelling")
        }
        try FuzzDrivers.check(query.account == nil || request.principal != nil, "a stranger hears of an account")
    }

    /// An input, cut into the parts of a request.
    private struct Text {
        var method: ArraySlice<UInt8> = []
        var target: ArraySlice<UInt8> = []
        var fields: [String: ArraySlice<UInt8>] = [:]
        var body: ArraySlice<UInt8> = []

        init(_ input: [UInt8]) {
            var rest = input[...]
            func line() -> ArraySlice<UInt8> {
                let line = rest.prefix { $0 != UInt8(ascii: "\n") }
                rest = rest[line.endIndex...].dropFirst()
                return line
            }
            let first = line()
            method = first.prefix { $0 != UInt8(ascii: " ") }
            target = first[method.endIndex...].dropFirst()
            while !rest.isEmpty {
                let field = line()
                if field.isEmpty { break }
                let name = field.prefix { $0 != UInt8(ascii: ":") }
                fields[String(decoding: name, as: UTF8.self)] = field[name.endIndex...].dropFirst()
            }
            body = rest
        }

        /// The field `key` names who asks: anybody, a user or the operator.
        var principal: Principal? {
            switch fields["key"].map({ String(decoding: $0, as: UTF8.self) }) {
            case "user": Principal(account: AccountID(3), key: KeyID(2), scopes: [.offer, .bid, .read, .withdraw])
            case "operator": Principal(account: .system, key: KeyID(1), scopes: [.operator, .read])
            default: nil
            }
        }

        func admission() -> Admission {
            var head = RequestHead(
                method: RequestMethod(method),
                target: target,
                contentType: fields["content-type"] ?? Array("application/json".utf8)[...],
                authorization: fields["authorization"],
                idempotencyKey: fields["idempotency-key"],
                lastEventID: fields["last-event-id"]
            )
            head.accept = fields["accept"]
            head.ifNoneMatch = fields["if-none-match"]
            head.prefer = fields["prefer"]
            let now = LogicalTime(microseconds: 1_800_000_000_000_000)
            var context = RequestContext(directory: directory, now: now, requestID: 1, principal: principal)
            context.login = LoginSettings(domains: ["exchange.example"])
            return API.admit(head, body: Array(body), in: context, newKey: APIKey.random)
        }
    }

    private static let directory: Directory = {
        var state = EngineState()
        let terms = ModelTerms(name: "a/b", weightSet: .standard, quality: 40, contextLength: 131_072)
        state.models = [ModelRecord(id: ModelID(1), version: 1, terms: terms, createdAt: .zero)]
        return Directory(state)
    }()
}
