internal import Sockets

/// What a server has done so far. Every value only grows, but for ``connectionsOpen`` and ``bodyBytesKept``.
package struct ServerCounters: Sendable {
    /// Connections accepted.
    package var connectionsAccepted: UInt64 = 0
    /// Connections open now.
    package var connectionsOpen: UInt64 = 0
    /// TLS handshakes that failed.
    package var handshakesFailed: UInt64 = 0
    /// Requests handed to the services.
    package var requests: UInt64 = 0
    /// Bytes read from sockets.
    package var bytesReceived: UInt64 = 0
    /// Bytes written to sockets.
    package var bytesSent: UInt64 = 0
    /// Streams that the server reset because of an error of the client.
    package var streamsReset: UInt64 = 0
    /// Streams that the server refused (REFUSED_STREAM): the client may send the request again.
    package var streamsRefused: UInt64 = 0
    /// Streams that clients cancelled.
    package var streamsCancelled: UInt64 = 0
    /// Bytes of bodies that wait for their rest now.
    package var bodyBytesKept: UInt64 = 0

    private var refusals = InlineArray<4, UInt64>(repeating: 0)
    private var ends = InlineArray<13, UInt64>(repeating: 0)

    /// Connections closed at once, for one reason.
    package subscript(refusal: ConnectionRefusal) -> UInt64 {
        get { refusals[refusal.rawValue] }
        set { refusals[refusal.rawValue] = newValue }
    }

    /// Connections that the server ended, for one reason.
    package subscript(end: SessionEnd) -> UInt64 {
        get { ends[end.rawValue] }
        set { ends[end.rawValue] = newValue }
    }

    /// Connections closed at once, for any reason.
    package var connectionsRefused: UInt64 { ConnectionRefusal.allCases.reduce(0) { $0 + self[$1] } }

    /// Nothing yet.
    package init() {}

    static func + (left: ServerCounters, right: ServerCounters) -> ServerCounters {
        var sum = left
        sum.connectionsAccepted += right.connectionsAccepted
        sum.connectionsOpen += right.connectionsOpen
        sum.handshakesFailed += right.handshakesFailed
        sum.requests += right.requests
        sum.bytesReceived += right.bytesReceived
        sum.bytesSent += right.bytesSent
        sum.streamsReset += right.streamsReset
        sum.streamsRefused += right.streamsRefused
        sum.streamsCancelled += right.streamsCancelled
        sum.bodyBytesKept += right.bodyBytesKept
        for refusal in ConnectionRefusal.allCases { sum[refusal] += right[refusal] }
        for end in SessionEnd.allCases { sum[end] += right[end] }
        return sum
    }
}

/// One loop's counters: written by its thread once a turn, read by any other.
final class LoopCounters: Sendable {
    private let counters = Lock(ServerCounters())

    func publish(_ latest: ServerCounters) { counters.withLock { $0 = latest } }

    var current: ServerCounters { counters.withLock { $0 } }
}
