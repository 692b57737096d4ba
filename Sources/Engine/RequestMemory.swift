import Exchange
import Units

/// The requests that are remembered, oldest first: 56 bytes for a key and as much for a client order id.
struct RequestMemory: Sendable {
    /// A key or a client order id that was seen.
    struct Entry: Hashable, Sendable {
        var high: UInt64
        var low: UInt64
        var body: UInt64
        var sequence: SequenceNumber
        var at: LogicalTime
        var account: AccountID
        /// The rejection's raw value; 0 for none.
        var rejection: UInt16
        var kind: Kind
    }

    enum Kind: UInt8, Sendable {
        case key = 1
        case clientOrderID = 2
    }

    /// A ring: entry n lies at n modulo the ring's size, a power of two.
    private var ring: ContiguousArray<Entry> = []
    /// The number of the oldest entry.
    private var first = 0
    private(set) var count = 0
    private var index = HashIndex()

    /// Numbers in the index are cut to 30 bits, which every ring divides.
    private static let numberMask = 1 << 30 - 1

    var oldest: Entry? { count == 0 ? nil : self[first] }

    /// The entry for a key or client order id of an account.
    func find(_ kind: Kind, _ account: AccountID, high: UInt64, low: UInt64) -> Entry? {
        guard count > 0 else { return nil }
        let number = index.find(HashIndex.hash(high, low)) { number in
            let entry = self[Int(number)]
            return entry.low == low && entry.high == high && entry.kind == kind
                && entry.account == account
        }
        return number.map { self[Int($0)] }
    }

    mutating func append(_ entry: Entry) {
        if count == ring.count { grow(filler: entry) }
        let number = first + count
        ring[number & (ring.count - 1)] = entry
        index.insert(Int32(number & Self.numberMask), hash: HashIndex.hash(entry.high, entry.low))
        count += 1
    }

    mutating func removeOldest() -> Entry {
        let entry = self[first]
        index.remove(Int32(first & Self.numberMask), hash: HashIndex.hash(entry.high, entry.low))
        first += 1
        count -= 1
        return entry
    }

    func forEach(_ body: (Entry) -> Void) {
        for number in first..<first + count { body(self[number]) }
    }

    private subscript(number: Int) -> Entry { ring[number & (ring.count - 1)] }

    private mutating func grow(filler: Entry) {
        var larger = ContiguousArray(repeating: filler, count: max(64, ring.count * 2))
        for number in first..<first + count { larger[number & (larger.count - 1)] = self[number] }
        ring = larger
    }
}

extension RequestMemory.Entry {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 17)
        hash.combine(high)
        hash.combine(low)
        hash.combine(body)
        hash.combine(sequence.rawValue)
        hash.combine(at.microseconds)
        hash.combine(account.rawValue)
        hash.combine(UInt64(rejection) << 8 | UInt64(kind.rawValue))
        return hash
    }
}
