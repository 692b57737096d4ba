internal import JSON
package import Units

/// An answer of `application/problem+json` (RFC 9457).
package struct Problem: Error, Hashable, Sendable {
    package var code: ProblemCode
    /// What is wrong this time, for people: never a path of ours, a query or a secret. `nil` repeats the title.
    package var detail: String?
    /// The fields that break a rule.
    package var errors: [FieldError] = []
    package var retryAfterSeconds: Int?
    /// The methods that the resource has, for ``ProblemCode/methodNotAllowed``.
    package var allow: String?
    /// The command that was refused; `nil` when nothing was sequenced.
    package var sequence: SequenceNumber?
    /// Where the server is that can do it, a URL, for ``ProblemCode/notLeader``.
    package var leader: String?

    /// Field errors that one answer lists: more help nobody.
    package static let errorsMax = 16

    package init(_ code: ProblemCode, _ detail: String? = nil, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// A request whose values break rules.
    package init(invalid errors: [FieldError]) {
        self.init(.invalidFields, errors.count == 1 ? errors[0].detail : "\(errors.count) fields break a rule.")
        self.errors = Array(errors.prefix(Self.errorsMax))
    }

    /// The answer to the request with this number.
    package func response(requestID: UInt64) -> APIResponse {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("type", "/problems/" + code.rawValue)
        writer.member("title", word: code.title)
        writer.member("status", Int64(code.status))
        if let detail { writer.member("detail", detail) } else { writer.member("detail", word: code.title) }
        writer.member("code", code.rawValue)
        if !errors.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for error in errors { error.write(to: &writer) }
            writer.endArray()
        }
        writer.member("retryable", code.isRetryable)
        if let sequence { writer.member("sequence", sequence.rawValue) }
        if let leader { writer.member("leader", leader) }
        writer.member("request_id", Problem.requestIDText(requestID))
        writer.endObject()
        var response = APIResponse(status: code.status, contentType: .problem, body: writer.finish())
        response.retryAfterSeconds = retryAfterSeconds ?? (code.isRetryable ? 1 : nil)
        response.allow = allow
        response.demandsAuthentication = code.status == 401
        return response
    }

    /// How a request is named in logs and problems: 16 hexadecimal digits.
    package static func requestIDText(_ id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// One value of a request that breaks a rule.
package struct FieldError: Hashable, Sendable {
    package let place: Place
    package let rule: Rule
    /// The rule in words, with the name of the field.
    package let detail: String

    package init(_ place: Place, _ rule: Rule, _ detail: String) {
        self.place = place
        self.rule = rule
        self.detail = detail
    }

    /// Where a value stands.
    package enum Place: Hashable, Sendable {
        /// In the body: a JSON pointer as a URI fragment, as in RFC 9457: `#/requirement/model/in/0`.
        case pointer(String)
        /// In the query: the parameter's name.
        case parameter(String)
    }

    /// What kind of rule is broken.
    package enum Rule: String, CaseIterable, Sendable {
        case unknownField = "unknown_field"
        case duplicateField = "duplicate_field"
        case required = "required"
        case wrongType = "wrong_type"
        case outOfRange = "out_of_range"
        case notAMultiple = "not_a_multiple"
        case notAllowed = "not_allowed"
        case tooMany = "too_many"
        case empty = "empty"
        case badFormat = "bad_format"
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch place {
        case .pointer(let pointer): writer.member("pointer", pointer)
        case .parameter(let parameter): writer.member("parameter", parameter)
        }
        writer.member("code", rule.rawValue)
        writer.member("detail", detail)
        writer.endObject()
    }
}
