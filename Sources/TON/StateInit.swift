/// The first state of a contract (`StateInit`): what is deployed with the first message.
package struct StateInit: Hashable, Sendable {
    /// Bits of the address that may be chosen freely, 0…31; `nil` in all contracts of ours.
    package var fixedPrefixLength: UInt8?
    /// What makes the chain call the contract itself: at the beginning and at the end of a block.
    package var ticks: Ticks?
    package var code: Cell?
    package var data: Cell?
    package var libraries: Cell?

    /// See ``StateInit/ticks``.
    package struct Ticks: Hashable, Sendable {
        package var tick: Bool
        package var tock: Bool
    }

    /// With code and data and nothing else.
    package init(code: Cell, data: Cell) {
        self.code = code
        self.data = data
    }

    /// Reads it where it stands; what is behind it is left.
    package init(_ slice: inout CellSlice) throws(CellError) {
        if try slice.bit() { fixedPrefixLength = UInt8(try slice.number(5)) }
        if try slice.bit() { ticks = Ticks(tick: try slice.bit(), tock: try slice.bit()) }
        code = try slice.maybeReference()
        data = try slice.maybeReference()
        libraries = try slice.maybeReference()
    }

    /// Reads all of a cell.
    package init(_ cell: Cell) throws(CellError) {
        var slice = try CellSlice(cell)
        try self.init(&slice)
        try slice.end()
    }

    /// Its cell, of which the hash is the address.
    package func cell() throws(CellError) -> Cell {
        var builder = CellBuilder()
        builder.store(fixedPrefixLength != nil)
        if let fixedPrefixLength { builder.store(UInt64(fixedPrefixLength), bits: 5) }
        builder.store(ticks != nil)
        if let ticks {
            builder.store(ticks.tick)
            builder.store(ticks.tock)
        }
        builder.store(maybe: code)
        builder.store(maybe: data)
        builder.store(maybe: libraries)
        return try builder.cell()
    }
}
