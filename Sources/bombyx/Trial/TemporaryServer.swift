internal import Cryptography
internal import Foundation
internal import Glibc
internal import HTTP2
internal import Postgres
internal import Sockets

/// A server of a command's own: a child process on free ports, with a new state folder, without a rate limit. It dies
/// with the command, however that dies.
final class TemporaryServer: Sendable {
    /// What the command leaves behind unless it removes it.
    let folder: String
    /// The command's name, as in `demo`.
    let command: String
    private let options: [String]
    private let settlesLocally: Bool
    private let state = Lock(State())

    private struct State {
        var process: ChildProcess?
        /// Nothing is started any more, and the folder is gone if it was to go.
        var isOver = false
    }

    /// Until the server is ready. A first start takes a few seconds, one with a million orders some more; a slow
    /// machine is no reason to give up.
    private static let startDeadline = Duration.seconds(300)
    /// Until it has stopped when asked to; then it is killed.
    private static let stopDeadline = Duration.seconds(45)

    /// Makes the folder; nothing runs yet. `options` are more arguments of `bombyx serve`. A server that settles
    /// locally has a new wallet on a chain of its own, which it serves at a free port.
    init(of command: String, options: [String] = [], settlesLocally: Bool = false) throws {
        self.command = command
        self.options = options
        self.settlesLocally = settlesLocally
        let template = Self.temporaryFolder() + "/bombyx-\(command).XXXXXX"
        var path = Array(template.utf8CString)
        guard unsafe mkdtemp(&path) != nil else {
            throw CommandFailure("\(template) cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
        folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The database runs as another user when the command runs as root, and has to pass through.
        if geteuid() == 0 { unsafe chmod(folder, 0o711) }
        if settlesLocally {
            try WalletSecret.write(Array(Hex.encode(SecureRandom.bytes(32)).utf8).span, to: walletKeyPath)
        }
    }

    /// The key of the wallet of a server that settles locally.
    var walletKeyPath: String { folder + "/wallet.key" }

    private var settlementOptions: [String] {
        guard settlesLocally else { return [] }
        return ["--network", "testnet", "--chain", "local", "--chain-port", "0", "--wallet-key", walletKeyPath]
    }

    var stateFolder: String { folder + "/state" }
    private var logPath: String { folder + "/serve.log" }

    /// Where temporary files go, if the database's user can get there.
    private static func temporaryFolder() -> String {
        let wanted = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
        guard wanted.hasPrefix("/"), let real = unsafe realpath(wanted, nil) else { return "/tmp" }
        defer { unsafe free(real) }
        let path = unsafe String(cString: real)
        guard geteuid() == 0 else { return path }
        var current = ""
        for part in path.split(separator: "/") {
            current += "/" + part
            var status = stat()
            guard unsafe stat(current, &status) == 0, status.st_mode & 0o001 != 0 else { return "/tmp" }
        }
        return path
    }

    /// Starts the server and returns when it is ready.
    func start() throws {
        let log = unsafe open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw CommandFailure("\(logPath) cannot be written") }
        defer { close(log) }
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let command = ChildProcess.Command(
            path: executable,
            arguments: ["serve", "--state-dir", stateFolder, "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]
                + ["--rate-limit", "off"] + options + settlementOptions,
            deathSignal: SIGTERM
        )
        let child = try state.withLock { state in
            guard !state.isOver else { throw CommandFailure("the \(command) is over") }
            let child = try ChildProcess(command, output: log)
            state.process = child
            return child
        }
        let deadline = ContinuousClock.now + Self.startDeadline
        while true {
            if let exit = child.exit { throw CommandFailure("the server ended (\(exit))") }
            if isReady(child) { return }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure("the server was not ready in time")
            }
            _ = child.wait(for: .milliseconds(20))
        }
    }

    /// What the running server says of itself.
    func running() throws -> RunningFacts { try StateFolder(path: stateFolder).running() }

    /// The key of the operator of this server.
    func operatorKey() throws -> String {
        try String(contentsOfFile: stateFolder + "/operator.key", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func isReady(_ child: ChildProcess) -> Bool {
        guard let facts = try? running(), facts.pid == child.pid else { return false }
        guard let client = try? ExchangeClient(Endpoint(facts), key: nil) else { return false }
        defer { client.close() }
        return (try? client.bytes("GET", "/readyz")) != nil
    }

    /// Kills the server as a loss of power would, and starts it again.
    func crash() throws {
        kill()
        try start()
    }

    /// Kills the server as a loss of power would.
    func kill() {
        guard let child = state.withLock({ $0.process }) else { return }
        child.send(SIGKILL)
        _ = child.wait(for: .seconds(10))
    }

    /// Asks the server to stop, and waits until it has.
    func stop() throws {
        guard let child = state.withLock({ $0.process }) else { return }
        child.send(SIGTERM)
        guard child.wait(for: Self.stopDeadline) != nil else {
            throw CommandFailure("the server did not stop in time")
        }
    }

    /// Stops the server, politely if it lets itself be asked, and removes the folder unless it is to be kept. Whoever
    /// comes second waits for the first, and finds nothing to do.
    func end(keepingFolder: Bool) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            if let child = state.process {
                child.send(SIGTERM)
                if child.wait(for: Self.stopDeadline) == nil {
                    child.send(SIGKILL)
                    _ = child.wait(for: .seconds(10))
                }
            }
            waitForDatabase()
            if !keepingFolder { try? FileManager.default.removeItem(atPath: folder) }
        }
    }

    /// A server that was killed leaves its database to the kernel's signal: it is gone when its pid file is.
    private func waitForDatabase() {
        let file = stateFolder + "/postgres/data/postmaster.pid"
        let deadline = ContinuousClock.now + .seconds(15)
        while FileManager.default.fileExists(atPath: file), ContinuousClock.now < deadline { usleep(20_000) }
    }

    /// The end of what the server said.
    var logTail: String {
        let text = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(12).joined(separator: "\n")
    }
}
