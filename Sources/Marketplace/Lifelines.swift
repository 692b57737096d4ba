internal import Postgres
internal import Sockets

/// The sessions of a server, so that a stop can cut those that a silent database holds up.
final class Lifelines: Sendable {
    private let interrupters = Lock<[Line]>([])

    private struct Line {
        weak let interrupter: Interrupter?
    }

    init() {}

    /// Notes a session for as long as the interrupter lives.
    func add(_ interrupter: Interrupter) {
        interrupters.withLock { lines in
            lines.removeAll { $0.interrupter == nil }
            lines.append(Line(interrupter: interrupter))
        }
    }

    /// Ends every session, whatever it waits for.
    func cut() {
        interrupters.withLock { lines in
            for line in lines { line.interrupter?.interrupt() }
        }
    }
}

/// A session and what it takes to end it from another thread.
final class Session {
    let connection: Connection
    let interrupter: Interrupter

    init(_ connection: Connection, in lifelines: Lifelines) {
        self.connection = connection
        interrupter = connection.makeInterrupter()
        lifelines.add(interrupter)
    }
}
