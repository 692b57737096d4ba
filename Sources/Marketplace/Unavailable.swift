internal import API

/// Why a request gets a 503.
enum Unavailable: Equatable, Sendable {
    /// A mailbox is full; nothing was done.
    case overloaded
    /// The tables are too far behind; nothing was done.
    case projectionLag
    /// The exchange is starting, rebuilding its state, or stopping; nothing was done.
    case rebuilding
    /// Another server leads; nothing was done. The address is empty when it is not known.
    case notLeader(address: String)
    /// The commit of the command's batch was not confirmed: it may have been carried out.
    case outcomeUnknown

    /// Seconds after which a client may come again.
    static let retryAfterSeconds = 1

    func response(requestID: UInt64) -> API.Response {
        var problem = Problem(code, retryAfterSeconds: Self.retryAfterSeconds)
        if case .notLeader(let address) = self, !address.isEmpty { problem.leader = address }
        return problem.response(requestID: requestID)
    }

    private var code: ProblemCode {
        switch self {
        case .overloaded: .overloaded
        case .projectionLag: .projectionLag
        case .rebuilding: .notReady
        case .notLeader: .notLeader
        case .outcomeUnknown: .outcomeUnknown
        }
    }
}
