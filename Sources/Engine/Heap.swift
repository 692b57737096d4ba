/// A binary heap with the least element on top. Equal elements must be the same thing: which of them comes first is not
/// defined.
struct Heap<Element: Comparable & Sendable>: Sendable {
    private(set) var elements: ContiguousArray<Element>

    init(_ elements: [Element] = []) {
        // What is sorted is a heap.
        self.elements = ContiguousArray(elements.sorted())
    }

    var first: Element? { elements.first }
    var count: Int { elements.count }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0, elements[child] < elements[(child - 1) / 2] {
            elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Of a heap that is not empty.
    mutating func removeFirst() {
        let last = elements.removeLast()
        guard !elements.isEmpty else { return }
        elements[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2)
            where child < elements.count && elements[child] < elements[least] {
                least = child
            }
            if least == parent { return }
            elements.swapAt(parent, least)
            parent = least
        }
    }
}
