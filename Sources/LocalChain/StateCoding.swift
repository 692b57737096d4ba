internal import Cryptography
internal import TON

/// Why bytes are no state of a chain.
package enum ChainStateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// They do not begin as a state does.
    case form
    /// A version that this program does not read.
    case version(UInt64)
    /// They are not what was written: the checksum is another.
    case damaged
    /// The checksum is right, and what they say is no chain.
    case contradiction

    package var description: String {
        switch self {
        case .form: "the file is no state of a local chain"
        case .version(let version):
            "the state of the local chain has version \(version), and this program reads \(StateForm.version)"
        case .damaged: "the state of the local chain is damaged: its checksum is wrong"
        case .contradiction: "the state of the local chain contradicts itself"
        }
    }
}

/// The form of a state: a magic word, the version, all cells, each once and behind those that it refers to, the values,
/// and SHA-256 of all that. Numbers have eight bytes, the highest first.
enum StateForm {
    static let magic = Array("bombyx local chain\n".utf8)
    static let version: UInt64 = 1
}

/// Collects values and the cells that they have.
struct StateWriter {
    private var values: [UInt8] = []
    private var table: [UInt8] = []
    private var numbers: [Cell: UInt64] = [:]

    /// All of it, with its checksum.
    func finish() -> [UInt8] {
        var bytes = StateForm.magic
        Self.append(StateForm.version, to: &bytes)
        Self.append(UInt64(numbers.count), to: &bytes)
        bytes += table
        bytes += values
        return bytes + SHA256.hash(bytes).bytes
    }

    mutating func write(_ number: UInt64) { Self.append(number, to: &values) }
    mutating func write(_ number: Int) { write(UInt64(bitPattern: Int64(number))) }
    mutating func write(_ number: Int64) { write(UInt64(bitPattern: number)) }
    mutating func write(_ flag: Bool) { values.append(flag ? 1 : 0) }

    mutating func write(_ coins: Coins) {
        write(UInt64(truncatingIfNeeded: coins.nanoTON >> 64))
        write(UInt64(truncatingIfNeeded: coins.nanoTON))
    }

    /// 32 bytes.
    mutating func write(_ hash: [UInt8]) {
        precondition(hash.count == 32, "a hash has 32 bytes")
        values += hash
    }

    mutating func write(_ address: Address) {
        write(address.workchain == 0)
        write(address.hash)
    }

    mutating func write<Value>(_ value: Value?, _ body: (inout Self, Value) -> Void) {
        write(value != nil)
        if let value { body(&self, value) }
    }

    mutating func write<Values: Collection>(_ list: Values, _ body: (inout Self, Values.Element) -> Void) {
        write(list.count)
        for value in list { body(&self, value) }
    }

    /// A cell by its number in the table.
    mutating func write(_ cell: Cell) {
        var waiting = [cell]
        while let next = waiting.last {
            let missing = next.references.filter { numbers[$0] == nil }
            guard missing.isEmpty else {
                waiting += missing
                continue
            }
            waiting.removeLast()
            guard numbers[next] == nil else { continue }
            table.append(next.kind == .ordinary ? 0 : 1)
            Self.append(UInt64(next.bitCount), to: &table)
            table += next.data
            table.append(UInt8(next.references.count))
            for reference in next.references { Self.append(numbers[reference] ?? 0, to: &table) }
            numbers[next] = UInt64(numbers.count)
        }
        write(numbers[cell] ?? 0)
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

/// Reads what a ``StateWriter`` wrote.
struct StateReader {
    private let bytes: [UInt8]
    private var offset: Int
    /// Where the checksum begins.
    private let end: Int
    private var cells: [Cell] = []

    init(_ bytes: [UInt8]) throws(ChainStateError) {
        let magic = StateForm.magic
        guard bytes.count >= magic.count + 8 + 32, bytes.starts(with: magic) else { throw .form }
        self.bytes = bytes
        offset = magic.count
        end = bytes.count - 32
        let version = try number()
        guard version == StateForm.version else { throw .version(version) }
        guard SHA256.hash(Array(bytes[..<end])).bytes.elementsEqual(bytes[end...]) else { throw .damaged }
        let count = try number()
        for _ in 0..<(try bounded(count)) { cells.append(try tableCell()) }
    }

    /// Throws unless everything was read.
    func finish() throws(ChainStateError) {
        guard offset == end else { throw .contradiction }
    }

    mutating func number() throws(ChainStateError) -> UInt64 {
        try take(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func integer() throws(ChainStateError) -> Int { Int(Int64(bitPattern: try number())) }
    mutating func signed() throws(ChainStateError) -> Int64 { Int64(bitPattern: try number()) }

    mutating func flag() throws(ChainStateError) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        default: throw .contradiction
        }
    }

    mutating func coins() throws(ChainStateError) -> Coins {
        let high = UInt128(try number())
        guard let coins = Coins(exactly: high << 64 | UInt128(try number())) else { throw .contradiction }
        return coins
    }

    mutating func hash() throws(ChainStateError) -> [UInt8] { Array(try take(32)) }

    mutating func address() throws(ChainStateError) -> Address {
        let isBase = try flag()
        guard let address = Address(workchain: isBase ? 0 : -1, hash: try hash()) else { throw .contradiction }
        return address
    }

    mutating func optional<Value>(
        _ body: (inout Self) throws(ChainStateError) -> Value
    ) throws(ChainStateError) -> Value? {
        try flag() ? try body(&self) : nil
    }

    mutating func list<Value>(
        _ body: (inout Self) throws(ChainStateError) -> Value
    ) throws(ChainStateError) -> [Value] {
        var values: [Value] = []
        for _ in 0..<(try bounded(number())) { values.append(try body(&self)) }
        return values
    }

    mutating func cell() throws(ChainStateError) -> Cell {
        guard let index = Int(exactly: try number()), cells.indices.contains(index) else { throw .contradiction }
        return cells[index]
    }

    private mutating func tableCell() throws(ChainStateError) -> Cell {
        let isExotic = try flag()
        guard let bitCount = Int(exactly: try number()), bitCount <= Cell.bitsMax else { throw .contradiction }
        let data = Array(try take((bitCount + 7) / 8))
        let count = try byte()
        guard count <= Cell.referencesMax else { throw .contradiction }
        var references: [Cell] = []
        for _ in 0..<count { references.append(try cell()) }
        guard let cell = Cell(data: data, bitCount: bitCount, references: references, isExotic: isExotic) else {
            throw .contradiction
        }
        return cell
    }

    /// A number of things of which each has a byte at least.
    private func bounded(_ count: UInt64) throws(ChainStateError) -> Int {
        guard count <= UInt64(end - offset) else { throw .contradiction }
        return Int(count)
    }

    private mutating func byte() throws(ChainStateError) -> UInt8 { try take(1).first ?? 0 }

    private mutating func take(_ count: Int) throws(ChainStateError) -> ArraySlice<UInt8> {
        guard count <= end - offset else { throw .contradiction }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }
}
