import Testing

@testable import Postgres

@Suite struct NumericTests {
    /// The bytes that PostgreSQL 15 sends for `SELECT numeric_send(…)`.
    @Test(
        arguments: [
            (0, [0, 0, 0, 0, 0, 0, 0, 0]),
            (1, [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]),
            (-1, [0, 1, 0, 0, 0x40, 0, 0, 0, 0, 1]),
            (9_999, [0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x0F]),
            (10_000, [0, 1, 0, 1, 0, 0, 0, 0, 0, 1]),
            (10_001, [0, 2, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1]),
            (1_000_000_000_000, [0, 1, 0, 3, 0, 0, 0, 0, 0, 1]),
        ] as [(Int128, [UInt8])]
    )
    func `A whole number has the bytes that the server gives it`(value: Int128, bytes: [UInt8]) {
        var encoded: [UInt8] = []
        Numeric.append(value, to: &encoded)
        #expect(encoded == bytes)
        #expect(Numeric.decode(bytes.span) == value)
    }

    @Test func `Every power of ten, its neighbours and the ends of 128 bits come back`() {
        var values: [Int128] = [.min, .min + 1, .max, .max - 1, Int128(Int64.min), Int128(Int64.max)]
        var power: Int128 = 1
        for _ in 0..<38 {
            values += [power - 1, power, power + 1, -power]
            power *= 10
        }
        for value in values {
            var encoded: [UInt8] = []
            Numeric.append(value, to: &encoded)
            #expect(Numeric.decode(encoded.span) == value)
        }
    }

    @Test(
        arguments: [
            ("a fraction", [0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0x13, 0x88]),
            ("a number below one", [0, 1, 0xFF, 0xFF, 0, 0, 0, 1, 0x13, 0x88]),
            ("not a number", [0, 0, 0, 0, 0xC0, 0, 0, 0]),
            ("infinity", [0, 0, 0, 0, 0xD0, 0, 0, 0]),
            ("minus infinity", [0, 0, 0, 0, 0xF0, 0, 0, 0]),
            (
                "2^127",
                [
                    0, 10, 0, 9, 0, 0, 0, 0, 0, 170, 5, 131, 32, 154, 1, 213, 9, 13, 12, 96, 28, 135, 27, 246, 32, 218,
                    22, 96,
                ]
            ),
            ("10^40", [0, 1, 0, 10, 0, 0, 0, 0, 0, 1]),
            ("a large weight", [0, 1, 0x7F, 0xFF, 0, 0, 0, 0, 0, 1]),
            ("a digit of 10,000", [0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10]),
            ("a digit missing", [0, 2, 0, 1, 0, 0, 0, 0, 0, 1]),
            ("half a word", [0, 0, 0, 0, 0, 0, 0]),
            ("nothing", []),
        ] as [(String, [UInt8])]
    )
    func `What is no whole number of 128 bits is refused`(name: String, bytes: [UInt8]) {
        #expect(Numeric.decode(bytes.span) == nil)
    }

    @Test func `Zeros behind the point are no fraction`() {
        let bytes: [UInt8] = [0, 2, 0, 0, 0, 0, 0, 4, 0, 7, 0, 0]
        #expect(Numeric.decode(bytes.span) == 7)
    }
}
