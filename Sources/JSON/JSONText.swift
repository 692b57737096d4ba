/// Where a string or key lies in the document of the reader that returned it, without its quotes.
package struct JSONText: Equatable, Sendable {
    private let first: Int32
    private let pastLast: Int32
    /// The bytes hold escapes and must be decoded before they are compared or kept.
    package let hasEscapes: Bool

    init(from start: Int, to end: Int, hasEscapes: Bool) {
        first = Int32(truncatingIfNeeded: start)
        pastLast = Int32(truncatingIfNeeded: end)
        self.hasEscapes = hasEscapes
    }

    /// The offset of the first byte.
    package var start: Int { Int(first) }
    /// The offset after the last byte: that of the closing quote.
    package var end: Int { Int(pastLast) }
}

extension StaticString {
    /// The UTF-8 byte at `offset`, which must lie in the text: the way to a name's bytes without unsafe code.
    @inlinable
    package func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < utf8CodeUnitCount, "the text has no such byte")
        return unsafe utf8Start[offset]
    }
}

extension JSONReader {
    /// Whether `text`, decoded, is exactly `name`. Nothing is allocated unless the text has escapes.
    @inlinable
    package func equals(_ text: JSONText, _ name: StaticString) -> Bool {
        guard !text.hasEscapes else { return equalsDecoded(text, name) }
        guard text.end - text.start == name.utf8CodeUnitCount else { return false }
        let expected = unsafe UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        let start = text.start
        let bytes = bytes.span
        for offset in expected.indices where unsafe bytes[start + offset] != expected[offset] { return false }
        return true
    }

    @usableFromInline
    func equalsDecoded(_ text: JSONText, _ name: StaticString) -> Bool {
        let decoded = decoded(text)
        guard decoded.count == name.utf8CodeUnitCount else { return false }
        return decoded.indices.allSatisfy { decoded[$0] == name.byte(at: $0) }
    }

    /// `text`, decoded, in memory of its own. It may hold U+0000, which the database does not store.
    package func string(_ text: JSONText) -> String {
        String(decoding: text.hasEscapes ? decoded(text)[...] : bytes[text.start..<text.end], as: UTF8.self)
    }

    /// Gives `body` the decoded UTF-8 of `text`; nothing is allocated unless it has escapes.
    @inlinable
    package func withBytes<Result, Failure: Error>(
        of text: JSONText,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if text.hasEscapes { return try body(decoded(text).span) }
        return try body(bytes.span.extracting(text.start..<text.end))
    }

    /// The decoded UTF-8 of `text`, in memory of its own.
    @usableFromInline
    package func decoded(_ text: JSONText) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.end - text.start)
        var index = text.start
        while index < text.end {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\") {
                index = decodeEscape(at: index, into: &result)
            } else {
                result.append(byte)
                index += 1
            }
        }
        return result
    }

    /// Decodes an escape that has been scanned before, so it is known to be valid. Returns the offset after it.
    private func decodeEscape(at index: Int, into result: inout [UInt8]) -> Int {
        switch bytes[index + 1] {
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            let unit = codeUnit(at: index + 2) ?? 0xFFFD
            guard unit & 0xFC00 == 0xD800, let low = codeUnit(at: index + 8) else {
                append(unit, to: &result)
                return index + 6
            }
            append(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF, to: &result)
            return index + 12
        case let byte: result.append(byte)
        }
        return index + 2
    }

    private func append(_ scalar: UInt32, to result: inout [UInt8]) {
        result.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
    }
}

extension JSONReader {
    /// Reads a string whose opening quote is next.
    mutating func scanText() throws(JSONError) -> JSONText {
        let start = position + 1
        var index = start
        // Most strings are ASCII without escapes: one loop without calls finds their end.
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                position = index + 1
                return JSONText(from: start, to: index, hasEscapes: false)
            }
            if byte == UInt8(ascii: "\\") || byte < 0x20 || byte >= 0x80 { break }
            index += 1
        }
        return try scanText(from: start, at: index)
    }

    /// Goes on with a string that began at `start` and holds more than plain ASCII from `index`.
    private mutating func scanText(from start: Int, at index: Int) throws(JSONError) -> JSONText {
        var index = index
        var hasEscapes = false
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return JSONText(from: start, to: index, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                index = try endOfEscape(at: index)
            case 0..<0x20:
                throw JSONError(.controlCharacter, at: index)
            case 0x80...:
                guard let length = utf8SequenceLength(bytes, at: index) else {
                    throw JSONError(.invalidUTF8, at: index)
                }
                index += length
            default:
                index += 1
            }
        }
        throw JSONError(.unexpectedEnd, at: bytes.count)
    }

    /// The offset after the escape at `index`, which is checked here once and for all.
    private func endOfEscape(at index: Int) throws(JSONError) -> Int {
        guard index + 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
        switch bytes[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return index + 2
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(at: index + 2) else { throw JSONError(.invalidEscape, at: index) }
            guard unit & 0xF800 == 0xD800 else { return index + 6 }
            guard unit & 0xFC00 == 0xD800, index + 7 < bytes.count, bytes[index + 6] == UInt8(ascii: "\\"),
                bytes[index + 7] == UInt8(ascii: "u"), let low = codeUnit(at: index + 8), low & 0xFC00 == 0xDC00
            else { throw JSONError(.loneSurrogate, at: index) }
            return index + 12
        default:
            throw JSONError(.invalidEscape, at: index)
        }
    }

    /// The UTF-16 code unit that four hexadecimal digits write.
    private func codeUnit(at index: Int) -> UInt32? {
        guard index + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for offset in index..<index + 4 {
            guard let digit = hexDigitValue(bytes[offset]) else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}

private func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// The length of the well-formed multi-byte sequence at `index` (Unicode 15, table 3-7), or nothing: overlong
/// forms, surrogates, numbers above U+10FFFF, lone continuation bytes and what is cut off are not well formed.
func utf8SequenceLength(_ bytes: [UInt8], at index: Int) -> Int? {
    let (length, second): (Int, ClosedRange<UInt8>)
    switch bytes[index] {
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return nil
    }
    guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return nil }
    for offset in index + 2..<index + length where bytes[offset] & 0xC0 != 0x80 { return nil }
    return length
}
