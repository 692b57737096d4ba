import Exchange
import Units

/// A client's own name for its order: 1…``Limits/clientOrderIDBytesMax`` bytes of `A-Z a-z 0-9 . _ : -`.
package struct ClientOrderID: Hashable, Sendable {
    /// The bytes, eight to a word, the first in the lowest bits; the rest is zero.
    private var words: InlineArray<5, UInt64>
    private let length: UInt8
    package var count: Int { Int(length) }

    /// `nil` when the text is empty, too long, or has another character.
    package init?(_ text: some Collection<UInt8>) { self.init(ArraySlice(text)) }

    /// As above; not generic, because a generic one costs a microsecond on the path of every order that has a name.
    package init?(_ text: ArraySlice<UInt8>) {
        guard !text.isEmpty, text.count <= Limits.clientOrderIDBytesMax else { return nil }
        words = InlineArray(repeating: 0)
        length = UInt8(text.count)
        var index = 0
        for byte in text {
            guard Self.isAllowed(byte) else { return nil }
            words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8)
            index += 1
        }
    }

    package subscript(index: Int) -> UInt8 {
        precondition(index < count, "an index within the name")
        return UInt8(truncatingIfNeeded: words[index / 8] >> UInt64(index % 8 * 8))
    }
    package var bytes: [UInt8] { (0..<count).map { self[$0] } }
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// 128 bits that stand for the name among one account's names.
    package var hash: ClientOrderIDHash {
        var hash = RecordHash(tag: 3)
        hash.combine(UInt64(count))
        for index in words.indices { hash.combine(words[index]) }
        return ClientOrderIDHash(high: hash.high, low: hash.low)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: ":"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    package static func == (left: Self, right: Self) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.words.indices where left.words[index] != right.words[index] { return false }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        for index in 0..<(count + 7) / 8 { hasher.combine(words[index]) }
    }
}

/// What the memory of past requests keeps of a ``ClientOrderID``. It means something only together with its account.
package struct ClientOrderIDHash: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
