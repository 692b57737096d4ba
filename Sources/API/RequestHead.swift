/// What the HTTP layer heard of a request before its body. The slices may share one buffer: nothing is copied.
package struct RequestHead: Sendable {
    package var method: RequestMethod
    /// Path and query, as in `:path` of HTTP/2.
    package var target: ArraySlice<UInt8>
    /// The field `content-type`; `nil` when absent.
    package var contentType: ArraySlice<UInt8>?
    /// The field `authorization`; `nil` when absent.
    package var authorization: ArraySlice<UInt8>?
    /// The field `idempotency-key`; `nil` when absent.
    package var idempotencyKey: ArraySlice<UInt8>?
    /// The field `last-event-id` of a stream that is resumed; `nil` when absent.
    package var lastEventID: ArraySlice<UInt8>?
    /// The field `accept`; `nil` when absent, or when the method has no use for it.
    package var accept: ArraySlice<UInt8>?
    /// The field `if-none-match`; `nil` when absent, or when the method has no use for it.
    package var ifNoneMatch: ArraySlice<UInt8>?
    /// The field `prefer` (RFC 7240); `nil` when absent, or when the method has no use for it.
    package var prefer: ArraySlice<UInt8>?

    package init(
        method: RequestMethod,
        target: ArraySlice<UInt8>,
        contentType: ArraySlice<UInt8>? = nil,
        authorization: ArraySlice<UInt8>? = nil,
        idempotencyKey: ArraySlice<UInt8>? = nil,
        lastEventID: ArraySlice<UInt8>? = nil
    ) {
        self.method = method
        self.target = target
        self.contentType = contentType
        self.authorization = authorization
        self.idempotencyKey = idempotencyKey
        self.lastEventID = lastEventID
    }

    /// Whether the client prefers an answer with the tickets of the leases that it opens: `Prefer: ticket`.
    ///
    /// The field is a list of preferences, each a token, which is not case-sensitive, perhaps with a value and
    /// parameters (RFC 7240, section 2). What nobody knows is no error.
    var prefersTickets: Bool {
        guard let prefer else { return false }
        return prefer.split(separator: UInt8(ascii: ",")).contains { preference in
            let token = preference.prefix { $0 != UInt8(ascii: ";") }.drop { $0 == 0x20 || $0 == 0x09 }
            let end = token.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? token.startIndex
            return token[..<end].elementsEqual("ticket".utf8) { $0 | 0x20 == $1 }
        }
    }

    /// The target up to the first `?`.
    var path: ArraySlice<UInt8> {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return target[..<mark]
    }

    /// What follows the first `?`; empty when there is none.
    var query: ArraySlice<UInt8> {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        return target[(mark + 1)...]
    }
}

/// A request method (RFC 9110, section 9).
package enum RequestMethod: String, CaseIterable, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case patch = "PATCH"
    /// Any method that no route has: OPTIONS, TRACE and what nobody knows.
    case other = ""

    /// The method of this name, which is case-sensitive; ``other`` for all that no route has.
    package init(_ name: some Collection<UInt8>) {
        switch (name.count, name.first) {
        case (3, UInt8(ascii: "G")): self = name.elementsEqual("GET".utf8) ? .get : .other
        case (3, UInt8(ascii: "P")): self = name.elementsEqual("PUT".utf8) ? .put : .other
        case (4, UInt8(ascii: "P")): self = name.elementsEqual("POST".utf8) ? .post : .other
        case (4, UInt8(ascii: "H")): self = name.elementsEqual("HEAD".utf8) ? .head : .other
        case (5, UInt8(ascii: "P")): self = name.elementsEqual("PATCH".utf8) ? .patch : .other
        case (6, UInt8(ascii: "D")): self = name.elementsEqual("DELETE".utf8) ? .delete : .other
        default: self = .other
        }
    }
}
