import Foundation
import HTTP2
import JSON
import Sockets
import TLS
import Testing

/// A real `bombyx serve` on a state folder of its own, as a child process.
final class TestServer {
    let folder: String
    private(set) var process = Process()
    private(set) var http = ""
    private(set) var https = ""
    private(set) var certificate = ""
    private let environment: [String: String]
    private let arguments: [String]
    let log: URL

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The program that was built with the tests.
    static let executable: URL = {
        // The test bundle and the program are built into the same folder.
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let candidates = [bundle, bundle.deletingLastPathComponent(), Bundle.main.bundleURL]
        let found = candidates.map { $0.appendingPathComponent("bombyx") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return found ?? bundle.appendingPathComponent("bombyx")
    }()

    init(environment: [String: String] = [:], arguments: [String] = []) throws {
        self.arguments = arguments
        // Below a folder that the cluster's own user can reach.
        folder = "/var/tmp/bombyx-test-\(UUID().uuidString.prefix(8))"
        log = URL(fileURLWithPath: folder + ".log")
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
            throw Failure(description: "cannot write \(log.path)")
        }
        self.environment = environment
        try start()
    }

    /// Starts the program on the folder and waits until it says where it listens.
    func start() throws {
        try? FileManager.default.removeItem(atPath: folder + "/serve.json")
        process = Process()
        process.executableURL = Self.executable
        process.arguments =
            [
                "serve", "--state-dir", folder, "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0",
            ] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        process.standardError = handle
        process.standardOutput = handle
        try process.run()
        let deadline = Date().addingTimeInterval(60)
        while Date() < deadline {
            if let facts = try? facts(), facts.pid == process.processIdentifier {
                (http, https, certificate) = (facts.http, facts.https, facts.certificate)
                return
            }
            guard process.isRunning else { throw Failure(description: "the server ended: \(logText)") }
            usleep(20_000)
        }
        throw Failure(description: "the server is not ready: \(logText)")
    }

    private struct Facts: Decodable {
        let pid: Int32
        let http: String
        let https: String
        let certificate: String
        let psql: String?
    }

    private func facts() throws -> Facts {
        try JSONDecoder().decode(Facts.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/serve.json")))
    }

    var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
    var pid: Int32 { process.processIdentifier }

    /// Like a power failure of the process.
    func kill() {
        Foundation.kill(pid, SIGKILL)
        process.waitUntilExit()
    }

    /// A proper end; its exit code.
    @discardableResult
    func terminate() -> Int32 {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Ends the server and removes what it kept.
    func remove() {
        terminate()
        try? FileManager.default.removeItem(atPath: folder)
        try? FileManager.default.removeItem(at: log)
    }

    /// Runs a statement as the auditor and gives what it prints.
    func psql(_ statement: String) throws -> String {
        let psql = Process()
        let pipe = Pipe()
        psql.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        psql.arguments = ["psql", "--no-psqlrc", "-AtX", "-c", statement, try facts().psql ?? ""]
        psql.standardOutput = pipe
        psql.standardError = pipe
        try psql.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        psql.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
        guard psql.terminationStatus == 0 else { throw Failure(description: "psql: \(text)") }
        return text
    }

    /// All processes of the cluster: the main one and its children.
    func postgresProcesses() throws -> [Int32] {
        let main = try postgresProcess()
        let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
        let children = numbers.filter { number in
            guard let stat = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8) else { return false }
            // After the name in parentheses: the state, then the parent.
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 1 && Int32(fields[1]) == main
        }
        return [main] + children
    }

    /// Kills the cluster's main process.
    func killPostgres() throws { Foundation.kill(try postgresProcess(), SIGKILL) }

    private func postgresProcess() throws -> Int32 {
        let file = folder + "/postgres/data/postmaster.pid"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        guard let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }) else {
            throw Failure(description: "no process id in \(file)")
        }
        return pid
    }

    func operatorKey() throws -> String {
        try String(contentsOfFile: folder + "/operator.key", encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    func connect(tls: Bool = false) throws -> TestClient {
        try TestClient(self, tls: tls)
    }
}

/// A client of a test server: requests with JSON, answers as values.
final class TestClient {
    let connection: ClientConnection

    init(_ server: TestServer, tls: Bool) throws {
        let text = tls ? server.https : server.http
        let address = try #require(SocketAddress(text))
        let context = tls ? try TLSContext.client(authorityPath: server.certificate) : nil
        connection = try ClientConnection(to: address, tls: context)
    }

    struct Answer {
        let status: Int
        let json: JSONValue
        let fields: [(name: String, value: String)]
        let text: String

        subscript(key: String) -> JSONValue? { json[key] }
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        var code: String? { json["code"]?.string }
    }

    func call(
        _ method: String,
        _ path: String,
        key: String? = nil,
        _ body: String? = nil,
        fields: [(name: String, value: String)] = []
    ) throws -> Answer {
        try Self.answer(connection.request(Self.request(method, path, key: key, body, fields: fields)))
    }

    static func request(
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

    static func answer(_ response: ClientResponse) throws -> Answer {
        let json = (try? JSONValue(response.body, limits: JSONLimits(depthMax: 32, bytesMax: 1 << 24))) ?? .null
        return Answer(status: response.status, json: json, fields: response.fields, text: response.text)
    }
}
