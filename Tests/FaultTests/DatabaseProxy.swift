import Glibc
import Sockets

/// A TCP port behind which the test cluster's socket is, and a line that can be bad: it cuts, stalls and delays.
///
/// The cluster itself is reachable through its socket only; whoever comes through the proxy is, for the kernel, this
/// process.
final class DatabaseProxy: Sendable {
    /// How the line is.
    enum Line: Sendable, Equatable {
        case good
        /// Each piece waits so many milliseconds, in either direction.
        case slow(ClosedRange<UInt32>)
        /// Nothing passes; what was sent is kept and passes later.
        case stalled
    }

    /// Where the line breaks, once, when a batch of the journal is to be committed.
    enum Trap: CaseIterable, Sendable {
        /// Half of the statement has passed.
        case inStatement
        /// The statement has passed; nobody knows how far it comes.
        case behindStatement
        /// The commit is done, and its answer does not pass.
        case beforeAnswer
    }

    private struct State {
        var line = Line.good
        var trap: Trap?
        /// Connections begun before are cut.
        var generation = 0
        var isStopped = false
        var sprung = 0
    }

    private let listener: Listener
    private let target: String
    private let state = Lock(State())
    private let threads = Lock<[ThreadBox]>([])

    /// Lets an array hold threads.
    private final class ThreadBox: Sendable {
        private let thread: Lock<Sockets.Thread?>
        init(_ thread: consuming sending Sockets.Thread) { self.thread = Lock(consume thread) }
        func join() { thread.withLock { $0.take() }?.join() }
    }

    /// A proxy to the socket file `target`.
    init(to target: String) throws {
        self.target = target
        listener = try Listener(on: .loopback(port: 0))
        try begin("proxy") { [self] in acceptAll() }
    }

    /// Where it listens.
    var port: UInt16 { listener.address.port }

    /// How often a trap has broken the line.
    var sprung: Int { state.withLock { $0.sprung } }

    func set(_ line: Line) { state.withLock { $0.line = line } }
    func arm(_ trap: Trap) { state.withLock { $0.trap = trap } }
    func cut() { state.withLock { $0.generation += 1 } }

    /// Cuts everything and ends.
    func stop() {
        state.withLock { $0.isStopped = true }
        listener.stop()
        // Threads may be added while others end.
        while let thread = threads.withLock({ $0.popLast() }) { thread.join() }
    }

    private func begin(_ name: String, _ body: sending @escaping () -> Void) throws {
        let box = ThreadBox(try Sockets.Thread(named: name, body))
        threads.withLock { $0.append(box) }
    }

    private func acceptAll() {
        while !state.withLock({ $0.isStopped }) {
            guard let accepted = try? listener.accept() else { return }
            switch consume accepted {
            case .connection(let client, _): carry(client)
            case .wouldBlock: usleep(2_000)
            case .exhausted: usleep(2_000)
            }
        }
    }

    private func carry(_ client: consuming FileDescriptor) {
        guard let server = try? Self.connect(target) else { return }
        let generation = state.withLock { $0.generation }
        let connection = ProxiedConnection(client: client, server: server, generation: generation)
        try? begin("proxied") { [self] in run(connection) }
    }

    /// A socket of the kernel's own address family, because `SocketAddress` knows TCP only.
    private static func connect(_ path: String) throws -> FileDescriptor {
        let socket = try FileDescriptor(
            owning: Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0),
            from: "socket"
        )
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8.prefix(107)) }
        let result = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe Glibc.connect(
                socket.rawValue,
                bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!,
                socklen_t(bytes.count)
            )
        }
        guard result == 0 else { throw SystemError(call: "connect \(path)", errno: errno) }
        _ = fcntl(socket.rawValue, F_SETFL, fcntl(socket.rawValue, F_GETFL) | O_NONBLOCK)
        return socket
    }
}

/// Both ends of one connection. Only its thread uses it.
private final class ProxiedConnection: Sendable {
    let client: FileDescriptor
    let server: FileDescriptor
    let generation: Int

    init(client: consuming FileDescriptor, server: consuming FileDescriptor, generation: Int) {
        self.client = consume client
        self.server = consume server
        self.generation = generation
    }
}

// MARK: - One connection

extension DatabaseProxy {
    private enum Piece { case bytes([UInt8]), nothing, end }

    private func run(_ connection: ProxiedConnection) {
        var answerIsTrapped = false
        while true {
            let (line, isCut) = state.withLock { state in
                (state.line, state.isStopped || state.generation != connection.generation)
            }
            if isCut { break }
            if line == .stalled {
                usleep(5_000)
                continue
            }
            switch Self.read(connection.client) {
            case .end: return
            case .nothing: break
            case .bytes(let bytes):
                wait(line)
                let trap = Self.isCommit(bytes) ? takeTrap() : nil
                let passing = trap == .inStatement ? bytes.prefix(bytes.count / 2) : bytes[...]
                guard Self.write(Array(passing), to: connection.server) else { return }
                if trap == .inStatement || trap == .behindStatement { return reset(connection.client) }
                if trap == .beforeAnswer { answerIsTrapped = true }
            }
            switch Self.read(connection.server) {
            case .end: return
            case .nothing: Self.waitForEither(connection)
            case .bytes(let bytes):
                if answerIsTrapped { return reset(connection.client) }
                wait(line)
                guard Self.write(bytes, to: connection.client) else { return }
            }
        }
        reset(connection.client)
    }

    /// The end of the connection is a reset, as from a machine that has lost its memory.
    private func reset(_ socket: borrowing FileDescriptor) {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        _ = unsafe setsockopt(socket.rawValue, SOL_SOCKET, SO_LINGER, &option, size)
    }

    private func wait(_ line: Line) {
        if case .slow(let range) = line { usleep(UInt32.random(in: range) * 1_000) }
    }

    private func takeTrap() -> Trap? {
        state.withLock { state in
            if state.trap != nil { state.sprung += 1 }
            return state.trap.take()
        }
    }

    /// The use, not the preparation, of the statement that commits a batch: `Bind` in PostgreSQL's protocol.
    private static func isCommit(_ bytes: [UInt8]) -> Bool {
        bytes.first == UInt8(ascii: "B") && bytes.prefix(64).firstRange(of: Array("journal_insert".utf8)) != nil
    }

    private static func read(_ socket: borrowing FileDescriptor) -> Piece {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var span = bytes.mutableSpan
        guard let result = try? socket.read(into: &span) else { return .end }
        switch result {
        case .bytes(let count): return .bytes(Array(bytes.prefix(count)))
        case .wouldBlock: return .nothing
        case .endOfFile: return .end
        }
    }

    private static func write(_ bytes: [UInt8], to socket: borrowing FileDescriptor) -> Bool {
        var start = 0
        while start < bytes.count {
            switch try? socket.send(bytes.span.extracting(start..<bytes.count)) {
            case .bytes(let count): start += count
            case .wouldBlock:
                let deadline = MonotonicClock.milliseconds() + 5_000
                guard (try? socket.wait(for: .writable, deadline: deadline)) == true else { return false }
            case nil: return false
            }
        }
        return true
    }

    /// Waits for a moment, so that a change of the line is noticed.
    private static func waitForEither(_ connection: ProxiedConnection) {
        var entries = [
            pollfd(fd: connection.client.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: connection.server.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&entries, 2, 10)
    }
}
