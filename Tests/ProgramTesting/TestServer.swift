internal import Foundation
internal import Sockets

/// A real `bombyx serve` on a state folder of its own, as a child process.
package final class TestServer {
    /// The state folder.
    package let folder: String
    /// What the program was told, beside the folder and the addresses.
    package var arguments: [String]
    /// Address without TLS; another one after each start.
    package private(set) var http = ""
    /// Address with TLS.
    package private(set) var https = ""
    /// The certificate of ``https``, a file.
    package private(set) var certificate = ""
    private var process = Process()
    private let environment: [String: String]
    private let launcher: [String]
    private let log: URL

    /// Why a server or a statement is not what a test counts on.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        package init(_ description: String) { self.description = description }
    }

    /// The program that was built with the tests, or the one that `BOMBYX_PROGRAM` names.
    package static let executable: String = {
        if let other = ProcessInfo.processInfo.environment["BOMBYX_PROGRAM"] { return other }
        // The test bundle and the program are built into the same folder.
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let candidates = [bundle, bundle.deletingLastPathComponent(), Bundle.main.bundleURL]
        let found = candidates.map { $0.appendingPathComponent("bombyx") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return (found ?? bundle.appendingPathComponent("bombyx")).path
    }()

    /// Where state folders are made: a disk, or the folder that `BOMBYX_TEST_FOLDER` names. A first start makes a
    /// thousand files, which in memory takes a fraction of the time.
    package static let parent = ProcessInfo.processInfo.environment["BOMBYX_TEST_FOLDER"] ?? "/var/tmp"

    /// Starts a server in a new folder under `parent`, which the cluster's own user must be able to reach.
    /// `environment` is added to this process's; `launcher` is a program with arguments that becomes `bombyx`, such as
    /// `prlimit`. A server with only arguments of its own finds what a first start has made, unless this is to be one.
    package init(
        environment: [String: String] = [:],
        arguments: [String] = [],
        launcher: [String] = [],
        parent: String = TestServer.parent,
        isFirstStart: Bool = false
    ) throws {
        folder = parent + "/bombyx-test-\(UUID().uuidString.prefix(8))"
        // Elsewhere: the folder's file system may be full.
        log = URL(fileURLWithPath: "/var/tmp/\(URL(fileURLWithPath: folder).lastPathComponent).log")
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
            throw Failure("cannot write \(log.path)")
        }
        self.environment = environment
        self.arguments = arguments
        self.launcher = launcher
        if environment.isEmpty, launcher.isEmpty, parent == Self.parent, !isFirstStart {
            try FirstStart.copy(to: folder)
        }
        try start()
    }

    /// Runs another command of the program to its end and returns what it says; throws that unless its exit code is 0.
    @discardableResult
    package static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
        guard process.terminationStatus == 0 else { throw Failure(text) }
        return text
    }

    /// Starts the program on the folder and waits until it says where it listens.
    package func start() throws {
        try launch()
        try waitUntilListening()
    }

    /// Starts the program on the folder.
    package func launch() throws {
        try? FileManager.default.removeItem(atPath: folder + "/serve.json")
        process = Process()
        let serve = [
            "serve", "--state-dir", folder, "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0",
            "--rate-limit", "off",
        ]
        let command = launcher + [Self.executable] + serve + arguments
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        process.standardError = handle
        process.standardOutput = handle
        try process.run()
        try? handle.close()
    }

    /// Waits until the program that was launched says where it listens.
    package func waitUntilListening(seconds: Double = 60) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            if let facts = try? facts(), facts.pid == process.processIdentifier {
                (http, https, certificate) = (facts.http, facts.https, facts.certificate)
                return
            }
            guard process.isRunning else { throw Failure("the server ended: \(logText)") }
            usleep(20_000)
        }
        throw Failure("the server is not ready: \(logText)")
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

    /// What the server has said so far, over all its starts.
    package var logText: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
    package var pid: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }

    /// Like a power failure of the process.
    package func kill() {
        send(SIGKILL)
        waitForEnd()
    }

    /// Sends the program a signal.
    package func send(_ signal: Int32) { Foundation.kill(pid, signal) }

    /// Waits for the program's end; its exit code.
    @discardableResult
    package func waitForEnd() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// A proper end; its exit code.
    @discardableResult
    package func terminate() -> Int32 {
        if process.isRunning { process.terminate() }
        return waitForEnd()
    }

    /// Ends the server and removes what it kept.
    package func remove() {
        terminate()
        try? FileManager.default.removeItem(atPath: folder)
        removeLog()
    }

    /// Forgets what the server has said.
    func removeLog() { try? FileManager.default.removeItem(at: log) }

    /// libpq's string for the auditor of the server's own cluster.
    package func auditor() throws -> String {
        guard let database = try facts().psql else { throw Failure("the server has no cluster of its own") }
        return database
    }

    /// Runs a statement as the auditor and gives what it prints.
    package func psql(_ statement: String) throws -> String {
        let psql = Process()
        let pipe = Pipe()
        psql.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        psql.arguments = ["psql", "--no-psqlrc", "-AtX", "-c", statement, try auditor()]
        psql.standardOutput = pipe
        psql.standardError = pipe
        try psql.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        psql.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
        guard psql.terminationStatus == 0 else { throw Failure("psql: \(text)") }
        return text
    }

    /// All processes of the cluster: the main one and its children.
    package func postgresProcesses() throws -> [Int32] {
        let main = try postmaster()
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
    package func killPostgres() throws { Foundation.kill(try postmaster(), SIGKILL) }

    /// The cluster's main process.
    package func postmaster() throws -> Int32 {
        let file = folder + "/postgres/data/postmaster.pid"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        guard let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }) else {
            throw Failure("no process id in \(file)")
        }
        return pid
    }

    /// The secret of the operator's first key.
    package func operatorKey() throws -> String {
        try String(contentsOfFile: folder + "/operator.key", encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    /// A client of its own.
    package func connect(tls: Bool = false) throws -> TestClient {
        try TestClient(tls ? https : http, certificate: tls ? certificate : nil)
    }
}
