import API
import Cryptography
import Engine
import Exchange
import Units

/// Requirements: as an expression in a URL, or, when the input begins with a brace, as an object in a bid's body.
enum RequirementDriver {
    /// Whatever is accepted has one canonical form and one hash, and both ways of writing that mean the same.
    static func run(_ input: [UInt8]) throws {
        let accepted = input.first == UInt8(ascii: "{") ? try fromBody(input) : try fromURL(input)
        guard let accepted else { return }
        let expression = RequirementText.expression(accepted, models: directory.models)
        guard let again = try fromURL(Array(expression.utf8)) else {
            throw BrokenProperty("the canonical form is refused: \(expression)")
        }
        try check(again == accepted, "the canonical form means something else: \(expression)")
        try check(
            RequirementText.hash(again, models: directory.models)
                == RequirementText.hash(accepted, models: directory.models),
            "equal demands have two hashes: \(expression)"
        )
        let text = RequirementText.expression(again, models: directory.models)
        try check(text == expression, "the canonical form is not canonical: \(expression), \(text)")
        guard let other = try fromBody(Array(json(expression).utf8)) else {
            throw BrokenProperty("the object for \(expression) is refused")
        }
        try check(other == accepted, "the two forms of \(expression) differ")
    }

    /// What a query for the book makes of an expression; `nil` when it is refused.
    private static func fromURL(_ expression: [UInt8]) throws -> Requirement? {
        let target = Array("/v1/book?requirement=".utf8) + percentEncoded(expression)
        switch try admit(RequestHead(method: .get, target: target[...]), body: []) {
        case .book(let query): return query.requirement
        case .answer(let response):
            try check((400..<500).contains(response.status), "a requirement is refused with \(response.status)")
            return nil
        default: throw BrokenProperty("a query for the book is taken for something else")
        }
    }

    /// What a bid makes of an object; `nil` when it is refused. A bid may name a model that nobody knows, which the
    /// engine refuses: an expression cannot say that.
    private static func fromBody(_ object: [UInt8]) throws -> Requirement? {
        let body =
            Array(#"{"price_nanoton_per_mtok":"1000","quantity_lots":5,"requirement":"#.utf8) + object
            + [UInt8(ascii: "}")]
        var head = RequestHead(method: .post, target: Array("/v1/bids".utf8)[...])
        head.contentType = Array("application/json".utf8)[...]
        switch try admit(head, body: body) {
        case .command(let command, _):
            guard case .placeBid(let terms) = command.action else {
                throw BrokenProperty("a bid is taken for something else")
            }
            guard !terms.namesUnknownModel else { return nil }
            var requirement = terms.requirement
            // The engine resolves it from the models; in a query the interface does, by the same rule.
            requirement.weightSet = weightSet(of: requirement)
            return requirement
        case .answer(let response):
            try check((400..<500).contains(response.status), "a requirement is refused with \(response.status)")
            return nil
        default: throw BrokenProperty("a bid is taken for something else")
        }
    }

    private static func weightSet(of requirement: Requirement) -> WeightSetID {
        requirement.models.array.first.flatMap { directory.models.record($0)?.terms.weightSet } ?? .standard
    }

    private static func admit(_ head: RequestHead, body: [UInt8]) throws -> Admission {
        let context = RequestContext(directory: directory, now: .zero, requestID: 1, principal: app)
        return API.admit(head, body: body, in: context, newKey: APIKey.random)
    }

    private static func percentEncoded(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { byte in
            let digits = Array("0123456789ABCDEF".utf8)
            return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }

    /// The object that an expression in canonical form stands for: names in it need no escapes.
    private static func json(_ expression: String) -> String {
        let members = expression.split(separator: ";").map { term in
            let halves = term.split(separator: "=", maxSplits: 1)
            let words = halves[0].split(separator: ":")
            // In canonical form only numbers and flags have operators beside those of lists.
            let isPlain = ["eq", "gte", "lte"].contains(words[1])
            let entries = halves[1].split(separator: ",").map { isPlain ? "\($0)" : "\"\($0)\"" }
            let value = isPlain ? entries.joined() : "[" + entries.joined(separator: ",") + "]"
            return (field: "\(words[0])", demand: "\"\(words[1])\":\(value)")
        }
        // Demands of one field stand together.
        var objects: [(field: String, demands: [String])] = []
        for (field, demand) in members {
            if objects.last?.field == field {
                objects[objects.count - 1].demands.append(demand)
            } else {
                objects.append((field, [demand]))
            }
        }
        let texts = objects.map { "\"\($0.field)\":{" + $0.demands.joined(separator: ",") + "}" }
        return "{" + texts.joined(separator: ",") + "}"
    }

    private static let app = Principal(account: AccountID(3), key: KeyID(1), scopes: [.bid])

    /// Three models, all of one weight set: a requirement of several is then never refused for mixing goods.
    private static let directory: Directory = {
        var state = EngineState()
        state.models = ["Qwen/Qwen3-32B", "a/b", "tiny"].enumerated().map { index, name in
            let terms = ModelTerms(name: name, weightSet: .standard, quality: 40, contextLength: 131_072)
            return ModelRecord(id: ModelID(Int64(index) + 1), version: 1, terms: terms, createdAt: .zero)
        }
        return Directory(state)
    }()
}
