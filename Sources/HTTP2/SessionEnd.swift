/// Why the server ended a connection. The name of each is a label of the metrics and never changes its meaning.
package enum SessionEnd: Int, CaseIterable, Sendable {
    /// The client broke RFC 9113 or RFC 7541, or RFC 9112.
    case protocolError
    /// The client sent too many frames that bring nothing forward (``ServerLimits/idleFrameBurst``).
    case idleFrames
    /// A header block was longer than ``ServerLimits/headerBytesMax`` or ``ServerLimits/headerFieldsMax`` allows.
    case headers
    /// The client opened too many streams beyond those that it is granted (``ServerLimits/refusedStreamsMax``).
    case refusedStreams
    /// The client made the server reset too many streams (``ServerLimits/errorResetBurst``).
    case errorResets
    /// The client cancelled too many streams (``ServerLimits/resetBurst``).
    case cancelledStreams
    /// The client asked for answers (PING, SETTINGS) and did not read them.
    case unreadAnswers
    /// TLS failed.
    case tls
    /// The handshake, the preface or the first SETTINGS did not come in time.
    case slowHandshake
    /// A header block, a body or the rest of a frame did not come in time.
    case slowRequest
    /// The client did not take its answers in time.
    case slowReader
    /// The client asked for a part of HTTP/1 that the server does without.
    case notSupported
    /// There was no request for long.
    case idle

    /// The label of this reason in metrics.
    package var label: String {
        switch self {
        case .protocolError: "protocol_error"
        case .idleFrames: "idle_frames"
        case .headers: "headers"
        case .refusedStreams: "refused_streams"
        case .errorResets: "error_resets"
        case .cancelledStreams: "cancelled_streams"
        case .unreadAnswers: "unread_answers"
        case .tls: "tls"
        case .slowHandshake: "slow_handshake"
        case .slowRequest: "slow_request"
        case .slowReader: "slow_reader"
        case .notSupported: "not_supported"
        case .idle: "idle"
        }
    }
}

/// Why the server closed a connection as soon as it was accepted.
package enum ConnectionRefusal: Int, CaseIterable, Sendable {
    /// The server has as many as it may.
    case full
    /// The client's address has as many as it may.
    case address
    /// The process has no descriptor left.
    case descriptors
    /// The kernel or a library refused.
    case failure

    /// The label of this reason in metrics.
    package var label: String {
        switch self {
        case .full: "full"
        case .address: "address"
        case .descriptors: "descriptors"
        case .failure: "failure"
        }
    }
}
