import JSON
import Testing

/// Which documents are JSON: cases in the manner of the JSONTestSuite, by RFC 8259.
@Suite struct DocumentTests {
    static let good = [
        "0", "-0", "1", "-1", "10", "9223372036854775807", "-9223372036854775808", "1.5", "1e3", "1E+3", "-1.25e-7",
        "9223372036854775808", "123456789012345678901234567890", "0.0", "0e0",
        "true", "false", "null", "\"\"", "\"a\"", "[]", "{}", "[[]]", "[{}]", "{\"\":0}", "{\"a\":{}}",
        " \t\r\n[ 1 ,\n2 ]\t", "[1,2,3]", "{\"a\":1,\"b\":[true,false,null]}", "{ \"a\" : 1 , \"b\" : 2 }",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\\u00e9\\u20AC\"", "\"\\ud834\\udd1e\"", "\"\\uD800\\uDC00\"",
        "\"\\u0000\"",
        "\"é€𝄞\"", "\"\u{7F}\"", "\"\u{FFFF}\"", "\"\u{10FFFF}\"", "\"/\"",
    ]

    @Test(arguments: good)
    func `A valid document is read and skipped`(document: String) throws {
        let bytes = Array(document.utf8)
        _ = try JSONValue(bytes)
        var reader = try JSONReader(bytes)
        try reader.skipValue()
        try reader.end()
    }

    static let bad: [(String, JSONError.Reason, Int)] = [
        ("", .unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("[", .unexpectedEnd, 1), ("{", .unexpectedEnd, 1),
        ("]", .unexpectedByte, 0), ("}", .unexpectedByte, 0), (",", .unexpectedByte, 0), (":", .unexpectedByte, 0),
        ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("[1,]", .unexpectedByte, 3),
        ("[,1]", .unexpectedByte, 1),
        ("[1,,2]", .unexpectedByte, 3), ("[1 2]", .unexpectedByte, 3), ("[1:2]", .unexpectedByte, 2),
        ("[1}", .unexpectedByte, 2),
        ("{\"a\"}", .unexpectedByte, 4), ("{\"a\":}", .unexpectedByte, 5), ("{\"a\":1,}", .unexpectedByte, 7),
        ("{\"a\" 1}", .unexpectedByte, 5), ("{\"a\"::1}", .unexpectedByte, 5), ("{1:1}", .unexpectedByte, 1),
        ("{a:1}", .unexpectedByte, 1), ("{'a':1}", .unexpectedByte, 1), ("{,}", .unexpectedByte, 1),
        ("{\"a\":1]", .unexpectedByte, 6),
        ("{\"a\":1 \"b\":2}", .unexpectedByte, 7), ("{\"a\":1", .unexpectedEnd, 6), ("{\"a", .unexpectedEnd, 3),
        ("{\"a\"", .unexpectedEnd, 4),
        ("tru", .unexpectedEnd, 3), ("trux", .unexpectedByte, 3), ("True", .unexpectedByte, 0),
        ("nul", .unexpectedEnd, 3),
        ("nan", .unexpectedByte, 1), ("NaN", .unexpectedByte, 0), ("Infinity", .unexpectedByte, 0),
        ("-Infinity", .invalidNumber, 0),
        ("falsee", .trailingBytes, 5), ("1 2", .trailingBytes, 2), ("{}{}", .trailingBytes, 2),
        ("[]]", .trailingBytes, 2),
        ("01", .invalidNumber, 0), ("-01", .invalidNumber, 0), ("00", .invalidNumber, 0), ("-", .unexpectedEnd, 1),
        ("-a", .invalidNumber, 0), ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0), ("1.", .unexpectedEnd, 2),
        ("1.e1", .invalidNumber, 0), ("1e", .unexpectedEnd, 2), ("1e+", .unexpectedEnd, 3), ("1ex", .invalidNumber, 0),
        ("[-]", .invalidNumber, 1), ("[1.]", .invalidNumber, 1), ("0x10", .trailingBytes, 1),
        ("1_000", .trailingBytes, 1),
        ("\"", .unexpectedEnd, 1), ("\"a", .unexpectedEnd, 2), ("\"\\\"", .unexpectedEnd, 3),
        ("\"\\", .unexpectedEnd, 2),
        ("\"\\x\"", .invalidEscape, 1), ("\"\\u12\"", .invalidEscape, 1), ("\"\\u12g4\"", .invalidEscape, 1),
        ("\"\\U0041\"", .invalidEscape, 1),
        ("\"\\ud800\"", .loneSurrogate, 1), ("\"\\udc00\"", .loneSurrogate, 1),
        ("\"\\ud800\\ud800\"", .loneSurrogate, 1),
        ("\"\\ud800a\"", .loneSurrogate, 1), ("\"\\ud800\\n\"", .loneSurrogate, 1),
        ("\"\\udc00\\ud800\"", .loneSurrogate, 1),
        ("\"a\nb\"", .controlCharacter, 2), ("\"\t\"", .controlCharacter, 1), ("\"\u{0}\"", .controlCharacter, 1),
        ("\u{FEFF}{}", .unexpectedByte, 0), ("{}\u{0}", .trailingBytes, 2), ("\u{0B}1", .unexpectedByte, 0),
        ("/**/1", .unexpectedByte, 0),
        ("[1]#", .trailingBytes, 3), ("'a'", .unexpectedByte, 0), ("\u{A0}1", .unexpectedByte, 0),
    ]

