package import HTTP2
package import JSON
package import Sockets
internal import TLS

/// A client of a test server: requests with JSON, answers as values.
package final class TestClient {
    /// What it speaks over.
    package let connection: ClientConnection

    /// Connects to `address`; over TLS if there is a `certificate`, a file with what it trusts.
    package init(_ address: String, certificate: String? = nil) throws {
        guard let target = SocketAddress(address) else { throw TestServer.Failure("\(address) is no address") }
        let context = try certificate.map { path in try TLSContext.client(authorityPath: path) }
        connection = try ClientConnection(to: target, tls: context)
    }

    /// An answer whose body is JSON, or `null` when it is not.
    package struct Answer {
        package let status: Int
        package let json: JSONValue
        package let fields: [(name: String, value: String)]
        package let text: String

        package subscript(key: String) -> JSONValue? { json[key] }
        /// The value of a field; names are in lower case.
        package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        /// The problem's code.
        package var code: String? { json["code"]?.string }
    }

    /// Sends a request and waits for its answer.
    package func call(
        _ method: String,
        _ path: String,
        key: String? = nil,
        _ body: String? = nil,
        fields: [(name: String, value: String)] = []
    ) throws -> Answer {
        try Self.answer(connection.request(Self.request(method, path, key: key, body, fields: fields)))
    }

    /// A request with an API key and a body of JSON, as far as they are given.
    package static func request(
        _ method: String,
        _ path: String,
        key: String? = nil,
        _ body: String? = nil,
        fields: [(name: String, value: String)] = []
    ) -> ClientRequest {
        var all = fields
        if let key { all.append(("authorization", "Bearer \(key)")) }
        if body != nil, !fields.contains(where: { $0.name == "content-type" }) {
            all.append(("content-type", "application/json"))
        }
        return ClientRequest(method, path, fields: all, body: Array((body ?? "").utf8))
    }

    /// Reads an answer.
    package static func answer(_ response: ClientResponse) throws -> Answer {
        let json = (try? JSONValue(response.body, limits: JSONLimits(depthMax: 32, bytesMax: 1 << 24))) ?? .null
        return Answer(status: response.status, json: json, fields: response.fields, text: response.text)
    }
}

extension TestClient {
    /// What the server sends until it closes.
    package static func readToEnd(_ socket: borrowing FileDescriptor, deadline: UInt64) throws -> String {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while try socket.wait(for: .readable, deadline: deadline) {
            var span = buffer.mutableSpan
            switch try socket.read(into: &span) {
            case .bytes(let count): received += buffer[..<count]
            case .wouldBlock: continue
            case .endOfFile: return String(decoding: received, as: UTF8.self)
            }
        }
        throw TestServer.Failure("no end after \(received.count) bytes")
    }
}
