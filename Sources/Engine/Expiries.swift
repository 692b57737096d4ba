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

    private var heap: ContiguousArray<Entry> = []
    private var removed: Set<Entry> = []

    var earliest: LogicalTime? { heap.first?.at }

    mutating func insert(_ at: LogicalTime, _ subject: Subject) {
        let entry = Entry(at: at, subject: subject)
        if removed.remove(entry) != nil { return }
        heap.append(entry)
        siftUp(heap.count - 1)
    }

    mutating func remove(_ at: LogicalTime, _ subject: Subject) {
        removed.insert(Entry(at: at, subject: subject))
        if removed.count > heap.count / 2 { rebuild() }
        dropRemoved()
    }

    /// Takes out the earliest, if it is due.
    mutating func takeDue(at time: LogicalTime) -> Subject? {
        guard let first = heap.first, first.at <= time else { return nil }
        removeFirst()
        dropRemoved()
        return first.subject
    }

    /// So that the earliest is always one that counts.
    private mutating func dropRemoved() {
        while let first = heap.first, removed.remove(first) != nil { removeFirst() }
    }

    private mutating func rebuild() {
        heap = ContiguousArray(heap.filter { !removed.contains($0) }.sorted())
        removed = []
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }
}
