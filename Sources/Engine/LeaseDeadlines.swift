import Units

/// When claims are paid, leases end, and bonds pay: a heap with the earliest on top, on the lease clock. What is no
/// longer so is dropped when it comes up.
struct LeaseDeadlines: Sendable {
    struct Entry: Comparable, Sendable {
        let at: LogicalTime
        let lease: LeaseID
        /// The bond pays for a lease that has ended.
        let isSlash: Bool

        private var rank: (Int64, Int64, Int) { (at.microseconds, lease.rawValue, isSlash ? 1 : 0) }

        static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    private var heap: ContiguousArray<Entry> = []

    var earliest: Entry? { heap.first }
    var count: Int { heap.count }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeEarliest() {
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

    /// Takes out everything.
    mutating func removeAll() -> ContiguousArray<Entry> {
        defer { heap = [] }
        return heap
    }
}
