/// The parts of a document, written at an index that moves behind them. Whoever calls has made room, and has made the
/// array unique once for all that it puts.
extension MutableSpan<UInt8> {
    @inline(__always)
    mutating func put(_ byte: UInt8, at index: inout Int) {
        self[index] = byte
        index += 1
    }

    /// A text of ours.
    @inline(__always)
    mutating func put(_ text: StaticString, at index: inout Int) {
        let length = text.utf8CodeUnitCount
        let start = index
        precondition(start >= 0 && length <= count - start, "room was made before")
        unsafe withUnsafeMutableBufferPointer { target in
            guard let base = target.baseAddress else { return }
            unsafe (base + start).update(from: text.utf8Start, count: length)
        }
        index = start + length
    }

    /// A text of ours in quotes.
    @inline(__always)
    mutating func put(quoted text: StaticString, at index: inout Int) {
        put(UInt8(ascii: "\""), at: &index)
        put(text, at: &index)
        put(UInt8(ascii: "\""), at: &index)
    }

    /// A number in quotes, behind a letter.
    @inline(__always)
    mutating func put(quoted letter: StaticString, _ number: Int64, at index: inout Int) {
        put(UInt8(ascii: "\""), at: &index)
        for offset in 0..<letter.utf8CodeUnitCount { put(letter.byte(at: offset), at: &index) }
        put(decimal: number, at: &index)
        put(UInt8(ascii: "\""), at: &index)
    }

    /// A key with its quotes and its colon, a comma before it where one is needed.
    @inline(__always)
    mutating func put(key name: StaticString, afterComma isFollowing: Bool, at index: inout Int) {
        if isFollowing { put(UInt8(ascii: ","), at: &index) }
        put(quoted: name, at: &index)
        put(UInt8(ascii: ":"), at: &index)
    }

    /// A number.
    mutating func put(decimal value: Int64, at index: inout Int) {
        if value < 0 { put(UInt8(ascii: "-"), at: &index) }
        var rest = value.magnitude
        let start = index
        let end = start + decimalDigits(of: rest)
        var position = end
        while position > start {
            position -= 1
            let tenth = rest / 10
            self[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest &- tenth &* 10)
            rest = tenth
        }
        index = end
    }
}

/// How many digits write `value`, which is at most 2^63 and so below the last power, 10^19, that fits; comparing with
/// powers is cheaper than dividing twice.
private func decimalDigits(of value: UInt64) -> Int {
    var digits = 1
    var power: UInt64 = 10
    while value >= power {
        digits += 1
        power &*= 10
    }
    return digits
}
