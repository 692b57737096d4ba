/// What is left of a cell that is read from its beginning on.
package struct CellSlice: Sendable {
    private let bits: BitString
    private let references: [Cell]
    private var position = 0
    private var next = 0

    /// Throws ``CellError/exotic`` unless the cell is ordinary: what an exotic one holds is not data.
    package init(_ cell: Cell) throws(CellError) {
        guard cell.kind == .ordinary else { throw .exotic }
        bits = cell.bits
        references = cell.references
    }

    package var bitsLeft: Int { bits.count - position }
    package var referencesLeft: Int { references.count - next }

    /// A bit.
    package mutating func bit() throws(CellError) -> Bool { try number(1) == 1 }

    /// A number of `count` bits, 0…64.
    package mutating func number(_ count: Int) throws(CellError) -> UInt64 {
        guard (0...64).contains(count), count <= bitsLeft else { throw .underflow }
        defer { position += count }
        return bits.number(position..<position + count)
    }

    /// Whole bytes.
    package mutating func bytes(_ count: Int) throws(CellError) -> [UInt8] {
        guard count >= 0, count <= bitsLeft / 8 else { throw .underflow }
        defer { position += count * 8 }
        return bits.bytes(count, from: position)
    }

    /// Bits.
    package mutating func bits(_ count: Int) throws(CellError) -> BitString {
        guard count >= 0, count <= bitsLeft else { throw .underflow }
        defer { position += count }
        return bits[position..<position + count]
    }

    /// A reference.
    package mutating func reference() throws(CellError) -> Cell {
        guard referencesLeft > 0 else { throw .underflow }
        defer { next += 1 }
        return references[next]
    }

    /// A reference, if the bit before it says so (`Maybe ^X`).
    package mutating func maybeReference() throws(CellError) -> Cell? { try bit() ? try reference() : nil }

    /// An amount (`VarUInteger 16`). The shortest form only: another is ``CellError/malformed``.
    package mutating func coins() throws(CellError) -> Coins {
        let bytes = try bytes(Int(number(4)))
        guard bytes.first != 0, let coins = Coins(exactly: bytes.reduce(0) { $0 << 8 | UInt128($1) }) else {
            throw .malformed
        }
        return coins
    }

    /// An address (`addr_std`), or `nil` for `addr_none`. Anycast, `addr_var` and other chains are
    /// ``CellError/malformed``.
    package mutating func address() throws(CellError) -> Address? {
        switch try number(2) {
        case 0b00: return nil
        case 0b10:
            guard try !bit() else { throw .malformed }
            let workchain = Int32(Int8(truncatingIfNeeded: try number(8)))
            guard let address = Address(workchain: workchain, hash: try bytes(32)) else { throw .malformed }
            return address
        default: throw .malformed
        }
    }

    /// The address that must be there.
    package mutating func someAddress() throws(CellError) -> Address {
        guard let address = try address() else { throw .malformed }
        return address
    }

    /// All that is left, as a cell of its own.
    package mutating func rest() throws(CellError) -> Cell {
        let below = Array(references[next...])
        next = references.count
        guard let cell = Cell(bits: try bits(bitsLeft), references: below) else { throw .tooDeep }
        return cell
    }

    /// Throws ``CellError/excess`` unless everything was read.
    package func end() throws(CellError) {
        guard bitsLeft == 0, referencesLeft == 0 else { throw .excess }
    }
}
