/// Dictionaries of TON (`Hashmap n X`): a binary tree in cells, which has one form for each content.
///
/// Each cell begins with a label, the bits that all keys below have in common, and is a leaf with a value, or a fork
/// with the keys that go on with 0 and those that go on with 1. An empty dictionary has no cell: a `HashmapE` is a bit
/// and, if it is set, the root (``CellBuilder/store(maybe:)``).
package enum CellDictionary {
    /// The root of the dictionary with these entries; `nil` if there are none. Throws ``CellError/malformed`` if a key
    /// has not `keyBits` bits or stands twice, and ``CellError/overflow`` if a value has no room.
    package static func root(
        _ entries: [(key: BitString, value: CellBuilder)],
        keyBits: Int
    ) throws(CellError) -> Cell? {
        guard entries.allSatisfy({ $0.key.count == keyBits }) else { throw .malformed }
        let sorted = entries.sorted { $0.key < $1.key }
        for (left, right) in zip(sorted, sorted.dropFirst()) where left.key == right.key { throw .malformed }
        guard !sorted.isEmpty else { return nil }
        return try node(sorted[...], from: 0, keyBits)
    }

    /// As deep as a key is long at most.
    private static func node(
        _ entries: ArraySlice<(key: BitString, value: CellBuilder)>,
        from start: Int,
        _ keyBits: Int
    ) throws(CellError) -> Cell {
        let first = entries[entries.startIndex]
        // The keys are in order: what the first and the last have in common, all have.
        let end = first.key.commonPrefix(with: entries[entries.endIndex - 1].key)
        var builder = CellBuilder()
        Label.store(first.key[start..<end], max: keyBits - start, in: &builder)
        guard end < keyBits else {
            builder.store(first.value.bits)
            for reference in first.value.references { builder.store(reference: reference) }
            return try builder.cell()
        }
        let half = entries.firstIndex { $0.key[end] } ?? entries.endIndex
        builder.store(reference: try node(entries[..<half], from: end + 1, keyBits))
        builder.store(reference: try node(entries[half...], from: end + 1, keyBits))
        return try builder.cell()
    }

    /// All entries in the order of their keys. Throws unless the tree is the one that the node would build; with parts
    /// left out (pruned branches), ``CellError/exotic``.
    package static func entries(_ root: Cell?, keyBits: Int) throws(CellError) -> [(key: BitString, value: CellSlice)] {
        guard let root else { return [] }
        var result: [(key: BitString, value: CellSlice)] = []
        var stack = [(cell: root, prefix: BitString())]
        while let (cell, prefix) = stack.popLast() {
            var slice = try CellSlice(cell)
            var key = prefix
            key.append(try Label.load(max: keyBits - prefix.count, from: &slice))
            guard key.count < keyBits else {
                result.append((key, slice))
                continue
            }
            let (left, right) = try fork(&slice)
            for (cell, bit) in [(right, true), (left, false)] {
                var next = key
                next.append(bit)
                stack.append((cell, next))
            }
        }
        return result
    }

    /// The value of a key; `nil` if the dictionary has none. It reads only what leads to the key, so that a proof with
    /// everything else left out is enough.
    package static func value(of key: BitString, in root: Cell?) throws(CellError) -> CellSlice? {
        guard var cell = root else { return nil }
        var position = 0
        while true {
            var slice = try CellSlice(cell)
            let label = try Label.load(max: key.count - position, from: &slice)
            guard key[position..<position + label.count] == label else { return nil }
            position += label.count
            guard position < key.count else { return slice }
            let (left, right) = try fork(&slice)
            cell = key[position] ? right : left
            position += 1
        }
    }

    private static func fork(_ slice: inout CellSlice) throws(CellError) -> (left: Cell, right: Cell) {
        let left = try slice.reference()
        let right = try slice.reference()
        try slice.end()
        return (left, right)
    }
}

/// The label of a dictionary's cell, in the one of its three forms that the node chooses.
private enum Label {
    private enum Form {
        /// 0, the length in unary, and the bits.
        case short
        /// 10, the length, and the bits.
        case long
        /// 11, the bit that all are, and the length.
        case same
    }

    /// Bits of a length of 0…`max`.
    private static func lengthBits(_ max: Int) -> Int { Int.bitWidth - max.leadingZeroBitCount }

    private static func form(_ label: BitString, max: Int) -> Form {
        let size = lengthBits(max)
        let isUniform = label.count > 1 && (1..<label.count).allSatisfy { label[$0] == label[0] }
        if isUniform, size < 2 * label.count - 1 { return .same }
        return size < label.count ? .long : .short
    }

    static func store(_ label: BitString, max: Int, in builder: inout CellBuilder) {
        switch form(label, max: max) {
        case .short:
            builder.store(false)
            for _ in 0..<label.count { builder.store(true) }
            builder.store(false)
            builder.store(label)
        case .long:
            builder.store(0b10, bits: 2)
            builder.store(UInt64(label.count), bits: lengthBits(max))
            builder.store(label)
        case .same:
            builder.store(0b11, bits: 2)
            builder.store(label[0])
            builder.store(UInt64(label.count), bits: lengthBits(max))
        }
    }

    /// Throws ``CellError/malformed`` for a label that is longer than `max` or in a form that the node does not choose.
    static func load(max: Int, from slice: inout CellSlice) throws(CellError) -> BitString {
        let (label, used) = try read(max: max, from: &slice)
        guard used == form(label, max: max) else { throw .malformed }
        return label
    }

    private static func read(max: Int, from slice: inout CellSlice) throws(CellError) -> (BitString, Form) {
        guard try slice.bit() else {
            var length = 0
            while try slice.bit() { length += 1 }
            guard length <= max else { throw .malformed }
            return (try slice.bits(length), .short)
        }
        let isSame = try slice.bit()
        let bit = isSame ? try slice.bit() : false
        let length = Int(try slice.number(lengthBits(max)))
        guard length <= max else { throw .malformed }
        guard isSame else { return (try slice.bits(length), .long) }
        var label = BitString()
        for _ in 0..<length { label.append(bit) }
        return (label, .same)
    }
}
