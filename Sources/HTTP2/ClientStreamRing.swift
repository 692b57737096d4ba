/// Which slot belongs to which stream, for streams that are numbered as a client does: 1, 3, 5 and so on. Finding one
/// is an index, because the numbers that are open lie close together.
struct StreamRing {
    /// Slots plus 1, from the oldest open stream on; 0 for one that is gone. Its count is a power of two.
    private var entries = [Int32](repeating: 0, count: 64)
    private var first: Int32 = 1
    private var next: Int32 = 1

    /// A stream that stays open while so many others come and go holds up the connection.
    static let countMax = 1 << 20
    /// Stream numbers have 31 bits (RFC 9113, section 5.1.1).
    private static let streamMax = Int32.max - 2

    private var count: Int { Int(next - first) / 2 }
    /// No further stream finds a place until the oldest has gone.
    var isFull: Bool { count >= Self.countMax }
    /// No number is left.
    var isExhausted: Bool { next >= Self.streamMax }

    private func index(_ stream: Int32) -> Int { Int(stream >> 1) & (entries.count - 1) }

    /// Gives the next stream to `slot`.
    mutating func append(_ slot: Int32) -> Int32 {
        if count == entries.count { grow() }
        let stream = next
        entries[index(stream)] = slot + 1
        next += 2
        return stream
    }

    /// The slot of an open stream.
    func slot(of stream: Int32) -> Int32? {
        guard stream >= first, stream < next, stream & 1 == 1 else { return nil }
        let entry = entries[index(stream)]
        return entry == 0 ? nil : entry - 1
    }

    /// Forgets a stream, and returns its slot.
    mutating func remove(_ stream: Int32) -> Int32? {
        guard let slot = slot(of: stream) else { return nil }
        entries[index(stream)] = 0
        while first < next, entries[index(first)] == 0 { first += 2 }
        return slot
    }

    /// The open streams with numbers above `last`.
    func streams(above last: Int32) -> [Int32] {
        stride(from: first, to: next, by: 2).filter { $0 > last && entries[index($0)] != 0 }
    }

    /// Forgets all, oldest first.
    mutating func removeAll(_ use: (Int32) -> Void) {
        for stream in streams(above: 0) { if let slot = remove(stream) { use(slot) } }
    }

    private mutating func grow() {
        let old = self
        entries = [Int32](repeating: 0, count: old.entries.count * 2)
        for stream in stride(from: first, to: next, by: 2) { entries[index(stream)] = old.entries[old.index(stream)] }
    }
}
