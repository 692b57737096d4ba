internal import Foundation
internal import HTTP2
internal import JSON
internal import Postgres

/// The server that a load is for.
struct LoadTarget {
    let url: String
    let endpoint: Endpoint
    let operatorKey: String
    /// The server's process, if it is on this machine.
    let pid: Int32?
    /// libpq's connection string for the auditor, if the server has a database of its own.
    let database: String?
    /// The load's own server.
    let own: TemporaryServer?

    /// Finds the server that the options name; `own` has been started if they name none.
    init(_ options: LoadServerOptions, own: TemporaryServer?) throws {
        self.own = own
        let folder = own?.stateFolder ?? options.stateDir
        let facts = try folder.map { try StateFolder(path: $0).running() }
        pid = options.url == nil || options.stateDir != nil ? facts?.pid : nil
        database = facts?.psql
        if let url = options.url {
            self.url = url
            endpoint = try Endpoint(url: url, certificate: options.ca, verifiesServer: !options.insecure)
        } else {
            guard let address = options.tls ? facts?.https : facts?.http else {
                throw CommandFailure("the server does not listen \(options.tls ? "with" : "without") TLS")
            }
            url = (options.tls ? "https://" : "http://") + Endpoint.reachable(address)
            endpoint = try Endpoint(url: url, certificate: facts?.certificate)
        }
        operatorKey = try Self.key(options.operatorKeyFile, folder: folder ?? ".bombyx")
    }

    private static func key(_ named: String?, folder: String) throws -> String {
        let variable = ProcessInfo.processInfo.environment["BOMBYX_KEY_FILE"] ?? ""
        let file = named ?? (variable.isEmpty ? StateFolder(path: folder).operatorKeyPath : variable)
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw CommandFailure("the operator's key cannot be read from \(file)")
        }
        let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CommandFailure("\(file) holds no key")
        }
        return key
    }

    /// A client of the operator.
    func client() throws -> ExchangeClient { try ExchangeClient(endpoint, key: operatorKey) }

    /// Sends requests as the operator, many at once over one connection, and returns the answers in their order. Throws
    /// at the first refusal. Requests that change something need an identity of their own to be sent again, so
    /// nothing is.
    func ask(_ requests: [(method: String, path: String, body: [UInt8])]) throws -> [JSONValue] {
        let connection = try endpoint.connect()
        defer { connection.close() }
        var answers = [JSONValue](repeating: .null, count: requests.count)
        var open: [RequestID: Int] = [:]
        var next = 0
        while next < requests.count || !open.isEmpty {
            while next < requests.count, open.count < Self.askedAtOnce {
                let (method, path, body) = requests[next]
                open[try connection.queue(ClientRequest(method, path, key: operatorKey, body: body))] = next
                next += 1
            }
            let completions = connection.receive(timeoutMilliseconds: 30_000)
            guard !completions.isEmpty else { throw CommandFailure("the server gave no answer for 30 s") }
            for completion in completions {
                guard let index = open.removeValue(forKey: completion.id) else { continue }
                let response = try completion.result.get()
                guard response.status < 400 else { throw ServerRefusal(response) }
                answers[index] = try JSONValue(response.body, limits: .answer)
            }
        }
        return answers
    }

    private static let askedAtOnce = 64
}
