extension HeadForest {
    /// See ``HeadIndex/search(for:of:_:bound:frontier:found:)``; `found` gets the head, and the number of the
    /// membership. Nodes are visited in the order of what is the best below them, so that the first one behind the
    /// bound ends the search: it goes down to what it finds, and into each subtree whose masks and heads promise
    /// better. Where masks promise what no group below them keeps, that may be every node, once.
    func search(
        _ list: Int32,
        _ asked: GroupMasks,
        _ question: HeadIndex.Question,
        _ bound: inout Head,
        _ frontier: inout HeadFrontier,
        _ found: (Head, Int32, inout Head) -> Void
    ) {
        guard Int(list) < roots.count, roots[Int(list)] >= 0 else { return }
        frontier.removeAll()
        var node = roots[Int(list)]
        while true {
            frontier.steps += 1
            scan(node, asked, question, &bound, &frontier, found)
            guard let next = frontier.removeBest(), next.head < bound else { return }
            node = next.node
        }
    }

    private func scan(
        _ node: Int32,
        _ asked: GroupMasks,
        _ question: HeadIndex.Question,
        _ bound: inout Head,
        _ frontier: inout HeadFrontier,
        _ found: (Head, Int32, inout Head) -> Void
    ) {
        let isLeaf = levels[Int(node)] == 0
        let rows = words.span.extracting(Int(node) * Self.stride..<(Int(node) + 1) * Self.stride)
        let width = Self.width
        for place in 0..<Int(counts[Int(node)]) {
            let key = Int64(bitPattern: rows[place])
            guard key <= question.limit,
                rows[place + width * Row.firstNeeds.rawValue] & asked.firstNeeds == 0,
                rows[place + width * Row.secondNeeds.rawValue] & asked.secondNeeds == 0,
                SetLayout.first.meet(rows[place + width * Row.firstSets.rawValue] & asked.firstSets),
                SetLayout.second.meet(rows[place + width * Row.secondSets.rawValue] & asked.secondSets),
                Int64(bitPattern: rows[place + width * Row.reach.rawValue]) >= asked.reachNeeded
            else { continue }
            let rank = Int64(bitPattern: rows[place + width * Row.rank.rawValue])
            let reference = rows[place + width * Row.reference.rawValue]
            var head = Head(key: key, rank: rank)
            if question.credit != 0 {
                head = head.less(credit: question.credit, quality: Int32(truncatingIfNeeded: reference >> 32))
                // The best key, the best quality and the least rank below a node need not be of one group.
                if !isLeaf { head.rank = .min }
            }
            guard head < bound else { continue }
            let number = Int32(truncatingIfNeeded: reference)
            if !isLeaf {
                frontier.insert(HeadFrontier.Step(head: head, node: number))
            } else if question.start < head {
                found(head, number, &bound)
            }
        }
    }
}

/// Nodes that a search has still to visit; the one with the best below it on top.
package struct HeadFrontier: Sendable {
    struct Step: Sendable {
        let head: HeadIndex.Head
        let node: Int32
    }

    private var heap: ContiguousArray<Step> = []
    /// Nodes that all searches with it have visited.
    var steps = 0

    package init() {}

    mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

    mutating func insert(_ step: Step) {
        heap.append(step)
        var child = heap.count - 1
        while child > 0, step.head < heap[(child - 1) / 2].head {
            heap[child] = heap[(child - 1) / 2]
            child = (child - 1) / 2
        }
        heap[child] = step
    }

    mutating func removeBest() -> Step? {
        guard let best = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return best }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].head < heap[child].head { child += 1 }
            guard heap[child].head < last.head else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = last
        return best
    }
}
