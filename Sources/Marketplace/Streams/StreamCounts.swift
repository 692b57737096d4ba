internal import API
internal import HTTP2
internal import Sockets
internal import Units

/// How many streams there may be.
package struct StreamLimits: Sendable {
    /// On this server.
    package var total = Limits.streamsDefault
    /// Of one key.
    package var perKey = Limits.streamsPerKeyDefault
    /// Milliseconds after which a stream with nothing to say gets a heartbeat; told with the grain of a second.
    package var heartbeatMilliseconds = Limits.streamHeartbeatMilliseconds

    /// The defaults.
    package init() {}
}

/// Counts the streams of all loops against their limits.
final class StreamCounts: Sendable {
    private let limits: StreamLimits
    private let counts = Lock(Counts())

    private struct Counts {
        var total = 0
        var keys: [KeyID: Int] = [:]
        var connections: [Place: Int] = [:]
    }

    private struct Place: Hashable {
        let loop: Int
        let connection: UInt64
    }

    init(_ limits: StreamLimits) { self.limits = limits }

    /// Streams that are open or about to be.
    var total: Int { counts.withLock { $0.total } }

    /// Counts one more, or says why there may not be one.
    func admit(_ request: StreamRequest) -> Problem? {
        let place = Place(loop: request.stream.loop, connection: request.stream.connection)
        return counts.withLock { counts in
            guard counts.total < limits.total else {
                return Problem(.overloaded, "This server has as many streams as it may.")
            }
            if let key = request.query.key, counts.keys[key, default: 0] >= limits.perKey {
                return Problem(.streamLimit, "A key may have \(limits.perKey) streams.")
            }
            guard counts.connections[place, default: 0] < Limits.streamsPerConnectionMax else {
                return Problem(.streamLimit, "A connection may have \(Limits.streamsPerConnectionMax) streams.")
            }
            counts.total += 1
            if let key = request.query.key { counts.keys[key, default: 0] += 1 }
            counts.connections[place, default: 0] += 1
            return nil
        }
    }

    /// One less.
    func release(_ request: StreamRequest) {
        let place = Place(loop: request.stream.loop, connection: request.stream.connection)
        counts.withLock { counts in
            counts.total -= 1
            if let key = request.query.key { Self.subtract(from: &counts.keys, key) }
            Self.subtract(from: &counts.connections, place)
        }
    }

    private static func subtract<Key: Hashable>(from counts: inout [Key: Int], _ key: Key) {
        let left = counts[key, default: 0] - 1
        counts[key] = left > 0 ? left : nil
    }
}
