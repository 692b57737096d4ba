import Exchange
import Units

/// The requests that are remembered, oldest first: ``bytesPerEntry`` bytes for a key and as much for a client order id.
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

    /// An entry as it is kept: what grows all the time, as its distance from a base.
    private struct Stored: Sendable {
        var high: UInt64
        var low: UInt64
        var body: UInt64
        var sequence: UInt32
        var at: UInt32
        var account: UInt32
        var rejection: UInt16
        var kind: Kind
    }

    /// What the entries from number `first` on are counted from. There is another one when a distance no longer fits
    /// into 32 bits: after 71 minutes, or 2^32 commands.
    private struct Base: Sendable {
        var first: Int
        var sequence: Int64
        var at: Int64
        /// The upper half of the accounts' numbers.
        var accounts: Int64

        init(_ entry: Entry, first: Int) {
            self.first = first
            sequence = entry.sequence.rawValue
            at = entry.at.microseconds
            accounts = entry.account.rawValue >> 32
        }

        /// `nil` when a distance does not fit.
        func stored(_ entry: Entry) -> Stored? {
            guard let sequence = Self.distance(entry.sequence.rawValue, sequence),
                let at = Self.distance(entry.at.microseconds, at), entry.account.rawValue >> 32 == accounts
            else { return nil }
            return Stored(
                high: entry.high,
                low: entry.low,
                body: entry.body,
                sequence: sequence,
                at: at,
                account: UInt32(truncatingIfNeeded: entry.account.rawValue),
                rejection: entry.rejection,
                kind: entry.kind
            )
        }

        private static func distance(_ value: Int64, _ base: Int64) -> UInt32? {
            let (distance, isTooFar) = value.subtractingReportingOverflow(base)
            return isTooFar ? nil : UInt32(exactly: distance)
        }

        func entry(_ stored: Stored) -> Entry {
            Entry(
                high: stored.high,
                low: stored.low,
                body: stored.body,
                sequence: SequenceNumber(sequence + Int64(stored.sequence)),
                at: LogicalTime(microseconds: at + Int64(stored.at)),
                account: AccountID(accounts << 32 | Int64(stored.account)),
                rejection: stored.rejection,
                kind: stored.kind
            )
        }
    }

    /// What an entry takes, besides its place in the index.
    static var bytesPerEntry: Int { MemoryLayout<Stored>.stride }

    /// A ring: entry n lies at n modulo the ring's size, a power of two.
    private var ring: ContiguousArray<Stored> = []
    /// In ascending order; the first one is that of the oldest entry.
    private var bases: [Base] = []
    /// The number of the oldest entry.
    private var first = 0
    private(set) var count = 0
    private var index = HashIndex()
    /// How many entries each account has, by its number.
    private var counts: ContiguousArray<Int32> = []

    /// Numbers of accounts that are counted: more accounts than any engine has memory for. Records may have others.
    private static let countedAccounts = Int64(1) << 24

    /// Numbers in the index are cut to 30 bits, which every ring divides.
    private static let numberMask = 1 << 30 - 1

    var oldest: Entry? { count == 0 ? nil : self[first] }
    /// Bases that are kept, for tests.
    var baseCount: Int { bases.count }

    /// How many entries the account has.
    func count(of account: AccountID) -> Int {
        counts.indices.contains(Int(account.rawValue)) ? Int(counts[Int(account.rawValue)]) : 0
    }

    /// When so many of the oldest entries were there; `nil` while there are fewer.
    func time(ofOldest number: Int) -> LogicalTime? { number <= count ? self[first + number - 1].at : nil }

    /// The entry for a key or client order id of an account.
    func find(_ kind: Kind, _ account: AccountID, high: UInt64, low: UInt64) -> Entry? {
        guard count > 0 else { return nil }
        let number = index.find(HashIndex.hash(high, low)) { number in
            let place = Int(number) & (ring.count - 1)
            guard ring[place].low == low, ring[place].high == high, ring[place].kind == kind else { return false }
            return self[whole(number)].account == account
        }
        return number.map { self[whole($0)] }
    }

    mutating func append(_ entry: Entry) {
        let number = first + count
        let stored: Stored
        if let fitting = bases.last?.stored(entry) {
            stored = fitting
        } else {
            let base = Base(entry, first: number)
            guard let fitting = base.stored(entry) else { preconditionFailure("no distance at all fits") }
            bases.append(base)
            stored = fitting
        }
        if count == ring.count { grow(filler: stored) }
        ring[number & (ring.count - 1)] = stored
        index.insert(Int32(number & Self.numberMask), hash: HashIndex.hash(entry.high, entry.low))
        count += 1
        change(countOf: entry.account, by: 1)
    }

    private mutating func change(countOf account: AccountID, by change: Int32) {
        guard account.rawValue >= 0, account.rawValue < Self.countedAccounts else { return }
        let place = Int(account.rawValue)
        if place >= counts.count { counts.append(contentsOf: repeatElement(0, count: place + 1 - counts.count)) }
        counts[place] += change
    }

    mutating func removeOldest() -> Entry {
        let entry = self[first]
        index.remove(Int32(first & Self.numberMask), hash: HashIndex.hash(entry.high, entry.low))
        first += 1
        count -= 1
        change(countOf: entry.account, by: -1)
        if count == 0 {
            bases.removeAll(keepingCapacity: true)
        } else {
            while bases.count > 1, bases[1].first <= first { bases.removeFirst() }
        }
        return entry
    }

    func forEach(_ body: (Entry) -> Void) {
        for number in first..<first + count { body(self[number]) }
    }

    private subscript(number: Int) -> Entry {
        // Nearly always the last one or one of a few before it.
        var place = bases.count - 1
        while bases[place].first > number { place -= 1 }
        return bases[place].entry(ring[number & (ring.count - 1)])
    }

    /// The number that was cut for the index: there are never more entries than it tells apart.
    private func whole(_ number: Int32) -> Int { first + (Int(number) - first) & Self.numberMask }

    private mutating func grow(filler: Stored) {
        var larger = ContiguousArray(repeating: filler, count: max(64, ring.count * 2))
        for number in first..<first + count { larger[number & (larger.count - 1)] = ring[number & (ring.count - 1)] }
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
