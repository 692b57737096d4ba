internal import CLinux
internal import Glibc
internal import Synchronization

/// A process that we started, in a session of its own, so that Ctrl-C at the terminal does not reach it.
///
/// A thread of its own starts it and waits for its end. That thread lives exactly as long as the child or this
/// process, so the kernel's signal at a parent thread's end reaches the child when, and only when, this process dies.
package final class ChildProcess: Sendable {
    /// What to run, and as whom.
    package struct Command: Sendable {
        /// Absolute path of the program, and its arguments without the name.
        var path: String
        var arguments: [String]
        /// Nil for the user of this process.
        var user: SystemUser?
        /// Sent to the child when this process dies, in whatever way.
        var deathSignal: Int32

        package init(path: String, arguments: [String], user: SystemUser? = nil, deathSignal: Int32) {
            self.path = path
            self.arguments = arguments
            self.user = user
            self.deathSignal = deathSignal
        }
    }

    /// How a process ended: with an exit code, or by a signal.
    package enum Exit: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    private enum State {
        case starting
        case failed(errno: Int32)
        case running(pid_t)
        case exited(pid_t, Exit)

        var pid: pid_t {
            switch self {
            case .running(let pid), .exited(let pid, _): pid
            case .starting, .failed: 0
            }
        }

        var errno: Int32 {
            if case .failed(let errno) = self { errno } else { 0 }
        }
    }

    /// What the child and the thread that waits for it share.
    private final class Shared: Sendable {
        let state = Mutex(State.starting)
    }

    private let shared: Shared
    /// One byte comes when the child has started, the end of the file when it has ended.
    private let news: Int32

    /// The process id; after the end it belongs to nobody, or to somebody else.
    package let pid: Int32

    /// Starts the process with `output` as its standard output and error; the descriptor stays the caller's.
    package init(_ command: Command, output: Int32) throws(ClusterError) {
        let shared = Shared()
        let (news, teller) = try Self.makePipe()
        let result = startThread { Self.attend(command, output: output, shared, teller: teller) }
        guard result == 0 else {
            close(news)
            close(teller)
            throw .system(call: "pthread_create", path: command.path, errno: result)
        }
        var byte: UInt8 = 0
        while unsafe read(news, &byte, 1) < 0, errno == EINTR {}
        let (pid, failure) = shared.state.withLock { state in (state.pid, state.errno) }
        guard failure == 0 else {
            close(news)
            throw .system(call: "fork", path: command.path, errno: failure)
        }
        self.shared = shared
        self.news = news
        self.pid = pid
    }

    deinit { close(news) }

    /// How it ended; nil while it runs.
    package var exit: Exit? {
        shared.state.withLock { state in
            guard case .exited(_, let exit) = state else { return nil }
            return exit
        }
    }

    /// Waits for the end, up to `duration`; nil if it still runs then.
    package func wait(for duration: Duration) -> Exit? {
        let deadline = ContinuousClock.now + duration
        while true {
            var descriptor = pollfd(fd: news, events: Int16(POLLIN), revents: 0)
            let left = ContinuousClock.now.duration(to: deadline)
            let ready = unsafe poll(&descriptor, 1, max(left, .zero).pollMilliseconds)
            if ready > 0 || left <= .zero { return exit }
        }
    }

    /// Sends a signal, unless the process has ended.
    package func send(_ signal: Int32) {
        shared.state.withLock { state in
            guard case .running(let pid) = state else { return }
            kill(pid, signal)
        }
    }
}

// MARK: - The waiting thread

extension ChildProcess {
    private static func attend(_ command: Command, output: Int32, _ shared: Shared, teller: Int32) {
        let pid = spawn(command, output: output)
        shared.state.withLock { $0 = pid < 0 ? .failed(errno: errno) : .running(pid) }
        _ = unsafe write(teller, "+", 1)
        if pid > 0 {
            // The id is given back under the lock, so that no signal can go to a stranger who got it next.
            var information = unsafe siginfo_t()
            while unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            shared.state.withLock { state in
                var status: Int32 = 0
                unsafe waitpid(pid, &status, 0)
                state = .exited(pid, status & 0x7F == 0 ? .code(status >> 8 & 0xFF) : .signal(status & 0x7F))
            }
        }
        close(teller)
    }

    /// What the child finds in its environment: nothing of ours, which may hold secrets or change the server.
    private static let environment = ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"]

    private static func spawn(_ command: Command, output: Int32) -> pid_t {
        unsafe withCStrings([command.path] + command.arguments) { arguments in
            unsafe withCStrings(environment) { environment in
                unsafe command.path.withCString { path in
                    var child = unsafe CLinux_child()
                    unsafe child.path = path
                    unsafe child.arguments = arguments
                    unsafe child.environment = environment
                    unsafe child.changes_user = command.user == nil ? 0 : 1
                    unsafe child.uid = command.user?.uid ?? 0
                    unsafe child.gid = command.user?.gid ?? 0
                    unsafe child.output = output
                    unsafe child.death_signal = command.deathSignal
                    return unsafe CLinux_spawn(&child)
                }
            }
        }
    }

    static func makePipe() throws(ClusterError) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw Files.failure("pipe", "") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

// MARK: - Short commands

extension ChildProcess {
    /// The most of a command's output that is kept, its end: an error stands at the end.
    static let outputBytesMax = 16_384

    /// Runs a command to its end and returns what it printed. After `deadline` it is killed.
    static func run(_ command: Command, deadline: Duration) throws(ClusterError) -> (exit: Exit, output: String) {
        let (reader, writer) = try makePipe()
        defer { close(reader) }
        let child: ChildProcess
        do throws(ClusterError) {
            child = try ChildProcess(command, output: writer)
        } catch {
            close(writer)
            throw error
        }
        close(writer)
        let end = ContinuousClock.now + deadline
        let output = readAll(from: reader, until: end)
        guard let exit = child.wait(for: ContinuousClock.now.duration(to: end)) else {
            child.send(SIGKILL)
            guard let exit = child.wait(for: .seconds(5)) else {
                throw .system(call: "kill", path: command.path, errno: ETIMEDOUT)
            }
            return (exit, output)
        }
        return (exit, output)
    }

    private static func readAll(from file: Int32, until deadline: ContinuousClock.Instant) -> String {
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4_096)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { break }
            var descriptor = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&descriptor, 1, left.pollMilliseconds) > 0 else { continue }
            let count = unsafe read(file, &piece, piece.count)
            guard count > 0 else { break }
            output.append(contentsOf: piece.prefix(count))
            if output.count > 2 * outputBytesMax { output.removeFirst(output.count - outputBytesMax) }
        }
        return String(decoding: output.suffix(outputBytesMax), as: UTF8.self)
    }
}

extension Duration {
    /// Whole milliseconds for `poll`, rounded up, so that a wait does not end a moment early and spin.
    var pollMilliseconds: Int32 {
        guard self < .seconds(1_000_000) else { return 1_000_000_000 }
        return Int32(
            components.seconds * 1_000 + (components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        )
    }
}

/// Starts a thread that nobody joins; returns 0 or an error number.
private func startThread(_ body: sending @escaping () -> Void) -> Int32 {
    final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(Body(body))
    let result = unsafe pthread_create(
        &thread,
        nil,
        { context in
            unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        },
        context.toOpaque()
    )
    guard result == 0 else {
        unsafe context.release()
        return result
    }
    return pthread_detach(thread)
}
