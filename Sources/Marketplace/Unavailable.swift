internal import API

/// Why a request gets a 503.
enum Unavailable: CaseIterable, Sendable {
    /// The engine's mailbox is full; nothing was done.
    case overloaded
    /// The tables are too far behind; nothing was done.
    case projectionLag
    /// The state is being rebuilt; nothing was done.
    case rebuilding
    /// The commit of the command's batch failed or was not confirmed: it may have been carried out.
    case outcomeUnknown

    var code: ProblemCode {
        switch self {
        case .overloaded: .overloaded
        case .projectionLag: .projectionLag
        case .rebuilding: .notReady
        case .outcomeUnknown: .outcomeUnknown
        }
    }

    func response(requestID: UInt64) -> API.Response {
        Problem(code, retryAfterSeconds: 1).response(requestID: requestID)
    }
}
