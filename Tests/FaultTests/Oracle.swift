/// What a client knows about the requests that it sent, and so what an exchange that keeps its promises must show
/// later. Pure.
///
/// | the client heard | then |
/// |---|---|
/// | 200, 201 | it was carried out, once, and a repetition gets the same bytes |
/// | 503 that says that nothing was done, a refused stream | it was not carried out |
/// | `outcome_unknown`, nothing | either; a repetition decides it, once |
struct Oracle: Sendable {
    /// One request, whatever number of times it was sent.
    struct Item: Sendable {
        let kind: Kind
        let method: String
        let path: String
        let body: String
        /// `Idempotency-Key`, and the `client_order_id` of an order.
        let name: String
        var fate = Fate.fresh
        var timesSent = 0
    }

    enum Kind: Hashable, Sendable {
        case order
        case cancel
        /// Each deposit of a run has an amount of its own, in nanoTON.
        case deposit(Int64)
    }

    enum Fate: Equatable, Sendable {
        /// Never sent.
        case fresh
        /// Sent; before that it `mayBeThere` already or not.
        case underWay(mayBeThere: Bool)
        case unknown
        /// Certainly not carried out.
        case refused
        /// Carried out, or (`declined`) judged and found against a rule of the market.
        case settled(Answer)
        case declined
    }

    struct Answer: Equatable, Sendable {
        let body: [UInt8]
        /// `o17` is 17; 0 where the answer has no order of its own.
        let order: Int64
        let sequence: Int64
        /// The server says that it is an earlier answer.
        var isReplayed = false
    }

    /// What was heard.
    struct Heard: Sendable {
        let status: Int
        var code = ""
        var hasRetryAfter = false
        var answer: Answer?
    }

    private(set) var items: [Item] = []
    /// What no answer may be.
    private(set) var complaints: [String] = []
    /// Answers that said to come back later.
    private(set) var refusalCount = 0
    /// Requests that were lost with a connection that never gave an answer.
    private(set) var lostOnNewConnections = 0
    /// How often each status was heard, with the problem's code.
    private(set) var heardCounts: [String: Int] = [:]
    /// Requests of which nobody had heard and that a repetition found done.
    private(set) var foundCount = 0

    /// 503s after which nothing was done.
    static let certainRefusals: Set<String> = [
        "not_ready", "overloaded", "projection_lag", "not_leader", "idempotency_window_full",
    ]
    /// What the market may say to a cancel, or to an order, that is well formed.
    static let declines: Set<String> = ["order_not_found", "insufficient_funds", "open_order_limit"]

    mutating func add(_ item: Item) -> Int {
        items.append(item)
        return items.count - 1
    }

    mutating func sent(_ index: Int) {
        items[index].timesSent += 1
        switch items[index].fate {
        case .fresh, .refused: items[index].fate = .underWay(mayBeThere: false)
        case .unknown: items[index].fate = .underWay(mayBeThere: true)
        case .underWay, .settled, .declined: complaints.append("\(items[index].name) was sent when it was not to be")
        }
    }

    /// The connection ended, or said nothing for too long; a new one had not given any answer before.
    mutating func lost(_ index: Int, onNewConnection isNew: Bool = false) {
        if isNew { lostOnNewConnections += 1 }
        if case .underWay = items[index].fate { items[index].fate = .unknown }
    }

    /// The server has not looked at the request (RFC 9113, section 8.7).
    mutating func notProcessed(_ index: Int) {
        if case .underWay(let mayBeThere) = items[index].fate { items[index].fate = mayBeThere ? .unknown : .refused }
    }

    mutating func heard(_ heard: Heard, _ index: Int) {
        guard case .underWay = items[index].fate else {
            complaints.append("\(items[index].name) was answered when nobody had asked")
            return
        }
        let what = "\(items[index].name) was answered with \(heard.status) \(heard.code)"
        if heard.status == 503, !heard.hasRetryAfter { complaints.append("\(what) without Retry-After") }
        if heard.status == 503 { refusalCount += 1 }
        heardCounts["\(heard.status) \(heard.code)", default: 0] += 1
        if heard.answer?.isReplayed == true { foundCount += 1 }
        switch (heard.status, heard.code) {
        case (200, _), (201, _):
            guard let answer = heard.answer else {
                complaints.append("\(what) and a body that says nothing")
                items[index].fate = .declined
                return
            }
            items[index].fate = .settled(answer)
        case (503, "outcome_unknown"): items[index].fate = .unknown
        case (503, let code) where Self.certainRefusals.contains(code): notProcessed(index)
        case (_, let code) where Self.declines.contains(code): items[index].fate = .declined
        default:
            complaints.append(what)
            items[index].fate = .unknown
        }
    }

    mutating func complain(_ sentence: String) { complaints.append(sentence) }

    /// The request as it is to be known later.
    func count(where isSo: (Fate) -> Bool) -> Int { items.count { isSo($0.fate) } }

    var unknownCount: Int { count { $0 == .unknown } }
    var settledCount: Int { count { if case .settled = $0 { true } else { false } } }
}
