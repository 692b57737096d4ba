/// Which protocol the first bytes of a connection without ALPN begin.
///
/// HTTP/2 begins with its preface, whose first word is the reserved method `PRI` (RFC 9113, sections 3.4 and 11.6).
/// Bytes that begin neither are given to HTTP/2, which answers with GOAWAY and closes.
package enum ProtocolChoice: Hashable, Sendable {
    /// More bytes are needed, at most ``bytesMax`` in all.
    case undecided
    case http1, http2

    /// Bytes after which the choice is made in any case: a method of 32 letters, a space, and one byte of the target.
    package static let bytesMax = methodBytesMax + 2
    private static let methodBytesMax = 32

    /// The methods of RFC 9110, section 9, and RFC 5789: what begins with one of them is a client of HTTP/1 that
    /// deserves an answer, be the rest as wrong as it may.
    private static let methods: [StaticString] = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
    ]

    /// The choice for a connection that begins with `bytes`. Once made, more bytes do not change it.
    package init(_ bytes: [UInt8]) {
        let end = bytes.firstIndex { !HTTP1Grammar.isToken($0) }
        guard let end else {
            self = bytes.count > Self.methodBytesMax ? .http2 : .undecided
            return
        }
        guard end > 0, end <= Self.methodBytesMax else {
            self = .http2
            return
        }
        if Self.isKnown(bytes[..<end]) {
            self = .http1
        } else if bytes[end] != UInt8(ascii: " ") || bytes[..<end].elementsEqual("PRI".utf8) {
            self = .http2
        } else if end + 1 == bytes.count {
            self = .undecided
        } else {
            // A word is a method only if a target follows: a path, an absolute URI, or an asterisk.
            self = "/*hH".utf8.contains(bytes[end + 1]) ? .http1 : .http2
        }
    }

    private static func isKnown(_ name: ArraySlice<UInt8>) -> Bool {
        methods.contains { method in
            method.withUTF8Buffer { unsafe name.elementsEqual($0) }
        }
    }
}
