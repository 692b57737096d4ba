internal import HTTP2
internal import Measurement
internal import Sockets

/// Orders of one client that waits for each answer, and how long rows of them take.
final class SinglePosts {
    /// Orders of a row.
    static let row = 100

    private let connection: ClientConnection
    private let request: ClientRequest
    private(set) var acknowledged: AcknowledgedOrders
    private(set) var refusals: [ServerRefusal.Kind: Int64] = [:]
    /// What all of them took, refused ones not counted.
    private(set) var latencies = Latencies()
    /// The newest, in microseconds; `.max` for one that was refused.
    private var newest: [Int64] = []
    /// When each of the newest was sent.
    private var starts: [UInt64] = []

    /// An answer that takes longer is none.
    private static let patienceMilliseconds: UInt64 = 120_000

    init(_ endpoint: Endpoint, key: String, body: [UInt8], after base: Int64) throws {
        connection = try endpoint.connect()
        request = ClientRequest("POST", "/v1/offers", key: key, body: body)
        acknowledged = AcknowledgedOrders(after: base)
    }

    /// Sends `count` orders, and gives the worst 99th percentile of their rows, in microseconds.
    func measure(_ count: Int) throws -> Int64 {
        beginAnew()
        var worst: Int64 = 0
        for number in 1...count {
            try post()
            if number.isMultiple(of: Self.row) { worst = max(worst, p99) }
        }
        return worst
    }

    /// Sends orders until a row of them is no worse than `microseconds`; gives how long after `start` its first one was
    /// sent, in microseconds, and `nil` when it takes longer than the deadline.
    func recover(to microseconds: Int64, since start: UInt64, deadline: UInt64) throws -> Int64? {
        beginAnew()
        repeat {
            try post()
            if newest.count == Self.row, p99 <= microseconds { return Int64(starts[0] - min(start, starts[0])) / 1_000 }
        } while MonotonicClock.nanoseconds() < deadline
        return nil
    }

    func close() { connection.close() }

    /// The 99th percentile of the newest row.
    private var p99: Int64 { newest.sorted()[newest.count * 99 / 100 - 1] }

    private func beginAnew() {
        latencies = Latencies()
        newest = []
        starts = []
    }

    private func post() throws {
        let started = MonotonicClock.nanoseconds()
        let response = try connection.request(request, timeoutMilliseconds: Self.patienceMilliseconds)
        let nanoseconds = MonotonicClock.nanoseconds() - started
        if newest.count == Self.row {
            newest.removeFirst()
            starts.removeFirst()
        }
        starts.append(started)
        guard response.status == 201, let order = AnswerCheck.sequence(of: .offer, in: response.body.span) else {
            refusals[ServerRefusal(response).kind, default: 0] += 1
            newest.append(.max)
            return
        }
        acknowledged.add(order)
        newest.append(Int64(nanoseconds / 1_000))
        latencies.record(sinceSent: nanoseconds)
    }
}
