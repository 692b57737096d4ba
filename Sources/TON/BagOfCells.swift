/// Why bytes are no bag of cells that is taken.
package enum BagOfCellsError: Error, Hashable, Sendable {
    /// More bytes than ``BagOfCells/bytesMax``.
    case tooLarge
    /// Not the magic number of a bag, or header fields that contradict each other.
    case badHeader
    case truncated
    /// Bytes behind the end.
    case trailingBytes
    case badChecksum
    /// A cell that refers to itself or backwards, has no end of its bits, is too deep, has stored hashes or levels
    /// that are not its own, or is exotic and not well formed, or not allowed.
    case badCell
    /// Not exactly one root, or cells that it does not reach.
    case badRoots
}

/// The serialised form of a tree of cells (`serialized_boc` of the TL-B scheme), with one root.
///
/// Strict: the bytes have one meaning, and nothing is skipped. An index and stored hashes are allowed; both must be
/// right.
package enum BagOfCells {
    /// Bytes of a bag.
    package static let bytesMax = 65_536
    /// Cells of a bag.
    package static let cellsMax = 4_096

    /// The root, which has level 0. Exotic cells are for code, blocks and proofs: `allowsExotic`.
    package static func read(_ bytes: [UInt8], allowsExotic: Bool = false) throws(BagOfCellsError) -> Cell {
        guard bytes.count <= bytesMax else { throw .tooLarge }
        var reader = Reader(bytes)
        let header = try Header(&reader)
        let root = try reader.number(header.size)
        guard root < header.cells else { throw .badRoots }
        // A cell has two bytes at least: a header cannot ask for more memory than the bytes are worth.
        guard header.cells <= bytes.count / 2 else { throw .truncated }
        var ends: [Int] = []
        if header.hasIndex {
            for _ in 0..<header.cells { ends.append(try reader.number(header.offsetSize)) }
        }
        let start = reader.offset
        let end = start + header.totalSize
        guard end <= bytes.count else { throw .truncated }
        var raw: [RawCell] = []
        for index in 0..<header.cells {
            raw.append(try RawCell(&reader, header, index))
            let offset = reader.offset - start
            guard ends.isEmpty || ends[index] >> (header.hasCacheBits ? 1 : 0) == offset else { throw .badHeader }
        }
        guard reader.offset == end else { throw .badHeader }
        if header.hasChecksum {
            let stated = try reader.take(4)
            guard CRC32C.of(bytes[..<end]) == stated.reversed().reduce(0, { $0 << 8 | UInt32($1) }) else {
                throw .badChecksum
            }
        }
        guard reader.offset == bytes.count else { throw .trailingBytes }
        let cell = try build(raw, root: root, allowsExotic)
        guard cell.levels == .zero else { throw .badRoots }
        return cell
    }

    /// Builds from the last cell on: references lead forward only.
    private static func build(_ raw: [RawCell], root: Int, _ allowsExotic: Bool) throws(BagOfCellsError) -> Cell {
        var cells = [Cell?](repeating: nil, count: raw.count)
        var isUsed = [Bool](repeating: false, count: raw.count)
        isUsed[root] = true
        for index in raw.indices { for reference in raw[index].references { isUsed[reference] = true } }
        guard !isUsed.contains(false) else { throw .badRoots }
        for index in raw.indices.reversed() {
            guard allowsExotic || !raw[index].isExotic,
                let cell = Cell(
                    data: raw[index].data,
                    bitCount: raw[index].bitCount,
                    references: raw[index].references.compactMap { cells[$0] },
                    isExotic: raw[index].isExotic
                ), raw[index].agrees(with: cell)
            else { throw .badCell }
            cells[index] = cell
        }
        // All are used, so whatever stands before the root would have to refer to it: the root is the first.
        guard root == 0, let cell = cells[root] else { throw .badRoots }
        return cell
    }

    private struct Header {
        let hasIndex: Bool
        let hasChecksum: Bool
        /// Whether each entry of the index has one more bit, the lowest, which says nothing about the cells.
        let hasCacheBits: Bool
        /// Bytes of a cell's number, and of an offset.
        let size: Int
        let offsetSize: Int
        let cells: Int
        let totalSize: Int

        init(_ reader: inout Reader) throws(BagOfCellsError) {
            guard try reader.take(4).elementsEqual([0xB5, 0xEE, 0x9C, 0x72]) else { throw .badHeader }
            let flags = try reader.number(1)
            hasIndex = flags & 0x80 != 0
            hasChecksum = flags & 0x40 != 0
            hasCacheBits = flags & 0x20 != 0
            // Cache bits are part of an index, and two bits must be zero.
            guard flags & 0x18 == 0, hasIndex || !hasCacheBits else { throw .badHeader }
            size = flags & 7
            offsetSize = try reader.number(1)
            guard (1...4).contains(size), (1...8).contains(offsetSize) else { throw .badHeader }
            cells = try reader.number(size)
            let roots = try reader.number(size)
            let absent = try reader.number(size)
            totalSize = try reader.number(offsetSize)
            guard (1...BagOfCells.cellsMax).contains(cells), totalSize <= BagOfCells.bytesMax else {
                throw .badHeader
            }
            guard roots == 1, absent == 0 else { throw .badRoots }
        }
    }

    private struct RawCell {
        let data: [UInt8]
        let bitCount: Int
        let references: [Int]
        let isExotic: Bool
        let levels: LevelMask
        /// A hash for each level that matters, then the depths, or nothing.
        let stored: [UInt8]

        init(_ reader: inout Reader, _ header: Header, _ index: Int) throws(BagOfCellsError) {
            let first = try reader.number(1)
            let second = try reader.number(1)
            guard first & 7 <= Cell.referencesMax else { throw .badCell }
            isExotic = first & 8 != 0
            levels = LevelMask(UInt8(first >> 5))
            stored = first & 0x10 == 0 ? [] : Array(try reader.take(34 * levels.hashCount))
            var data = Array(try reader.take((second + 1) / 2))
            if second & 1 == 1 {
                guard let last = data.last, last != 0 else { throw .badCell }
                let spare = last.trailingZeroBitCount + 1
                data[data.count - 1] = spare == 8 ? 0 : (last >> UInt8(spare)) << UInt8(spare)
                bitCount = data.count * 8 - spare
                if spare == 8 { data.removeLast() }
            } else {
                bitCount = data.count * 8
            }
            self.data = data
            var references: [Int] = []
            for _ in 0..<first & 7 {
                let reference = try reader.number(header.size)
                guard reference > index, reference < header.cells else { throw .badCell }
                references.append(reference)
            }
            self.references = references
        }

        /// Whether what the bag says of the cell besides its content is so.
        func agrees(with cell: Cell) -> Bool {
            guard cell.levels == levels else { return false }
            guard !stored.isEmpty else { return true }
            let significant = (0...levels.level).filter(levels.matters)
            let hashes = significant.flatMap { cell.hash(at: $0) }
            let depths = significant.map { cell.depth(at: $0) }.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            return stored == hashes + depths
        }
    }

    private struct Reader {
        private let bytes: [UInt8]
        private(set) var offset = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        mutating func take(_ count: Int) throws(BagOfCellsError) -> ArraySlice<UInt8> {
            guard count <= bytes.count - offset else { throw .truncated }
            defer { offset += count }
            return bytes[offset..<offset + count]
        }

        /// Big-endian; what does not fit is too large for anything.
        mutating func number(_ size: Int) throws(BagOfCellsError) -> Int {
            var value: UInt64 = 0
            for byte in try take(size) { value = value << 8 | UInt64(byte) }
            guard let number = Int(exactly: value) else { throw .badHeader }
            return number
        }
    }
}
