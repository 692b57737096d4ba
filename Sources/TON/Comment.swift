/// A text that goes with a transfer, as wallets show it: 32 zero bits and UTF-8, in as many cells as it needs.
package enum Comment {
    /// Bytes of text in the first cell, behind the zeros, and in each that follows.
    private static let firstMax = 123
    private static let nextMax = 127
    /// Bytes of a text that is written; what is read may be no longer either.
    package static let bytesMax = 8_192

    /// The body of a message that says `text`. Throws ``CellError/overflow`` if it is longer than ``bytesMax``.
    package static func cell(_ text: String) throws(CellError) -> Cell {
        guard text.utf8.count <= bytesMax else { throw .overflow }
        let bytes = Array(text.utf8)
        var end = bytes.count
        var rest: Cell?
        while end > firstMax {
            // All cells but the last are full.
            let start = firstMax + (end - firstMax - 1) / nextMax * nextMax
            rest = try cell(Array(bytes[start..<end]), rest)
            end = start
        }
        return try cell([0, 0, 0, 0] + bytes[..<end], rest)
    }

    /// The text of a message's body; `nil` if it has none: another operation, bits that are not whole bytes, bytes that
    /// are not UTF-8, more than one reference, or longer than ``bytesMax``. No body at all is no text.
    package static func text(in body: Cell) -> String? {
        guard var slice = try? CellSlice(body), (try? slice.number(32)) == 0 else { return nil }
        var bytes: [UInt8] = []
        while true {
            guard slice.bitsLeft % 8 == 0, let part = try? slice.bytes(slice.bitsLeft / 8) else { return nil }
            bytes += part
            guard bytes.count <= bytesMax, slice.referencesLeft <= 1 else { return nil }
            guard slice.referencesLeft == 1 else { break }
            guard let next = try? CellSlice(slice.reference()) else { return nil }
            slice = next
        }
        // Binary content begins so (TEP-74); no text in UTF-8 does.
        guard bytes.first != 0xFF else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func cell(_ bytes: [UInt8], _ rest: Cell?) throws(CellError) -> Cell {
        var builder = CellBuilder()
        builder.store(bytes)
        if let rest { builder.store(reference: rest) }
        return try builder.cell()
    }
}
