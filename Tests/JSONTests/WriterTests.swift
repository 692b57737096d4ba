import JSON
import Testing

@Suite struct WriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 16)
        body(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test func `Commas stand between members and elements and nowhere else`() {
        let document = written { writer in
            writer.beginObject()
            writer.member("id", "o", 17)
            writer.member("lots", 5)
            writer.member("open", true)
            writer.member("price_nanoton_per_mtok", decimalString: 20_000_000 as Int64)
            writer.member("state", word: "open")
            writer.member("note", "a")
            writer.key("list")
            writer.beginArray()
            writer.null()
            writer.beginArray()
            writer.endArray()
            writer.beginObject()
            writer.endObject()
            writer.raw([UInt8]("{\"x\":1}".utf8).span)
            writer.bool(false)
            writer.endArray()
            writer.key("last \"key\"")
            writer.integer(-1)
            writer.endObject()
        }
        #expect(
            document == #"{"id":"o17","lots":5,"open":true,"price_nanoton_per_mtok":"20000000","state":"open","#
                + #""note":"a","list":[null,[],{},{"x":1},false],"last \"key\"":-1}"#
        )
    }

    @Test(
        arguments: [0, 9, 10, 99, 100, -1, -10, .max, .min, 1_000_000_000_000_000_000, 999_999_999_999_999_999]
            as [Int64]
    )
    func `An integer is written as the standard library writes it`(value: Int64) {
        #expect(written { $0.integer(value) } == "\(value)")
        #expect(written { $0.decimalString(value) } == "\"\(value)\"")
        #expect(written { $0.decimalString(Int128(value) * 1_000_000) } == "\"\(Int128(value) * 1_000_000)\"")
        #expect(written { $0.identifier("t", value) } == "\"t\(value)\"")
    }

    @Test func `Powers of ten have as many digits as they have`() {
        var value: Int64 = 1
        for _ in 0..<18 {
            for near in [value - 1, value, value + 1] { #expect(written { $0.integer(near) } == "\(near)") }
            value *= 10
        }
    }

    @Test func `Only quotes, backslashes and control characters are escaped`() throws {
        let all = String(String.UnicodeScalarView((0..<0x80 as Range<UInt32>).compactMap(Unicode.Scalar.init)))
        let document = written { $0.string(all + "é𝄞") }
        #expect(
            document.hasPrefix(#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010"#)
        )
        #expect(document.contains(##"\u001f !\"#$%&'()*+,-./0"##))
        #expect(document.contains(#"[\\]^"#))
        #expect(document.hasSuffix("\u{7F}é𝄞\""))
        #expect(try JSONValue(Array(document.utf8)) == .string(all + "é𝄞"))
    }

    @Test func `A writer goes on behind what was there, and serves many documents`() {
        var behind = JSONWriter(appendingTo: Array("data: ".utf8))
        behind.integer(5)
        #expect(String(decoding: behind.finish(), as: UTF8.self) == "data: 5")

        var writer = JSONWriter(capacity: 16)
        for round in 0..<3 {
            writer.removeAll()
            writer.beginArray()
            for element in 0..<100 as Range<Int64> { writer.integer(element) }
            writer.endArray()
            let length = writer.withBytes { $0.count }
            #expect(length == 291, "round \(round)")
        }
    }
}
