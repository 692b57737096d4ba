internal import COpenSSL
package import Sockets

/// Why a TLS call failed.
package enum TLSError: Error, Hashable, CustomStringConvertible {
    /// OpenSSL refused: the call, and the oldest entry of its error queue (0 when it gave none).
    case failed(call: String, code: UInt)
    /// A PEM file could not be used: its path, and OpenSSL's reason.
    case file(path: String, code: UInt)
    /// A file could not be written or made durable.
    case system(SystemError)
    /// The peer ended the connection without saying so (no `close_notify`).
    case truncated

    package var description: String {
        switch self {
        case .failed(let call, let code): "\(call): \(Self.reason(code))"
        case .file(let path, let code): "\(path): \(Self.reason(code))"
        case .system(let error): error.description
        case .truncated: "the peer ended the TLS connection without close_notify"
        }
    }

    /// Takes the oldest entry of the thread's error queue.
    static func fromQueue(_ call: String) -> TLSError { .failed(call: call, code: ERR_get_error()) }

    /// Takes the oldest entry of the thread's error queue, as the reason why `path` is not usable.
    static func fromQueue(path: String) -> TLSError { .file(path: path, code: ERR_get_error()) }

    private static func reason(_ code: UInt) -> String {
        guard code != 0 else { return "no reason given" }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            unsafe ERR_error_string_n(code, text.baseAddress, text.count)
            return unsafe text.baseAddress.map { unsafe String(cString: $0) } ?? "error \(code)"
        }
    }
}
