internal import Glibc

/// The processes of a cluster whose program died, found by the cluster's name in their command lines. That works for
/// the server itself and for what is left when only the server was killed, and never confuses a process id that was
/// given to somebody else.
struct Predecessor {
    let clusterName: String
    let owner: SystemUser

    struct Process: Equatable {
        let pid: pid_t
        /// The server itself, not one of its children.
        let isPostmaster: Bool
    }

    /// Time for a fast shutdown, which writes what is in memory.
    static let fastShutdown = Duration.seconds(30)
    /// Time for what only has to end.
    static let immediateShutdown = Duration.seconds(5)

    /// Stops whatever is left, so that the data folder and its shared memory are free. Does nothing, quickly, if there
    /// is nothing.
    func stop() throws(ClusterError) {
        let processes = processes()
        guard let first = processes.first(where: \.isPostmaster) ?? processes.first else { return }
        // Children without their server end by themselves sooner or later; SIGQUIT makes it sooner.
        let steps: [(Int32, Duration)] =
            first.isPostmaster
            ? [(SIGINT, Self.fastShutdown), (SIGQUIT, Self.immediateShutdown), (SIGKILL, Self.immediateShutdown)]
            : [(SIGQUIT, Self.immediateShutdown), (SIGKILL, Self.immediateShutdown)]
        for (signal, duration) in steps {
            for process in self.processes() {
                // The server tells its children itself; killed, it cannot.
                if process.isPostmaster || !first.isPostmaster || signal == SIGKILL { kill(process.pid, signal) }
            }
            if waitUntilGone(for: duration) { return }
        }
        throw .predecessorDoesNotStop(pid: first.pid)
    }

    func processes() -> [Process] {
        Files.names(in: "/proc").compactMap { name in
            guard let pid = pid_t(name), Files.status("/proc/\(name)")?.uid == owner.uid else { return nil }
            guard let line = Files.text("/proc/\(name)/cmdline") else { return nil }
            return Self.isPostmaster(line, clusterName: clusterName).map { Process(pid: pid, isPostmaster: $0) }
        }
    }

    /// Whether a command line is the server's (true), a child's (false), or neither's (nil). The server's has its
    /// arguments, ended by zeros; a child replaces them by `postgres: NAME: what it does`.
    static func isPostmaster(_ commandLine: String, clusterName: String) -> Bool? {
        if commandLine.hasPrefix("postgres: \(clusterName): ") { return false }
        let arguments = commandLine.split(separator: "\0")
        guard arguments.first?.hasSuffix("/postgres") == true else { return nil }
        return arguments.contains("cluster_name=\(clusterName)") ? true : nil
    }

    /// Removes those of PostgreSQL's lock files whose number is not that of a server on the folder `data`.
    ///
    /// PostgreSQL takes any process of its user for that server and does not start: after a power failure also a
    /// stranger that was given the number since, and a killed server until its parent, which may be dead too, or init
    /// has asked how it ended; where init never asks, as in some containers, for ever. A server that somebody started
    /// by hand, under another name, keeps its files. Call it after ``stop()``: nothing of the cluster runs any more.
    func clear(lockFiles: [String], data: String) {
        let deadline = ContinuousClock.now + Self.lastBreath
        for file in lockFiles {
            guard let pid = Files.text(file).flatMap({ pid_t($0.prefix { $0 != "\n" }) }), pid > 0 else { continue }
            while isDead(pid), ContinuousClock.now < deadline { usleep(5_000) }
            if !isServer(pid, on: data) { _ = unsafe unlink(file) }
        }
    }

    /// Whether a process is PostgreSQL and works in the folder, as its servers do. In doubt it does: root in a
    /// container may not see where another user's process works.
    private func isServer(_ pid: pid_t, on data: String) -> Bool {
        let program = Files.text("/proc/\(pid)/cmdline")?.split(separator: "\0").first?.split(separator: "/").last
        guard let program, ["postgres", "postmaster"].contains(program) else { return false }
        return Files.areSame("/proc/\(pid)/cwd", data) != false
    }

    /// Time for init to ask how a process ended.
    static let lastBreath = Duration.seconds(2)

    /// A process of the server's user that has given back its memory, and with it its command line.
    private func isDead(_ pid: pid_t) -> Bool {
        guard Files.status("/proc/\(pid)")?.uid == owner.uid else { return false }
        return Files.text("/proc/\(pid)/cmdline")?.isEmpty ?? false
    }

    /// Foreign processes cannot be waited for without asking again and again.
    private func waitUntilGone(for duration: Duration) -> Bool {
        let deadline = ContinuousClock.now + duration
        while !processes().isEmpty {
            guard ContinuousClock.now < deadline else { return false }
            usleep(10_000)
        }
        return true
    }
}
