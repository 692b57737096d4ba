internal import API

/// Why a request gets a 503.
enum Unavailable: Sendable {
    /// The engine's mailbox is full; nothing was done.
    case overloaded
    /// The tables are too far behind; nothing was done.
    case projectionLag
    /// The state is being rebuilt; nothing was done.
    case rebuilding
    /// The commit of the command's batch failed or was not confirmed: it may have been carried out.
    case outcomeUnknown

    func response(requestID: UInt64) -> API.Response {
        switch self {
        case .overloaded: Problem(.overloaded, retryAfterSeconds: 1).response(requestID: requestID)
        case .projectionLag: Problem(.projectionLag, retryAfterSeconds: 1).response(requestID: requestID)
        case .rebuilding: Problem(.notReady, retryAfterSeconds: 1).response(requestID: requestID)
        case .outcomeUnknown: Problem(.outcomeUnknown, retryAfterSeconds: 1).response(requestID: requestID)
        }
    }
}
