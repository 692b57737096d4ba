internal import HTTP2
internal import JSON
internal import Sockets
internal import TLS

/// Where an exchange is, and how its certificate is checked.
struct Endpoint: Sendable {
    let address: SocketAddress
    /// `nil` for cleartext by prior knowledge.
    let tls: TLSContext?
    let serverName: String?

    /// Reads `https://HOST[:PORT]` or `http://HOST[:PORT]`. `certificate` is a PEM file with what may be trusted;
    /// without it, the system's authorities are. Without `verifiesServer` anybody may be the server.
    init(url: String, certificate: String?, verifiesServer: Bool = true) throws {
        let isSecure = url.hasPrefix("https://")
        guard isSecure || url.hasPrefix("http://") else {
            throw CommandFailure("\(url) is no address of an exchange: it begins with https:// or http://")
        }
        var rest = url.dropFirst(isSecure ? 8 : 7)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let text = rest.contains(":") ? String(rest) : rest + (isSecure ? ":443" : ":80")
        if let address = SocketAddress(text) {
            self.address = address
            serverName = nil
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let port = UInt16(parts[1]), !parts[0].isEmpty else {
                throw CommandFailure("\(url) is no address of an exchange: expected HOST:PORT behind the scheme")
            }
            let found = try SocketAddress.resolve(String(parts[0]), port: port)
            guard let first = found.first else { throw CommandFailure("\(parts[0]) has no address") }
            address = first
            serverName = String(parts[0])
        }
        tls = isSecure ? try TLSContext.client(authorityPath: certificate, verifiesServer: verifiesServer) : nil
    }

    /// The address of the server that runs on a state folder: over TLS if it listens so.
    init(_ facts: RunningFacts) throws {
        if let https = facts.https {
            try self.init(url: "https://" + Self.reachable(https), certificate: facts.certificate)
        } else if let http = facts.http {
            try self.init(url: "http://" + Self.reachable(http), certificate: nil)
        } else {
            throw CommandFailure("the server listens nowhere")
        }
    }

    /// A server that listens on every address is reached on this machine's own.
    static func reachable(_ address: String) -> String {
        if address.hasPrefix("0.0.0.0:") { return "127.0.0.1:" + address.dropFirst(8) }
        if address.hasPrefix("[::]:") { return "[::1]:" + address.dropFirst(5) }
        return address
    }

    func connect() throws(HTTP2Error) -> ClientConnection {
        try ClientConnection(to: address, authority: serverName, tls: tls, serverName: serverName)
    }
}

/// A client of a running exchange: one connection, one request at a time.
final class ExchangeClient {
    private let connection: ClientConnection
    private let key: String?

    /// `key` is an API key; it goes nowhere but into the requests.
    init(_ endpoint: Endpoint, key: String?) throws {
        connection = try endpoint.connect()
        self.key = key
    }

    /// Sends a request and returns the answer's body. Throws ``ServerRefusal`` for a status of 400 and above.
    func bytes(_ method: String, _ path: String, _ body: [UInt8] = []) throws -> [UInt8] {
        let response = try connection.request(ClientRequest(method, path, key: key, body: body))
        guard response.status < 400 else { throw ServerRefusal(response) }
        return response.body
    }

    /// Like ``bytes(_:_:_:)``, for an answer in JSON.
    func json(_ method: String, _ path: String, _ body: [UInt8] = []) throws -> JSONValue {
        try JSONValue(bytes(method, path, body), limits: .answer)
    }

    /// All entries of a list, page by page.
    func list(_ path: String, _ name: String) throws -> [JSONValue] {
        var entries: [JSONValue] = []
        var cursor = ""
        repeat {
            let separator = path.contains("?") ? "&" : "?"
            let page = try json("GET", path + separator + "limit=1000" + (cursor.isEmpty ? "" : "&cursor=" + cursor))
            entries += page[name]?.elements ?? []
            cursor = page["next_cursor"]?.string ?? ""
        } while !cursor.isEmpty
        return entries
    }

    func close() { connection.close() }
}

extension ClientRequest {
    /// A request of JSON with an API key.
    init(_ method: String, _ path: String, key: String?, body: [UInt8]) {
        var fields: [(name: String, value: String)] = []
        if let key { fields.append(("authorization", "Bearer " + key)) }
        if !body.isEmpty { fields.append(("content-type", "application/json")) }
        self.init(method, path, fields: fields, body: body)
    }
}

extension JSONLimits {
    /// A page of 1,000 orders with their trades takes some MiB.
    static let answer = JSONLimits(depthMax: 32, bytesMax: 64 << 20)
}

/// What the exchange said no with.
struct ServerRefusal: Error, CustomStringConvertible {
    /// What refusals are counted by.
    struct Kind: Hashable, Sendable {
        let status: Int
        /// As in ``ServerRefusal``.
        let code: String
    }

    let status: Int
    /// The problem's code; empty when the body is no problem document.
    let code: String
    let description: String

    var kind: Kind { Kind(status: status, code: code) }

    init(_ response: ClientResponse) {
        status = response.status
        let problem = try? JSONValue(response.body, limits: .answer)
        code = problem?["code"]?.string ?? ""
        let said = problem?["detail"]?.string ?? problem?["title"]?.string ?? "status \(response.status)"
        var text = said
        for error in problem?["errors"]?.elements ?? [] {
            let detail = error["detail"]?.string ?? ""
            let place = error["pointer"]?.string ?? error["parameter"]?.string ?? ""
            // With one error, the problem's detail is that error's.
            text += detail == said ? "" : "\n  \(place): \(detail)"
        }
        description = code.isEmpty ? text : text + " (\(code))"
    }
}

/// Percent-encodes what may not stand in a path as it is; slashes stay, because names of models have them.
func pathEscaped(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"):
            escaped.unicodeScalars.append(UnicodeScalar(byte))
        default:
            escaped += byte < 16 ? "%0" : "%"
            escaped += String(byte, radix: 16, uppercase: true)
        }
    }
    return escaped
}
