internal import Cryptography

/// A part of a log's tree as it is served (C2SP tlog-tiles): up to 256 hashes of one level, or the entries of as many
/// leaves. Each hash of level `l` is the root over 256^l leaves.
package struct LogTile: Hashable, Sendable {
    package let content: Content
    /// The place among the tiles of its level, from 0.
    package let index: Int64
    /// How many hashes or entries it has: 256 when it is full.
    package let width: Int

    /// What a tile holds.
    package enum Content: Hashable, Sendable {
        /// The hashes of a level, 0…``levelMax``.
        case hashes(level: Int)
        /// The entries of leaves.
        case entries
    }

    /// Hashes in a full tile.
    package static let fullWidth = 256
    /// The highest level that a log of 2^63 leaves has; the format has room for 63.
    package static let levelMax = 7

    /// `nil` unless level, index and width are in range.
    package init?(_ content: Content, index: Int64, width: Int = LogTile.fullWidth) {
        if case .hashes(let level) = content, !(0...Self.levelMax).contains(level) { return nil }
        guard index >= 0, (1...Self.fullWidth).contains(width) else { return nil }
        self.content = content
        self.index = index
        self.width = width
    }

    /// The path below the log's address: `tile/0/x001/x234/067`, `tile/entries/000.p/17`.
    package var path: String {
        let level =
            switch content {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1_000)
            groups.append(String(repeating: "0", count: 3 - digits.utf8.count) + digits)
            rest /= 1_000
        } while rest > 0
        let number = groups.dropFirst().reversed().map { "x\($0)/" }.joined() + groups[0]
        return "tile/\(level)/\(number)" + (width == Self.fullWidth ? "" : ".p/\(width)")
    }

    /// Reads ``path``; `nil` for anything that it does not write.
    package init?(path: String) {
        guard path.utf8.count <= Self.pathBytesMax else { return nil }
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "tile", let kind = parts.popFirst(), var last = parts.popLast() else { return nil }
        var width = Self.fullWidth
        if let partial = parts.last, partial.hasSuffix(".p") {
            guard let number = Int(last) else { return nil }
            width = number
            last = partial.dropLast(2)
            parts = parts.dropLast()
        }
        var index: Int64 = 0
        for group in parts.map({ $0.dropFirst() }) + [last] {
            guard group.utf8.count == 3, let digits = Int64(group) else { return nil }
            let (product, isTooLarge) = index.multipliedReportingOverflow(by: 1_000)
            let (sum, isAbove) = product.addingReportingOverflow(digits)
            guard !isTooLarge, !isAbove else { return nil }
            index = sum
        }
        let content: Content? = kind == "entries" ? .entries : Int(kind).map { .hashes(level: $0) }
        guard let content, let tile = LogTile(content, index: index, width: width), tile.path == path else {
            return nil
        }
        self = tile
    }

    private static let pathBytesMax = 64

    /// The tile with what a log of `size` leaves has of it; `nil` where it has nothing.
    package static func of(_ content: Content, index: Int64, in size: Int64) -> LogTile? {
        let level = if case .hashes(let level) = content { level } else { 0 }
        guard (0...levelMax).contains(level), index >= 0, index <= size >> 8 else { return nil }
        let count = size >> Int64(8 * level) - index * Int64(fullWidth)
        return count > 0 ? LogTile(content, index: index, width: Int(min(count, Int64(fullWidth)))) : nil
    }
}

/// Entries of leaves one after the other, each with its length in two bytes before it (C2SP tlog-tiles).
package enum EntryBundle {
    /// The bytes of at most 256 entries, each of which has at most 65,535 bytes.
    package static func encode(_ entries: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            precondition(entry.count <= Int(UInt16.max), "an entry has a length of 16 bits")
            bytes.append(UInt64(entry.count), byteCount: 2)
            bytes += entry
        }
        return bytes
    }

    /// The entries in `bytes`; `nil` if the last is not whole or there are more than 256.
    package static func decode(_ bytes: [UInt8]) -> [[UInt8]]? {
        var reader = ByteReader(bytes)
        var entries: [[UInt8]] = []
        while !reader.isAtEnd {
            guard let count = reader.unsigned(2), let entry = reader.take(Int(count)), entries.count < LogTile.fullWidth
            else { return nil }
            entries.append(entry)
        }
        return entries
    }
}
