/// What the head of a request says, as places in the reader's bytes.
package struct HTTP1Head: Hashable, Sendable {
    /// The method's name, in upper case as it was sent.
    package var methodName = 0..<0
    /// The method.
    package var method = Method.other
    /// Path and query; empty for an absolute URI without a path, which is `/`.
    package var path = 0..<0
    /// Host and port; `nil` where HTTP/1.0 names none.
    package var authority: Range<Int>?
    /// `http` or `https`, for a target that is an absolute URI.
    var scheme: Range<Int>?
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    package var minorVersion = 1
    /// Bytes of the body; `Int.max` for a number that is too large to matter.
    package var contentLength = 0
    /// The client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1).
    package var expectsContinue = false
    /// The fields that the product needs, in the order in which they came.
    package var fields: [Field] = []

    /// A field that the product needs.
    package struct Field: Hashable, Sendable {
        package let field: RequestField
        package let value: Range<Int>
    }
}

/// Judges the lines of a head. `bytes` are the reader's, and lines come without their CR LF.
struct HTTP1HeadParser: Sendable {
    var head = HTTP1Head()
    private var fieldCount = 0
    private var reckonedBytes = 0
    private var host: Range<Int>?
    private var hasLength = false
    private var hasTransferEncoding = false
    private var hasExpectation = false

    let isTLS: Bool
    let headerBytesMax: Int
    let headerFieldsMax: Int

    init(limits: ServerLimits, isTLS: Bool) {
        self.isTLS = isTLS
        headerBytesMax = limits.headerBytesMax
        headerFieldsMax = limits.headerFieldsMax
    }

    /// Method, target and version (RFC 9112, section 3).
    mutating func requestLine(_ bytes: [UInt8], _ line: Range<Int>) throws(HTTP1Refusal) {
        let methodEnd = line.first { !HTTP1Grammar.isToken(bytes[$0]) } ?? line.upperBound
        guard methodEnd > line.lowerBound, methodEnd < line.upperBound, bytes[methodEnd] == UInt8(ascii: " ") else {
            throw .requestLine
        }
        let name = line.lowerBound..<methodEnd
        head.methodName = name
        head.method = unsafe bytes.withUnsafeBufferPointer { all in
            unsafe Method.recognise(all.baseAddress! + name.lowerBound, count: name.count)
        }
        let targetStart = methodEnd + 1
        let targetEnd = (targetStart..<line.upperBound).first { bytes[$0] == UInt8(ascii: " ") }
        guard let targetEnd, targetEnd > targetStart else { throw .requestLine }
        try version(bytes, (targetEnd + 1)..<line.upperBound)
        if bytes[name].elementsEqual("CONNECT".utf8) { throw .connect }
        try target(bytes, targetStart..<targetEnd)
        // The pseudo-header fields that HTTP/2 has instead count as they do there.
        try count(name: ":method".utf8.count, value: name.count)
        try count(name: ":path".utf8.count, value: targetEnd - targetStart)
        try count(name: ":scheme".utf8.count, value: isTLS ? 5 : 4)
    }

    /// `HTTP/`, a digit, a dot, a digit (RFC 9112, section 2.3): case-sensitive.
    private mutating func version(_ bytes: [UInt8], _ range: Range<Int>) throws(HTTP1Refusal) {
        guard range.count == 8, bytes[range].starts(with: "HTTP/".utf8), bytes[range.lowerBound + 6] == 0x2E else {
            throw .requestLine
        }
        let (major, minor) = (bytes[range.lowerBound + 5], bytes[range.lowerBound + 7])
        guard HTTP1Grammar.isDigit(major), HTTP1Grammar.isDigit(minor) else { throw .requestLine }
        guard major == 0x31, minor == 0x30 || minor == 0x31 else { throw .version }
        head.minorVersion = Int(minor - 0x30)
    }

    /// The four forms of RFC 9112, section 3.2, of which CONNECT's is not served.
    private mutating func target(_ bytes: [UInt8], _ range: Range<Int>) throws(HTTP1Refusal) {
        if bytes[range.lowerBound] == UInt8(ascii: "/") {
            return try path(bytes, range)
        }
        if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "*") {
            guard head.method == .options else { throw .targetForm }
            head.path = range
            return
        }
        guard let colon = range.first(where: { bytes[$0] == UInt8(ascii: ":") }) else { throw .targetForm }
        let scheme = range.lowerBound..<colon
        let start = colon + 3
        guard isSame(bytes, scheme, "http") || isSame(bytes, scheme, "https"), start < range.upperBound,
            bytes[colon + 1] == UInt8(ascii: "/"), bytes[colon + 2] == UInt8(ascii: "/")
        else { throw .targetForm }
        let end = (start..<range.upperBound).first { "/?#".utf8.contains(bytes[$0]) } ?? range.upperBound
        // Without a path there is no query either: it would need a slash that was not sent.
        guard end == range.upperBound || bytes[end] == UInt8(ascii: "/") else { throw .targetForm }
        head.scheme = scheme
        head.authority = start..<end
        try path(bytes, end..<range.upperBound)
    }

    private mutating func path(_ bytes: [UInt8], _ range: Range<Int>) throws(HTTP1Refusal) {
        for index in range where !HTTP1Grammar.isTarget(bytes[index]) { throw .targetByte }
        head.path = range
    }

    /// As HTTP/2 reckons (RFC 9113, section 6.5.2).
    private mutating func count(name: Int, value: Int) throws(HTTP1Refusal) {
        fieldCount += 1
        reckonedBytes += name + value + 32
        guard fieldCount <= headerFieldsMax else { throw .tooManyFields }
        guard reckonedBytes <= headerBytesMax else { throw .headTooLarge }
    }
}

