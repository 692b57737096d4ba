/// What must hold of an index between two changes, for tests.
extension HeadIndex {
    /// The first thing that is wrong with the trees; `nil` when all is well.
    package func findFault() -> String? {
        var listed = ContiguousArray(repeating: 0, count: groups.count)
        for list in forest.roots.indices where forest.roots[list] >= 0 {
            let root = forest.roots[list]
            guard forest.parents[Int(root)] == -1 else { return "the root of list \(list) has a node above it" }
            if forest.levels[Int(root)] > 0, forest.counts[Int(root)] < 2 { return "the root of list \(list) is needless" }
            if let fault = findFault(below: root, list: Int32(list), &listed) { return fault }
        }
        for member in groups.indices {
            let isExpected = heads[Int(groups[member])] != .none
            guard listed[member] == (isExpected ? 1 : 0) else { return "membership \(member) is there \(listed[member]) times" }
            guard (forest.leaves[member] >= 0) == isExpected else { return "membership \(member) has a wrong leaf" }
        }
        return nil
    }

    private func findFault(below node: Int32, list: Int32, _ listed: inout ContiguousArray<Int>) -> String? {
        let count = Int(forest.counts[Int(node)])
        guard (1...HeadForest.width).contains(count) else { return "node \(node) has \(count) entries" }
        for place in 0..<count {
            let entry = forest.entry(node, place)
            let reference = Int(entry.reference)
            if forest.levels[Int(node)] == 0 {
                listed[reference] += 1
                guard lists[reference] == list else { return "membership \(reference) is in a foreign list" }
                guard forest.leaves[reference] == node else { return "membership \(reference) is in another leaf" }
                guard entry.head == heads[Int(groups[reference])] else { return "membership \(reference) has an old head" }
            } else {
                guard forest.parents[reference] == node else { return "node \(reference) is below another node" }
                guard forest.levels[reference] == forest.levels[Int(node)] - 1 else { return "leaves differ in depth" }
                guard entry == forest.summary(of: entry.reference) else { return "node \(reference) is summed up wrongly" }
                if let fault = findFault(below: entry.reference, list: list, &listed) { return fault }
            }
        }
        return nil
    }
}
