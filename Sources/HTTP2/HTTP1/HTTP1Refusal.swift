/// Why a request is not served: the rule that it breaks. A connection of HTTP/1 ends with the answer. In HTTP/2, most
/// of these rules are the frames' own; what is left is ``repeatedField`` and ``authorityDisagrees``.
///
/// Whatever two readers of the same bytes may read differently is refused, never repaired: that is what request
/// smuggling lives on (RFC 9112, section 11.2).
package enum HTTP1Refusal: Error, Hashable, CaseIterable, Sendable {
    // The head as bytes and lines.
    case controlByte, bareCarriageReturn, bareLineFeed, foldedLine
    case headTooLarge, tooManyFields, targetTooLong, timedOut
    // The request line.
    case requestLine, version, connect, targetByte, targetForm, authorityDisagrees, schemeDisagrees
    // The fields.
    case fieldName, repeatedField, expectation
    case hostMissing, hostRepeated, hostInvalid
    case lengthRepeated, lengthInvalid, transferEncoding, lengthAndTransferEncoding

    /// What kind of problem a rule's breach is: one status each.
    package enum Kind: Int, CaseIterable, Sendable {
        /// Not HTTP, or not clearly so.
        case malformed = 400
        /// Too slow.
        case timedOut = 408
        /// The request line alone is longer than a head may be.
        case targetTooLong = 414
        /// `Expect` asks for what the server does not know.
        case expectation = 417
        /// The head has too many bytes or fields.
        case headTooLarge = 431
        /// A part of HTTP/1 that the server does without.
        case notImplemented = 501
        /// Neither HTTP/1.1 nor HTTP/1.0.
        case version = 505
    }

    /// What kind of problem it is.
    package var kind: Kind {
        switch self {
        case .timedOut: .timedOut
        case .targetTooLong: .targetTooLong
        case .expectation: .expectation
        case .headTooLarge, .tooManyFields: .headTooLarge
        case .connect, .transferEncoding: .notImplemented
        case .version: .version
        default: .malformed
        }
    }

    /// What the counters call the end of a connection of HTTP/1 that is refused so.
    var end: SessionEnd {
        switch kind {
        case .malformed, .version: .protocolError
        case .timedOut: .slowRequest
        case .targetTooLong, .headTooLarge: .headers
        case .expectation, .notImplemented: .notSupported
        }
    }

    /// The status of the answer (RFC 9110, section 15).
    package var status: Int { kind.rawValue }

    /// The rule, in one sentence for people. It quotes nothing of the request.
    package var rule: StaticString {
        switch self {
        case .controlByte: "A control byte stands in the head."
        case .bareCarriageReturn: "A carriage return stands without its line feed."
        case .bareLineFeed: "A line feed stands without its carriage return."
        case .foldedLine: "A line of the head begins with white space."
        case .headTooLarge: "The head has more bytes than are allowed."
        case .tooManyFields: "The head has more fields than are allowed."
        case .targetTooLong: "The request line is longer than a head may be."
        case .timedOut: "The request did not arrive in time."
        case .requestLine: "The request line is not a method, a target and a version with one space between them."
        case .version: "The version is neither HTTP/1.1 nor HTTP/1.0; HTTP/2 begins with its preface or with ALPN."
        case .connect: "CONNECT is not served: this is not a proxy."
        case .targetByte: "The target has a byte that must be percent-encoded (RFC 3986)."
        case .targetForm: "The target is neither a path, nor an absolute URI of http or https, nor * of OPTIONS."
        case .authorityDisagrees: "The target's authority is not the Host field's."
        case .schemeDisagrees: "The target's scheme is not the connection's."
        case .fieldName: "A field's name is not a token that the colon follows at once."
        case .repeatedField: "A field that may come once comes again."
        case .expectation: "Expect asks for something other than 100-continue."
        case .hostMissing: "The Host field is missing."
        case .hostRepeated: "The Host field comes more than once."
        case .hostInvalid: "The Host field is not a name or an address with or without a port."
        case .lengthRepeated: "Content-Length comes more than once."
        case .lengthInvalid: "Content-Length is not one decimal number without leading zeros."
        case .transferEncoding: "Transfer-Encoding is not supported: send Content-Length, or use HTTP/2."
        case .lengthAndTransferEncoding: "Content-Length and Transfer-Encoding exclude each other."
        }
    }
}
