import Cryptography
import JSON
import Testing

@testable import TON

@Suite struct AddressTests {
    @Test func `The raw form of an address`() throws {
        for vector in try vectors.list("addresses") {
            let address = try #require(Address(raw: try vector.text("raw")))
            #expect(Int64(address.workchain) == vector["workchain"]?.integer)
            #expect(Hex.encode(address.hash) == vector["hash"]?.string)
            #expect(address.description == vector["raw"]?.string)
        }
        let invalid = try vectors.list("addresses_invalid").compactMap(\.string)
        let zeros = String(repeating: "0", count: 64)
        for text in invalid + [
            "", ":", "0:", "1:" + zeros, "00:" + zeros, "0:" + zeros + "0", "0:" + zeros + ":", " 0:" + zeros,
        ] {
            #expect(Address(raw: text) == nil, "\(text)")
        }
    }
    @Test func `The friendly form says what to do when nobody is there`() throws {
        for vector in try messageVectors.list("friendly") {
            let address = try vector.address("raw")
            for (name, bounces, isTest) in [
                ("bounceable", true, false), ("non_bounceable", false, false), ("test_bounceable", true, true),
                ("test_non_bounceable", false, true),
            ] {
                let text = AddressText(address, isBounceable: bounces, isTestOnly: isTest)
                #expect(text.text == vector[name]?.string)
                for form in [try vector.text(name), try vector.text(name + "_std_base64")] {
                    #expect(try AddressText(form, on: .testnet) == text)
                    if isTest {
                        #expect(throws: AddressError.testOnly) { try AddressText(form, on: .mainnet) }
                    } else {
                        #expect(try AddressText(form, on: .mainnet) == text)
                    }
                }
            }
            let raw = try AddressText(try vector.text("raw"), on: .mainnet)
            #expect(raw.address == address && raw.isBounceable == nil && !raw.isTestOnly)
        }
    }

    @Test func `A friendly form with any other character is refused`() throws {
        for vector in try messageVectors.list("friendly") {
            let good = Array(try vector.text("bounceable").utf8)
            for index in good.indices {
                var text = good
                text[index] = text[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                #expect(throws: AddressError.self) {
                    try AddressText(String(decoding: text, as: UTF8.self), on: .testnet)
                }
            }
        }
    }

    @Test func `The error of a bad address says the rule`() throws {
        let expected: [String: AddressError] = [
            "checksum": .checksum, "length": .form, "tag byte 0x00": .tag, "workchain 7 (not 0 or -1)": .workchain,
            "raw too short": .form, "raw not hex": .form, "mixed alphabets": .alphabet,
            "testnet address on mainnet": .testOnly,
        ]
        let invalid = try messageVectors.list("friendly_invalid")
        #expect(invalid.count == expected.count)
        for vector in invalid {
            let error = try #require(expected[try vector.text("why")])
            #expect(throws: error) { try AddressText(try vector.text("text"), on: .mainnet) }
        }
        let zeros = String(repeating: "0", count: 64)
        let good = try messageVectors.list("friendly")[0].text("bounceable")
        for (text, error) in [
            ("", AddressError.form), (" " + good.dropLast(), .form), (good + "=", .form), ("7:" + zeros, .workchain),
            ("07:" + zeros, .form), ("0:" + zeros + "00", .form), (":" + zeros, .form), ("-2:" + zeros, .workchain),
            (String(repeating: "é", count: 24), .form),
        ] {
            #expect(throws: error, "\(text)") { try AddressText(text, on: .mainnet) }
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `In a cell an address has 267 bits, and no address two`() throws {
        for vector in try messageVectors.list("friendly") {
            let address = try vector.address("raw")
            let cell = try Cell.build { $0.store(address) }
            #expect(cell.bitCount == 267)
            #expect(cell.hex == vector["cell_hash"]?.string)
            var slice = try CellSlice(cell)
            #expect(try slice.address() == address)
            try slice.end()
        }
        let none = try Cell.build { $0.store(nil as Address?) }
        #expect(none.bitCount == 2)
        var slice = try CellSlice(none)
        #expect(try slice.address() == nil)
        #expect(throws: CellError.underflow) { try slice.address() }
    }

    @Test func `Addresses of other kinds are refused`() throws {
        let hash = [UInt8](repeating: 1, count: 32)
        for (start, count) in [(0b101, 3), (0b01, 2), (0b11, 2), (0b100_0000_0010, 11)] as [(UInt64, Int)] {
            let cell = try Cell.build { builder in
                builder.store(start, bits: count)
                builder.store(0, bits: 8)
                builder.store(hash)
            }
            #expect(throws: CellError.malformed) {
                var slice = try CellSlice(cell)
                return try slice.address()
            }
        }
    }

    @Test func `Checksums and the numbers of methods`() throws {
        for vector in try messageVectors.list("checksums") {
            let text = try vector.text("ascii")
            if let id = vector["method_id"]?.integer { #expect(Int64(GetMethod.id(text)) == id) }
            if let crc = vector["crc16_xmodem_hex"]?.string { #expect(String(CRC16.of(text.utf8), radix: 16) == crc) }
            if let crc = vector["crc32c_castagnoli_hex_as_stored_le"]?.string {
                #expect(CRC32C.of(text.utf8).byteSwapped == UInt32(crc, radix: 16))
            }
        }
    }
}
