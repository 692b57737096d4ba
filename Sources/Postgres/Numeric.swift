/// Whole numbers in the binary form of `numeric` (`numeric_send` in PostgreSQL's `numeric.c`):
/// number of digits, weight of the first, sign, display scale, then the digits in base 10,000.
enum Numeric {
    private static let base: UInt128 = 10_000
    private static let positive: UInt16 = 0x0000
    private static let negative: UInt16 = 0x4000

    /// Digits of the widest value: 2^127 has 39 decimal digits.
    static let digitsMax = 10

    static func append(_ value: Int128, to bytes: inout [UInt8]) {
        var digits: [10 of UInt16] = .init(repeating: 0)
        var rest = value.magnitude
        var count = 0
        // Division by 128 bits is slow and seldom needed.
        while rest > UInt128(UInt64.max) {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: base)
            digits[count] = UInt16(digit)
            rest = quotient
            count += 1
        }
        var narrow = UInt64(rest)
        while narrow > 0 {
            digits[count] = UInt16(narrow % 10_000)
            narrow /= 10_000
            count += 1
        }
        // Zeros at the end are left out: the weight says how many there are.
        var zeros = 0
        while zeros < count, digits[zeros] == 0 { zeros += 1 }

        bytes.appendBigEndian(UInt16(count - zeros))
        bytes.appendBigEndian(UInt16(max(count - 1, 0)))
        bytes.appendBigEndian(value < 0 ? negative : positive)
        bytes.appendBigEndian(UInt16(0))
        for index in stride(from: count - 1, through: zeros, by: -1) { bytes.appendBigEndian(digits[index]) }
    }

    /// Reads a whole number; nil if the bytes hold a fraction, NaN, an infinity, or more than 128 bits.
    static func decode(_ bytes: Span<UInt8>) -> Int128? {
        guard bytes.count >= 8, bytes.count % 2 == 0 else { return nil }
        func word(_ index: Int) -> UInt16 { UInt16(bytes[2 * index]) << 8 | UInt16(bytes[2 * index + 1]) }
        let count = Int(word(0))
        let weight = Int(Int16(bitPattern: word(1)))
        let sign = word(2)
        guard bytes.count == 8 + 2 * count, sign == positive || sign == negative else { return nil }

        var magnitude: UInt128 = 0
        for index in 0..<max(count, weight + 1) {
            let digit = index < count ? word(4 + index) : 0
            guard index <= weight else {
                if digit == 0 { continue }
                return nil
            }
            guard index > 0 || count > 0 else { break }
            let (shifted, overflow) = magnitude.multipliedReportingOverflow(by: base)
            let (sum, carry) = shifted.addingReportingOverflow(UInt128(digit))
            guard !overflow, !carry, digit < base else { return nil }
            magnitude = sum
        }
        guard sign == negative else { return Int128(exactly: magnitude) }
        return magnitude == Int128.min.magnitude ? .min : Int128(exactly: magnitude).map { -$0 }
    }
}
