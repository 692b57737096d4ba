/// A digest of up to 32 bytes: a git revision, or a SHA-256 of weights. Equal and ordered as its bytes are.
package struct HexDigest: Hashable, Comparable, Sendable {
    /// The bytes, eight to a word, the first in the highest bits; the rest is zero.
    private let first, second, third, fourth: UInt64
    /// Bytes; 0 when there is none.
    package let count: UInt8

    /// No digest.
    package static let none = HexDigest(words: (0, 0, 0, 0), count: 0)

    private init(words: (UInt64, UInt64, UInt64, UInt64), count: UInt8) {
        (first, second, third, fourth) = words
        self.count = count
    }

    /// `nil` unless the text is an even number, at most 64, of lower-case hexadecimal digits; `none` for an empty one.
    package init?(_ text: some Collection<UInt8>) {
        guard text.count <= 64, text.count.isMultiple(of: 2) else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, digit) in text.enumerated() {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            words[index / 16] |= UInt64(value) << UInt64((15 - index % 16) * 4)
        }
        self.init(words: (words[0], words[1], words[2], words[3]), count: UInt8(text.count / 2))
    }

    /// Lower-case hexadecimal digits.
    package var text: String {
        let digits = Array("0123456789abcdef".utf8)
        let words: [UInt64] = [first, second, third, fourth]
        var found: [UInt8] = []
        for index in 0..<Int(count) * 2 {
            let shift = UInt64((15 - index % 16) * 4)
            found.append(digits[Int(words[index / 16] >> shift & 15)])
        }
        return String(decoding: found, as: UTF8.self)
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.first != right.first { return left.first < right.first }
        if left.second != right.second { return left.second < right.second }
        if left.third != right.third { return left.third < right.third }
        return left.fourth != right.fourth ? left.fourth < right.fourth : left.count < right.count
    }

    /// Adds all of it to a record's hash.
    func combine(into hash: inout RecordHash) {
        for word in [first, second, third, fourth, UInt64(count)] { hash.combine(word) }
    }
}

/// Which weights a version of a model has, by digest.
package struct ModelWeights: Hashable, Sendable {
    /// A git revision of 20 bytes; none when the registry does not say.
    package var revision: HexDigest
    /// SHA-256; none when the registry does not say.
    package var sha256: HexDigest

    package init(revision: HexDigest = .none, sha256: HexDigest = .none) {
        self.revision = revision
        self.sha256 = sha256
    }

    package static let unknown = ModelWeights()
}
