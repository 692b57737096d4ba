internal import Units

extension ArraySlice<UInt8> {
    /// Whether the bytes are exactly those of `text`.
    func equals(_ text: String) -> Bool { count == text.utf8.count && hasPrefix(text) }

    func hasPrefix(_ text: String) -> Bool {
        let expected = text.utf8.span
        let bytes = span
        guard bytes.count >= expected.count else { return false }
        for offset in expected.indices where bytes[offset] != expected[offset] { return false }
        return true
    }

    /// Whether the bytes begin with `text`, whatever the case of their letters; `text` is in lower case.
    func hasPrefix(ignoringCase text: String) -> Bool {
        let expected = text.utf8.span
        let bytes = span
        guard bytes.count >= expected.count else { return false }
        for offset in expected.indices {
            let byte = bytes[offset]
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            guard (isUpper ? byte | 0x20 : byte) == expected[offset] else { return false }
        }
        return true
    }

    /// For messages only.
    var text: String { String(decoding: self, as: UTF8.self) }

    /// The bytes without percent-encoding (RFC 3986, section 2.1); `nil` when a `%` is not followed by two digits.
    /// A `+` stays one: it is no space here.
    func percentDecoded() -> ArraySlice<UInt8>? {
        guard contains(UInt8(ascii: "%")) else { return self }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(count)
        var index = startIndex
        while index < endIndex {
            guard self[index] == UInt8(ascii: "%") else {
                decoded.append(self[index])
                index += 1
                continue
            }
            guard index + 2 < endIndex, let high = self[index + 1].hexDigit, let low = self[index + 2].hexDigit else {
                return nil
            }
            decoded.append(high << 4 | low)
            index += 3
        }
        return decoded[...]
    }

    /// The integer that the bytes write in its only form: digits without leading zeros.
    var decimal: Int64? {
        guard !isEmpty, count <= 19, count == 1 || first != UInt8(ascii: "0") else { return nil }
        var value: Int64 = 0
        for byte in self {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isOverflow) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !isTooLarge, !isOverflow else { return nil }
            value = sum
        }
        return value
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit of either case.
    var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    var isLowerHexDigit: Bool {
        self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") || self >= UInt8(ascii: "a") && self <= UInt8(ascii: "f")
    }
}

/// Names that people give to models: what registries use, without what URLs and the requirement grammar need.
enum ModelName {
    /// 1…``Limits/modelNameBytesMax`` of these, a letter or digit first.
    static let rule = "1 to 96 of A-Z a-z 0-9 . _ : / @ + ~ -, a letter or digit first"

    static func isValid(_ name: ArraySlice<UInt8>) -> Bool {
        let name = name.span
        guard !name.isEmpty, name[0].isAlphanumeric, name.count <= Limits.modelNameBytesMax else { return false }
        for index in name.indices where !isAllowed(name[index]) { return false }
        return true
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        if byte.isAlphanumeric { return true }
        return switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"),
            UInt8(ascii: "+"), UInt8(ascii: "~"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension UInt8 {
    var isAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
