internal import Glibc
internal import Sockets
internal import Synchronization

/// Takes Ctrl-C and its like while a temporary server runs: it is stopped and its folder removed before the program
/// ends.
final class InterruptWatch {
    private let state = State()
    private var thread: Thread?

    private final class State: Sendable {
        let isOver = Atomic(false)
    }

    /// Watches from now on; ``end()`` must follow.
    init(_ signals: StopSignals, _ server: TemporaryServer, keepsFolder: Bool) throws {
        thread = try Thread(named: "interrupts") { [state] in
            while !state.isOver.load(ordering: .relaxed) {
                guard signals.next(milliseconds: 50) != nil else { continue }
                complain("\nbombyx \(server.command): interrupted, stopping the server")
                server.end(keepingFolder: keepsFolder)
                _exit(130)
            }
        }
    }

    /// Stops watching.
    func end() {
        state.isOver.store(true, ordering: .relaxed)
        thread.take()?.join()
    }
}
