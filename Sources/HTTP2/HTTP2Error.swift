package import Sockets
package import TLS

/// Why an HTTP/2 connection, server or request failed.
package enum HTTP2Error: Error, Hashable, CustomStringConvertible {
    /// nghttp2 refused: the call, and its code (`nghttp2_error`).
    case session(call: String, code: Int32)
    /// A system call failed.
    case system(SystemError)
    /// TLS failed.
    case tls(TLSError)
    /// The peer does not speak HTTP/2 over TLS (no ALPN `h2`).
    case notHTTP2
    /// The deadline passed.
    case timedOut
    /// The connection ended before the answer came: the outcome is unknown.
    case connectionClosed
    /// The peer ended this request only, with an error code of RFC 9113, section 7.
    case streamReset(code: UInt32)

    package var description: String {
        switch self {
        case .session(let call, let code): "\(call): nghttp2 error \(code)"
        case .system(let error): error.description
        case .tls(let error): error.description
        case .notHTTP2: "the peer does not speak HTTP/2"
        case .timedOut: "the deadline passed"
        case .connectionClosed: "the connection was closed before the answer came"
        case .streamReset(let code): "the peer reset the stream with code \(code)"
        }
    }

    /// Throws unless `result` is 0, which is how nghttp2 says that all is well.
    static func check(_ result: Int32, _ call: @autoclosure () -> String) throws(HTTP2Error) {
        guard result == 0 else { throw .session(call: call(), code: result) }
    }
}
