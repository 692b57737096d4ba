/// Writes answers of HTTP/1.1 (RFC 9112, sections 4 and 6.2). Every one says that the connection ends with it.
enum HTTP1Answer {
    /// What a client waits for that announces its body (RFC 9110, section 15.2.1).
    static let goOn: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    /// Appends the whole answer; without its content, but with its length, for a request of HEAD. One that `goesOn` has
    /// no length: its end is the connection's (RFC 9112, section 6.3).
    static func append(
        _ response: borrowing Response,
        toHead isHead: Bool,
        goesOn: Bool = false,
        date: Span<UInt8>,
        to output: inout [UInt8]
    ) {
        let status = (200...599).contains(response.status) ? response.status : 500
        append("HTTP/1.1 \(status) ", to: &output)
        append(reason(status), to: &output)
        append("\r\nconnection: close\r\ndate: ", to: &output)
        unsafe date.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
        append("\r\n", to: &output)
        if response.contentType.utf8CodeUnitCount > 0 {
            append("content-type: ", to: &output)
            append(response.contentType, to: &output)
            append("\r\n", to: &output)
        }
        if response.mayHaveContent, !goesOn { append("content-length: \(response.body.count)\r\n", to: &output) }
        if !response.location.isEmpty { append("location", response.location, to: &output) }
        for field in response.fields { append(field.name, field.value, to: &output) }
        append("\r\n", to: &output)
        if response.mayHaveContent, !isHead { output += response.body }
    }

    private static func append(_ name: StaticString, _ value: [UInt8], to output: inout [UInt8]) {
        append(name, to: &output)
        append(": ", to: &output)
        // A line break in a value would begin another field, or another answer (RFC 9110, section 5.5).
        for byte in value { output.append(byte == 0x0D || byte == 0x0A || byte == 0 ? 0x20 : byte) }
        append("\r\n", to: &output)
    }

    private static func append(_ text: StaticString, to output: inout [UInt8]) {
        text.withUTF8Buffer { unsafe output.append(contentsOf: $0) }
    }

    private static func append(_ text: String, to output: inout [UInt8]) { output += text.utf8 }

    /// For people; programs read the number (RFC 9112, section 4).
    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
