internal import API
internal import Engine
internal import HTTP2

// What the network and the interface call by different names.

extension Command.Action {
    /// Whether nothing would ever come of it without a wallet.
    var needsWallet: Bool {
        switch self {
        case .settlement(.requestWithdrawal), .settlement(.requestAnchor): true
        default: false
        }
    }

    /// Commands that take risk away have a reserve.
    var onlyCancels: Bool {
        switch self {
        case .cancel, .massCancel, .cancelAfter: true
        default: false
        }
    }
}

extension ProblemCode {
    /// What a refusal of HTTP/1 is to clients; the statuses of both are the same.
    init(_ kind: HTTP1Refusal.Kind) {
        switch kind {
        case .malformed: self = .malformedRequest
        case .timedOut: self = .requestTimeout
        case .targetTooLong: self = .targetTooLong
        case .expectation: self = .expectationFailed
        case .headTooLarge: self = .headerFieldsTooLarge
        case .notImplemented: self = .notImplemented
        case .version: self = .httpVersionNotSupported
        }
    }
}

extension RequestMethod {
    /// Methods that no route has are one.
    init(_ method: HTTP2.Method) {
        switch method {
        case .get: self = .get
        case .head: self = .head
        case .post: self = .post
        case .put: self = .put
        case .delete: self = .delete
        case .patch: self = .patch
        case .options, .other: self = .other
        }
    }
}
