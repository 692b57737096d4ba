/// Why a cell cannot be made, or not be read as what it should be.
package enum CellError: Error, Hashable, Sendable {
    /// More than 1,023 bits or four references, or a number that has not its bits.
    case overflow
    /// Deeper than ``Cell/depthMax``.
    case tooDeep
    /// Fewer bits or references than what is read has.
    case underflow
    /// Bits or references behind the end of what is read.
    case excess
    /// An exotic cell where an ordinary one must be.
    case exotic
    /// Not of the form that the TL-B scheme gives, or a second way to write the same.
    case malformed
}

/// Puts a cell together. What does not fit is noticed when the cell is made.
package struct CellBuilder: Sendable {
    package private(set) var bits = BitString()
    package private(set) var references: [Cell] = []
    private var isOverfull = false

    /// Nothing yet.
    package init() {}

    /// Bits that still fit.
    package var bitsLeft: Int { max(0, Cell.bitsMax - bits.count) }
    /// References that still fit.
    package var referencesLeft: Int { max(0, Cell.referencesMax - references.count) }

    /// Adds a bit.
    package mutating func store(_ bit: Bool) {
        bits.append(bit)
    }

    /// Adds a number as `count` bits, 0…64, the highest first.
    package mutating func store(_ value: UInt64, bits count: Int) {
        guard (0...64).contains(count), count == 64 || value >> UInt64(count) == 0 else {
            isOverfull = true
            return
        }
        bits.append(value, count: count)
    }

    /// Adds whole bytes.
    package mutating func store(_ bytes: [UInt8]) { bits.append(bytes) }

    /// Adds bits.
    package mutating func store(_ string: BitString) { bits.append(string) }

    /// Adds a reference.
    package mutating func store(reference: Cell) { references.append(reference) }

    /// Adds a bit, and a reference if there is one (`Maybe ^X`).
    package mutating func store(maybe reference: Cell?) {
        store(reference != nil)
        if let reference { store(reference: reference) }
    }

    /// Adds the bits and references of another cell.
    package mutating func store(contentsOf cell: Cell) {
        store(cell.bits)
        references += cell.references
    }

    /// Adds an amount (`VarUInteger 16`): its length in bytes in four bits, then the bytes.
    package mutating func store(_ coins: Coins) {
        let length = (128 - coins.nanoTON.leadingZeroBitCount + 7) / 8
        store(UInt64(length), bits: 4)
        for index in (0..<length).reversed() {
            store(UInt64(truncatingIfNeeded: coins.nanoTON >> UInt128(index * 8)) & 0xFF, bits: 8)
        }
    }

    /// Adds an address (`addr_std` without anycast), or that there is none (`addr_none`).
    package mutating func store(_ address: Address?) {
        guard let address else {
            store(0, bits: 2)
            return
        }
        store(0b100, bits: 3)
        store(UInt64(UInt8(bitPattern: Int8(address.workchain))), bits: 8)
        store(address.hash)
    }

    /// The cell. Throws ``CellError/overflow`` if something did not fit, and ``CellError/tooDeep``.
    package func cell() throws(CellError) -> Cell {
        guard !isOverfull, bits.count <= Cell.bitsMax, references.count <= Cell.referencesMax else { throw .overflow }
        guard let cell = Cell(bits: bits, references: references) else { throw .tooDeep }
        return cell
    }
}

extension Cell {
    /// The ordinary cell that `build` puts together.
    package static func build(_ build: (inout CellBuilder) throws(CellError) -> Void) throws(CellError) -> Cell {
        var builder = CellBuilder()
        try build(&builder)
        return try builder.cell()
    }
}
