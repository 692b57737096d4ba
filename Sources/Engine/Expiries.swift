import Units

/// When orders expire and dead-man switches act: a heap with the earliest on top. What was taken out is dropped when it
/// comes up, or when half of the heap is such.
struct Expiries: Sendable {
    /// What a moment is for.
    enum Subject: Hashable, Sendable {
        case order(OrderID)
        case account(AccountID)
    }

    private struct Entry: Hashable, Comparable, Sendable {
        let at: LogicalTime
        let subject: Subject

        private var rank: (Int64, Int64, Int64) {
            switch subject {
            case .order(let id): (at.microseconds, 0, id.rawValue)
            case .account(let id): (at.microseconds, 1, id.rawValue)
            }
        }

        static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    private var heap = Heap<Entry>()
    private var removed: Set<Entry> = []

    var earliest: LogicalTime? { heap.first?.at }

    mutating func insert(_ at: LogicalTime, _ subject: Subject) {
        let entry = Entry(at: at, subject: subject)
        if removed.remove(entry) != nil { return }
        heap.insert(entry)
    }

    mutating func remove(_ at: LogicalTime, _ subject: Subject) {
        removed.insert(Entry(at: at, subject: subject))
        if removed.count > heap.count / 2 {
            heap = Heap(heap.elements.filter { !removed.contains($0) })
            removed = []
        }
        dropRemoved()
    }

    /// Takes out the earliest, if it is due.
    mutating func takeDue(at time: LogicalTime) -> Subject? {
        guard let first = heap.first, first.at <= time else { return nil }
        heap.removeFirst()
        dropRemoved()
        return first.subject
    }

    /// So that the earliest is always one that counts.
    private mutating func dropRemoved() {
        while let first = heap.first, removed.remove(first) != nil { heap.removeFirst() }
    }
}
