/// The request fields that the product needs; all others are counted against the limits and dropped.
package enum RequestField: UInt8, CaseIterable, Sendable {
    case method, path, authority, scheme
    case authorization, contentType, contentLength, idempotencyKey, accept, traceparent, requestID, lastEventID
    case ifNoneMatch, prefer

    /// The field's name on the wire, in lower case.
    package var name: StaticString {
        switch self {
        case .method: ":method"
        case .path: ":path"
        case .authority: ":authority"
        case .scheme: ":scheme"
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .contentLength: "content-length"
        case .idempotencyKey: "idempotency-key"
        case .accept: "accept"
        case .traceparent: "traceparent"
        case .requestID: "x-request-id"
        case .lastEventID: "last-event-id"
        case .ifNoneMatch: "if-none-match"
        case .prefer: "prefer"
        }
    }

    /// Recognises a name by its length and one letter, then compares it: no hashing, no strings.
    @unsafe static func recognise(_ name: UnsafePointer<UInt8>, count: Int) -> RequestField? {
        let candidate: RequestField
        switch count {
        case 5: candidate = .path
        case 6: candidate = unsafe name[0] == UInt8(ascii: "a") ? .accept : .prefer
        case 7: candidate = unsafe name[1] == UInt8(ascii: "m") ? .method : .scheme
        case 10: candidate = .authority
        case 11: candidate = .traceparent
        case 12: candidate = unsafe name[0] == UInt8(ascii: "x") ? .requestID : .contentType
        case 13:
            switch unsafe name[0] {
            case UInt8(ascii: "a"): candidate = .authorization
            case UInt8(ascii: "i"): candidate = .ifNoneMatch
            default: candidate = .lastEventID
            }
        case 14: candidate = .contentLength
        case 15: candidate = .idempotencyKey
        default: return nil
        }
        let expected = unsafe candidate.name.utf8Start
        for index in 0..<count where unsafe name[index] != expected[index] { return nil }
        return candidate
    }
}

/// The request methods of RFC 9110, section 9, and RFC 5789.
package enum Method: UInt8, CaseIterable, Sendable {
    case get, head, post, put, patch, delete, options
    /// Any other; the path tells the service enough to answer 405 or 501.
    case other

    /// The method's name on the wire.
    package var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other: "OTHER"
        }
    }

    /// Methods are case-sensitive.
    @unsafe static func recognise(_ bytes: UnsafePointer<UInt8>, count: Int) -> Method {
        let candidate: Method
        switch (count, unsafe bytes[0]) {
        case (3, UInt8(ascii: "G")): candidate = .get
        case (3, UInt8(ascii: "P")): candidate = .put
        case (4, UInt8(ascii: "P")): candidate = .post
        case (4, UInt8(ascii: "H")): candidate = .head
        case (5, UInt8(ascii: "P")): candidate = .patch
        case (6, UInt8(ascii: "D")): candidate = .delete
        case (7, UInt8(ascii: "O")): candidate = .options
        default: return .other
        }
        let expected = unsafe candidate.name.utf8Start
        for index in 0..<count where unsafe bytes[index] != expected[index] { return .other }
        return candidate
    }
}
