import JSON
import Testing
import Units
import Yams

@testable import API

/// `openapi.yaml` as the server embeds it.
struct Contract {
    let root: JSONValue

    init() throws { root = try Self.document.get() }

    /// Read once for all tests.
    private static let document = Result {
        let text = String(decoding: View.contract.body, as: UTF8.self)
        return try value(try #require(try Yams.compose(yaml: text)))
    }

    /// One method of one path.
    struct Operation {
        let path: String
        let method: String
        let value: JSONValue

        var id: String { value["operationId"]?.string ?? "\(method) \(path)" }
    }

    var operations: [Operation] {
        (root["paths"]?.members ?? []).flatMap { path in
            (path.value.members ?? []).map { Operation(path: path.key, method: $0.key, value: $0.value) }
        }
    }

    func operation(_ id: String) throws -> Operation {
        try #require(operations.first { $0.id == id }, "no operation \(id)")
    }

    func schema(_ name: String) throws -> JSONValue {
        try #require(root["components"]?["schemas"]?[name], "no schema \(name)")
    }

    /// Follows `$ref` to what it names in this document.
    func resolved(_ value: JSONValue) throws -> JSONValue {
        guard let reference = value["$ref"]?.string else { return value }
        var target = root
        for part in reference.split(separator: "/").dropFirst() {
            target = try #require(target[String(part)], "\(reference) names nothing")
        }
        return try resolved(target)
    }

    /// A YAML node as JSON: the core schema of YAML 1.2.
    private static func value(_ node: Node) throws -> JSONValue {
        switch node {
        case .mapping(let mapping):
            return .object(
                try mapping.map { JSONValue.Member($0.key.string ?? "", try value($0.value)) }
            )
        case .sequence(let sequence): return .array(try sequence.map { try value($0) })
        case .scalar(let scalar):
            guard scalar.style == .plain else { return .string(scalar.string) }
            switch scalar.string {
            case "null", "~", "": return .null
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: return Int64(scalar.string).map { JSONValue.integer($0) } ?? .string(scalar.string)
            }
        case .alias: return .null
        }
    }
}

extension JSONValue {
    /// The strings of an array.
    var strings: [String] { (elements ?? []).compactMap(\.string) }
    /// The keys of an object.
    var keys: [String] { (members ?? []).map(\.key) }
}
