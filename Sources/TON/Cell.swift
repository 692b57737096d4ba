internal import Cryptography

/// A cell of TON: up to 1,023 bits and four references to other cells. Only ordinary cells of level 0.
package final class Cell: Sendable {
    /// The bits, the first in the highest of the first byte; behind them zeros.
    package let data: [UInt8]
    package let bitCount: Int
    package let references: [Cell]
    /// SHA-256 of the cell's representation, which names the whole tree.
    package let hash: [UInt8]
    /// References to the deepest cell below.
    package let depth: Int

    package static let bitsMax = 1_023
    package static let referencesMax = 4
    /// As the node limits it.
    package static let depthMax = 1_024

    /// `nil` unless the parts are within the limits and no bit is set behind the last.
    package init?(data: [UInt8], bitCount: Int, references: [Cell] = []) {
        guard (0...Self.bitsMax).contains(bitCount), data.count == (bitCount + 7) / 8,
            references.count <= Self.referencesMax
        else { return nil }
        let spare = data.count * 8 - bitCount
        if let last = data.last, last & (1 << UInt8(spare) - 1) != 0 { return nil }
        depth = references.map { $0.depth + 1 }.max() ?? 0
        guard depth <= Self.depthMax else { return nil }
        self.data = data
        self.bitCount = bitCount
        self.references = references
        hash = Self.hash(data, bitCount, references)
    }

    private static func hash(_ data: [UInt8], _ bitCount: Int, _ references: [Cell]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(references.count), UInt8(bitCount / 8 + (bitCount + 7) / 8)]
        bytes += data
        // An incomplete byte ends with a 1 and zeros.
        if bitCount % 8 != 0 { bytes[bytes.count - 1] |= 0x80 >> UInt8(bitCount % 8) }
        for cell in references { bytes += [UInt8(cell.depth >> 8), UInt8(cell.depth & 0xFF)] }
        for cell in references { bytes += cell.hash }
        return SHA256.hash(bytes).bytes
    }

    /// `count` whole bytes from the bit `start` on; `nil` when there are not so many.
    package func bytes(_ count: Int, from start: Int) -> [UInt8]? {
        guard start >= 0, count >= 0, start + count * 8 <= bitCount else { return nil }
        let shift = UInt8(start % 8)
        return (0..<count).map { index in
            let place = start / 8 + index
            let first = data[place] << shift
            return shift == 0 ? first : first | data[place + 1] >> (8 - shift)
        }
    }
}
