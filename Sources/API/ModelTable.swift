package import Engine
package import Units

/// The models of the registry, found by name without making a string: the name is on every order's path.
package struct ModelTable: Sendable {
    /// The current version of every model, in ascending order of their numbers.
    package let records: [ModelRecord]
    /// Open addressing, linear probing: positions in ``records`` plus 1, 0 for an empty slot. At most half full.
    private let slots: [Int32]
    /// All names, one after the other.
    private let names: [UInt8]
    /// Where in ``names`` each record's name ends.
    private let nameEnds: [Int32]

    /// Of several versions of a model the newest counts; at equal versions the later one.
    package init(_ versions: some Sequence<ModelRecord> = []) {
        var current: [Int64: ModelRecord] = [:]
        for record in versions {
            if let known = current[record.id.rawValue], known.version > record.version { continue }
            current[record.id.rawValue] = record
        }
        records = current.values.sorted { $0.id < $1.id }
        var slotCount = 16
        while slotCount < records.count * 2 { slotCount *= 2 }
        var slots = [Int32](repeating: 0, count: slotCount)
        var names: [UInt8] = []
        var ends: [Int32] = []
        for (index, record) in records.enumerated() {
            let name = Array(record.terms.name.utf8)
            names += name
            ends.append(Int32(names.count))
            var slot = Self.hash(name[...]) & (slotCount - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
            slots[slot] = Int32(index + 1)
        }
        self.slots = slots
        self.names = names
        nameEnds = ends
    }

    /// The model of this name.
    package func record(named name: ArraySlice<UInt8>) -> ModelRecord? {
        position(of: name).map { records[$0] }
    }

    /// The number of the model of this name; ``ModelID/unknown`` if the registry has none.
    package func id(named name: ArraySlice<UInt8>) -> ModelID {
        position(of: name).map { records[$0].id } ?? .unknown
    }

    /// The model with this number.
    package func record(_ id: ModelID) -> ModelRecord? {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].id == id ? records[low] : nil
    }

    private func position(of name: ArraySlice<UInt8>) -> Int? {
        let mask = slots.count - 1
        var slot = Self.hash(name) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if isName(name, of: index) { return index }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private func isName(_ name: ArraySlice<UInt8>, of index: Int) -> Bool {
        let start = index == 0 ? 0 : Int(nameEnds[index - 1])
        let name = name.span
        guard Int(nameEnds[index]) - start == name.count else { return false }
        let known = names.span
        for offset in name.indices where known[start + offset] != name[offset] { return false }
        return true
    }

    /// FNV-1a: names come from the operator, so nobody can choose them to collide.
    private static func hash(_ name: ArraySlice<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        let name = name.span
        for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
