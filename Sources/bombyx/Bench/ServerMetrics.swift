internal import HTTP2

/// What `/metrics` said at a moment: the samples without labels.
struct ServerMetrics {
    private let samples: [Substring: Substring]

    init(_ client: ExchangeClient) throws {
        self.init(text: String(decoding: try client.bytes("GET", "/metrics"), as: UTF8.self))
    }

    /// Reads Prometheus's text format; what has labels is of no use here.
    init(text: String) {
        var samples: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            if parts.count == 2 { samples[parts[0]] = parts[1] }
        }
        self.samples = samples
    }

    /// Commands made durable since the server started.
    var commands: Int64 { sample("commands_total") }
    /// Batches committed since the server started.
    var batches: Int64 { sample("batches_total") }
    /// The last durable sequence number.
    var sequence: Int64 { sample("sequence") }
    /// Resting orders.
    var openOrders: Int64 { sample("open_orders") }
    /// The command that the tables show.
    var projectedSequence: Int64 { sample("projected_sequence") }
    /// Durable commands that the tables do not show yet.
    var lag: Int64 { sample("projection_lag_sequence") }
    /// Bytes of events that the tables do not show yet.
    var waitingBytes: Int64 { sample("projection_waiting_bytes") }
    /// Microseconds between the last command that the tables show and the last durable one.
    var lagMicroseconds: Int64 {
        let seconds = samples["bombyx_projection_lag_seconds"].flatMap { Double($0) } ?? 0
        return Int64(seconds * 1_000_000)
    }

    private func sample(_ name: String) -> Int64 { samples["bombyx_" + name].flatMap { Int64($0) } ?? -1 }
}

/// How the tables follow the journal.
struct CatchUp {
    /// Commands that the tables lacked when the wait began.
    let lag: Int64
    /// Time until they lacked none.
    let microseconds: Int64

    /// Tables that do not move for so long do not follow.
    private static let patience = Duration.seconds(60)

    /// Waits until the tables of a server without load show all.
    init(_ server: TemporaryServer) throws {
        let client = try ExchangeClient(Endpoint(server.running()), key: nil)
        defer { client.close() }
        let started = ContinuousClock.now
        var metrics = try ServerMetrics(client)
        lag = metrics.lag
        var moved = started
        while metrics.lag != 0 {
            guard ContinuousClock.now - moved < Self.patience else {
                throw CommandFailure("the tables do not follow the journal: they lack \(metrics.lag) commands")
            }
            pause(milliseconds: 10)
            let before = metrics.projectedSequence
            metrics = try ServerMetrics(client)
            if metrics.projectedSequence != before { moved = .now }
        }
        microseconds = bombyx.microseconds(since: started)
    }
}
