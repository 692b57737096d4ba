extension JSONReader {
    /// Reads `true` or `false`.
    package mutating func readBool() throws(JSONError) -> Bool {
        switch try peek() {
        case UInt8(ascii: "t"):
            try readLiteral("true")
            return true
        case UInt8(ascii: "f"):
            try readLiteral("false")
            return false
        default: throw try mismatch(.notABoolean)
        }
    }

    /// Reads `null`.
    package mutating func readNull() throws(JSONError) {
        guard try peek() == UInt8(ascii: "n") else { throw try mismatch(.notNull) }
        try readLiteral("null")
    }

    /// Reads a string. Its bytes are reached by ``string(_:)``, ``withBytes(of:_:)`` or ``equals(_:_:)``.
    package mutating func readText() throws(JSONError) -> JSONText {
        guard try peek() == UInt8(ascii: "\"") else { throw try mismatch(.notAString) }
        return try scanText()
    }

    /// Reads a string into memory of its own.
    package mutating func readString() throws(JSONError) -> String {
        string(try readText())
    }

    /// Reads an integer, exactly: a number with a fraction or an exponent is `notAnInteger`, one outside
    /// -2^63 ..< 2^63 is `integerOutOfRange`; both stay unread.
    package mutating func readInt64() throws(JSONError) -> Int64 {
        let first = try peek()
        guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") <= 9 else { throw try mismatch(.notAnInteger) }
        let start = position
        let number = try scanNumber()
        guard number.isInteger else {
            position = start
            throw JSONError(.notAnInteger, at: start)
        }
        guard let value = number.value else {
            position = start
            throw JSONError(.integerOutOfRange, at: start)
        }
        return value
    }

    /// Reads an integer, or a string that is one in its only form: digits, a minus sign at most before them,
    /// no leading zero (`"0"` is one; `"-0"`, `"+1"`, `"01"`, `""` and `" 1"` are `notAnInteger`).
    package mutating func readInt64OrDecimalString() throws(JSONError) -> Int64 {
        guard try peek() == UInt8(ascii: "\"") else { return try readInt64() }
        let start = position
        let text = try readText()
        do {
            return try int64(text)
        } catch {
            position = start
            throw JSONError(error.reason, at: start)
        }
    }

    /// The integer that `text` is in its only form, as ``readInt64OrDecimalString()`` says.
    package func int64(_ text: JSONText) throws(JSONError) -> Int64 {
        var index = text.start
        let isNegative = index < text.end && bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        guard index < text.end else { throw JSONError(.notAnInteger, at: text.start) }
        let isZeroFirst = bytes[index] == UInt8(ascii: "0")
        if isZeroFirst && (isNegative || index + 1 < text.end) { throw JSONError(.notAnInteger, at: text.start) }

        var digits = DecimalAccumulator(isNegative: isNegative)
        while index < text.end {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { throw JSONError(.notAnInteger, at: text.start) }
            digits.append(digit)
            index += 1
        }
        guard let value = digits.value else { throw JSONError(.integerOutOfRange, at: text.start) }
        return value
    }

    /// Reads past a number of any form. `value` is nothing if it has a fraction or exponent or overflows.
    mutating func scanNumber() throws(JSONError) -> (isInteger: Bool, value: Int64?) {
        let start = position
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var digits = DecimalAccumulator(isNegative: isNegative)
        let firstDigit = position
        while let digit = nextDigit() { digits.append(digit) }
        let count = position - firstDigit
        guard count > 0 else { throw numberError(from: start) }
        if count > 1 && bytes[firstDigit] == UInt8(ascii: "0") { throw JSONError(.invalidNumber, at: start) }

        var isInteger = true
        if position < bytes.count && bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try skipDigits(ofNumberAt: start)
        }
        if position < bytes.count && bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < bytes.count && (bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-"))
            {
                position += 1
            }
            try skipDigits(ofNumberAt: start)
        }
        return (isInteger, isInteger ? digits.value : nil)
    }

    private mutating func skipDigits(ofNumberAt start: Int) throws(JSONError) {
        guard nextDigit() != nil else { throw numberError(from: start) }
        while nextDigit() != nil {}
    }

    private mutating func nextDigit() -> UInt8? {
        guard position < bytes.count else { return nil }
        let digit = bytes[position] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        position += 1
        return digit
    }

    private func numberError(from start: Int) -> JSONError {
        position < bytes.count ? JSONError(.invalidNumber, at: start) : JSONError(.unexpectedEnd, at: position)
    }

    private mutating func readLiteral(_ literal: StaticString) throws(JSONError) {
        for index in 0..<literal.utf8CodeUnitCount {
            guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
            guard bytes[position] == literal.byte(at: index) else {
                throw JSONError(.unexpectedByte, at: position)
            }
            position += 1
        }
    }
}

/// Sums decimal digits up to the exact bounds of `Int64`; what does not fit is remembered, not an error,
/// because a document may hold larger numbers where nobody reads them.
private struct DecimalAccumulator {
    let isNegative: Bool
    private var magnitude: UInt64 = 0
    private var hasOverflowed = false

    init(isNegative: Bool) { self.isNegative = isNegative }

    mutating func append(_ digit: UInt8) {
        // Up to this bound ten times the magnitude and a digit fit in 64 bits, signed or not.
        if magnitude <= UInt64(Int64.max) / 10 {
            magnitude = magnitude &* 10 &+ UInt64(digit)
        } else {
            hasOverflowed = true
        }
    }

    var value: Int64? {
        if hasOverflowed { return nil }
        return isNegative ? Int64(exactly: -Int128(magnitude)) : Int64(exactly: magnitude)
    }
}
