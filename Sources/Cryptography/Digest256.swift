/// A digest of 32 bytes, as SHA-256 makes it.
///
/// `==` may take a time that depends on the bytes: for digests of secrets use ``constantTimeEquals(_:_:)``.
package struct Digest256: Hashable, Sendable {
    /// How many bytes a digest has.
    package static let byteCount = 32

    /// The bytes in order, eight to a word, the first the most significant.
    private let words: Words

    private struct Words: Hashable, Sendable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0
    }

    /// The digest whose bytes are all 0: what stands before the first link of a chain.
    package static let zero = Digest256(words: Words())

    private init(words: Words) { self.words = words }

    /// The digest that `bytes` are; nothing if there are not 32 of them.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        func word(at start: Int) -> UInt64 {
            var word: UInt64 = 0
            for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
            return word
        }
        words = Words(first: word(at: 0), second: word(at: 8), third: word(at: 16), fourth: word(at: 24))
    }

    /// The digest that `bytes` are; nothing if there are not 32 of them.
    package init?(_ bytes: [UInt8]) { self.init(bytes.span) }

    /// The digest that 64 hexadecimal digits write; nothing if they do not.
    package init?(hex: String) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes.span)
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Self.byteCount)
        append(to: &result)
        return result
    }

    /// The digest in 64 lower-case hexadecimal digits.
    package var hex: String { Hex.encode(bytes) }

    /// Adds the 32 bytes to `bytes`.
    package func append(to bytes: inout [UInt8]) {
        func append(_ word: UInt64) {
            for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        append(words.first)
        append(words.second)
        append(words.third)
        append(words.fourth)
    }

    /// The first eight bytes as one number, the first the most significant: a key for a table of digests.
    package var prefix: UInt64 { words.first }
}

extension Digest256: CustomStringConvertible {
    /// The digest in hexadecimal.
    package var description: String { hex }
}