// Fields.
extension HTTP1HeadParser {
    /// One field (RFC 9112, section 5). Its name becomes lower case.
    mutating func field(_ bytes: inout [UInt8], _ line: Range<Int>) throws(HTTP1Refusal) {
        let colon = line.first { !HTTP1Grammar.isToken(bytes[$0]) }
        guard let colon, colon > line.lowerBound, bytes[colon] == UInt8(ascii: ":") else { throw .fieldName }
        let name = line.lowerBound..<colon
        for index in name { bytes[index] = HTTP1Grammar.lowercased(bytes[index]) }
        var value = (colon + 1)..<line.upperBound
        while let first = value.first, HTTP1Grammar.isWhiteSpace(bytes[first]) { value.removeFirst() }
        while let last = value.last, HTTP1Grammar.isWhiteSpace(bytes[last]) { value.removeLast() }
        try count(name: name.count, value: value.count)
        try take(bytes, name, value)
    }

    private mutating func take(
        _ bytes: [UInt8],
        _ name: Range<Int>,
        _ value: Range<Int>
    ) throws(HTTP1Refusal) {
        if isSame(bytes, name, "host") {
            guard host == nil else { throw .hostRepeated }
            guard Self.isAuthority(bytes, value) else { throw .hostInvalid }
            host = value
            return
        }
        if isSame(bytes, name, "transfer-encoding") {
            hasTransferEncoding = true
            return
        }
        if isSame(bytes, name, "expect") {
            guard !hasExpectation else { throw .repeatedField }
            hasExpectation = true
            guard isSame(bytes, value, "100-continue") else { throw .expectation }
            return
        }
        let recognised = unsafe bytes.withUnsafeBufferPointer { all in
            unsafe RequestField.recognise(all.baseAddress! + name.lowerBound, count: name.count)
        }
        guard let recognised else { return }
        if recognised == .contentLength {
            guard !hasLength else { throw .lengthRepeated }
            hasLength = true
            head.contentLength = try Self.length(bytes, value)
        }
        // Only the lists of RFC 9110, sections 12.5.1 and 13.1.2, may come in pieces; the first piece counts.
        let comesAgain = head.fields.contains { $0.field == recognised }
        let isList = recognised == .accept || recognised == .ifNoneMatch || recognised == .prefer
        guard !comesAgain || isList else { throw .repeatedField }
        if !comesAgain { head.fields.append(HTTP1Head.Field(field: recognised, value: value)) }
    }

    /// Digits only: `1*DIGIT` (RFC 9110, section 8.6), and no leading zeros, which some read as octal.
    private static func length(_ bytes: [UInt8], _ value: Range<Int>) throws(HTTP1Refusal) -> Int {
        guard let first = value.first, bytes[first] != 0x30 || value.count == 1 else { throw .lengthInvalid }
        var length = 0
        for index in value {
            guard HTTP1Grammar.isDigit(bytes[index]) else { throw .lengthInvalid }
            // Whatever does not fit is far beyond every limit.
            length = length > Int.max / 10 - 1 ? Int.max : length * 10 + Int(bytes[index] - 0x30)
        }
        return length
    }

    /// A name or an address, with or without a port: `uri-host [ ":" port ]` (RFC 9110, section 7.2) without
    /// percent-encoding, user names and what else no client needs.
    private static func isAuthority(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        guard let first = range.first else { return false }
        var end = first
        if bytes[first] == UInt8(ascii: "[") {
            end += 1
            while end < range.upperBound, HTTP1Grammar.isAddress(bytes[end]) { end += 1 }
            guard end > first + 1, end < range.upperBound, bytes[end] == UInt8(ascii: "]") else { return false }
            end += 1
        } else {
            while end < range.upperBound, HTTP1Grammar.isUnreserved(bytes[end]) { end += 1 }
            guard end > first else { return false }
        }
        if end == range.upperBound { return true }
        let port = (end + 1)..<range.upperBound
        return bytes[end] == UInt8(ascii: ":") && port.count <= 5 && port.allSatisfy { HTTP1Grammar.isDigit(bytes[$0]) }
    }

    /// What the fields must be together, once all have come.
    mutating func finish(_ bytes: [UInt8]) throws(HTTP1Refusal) {
        if hasTransferEncoding { throw hasLength ? .lengthAndTransferEncoding : .transferEncoding }
        if host == nil, head.minorVersion == 1 { throw .hostMissing }
        if let authority = head.authority {
            guard Self.isAuthority(bytes, authority) else { throw .targetForm }
            if let host, !isSame(bytes, host, authority) { throw .authorityDisagrees }
        }
        if let scheme = head.scheme {
            let isRight = isTLS ? isSame(bytes, scheme, "https") : isSame(bytes, scheme, "http")
            guard isRight else { throw .schemeDisagrees }
        }
        head.authority = host ?? head.authority
        // HTTP/1.0 knows no interim answer (RFC 9110, section 10.1.1).
        head.expectsContinue = hasExpectation && head.minorVersion == 1
    }
}
