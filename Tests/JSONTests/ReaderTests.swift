import JSON
import Testing

@Suite struct ReaderTests {
    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ] as [(String, Int64)]
    )
    func `An integer is read exactly`(document: String, value: Int64) throws {
        var reader = try JSONReader(Array(document.utf8))
        let read = try reader.readInt64()
        try reader.end()
        #expect(read == value)
    }

    @Test(
        arguments: [
            ("9223372036854775808", .integerOutOfRange), ("-9223372036854775809", .integerOutOfRange),
            ("18446744073709551616", .integerOutOfRange), ("99999999999999999999999999", .integerOutOfRange),
            ("1.0", .notAnInteger), ("1e3", .notAnInteger), ("\"1\"", .notAnInteger), ("null", .notAnInteger),
            ("[1]", .notAnInteger),
        ] as [(String, JSONError.Reason)]
    )
    func `What is not an integer of 64 bits is refused and stays unread`(
        document: String,
        reason: JSONError.Reason
    ) throws {
        var reader = try JSONReader(Array("[ \(document)]".utf8))
        try reader.beginArray()
        _ = try reader.nextElement()
        #expect(throws: JSONError(reason, at: 2)) { try reader.readInt64() }
        #expect(JSONError(reason, at: 2).category == .value)
        try reader.skipValue()
        let hasMore = try reader.nextElement()
        #expect(!hasMore)
        try reader.end()
    }

    @Test(
        arguments: [
            ("\"0\"", 0), ("\"20000000\"", 20_000_000), ("20000000", 20_000_000), ("\"-5\"", -5),
            ("\"9223372036854775807\"", .max), ("\"-9223372036854775808\"", .min),
        ] as [(String, Int64)]
    )
    func `Money is a decimal string or an integer`(document: String, value: Int64) throws {
        var reader = try JSONReader(Array(document.utf8))
        let read = try reader.readInt64OrDecimalString()
        try reader.end()
        #expect(read == value)
    }

    @Test(
        arguments: [
            ("\"\"", .notAnInteger), ("\"-\"", .notAnInteger), ("\"+1\"", .notAnInteger), ("\"01\"", .notAnInteger),
            ("\"-0\"", .notAnInteger), ("\" 1\"", .notAnInteger), ("\"1 \"", .notAnInteger), ("\"1.0\"", .notAnInteger),
            ("\"1e3\"", .notAnInteger), ("\"\\u0031\"", .notAnInteger), ("\"٣\"", .notAnInteger),
            ("1.5", .notAnInteger),
            ("true", .notAnInteger), ("\"9223372036854775808\"", .integerOutOfRange),
            ("\"-9223372036854775809\"", .integerOutOfRange), ("9223372036854775808", .integerOutOfRange),
        ] as [(String, JSONError.Reason)]
    )
    func `A decimal string has one form and 64 bits`(document: String, reason: JSONError.Reason) throws {
        var reader = try JSONReader(Array(document.utf8))
        #expect(throws: JSONError(reason, at: 0)) { try reader.readInt64OrDecimalString() }
        try reader.skipValue()
        try reader.end()
    }

    @Test func `A value of another type is refused and stays unread, but broken syntax is broken syntax`() throws {
        for document in ["1", "\"a\"", "true", "null", "[]", "{}"] {
            var reader = try JSONReader(Array(document.utf8))
            let first = document.first
            if first != "{" { #expect(throws: JSONError(.notAnObject, at: 0)) { try reader.beginObject() } }
            if first != "[" { #expect(throws: JSONError(.notAnArray, at: 0)) { try reader.beginArray() } }
            if first != "\"" { #expect(throws: JSONError(.notAString, at: 0)) { try reader.readText() } }
            if first != "t" { #expect(throws: JSONError(.notABoolean, at: 0)) { try reader.readBool() } }
            if first != "n" { #expect(throws: JSONError(.notNull, at: 0)) { try reader.readNull() } }
            try reader.skipValue()
            try reader.end()
        }
        #expect(throws: JSONError(.unexpectedByte, at: 0)) {
            var reader = try JSONReader([UInt8(ascii: "?")])
            try reader.beginObject()
        }
    }

    @Test(
        arguments: [
            (#""""#, ""), (#""a b""#, "a b"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041é""#, "Aé"),
            (#""\uD834\uDD1E!""#, "𝄞!"), (#""x\u0000y""#, "x\u{0}y"), (#""\uFFFF""#, "\u{FFFF}"), (#""𝄞\n𝄞""#, "𝄞\n𝄞"),
            (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\uD7FF\uE000""#, "\u{D7FF}\u{E000}"),
        ]
    )
    func `Escapes are decoded`(document: String, value: String) throws {
        var reader = try JSONReader(Array(document.utf8))
        let text = try reader.readText()
        #expect(text.hasEscapes == document.contains("\\"))
        #expect(reader.string(text) == value)
        #expect(reader.withBytes(of: text) { Array(copying: $0) } == Array(value.utf8))
    }

    @Test func `A key is compared by its decoded bytes`() throws {
        var reader = try JSONReader(Array(#"{"price":1,"pric\u0065":2,"prices":3,"pric":4,"Price":5}"#.utf8))
        try reader.beginObject()
        var matches: [Bool] = []
        while let key = try reader.nextKey() {
            matches.append(reader.equals(key, "price"))
            try reader.skipValue()
        }
        try reader.end()
        #expect(matches == [true, true, false, false, false])
    }

    @Test func `Members and elements come in order, at any depth`() throws {
        var reader = try JSONReader(Array(#"{"a":[1,[2],{}],"b":{"c":null},"d":true}"#.utf8))
        var seen: [String] = []
        try reader.beginObject()
        while let key = try reader.nextKey() {
            seen.append(reader.string(key))
            if reader.equals(key, "a") {
                try reader.beginArray()
                while try reader.nextElement() {
                    seen.append("\(try reader.nextKind())")
                    try reader.skipValue()
                }
            } else if reader.equals(key, "b") {
                try reader.beginObject()
                while let inner = try reader.nextKey() {
                    seen.append(reader.string(inner))
                    try reader.readNull()
                }
            } else {
                seen.append("\(try reader.readBool())")
            }
        }
        try reader.end()
        #expect(seen == ["a", "number", "array", "object", "b", "c", "d", "true"])
    }

    @Test func `A field set finds the second of the same key`() {
        var fields = JSONFieldSet()
        for field in 0..<64 {
            #expect(!fields.contains(field))
            let isNew = fields.insert(field)
            let isNewAgain = fields.insert(field)
            #expect(isNew && !isNewAgain)
            #expect(fields.contains(field))
        }
        #expect(fields.bits == .max)
    }

    @Test func `A pointer names a place with its two escapes`() {
        #expect(JSONPointer().description == "")
        #expect(JSONPointer().appending("model").appending("in").appending(0).description == "/model/in/0")
        // RFC 6901, section 5.
        #expect(JSONPointer().appending("a/b").description == "/a~1b")
        #expect(JSONPointer().appending("m~n").description == "/m~0n")
        #expect(JSONPointer().appending("").appending(" ").description == "// ")
    }
}

extension Array where Element == UInt8 {
    init(copying span: Span<UInt8>) {
        self = span.indices.map { span[$0] }
    }
}
