internal import Synchronization

/// What a server has done so far. Every value only grows, but for ``connectionsOpen``.
package struct ServerCounters: Sendable, Equatable {
    /// Connections accepted.
    package var connectionsAccepted: UInt64 = 0
    /// Connections open now.
    package var connectionsOpen: UInt64 = 0
    /// Connections closed at once, because the loop or the process was full.
    package var connectionsRefused: UInt64 = 0
    /// TLS handshakes that failed.
    package var handshakesFailed: UInt64 = 0
    /// Requests handed to the services.
    package var requests: UInt64 = 0
    /// Bytes read from sockets.
    package var bytesReceived: UInt64 = 0
    /// Bytes written to sockets.
    package var bytesSent: UInt64 = 0

    /// Nothing yet.
    package init() {}

    static func + (left: ServerCounters, right: ServerCounters) -> ServerCounters {
        var sum = left
        sum.connectionsAccepted += right.connectionsAccepted
        sum.connectionsOpen += right.connectionsOpen
        sum.connectionsRefused += right.connectionsRefused
        sum.handshakesFailed += right.handshakesFailed
        sum.requests += right.requests
        sum.bytesReceived += right.bytesReceived
        sum.bytesSent += right.bytesSent
        return sum
    }
}

/// One loop's counters: written by its thread once a turn, read by any other.
final class LoopCounters: Sendable {
    private let connectionsAccepted = Atomic<UInt64>(0)
    private let connectionsOpen = Atomic<UInt64>(0)
    private let connectionsRefused = Atomic<UInt64>(0)
    private let handshakesFailed = Atomic<UInt64>(0)
    private let requests = Atomic<UInt64>(0)
    private let bytesReceived = Atomic<UInt64>(0)
    private let bytesSent = Atomic<UInt64>(0)

    func publish(_ counters: ServerCounters) {
        connectionsAccepted.store(counters.connectionsAccepted, ordering: .relaxed)
        connectionsOpen.store(counters.connectionsOpen, ordering: .relaxed)
        connectionsRefused.store(counters.connectionsRefused, ordering: .relaxed)
        handshakesFailed.store(counters.handshakesFailed, ordering: .relaxed)
        requests.store(counters.requests, ordering: .relaxed)
        bytesReceived.store(counters.bytesReceived, ordering: .relaxed)
        bytesSent.store(counters.bytesSent, ordering: .relaxed)
    }

    var current: ServerCounters {
        var counters = ServerCounters()
        counters.connectionsAccepted = connectionsAccepted.load(ordering: .relaxed)
        counters.connectionsOpen = connectionsOpen.load(ordering: .relaxed)
        counters.connectionsRefused = connectionsRefused.load(ordering: .relaxed)
        counters.handshakesFailed = handshakesFailed.load(ordering: .relaxed)
        counters.requests = requests.load(ordering: .relaxed)
        counters.bytesReceived = bytesReceived.load(ordering: .relaxed)
        counters.bytesSent = bytesSent.load(ordering: .relaxed)
        return counters
    }
}
