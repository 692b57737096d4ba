import Testing

@testable import HTTP2

/// Requests of HTTP/1, good and bad, with what becomes of each.
enum Heads {
    /// A head that is served, and the method, path and authority that the service hears.
    struct Good: Sendable, CustomTestStringConvertible {
        let text: String
        let method: String
        let path: String
        let authority: String?
        var testDescription: String { text.debugDescription }

        init(_ text: String, _ method: String, _ path: String, _ authority: String?) {
            (self.text, self.method, self.path, self.authority) = (text, method, path, authority)
        }
    }

    static let good = [
        Good("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/", "x"),
        Good(
            "GET /v1/book?requirement=model:in=a,b;quality:gte=40 HTTP/1.1\r\nhost:x:8080\r\n\r\n",
            "GET",
            "/v1/book?requirement=model:in=a,b;quality:gte=40",
            "x:8080"
        ),
        Good("HEAD /healthz HTTP/1.1\r\nHOST: \t 127.0.0.1:80 \t\r\n\r\n", "HEAD", "/healthz", "127.0.0.1:80"),
        Good("GET / HTTP/1.0\r\n\r\n", "GET", "/", nil),
        Good("GET / HTTP/1.0\r\nHost: [::1]:8080\r\n\r\n", "GET", "/", "[::1]:8080"),
        Good("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS", "*", "x"),
        Good("OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS", "/", "x"),
        Good("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", "TRACE", "/", "x"),
        Good("get / HTTP/1.1\r\nHost: x\r\n\r\n", "get", "/", "x"),
        Good("M!#$%&'*+-.^_`|~9 / HTTP/1.1\r\nHost: x\r\n\r\n", "M!#$%&'*+-.^_`|~9", "/", "x"),
        Good("GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/a?b", "x"),
        Good("GET HTTP://Example.COM:80/ HTTP/1.1\r\nHost: example.com:80\r\n\r\n", "GET", "/", "example.com:80"),
        Good("GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/", "x"),
        Good("GET http://x/ HTTP/1.0\r\n\r\n", "GET", "/", "x"),
        Good(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
            "GET",
            "/",
            "x"
        ),
        Good("GET / HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Latin: caf\u{e9}\r\nX-Tab: a\tb\r\n\r\n", "GET", "/", "x"),
        Good("GET / HTTP/1.1\r\nHost: x\r\nAccept: a\r\nAccept: b\r\n\r\n", "GET", "/", "x"),
        Good("GET / HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nCookie: c=d\r\nTE: trailers\r\n\r\n", "GET", "/", "x"),
        Good("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "GET", "/", "x"),
        Good("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", "GET", "/", nil),
    ]

    /// A head that is refused, and why.
    struct Bad: Sendable, CustomTestStringConvertible {
        let text: String
        let refusal: HTTP1Refusal
        var testDescription: String { text.debugDescription }

        init(_ text: String, _ refusal: HTTP1Refusal) { (self.text, self.refusal) = (text, refusal) }

        /// A good request line and a good Host before these fields.
        static func fields(_ fields: String, _ refusal: HTTP1Refusal) -> Bad {
            Bad("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n", refusal)
        }
    }

    static let bad = badLines + badTargets + badFields + badLengths

    /// Lines and request lines.
    static let badLines = [
        Bad("GET / HTTP/1.1\nHost: x\n\n", .bareLineFeed),
        Bad("GET / HTTP/1.1\r\nHost: x\n\r\n", .bareLineFeed),
        Bad("GET / HTTP/1.1\rHost: x\r\n\r\n", .bareCarriageReturn),
        Bad("GET / HTTP/1.1\r\nHost: x\r\r\n\r\n", .bareCarriageReturn),
        Bad("GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n", .bareCarriageReturn),
        Bad("GET / HTTP/1.1\r\nHost: x\r\nA: b\0\r\n\r\n", .controlByte),
        Bad("GET / HTTP/1.1\r\nHost: x\r\nA: b\u{7f}\r\n\r\n", .controlByte),
        Bad("GET /\u{1b} HTTP/1.1\r\nHost: x\r\n\r\n", .controlByte),
        Bad("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", .foldedLine),
        Bad("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n", .foldedLine),
        Bad("GET / HTTP/1.1\r\n Host: x\r\n\r\n", .foldedLine),
        Bad("GET / HTTP/1.1\r\nHost: x\r\n \r\n\r\n", .foldedLine),
        Bad("GET /\r\n", .requestLine),
        Bad("GET\r\n", .requestLine),
        Bad("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad(" GET / HTTP/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET  / HTTP/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET /  HTTP/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET /\tHTTP/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET / a HTTP/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GE(T / HTTP/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET / http/1.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET / HTTP/1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET / HTTP/1,1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET / HTTP/11.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET / HTTP/a.1\r\nHost: x\r\n\r\n", .requestLine),
        Bad("GET / HTTP/2.0\r\n\r\n", .version),
        Bad("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .version),
        Bad("GET / HTTP/1.2\r\nHost: x\r\n\r\n", .version),
        Bad("GET / HTTP/0.9\r\n\r\n", .version),
    ]

    static let badTargets = [
        Bad("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", .connect),
        Bad("CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n", .connect),
        Bad("GET x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", .targetForm),
        Bad("GET v1/book HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("GET * HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("OPTIONS ** HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("GET http:/x/ HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("GET http://x?a HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("GET http://u@x/ HTTP/1.1\r\nHost: x\r\n\r\n", .targetForm),
        Bad("GET http://x/ HTTP/1.1\r\nHost: y\r\n\r\n", .authorityDisagrees),
        Bad("GET http://x:80/ HTTP/1.1\r\nHost: x\r\n\r\n", .authorityDisagrees),
        Bad("GET http://x/ HTTP/1.1\r\nHost: x:80\r\n\r\n", .authorityDisagrees),
        Bad("GET https://x/ HTTP/1.1\r\nHost: x\r\n\r\n", .schemeDisagrees),
        Bad("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", .targetByte),
        Bad("GET /a\"b HTTP/1.1\r\nHost: x\r\n\r\n", .targetByte),
        Bad("GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n", .targetByte),
        Bad("GET /caf\u{e9} HTTP/1.1\r\nHost: x\r\n\r\n", .targetByte),
    ]

    static let badFields =
        [
            Bad.fields("A : b", .fieldName),
            Bad.fields("A\t: b", .fieldName),
            Bad.fields(": b", .fieldName),
            Bad.fields("A", .fieldName),
            Bad.fields("A b: c", .fieldName),
            Bad.fields("A(b): c", .fieldName),
            Bad.fields("caf\u{e9}: c", .fieldName),
            Bad.fields(":path: /admin", .fieldName),
            Bad.fields("Transfer-Encoding : chunked", .fieldName),
            Bad.fields("Content-Length : 5", .fieldName),
            Bad("GET / HTTP/1.1\r\n\r\n", .hostMissing),
            Bad("GET http://x/ HTTP/1.1\r\n\r\n", .hostMissing),
            Bad.fields("Host: x", .hostRepeated),
            Bad.fields("hOST: y", .hostRepeated),
            Bad("GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", .hostRepeated),
        ]
        + ["", "a b", "a,b", "u@x", "x/y", "x:y", "x:123456", ":80", "[::1", "[]", "[::1]a", "x?", "caf\u{e9}", "a%20"]
        .map { Bad("GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", .hostInvalid) }
        + [
            "Authorization", "Idempotency-Key", "Content-Type", "Traceparent", "X-Request-Id", "Last-Event-Id",
        ]
        .map { Bad.fields("\($0): a\r\n\($0.lowercased()): a", .repeatedField) }
        + [
            .fields("Expect: 200-ok", .expectation), .fields("Expect:", .expectation),
            .fields("Expect: 100-continue, 100-continue", .expectation),
            .fields("Expect: 100-continue\r\nExpect: 100-continue", .repeatedField),
        ]

    /// What request smuggling is made of (RFC 9112, section 11.2).
    static let badLengths =
        [
            "5, 5", "5,6", "+5", "-5", "0x5", "5 5", "5;", "05", "00", "", "five", "5.0", "1e1", "\u{665}",
        ]
        .map { Bad.fields("Content-Length: \($0)", .lengthInvalid) }
        + [
            .fields("Content-Length: 5\r\nContent-Length: 5", .lengthRepeated),
            .fields("Content-Length: 5\r\ncontent-length: 6", .lengthRepeated),
            .fields("Transfer-Encoding: chunked", .transferEncoding),
            .fields("transfer-encoding: identity", .transferEncoding),
            .fields("Transfer-Encoding:\tchunked", .transferEncoding),
            .fields("Transfer-Encoding: xchunked", .transferEncoding),
            .fields("Transfer-Encoding:", .transferEncoding),
            .fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", .transferEncoding),
            .fields("Content-Length: 5\r\nTransfer-Encoding: chunked", .lengthAndTransferEncoding),
            .fields("Transfer-Encoding: chunked\r\nContent-Length: 5", .lengthAndTransferEncoding),
            .fields("Transfer-Encoding: chunked\r\nContent-Length: 0", .lengthAndTransferEncoding),
            .fields("X: a\r\n Transfer-Encoding: chunked", .foldedLine),
            .fields("Transfer-Encoding\r\n : chunked", .fieldName),
            .fields("\u{b}Transfer-Encoding: chunked", .controlByte),
            .fields("X: a\rTransfer-Encoding: chunked", .bareCarriageReturn),
            .fields("X: a\nTransfer-Encoding: chunked", .bareLineFeed),
        ]
}