    @Test(arguments: bad)
    func `An invalid document is refused with the place of its fault`(
        document: String,
        reason: JSONError.Reason,
        offset: Int
    ) {
        let error = JSONError(reason, at: offset)
        #expect(error.category == .syntax)
        #expect(throws: error) { try JSONValue(Array(document.utf8)) }
        #expect(throws: error) {
            var reader = try JSONReader(Array(document.utf8))
            try reader.skipValue()
            try reader.end()
        }
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9D, 0x84], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE],
            [0xFF], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func `Bytes that are not UTF-8 are refused: overlong, surrogate, cut off, too large`(bytes: [UInt8]) {
        #expect(throws: JSONError(.invalidUTF8, at: 2)) { try JSONValue([0x22, 0x61] + bytes + [0x22]) }
    }

    @Test func `Every scalar of Unicode is read as the standard library reads it`() throws {
        for value in stride(from: 0x80 as UInt32, through: 0x10FFFF, by: 61) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = String(scalar)
            #expect(try JSONValue(Array("\"\(text)\"".utf8)) == .string(text))
        }
    }

    @Test func `A document may nest as deep as the limit and not deeper`() throws {
        let limits = JSONLimits(depthMax: 16)
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSONValue(nested(16), limits: limits)
        #expect(throws: JSONError(.tooDeep, at: 16)) { try JSONValue(nested(17), limits: limits) }
        #expect(throws: JSONError(.tooDeep, at: 16)) { try JSONValue(nested(500_000), limits: limits) }
        _ = try JSONValue(nested(512), limits: JSONLimits(depthMax: JSONLimits.depthCeiling))
        // Depth is what is open at once: many neighbours are not deep.
        _ = try JSONValue(Array("[[],[],{\"a\":[]},[[]]]".utf8), limits: JSONLimits(depthMax: 3))
    }

    @Test func `A document may have as many bytes as the limit and not more`() throws {
        let limits = JSONLimits(bytesMax: 4)
        _ = try JSONValue(Array("1234".utf8), limits: limits)
        #expect(throws: JSONError(.tooLarge, at: 4)) { try JSONValue(Array("12345".utf8), limits: limits) }
        #expect(JSONError(.tooLarge, at: 4).category == .limit)
    }

    @Test func `A key that stands twice is refused, by its decoded bytes`() throws {
        #expect(throws: JSONError(.duplicateKey, at: 7)) { try JSONValue(Array("{\"a\":1,\"\\u0061\":2}".utf8)) }
        // Two spellings of one letter are different keys.
        _ = try JSONValue(Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
    }
}
