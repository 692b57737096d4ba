internal import HTTP2
internal import Measurement
internal import Sockets

/// One account of a load, with the heads of all its requests.
struct LoadAccount: Sendable {
    /// As in `a2`.
    let id: String
    let isSeller: Bool
    /// What the operator paid in for it, in nanoTON.
    let deposit: Int64
    /// Places an offer or a bid.
    let place: ClientHead
    /// Cancels an order; the path comes with it.
    let cancel: ClientHead
    /// Reads an order; the path comes with it.
    let read: ClientHead

    /// The key goes into the heads and nowhere else.
    init(id: String, key: String, isSeller: Bool, deposit: Int64, at endpoint: Endpoint) {
        self.id = id
        self.isSeller = isSeller
        self.deposit = deposit
        let authorization = [(name: "authorization", value: "Bearer " + key)]
        let content = authorization + [(name: "content-type", value: "application/json")]
        place = endpoint.head("POST", isSeller ? "/v1/offers" : "/v1/bids", content)
        cancel = endpoint.head("DELETE", nil, authorization)
        read = endpoint.head("GET", nil, authorization)
    }
}

extension Endpoint {
    /// The head of requests to this server.
    func head(_ method: String, _ path: String?, _ fields: [(name: String, value: String)]) -> ClientHead {
        ClientHead(method, path, isTLS: tls != nil, authority: serverName ?? address.description, fields: fields)
    }
}

/// What the threads of a load carry out.
struct LoadPlan: Sendable {
    /// How requests follow each other.
    enum Pace: Sendable {
        /// A request follows the answer to the one before.
        case closed
        /// So many a second, whatever the answers do.
        case open(perSecond: Double, ArrivalSchedule.Spacing)
    }

    let endpoint: Endpoint
    let accounts: [LoadAccount]
    let terms: Workload.Terms
    /// Reads the book of a model, one for each.
    let books: [ClientHead]
    let connections: Int
    let streams: Int
    let threads: Int
    let pace: Pace
    /// Requests in all, if they are counted.
    let requests: Int?
    /// Time of the load behind the ramp, in nanoseconds, if it is bounded.
    let duration: UInt64?
    /// Time in which the load grows, in nanoseconds.
    let ramp: UInt64
    let seed: UInt64
    /// The last sequence number before the load.
    let baseSequence: Int64

    /// Samples that are verified at most: each costs two requests more.
    static let samplesMax = 10_000
    /// Answers to what is under way at the end are waited for at most so long.
    static let drainNanoseconds: UInt64 = 30_000_000_000
    /// The longest pause that a server's `Retry-After` is obeyed with.
    static let pauseSecondsMax = 5

    /// The lanes of one thread: every so manieth connection.
    func lanes(of thread: Int) -> [Int] { Array(stride(from: thread, to: connections, by: threads)) }

    /// The requests of one thread, if they are counted.
    func requests(of thread: Int) -> Int? {
        requests.map { $0 / threads + (thread < $0 % threads ? 1 : 0) }
    }

    /// The accounts of one lane that sell, or buy. With more lanes than accounts, several lanes share one.
    func accounts(of lane: Int, sellers: Bool) -> [Int] {
        let all = accounts.indices.filter { accounts[$0].isSeller == sellers }
        let own = all.enumerated().filter { $0.offset % connections == lane }.map(\.element)
        return own.isEmpty ? [all[lane % all.count]] : own
    }
}
