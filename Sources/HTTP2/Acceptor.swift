internal import Sockets

/// Takes connections from one listener for one loop.
final class Acceptor: EventLoop.Handler {
    private let endpoint: Endpoint
    private unowned let server: LoopServer
    var registration: EventLoop.Registration?

    /// Connections accepted before the loop looks at anything else: a few milliseconds' work with their first requests,
    /// so that clients that are there already do not wait for a flood of newcomers.
    private static let perTurnMax = 32

    init(_ endpoint: Endpoint, on server: LoopServer) {
        self.endpoint = endpoint
        self.server = server
    }

    func becameReady(_ readiness: EventLoop.Readiness) {
        for _ in 0..<Self.perTurnMax {
            // A failure of the listener itself is tried again with the next tick.
            guard let accepted = try? endpoint.listener.accept() else { return }
            switch consume accepted {
            case .connection(let socket, let peer): server.accept(socket, from: peer, tls: endpoint.tls)
            case .wouldBlock: return
            case .exhausted(let closedOne):
                server.counters[.descriptors] &+= 1
                if !closedOne { return }
            }
        }
        if let registration { server.loop.callAgain(registration, .readable) }
    }

    /// Takes those who have connected already, so that they can be told, and no more.
    func stop() {
        becameReady(.readable)
        endpoint.listener.stop()
        if let registration { server.loop.deregister(registration) }
        registration = nil
    }
}
