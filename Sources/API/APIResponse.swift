/// An answer as values; the HTTP layer turns it into a status, fields and a body.
///
/// To `HEAD` the HTTP layer answers with the same fields, the body's length among them, and without the body.
package struct APIResponse: Hashable, Sendable {
    /// 200…599.
    package var status: Int
    package var contentType: ContentType
    package var body: [UInt8]
    /// The field `location`: the path of what was created.
    package var location: [UInt8]?
    /// The field `retry-after`, in seconds.
    package var retryAfterSeconds: Int?
    /// The field `allow`: the methods that the resource has.
    package var allow: String?
    /// The answer repeats an earlier one: `idempotency-replayed: true`.
    package var isReplayed = false
    /// The client has to say who it is: `www-authenticate: Bearer`.
    package var demandsAuthentication = false
    /// The field `etag` of a page, which goes with the rules for browsers (``ContentPolicy``); `nil` for what is no
    /// page.
    package var entityTag: [UInt8]?
    /// What is left of a rate limit, when that is to be told.
    package var quota: Quota?
    /// The field `next-cursor`, of a list whose form has no place for it.
    package var nextCursor: String?
    /// The answer has the tickets that the client preferred it to have: `preference-applied: ticket` (RFC 7240).
    package var hasTickets = false

    package init(status: Int, contentType: ContentType = .json, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// Fields beside `content-type`, `content-length` and `location`, names in lower case. Most answers have none.
    package var fields: [(name: StaticString, value: [UInt8])] {
        var fields: [(name: StaticString, value: [UInt8])] = []
        if let retryAfterSeconds { fields.append(("retry-after", Array(String(retryAfterSeconds).utf8))) }
        if let allow { fields.append(("allow", Array(allow.utf8))) }
        if isReplayed { fields.append(("idempotency-replayed", Array("true".utf8))) }
        if demandsAuthentication { fields.append(("www-authenticate", Array("Bearer".utf8))) }
        if let entityTag { fields += ContentPolicy.fields(entityTag) }
        if let quota {
            fields.append(("ratelimit-policy", Array(quota.policy.utf8)))
            fields.append(("ratelimit", Array(quota.state.utf8)))
        }
        if hasTickets { fields.append(("preference-applied", Array("ticket".utf8))) }
        if let nextCursor { fields.append(("next-cursor", Array(nextCursor.utf8))) }
        return fields
    }
}

/// The media types of our answers.
package enum ContentType: CaseIterable, Sendable {
    case json, problem, yaml, metrics, events, csv
    case html, css, javascript, text, bytes

    /// The value of `content-type`.
    package var text: StaticString {
        switch self {
        case .json: "application/json"
        case .problem: "application/problem+json"
        case .yaml: "application/yaml"
        case .events: "text/event-stream"
        case .csv: "text/csv; charset=utf-8; header=present"
        case .metrics: "text/plain; version=0.0.4; charset=utf-8"
        case .html: "text/html; charset=utf-8"
        case .css: "text/css; charset=utf-8"
        case .javascript: "text/javascript; charset=utf-8"
        case .text: "text/plain; charset=utf-8"
        case .bytes: "application/octet-stream"
        }
    }
}

extension API {
    /// An answer, by the name that reads well beside other modules' answers.
    package typealias Response = APIResponse
}
