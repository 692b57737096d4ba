extension BagOfCells {
    /// What a bag has besides its cells.
    package struct Options: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Where each cell ends.
        package static let index = Options(rawValue: 1)
        /// CRC-32C of what stands before it.
        package static let checksum = Options(rawValue: 2)
    }

    /// Writes the tree of a root; each cell once, however often it is referred to, and before what it refers to.
    /// Throws ``BagOfCellsError/tooLarge`` if there are more than ``cellsMax`` cells or ``bytesMax`` bytes.
    package static func write(
        _ root: Cell,
        _ options: Options = .checksum
    ) throws(BagOfCellsError) -> [UInt8] {
        let cells = try order(root)
        var numbers: [[UInt8]: Int] = [:]
        for (number, cell) in cells.enumerated() { numbers[cell.hash] = number }
        let size = byteCount(of: cells.count)
        var content: [UInt8] = []
        var ends: [Int] = []
        for cell in cells {
            let half = cell.bitCount / 8
            content += [cell.descriptor(cell.levels), UInt8(half + (cell.bitCount + 7) / 8)]
            content += cell.bits.padded
            for reference in cell.references { append(numbers[reference.hash] ?? 0, size, to: &content) }
            ends.append(content.count)
        }
        let offsetSize = byteCount(of: content.count)
        var bytes: [UInt8] = [0xB5, 0xEE, 0x9C, 0x72]
        bytes.append(UInt8(size) | (options.contains(.index) ? 0x80 : 0) | (options.contains(.checksum) ? 0x40 : 0))
        bytes.append(UInt8(offsetSize))
        // Cells, roots, absent cells; then the content's length and the root's number.
        for number in [cells.count, 1, 0] { append(number, size, to: &bytes) }
        append(content.count, offsetSize, to: &bytes)
        append(0, size, to: &bytes)
        if options.contains(.index) { for end in ends { append(end, offsetSize, to: &bytes) } }
        bytes += content
        if options.contains(.checksum) {
            let checksum = CRC32C.of(bytes)
            for shift in stride(from: 0, through: 24, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: checksum >> UInt32(shift)))
            }
        }
        guard bytes.count <= bytesMax else { throw .tooLarge }
        return bytes
    }

    /// The cells, those that refer before those referred to: the reverse of the order in which a walk leaves them.
    /// The walk keeps its own stack, the last reference first, so that chains stand as the node writes them.
    private static func order(_ root: Cell) throws(BagOfCellsError) -> [Cell] {
        var left: [Cell] = []
        var seen: Set<Cell> = [root]
        var stack: [(cell: Cell, next: Int)] = [(root, root.references.count)]
        while let (cell, next) = stack.last {
            guard next > 0 else {
                left.append(cell)
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].next = next - 1
            let reference = cell.references[next - 1]
            guard seen.insert(reference).inserted else { continue }
            guard seen.count <= cellsMax else { throw .tooLarge }
            stack.append((reference, reference.references.count))
        }
        return left.reversed()
    }

    private static func byteCount(of number: Int) -> Int {
        max(1, (Int.bitWidth - number.leadingZeroBitCount + 7) / 8)
    }

    private static func append(_ number: Int, _ size: Int, to bytes: inout [UInt8]) {
        for shift in stride(from: (size - 1) * 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
