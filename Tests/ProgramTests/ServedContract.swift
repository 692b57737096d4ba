import Foundation
import ProgramTesting
import Testing
import Yams

/// What a server says that it serves, as far as it matters for who may call what. What cannot be read ends the test and
/// is not passed over.
struct ServedContract {
    /// One method of one path.
    struct Operation {
        let method: String
        let path: String
        /// Whether it is for everybody and looks at no key.
        let isPublic: Bool
        /// Whether it is for everybody, and shows more to who has a key.
        let isPartlyPublic: Bool
        /// The scopes of which one is enough.
        let scopes: Set<String>
        let parameters: [Parameter]
        /// The schemas that its body is made of.
        let bodySchemas: Set<String>

        var name: String { "\(method) \(path)" }
        /// Whether its answer is a stream, which does not end by itself.
        var isStream: Bool { path == "/v1/stream" }
        /// Whether there is something to do with it for who does not run the exchange.
        var isForOwners: Bool { !scopes.isSubset(of: ["operator", "auditor"]) }
        /// A body where the method has one: it breaks whatever the operation demands of it.
        var body: String? { ["POST", "PUT", "PATCH"].contains(method) ? "{}" : nil }
        var pathParameters: [Parameter] { parameters.filter { $0.place == "path" } }

        func takes(_ component: String) -> Bool { parameters.contains { $0.component == component } }

        /// The path with an object in the place of each parameter; with nothing's name where none is known.
        func path(with objects: [String: String]) -> String {
            pathParameters.reduce(path) {
                $0.replacingOccurrences(of: "{\($1.name)}", with: objects[$1.component] ?? "zz9")
            }
        }

        /// The path with all that a request's query needs.
        func query(with objects: [String: String]) throws -> String {
            let needed = parameters.filter { $0.place == "query" && $0.isRequired }
            let terms = try needed.map { parameter in
                let value = objects[parameter.component] ?? parameter.example
                let known = try #require(value, "\(name): what is \(parameter.name)?")
                return "\(parameter.name)=\(known)"
            }
            let path = self.path(with: objects)
            return terms.isEmpty ? path : path + "?" + terms.joined(separator: "&")
        }
    }

    struct Parameter {
        /// Its name among the components of the contract.
        let component: String
        /// Its name in a request.
        let name: String
        let place: String
        let isRequired: Bool
        let example: String?
    }

    /// Every scope that a key may have.
    let scopes: [String]
    let operations: [Operation]

    init(of client: TestClient) throws {
        let document = try #require(try Yams.compose(yaml: try client.call("GET", "/openapi.yaml").text))
        let names = document["components"]?["schemas"]?["Scope"]?["enum"]?.sequence
        scopes = try #require(names).compactMap(\.string)
        var found: [Operation] = []
        for (path, methods) in try #require(document["paths"]?.mapping) {
            let path = try #require(path.string)
            for (method, operation) in try #require(methods.mapping) {
                found.append(try Self.operation(try #require(method.string), path, operation, document))
            }
        }
        operations = found
    }

    private static func operation(
        _ method: String,
        _ path: String,
        _ operation: Node,
        _ document: Node
    ) throws -> Operation {
        let name = "\(method.uppercased()) \(path)"
        let security = try #require(operation["security"]?.sequence, "\(name) does not say who may call it")
        var schemas: Set<String> = []
        if let body = operation["requestBody"] { collect(body, of: document, into: &schemas) }
        return Operation(
            method: method.uppercased(),
            path: path,
            isPublic: security.isEmpty,
            isPartlyPublic: security.contains { $0.mapping?.isEmpty == true },
            scopes: Set(security.flatMap { $0["bearerKey"]?.sequence?.compactMap(\.string) ?? [] }),
            parameters: try (operation["parameters"]?.sequence ?? []).map { try parameter($0, document) },
            bodySchemas: schemas
        )
    }

    private static func parameter(_ node: Node, _ document: Node) throws -> Parameter {
        let component = try #require(node["$ref"]?.string?.split(separator: "/").last.map(String.init))
        let found = try #require(document["components"]?["parameters"]?[component])
        return Parameter(
            component: component,
            name: try #require(found["name"]?.string),
            place: try #require(found["in"]?.string),
            isRequired: found["required"]?.bool ?? false,
            example: found["example"]?.string
        )
    }

    /// The schemas that a node refers to, and those that these refer to.
    private static func collect(_ node: Node, of document: Node, into schemas: inout Set<String>) {
        for value in node.sequence ?? [] { collect(value, of: document, into: &schemas) }
        for (key, value) in node.mapping ?? [:] {
            guard key.string == "$ref", let name = value.string?.split(separator: "/").last.map(String.init) else {
                collect(value, of: document, into: &schemas)
                continue
            }
            guard schemas.insert(name).inserted, let schema = document["components"]?["schemas"]?[name] else {
                continue
            }
            collect(schema, of: document, into: &schemas)
        }
    }
}
