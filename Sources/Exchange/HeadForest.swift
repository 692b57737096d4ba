/// Trees over the heads of groups, one for each list: a tournament with the smallest head of each subtree, and with
/// masks that say what none of the subtree's groups can do (DESIGN §3).
///
/// A node has up to ``width`` entries in no particular order: groups in a leaf, nodes elsewhere. All leaves of a tree
/// are equally deep. Groups that can do the same lie together, because nodes are divided by ``GroupMasks/order``, so
/// that the masks of a subtree say much. What a search finds does not depend on the shape.
///
/// Entering and leaving cost O(width × depth), a new head for a listed group as much at most and mostly less.
struct HeadForest: Sendable {
    typealias Head = HeadIndex.Head

    /// Most entries of a node: what lies in it is scanned, so that a small list is a flat one.
    static var width: Int { 32 }
    /// A node with fewer is joined to its neighbour when both leave room.
    static let widthMin = 8
    private static let widthJoined = 24

    /// A group in a leaf, or a node in the one above it.
    struct Entry: Hashable, Sendable {
        /// Of a node: the least of all below it.
        var head: Head
        /// Of a node: what at least one below it has, or all of them lack.
        var masks: GroupMasks
        /// Of a node: the least below it.
        var order: UInt64
        /// Of a node: the most below it.
        var quality: Int32
        /// The number of a membership, or of a node.
        var reference: Int32

        /// Makes the entry of a node say that this is below it.
        mutating func absorb(_ other: Entry) {
            head = min(head, other.head)
            masks.absorb(other.masks)
            order = min(order, other.order)
            quality = max(quality, other.quality)
        }
    }

    /// Words of an entry; each lies in a row of its own, so that a scan reads only what it needs.
    enum Row: Int {
        case key, rank, firstNeeds, secondNeeds, firstSets, secondSets, reach, order, reference
        static let count = 9
    }

    static var stride: Int { width * Row.count }

    /// All nodes, one behind the other.
    private(set) var words: ContiguousArray<UInt64> = []
    private(set) var counts: ContiguousArray<Int32> = []
    /// −1 for a root; of a free node the next free one.
    private(set) var parents: ContiguousArray<Int32> = []
    /// 0 for a leaf.
    private(set) var levels: ContiguousArray<Int32> = []
    private var freeNode: Int32 = -1
    /// By list: its root, −1 while it is empty.
    private(set) var roots: ContiguousArray<Int32> = []
    /// By membership: the leaf in which it lies, −1 while it is not listed.
    private(set) var leaves: ContiguousArray<Int32> = []

    mutating func addMember() { leaves.append(-1) }

    /// Takes the last member away again, which is in no list.
    mutating func removeLastMember() {
        precondition(leaves.last == -1, "a member that is listed stays")
        leaves.removeLast()
    }

    // MARK: Entries

    private static func index(_ node: Int32, _ place: Int, _ row: Row) -> Int {
        Int(node) * stride + row.rawValue * width + place
    }

    func entry(_ node: Int32, _ place: Int) -> Entry {
        func word(_ row: Row) -> UInt64 { words[Self.index(node, place, row)] }
        return Entry(
            head: Head(key: Int64(bitPattern: word(.key)), rank: Int64(bitPattern: word(.rank))),
            masks: GroupMasks(
                firstNeeds: word(.firstNeeds),
                secondNeeds: word(.secondNeeds),
                firstSets: word(.firstSets),
                secondSets: word(.secondSets),
                reach: Int64(bitPattern: word(.reach))
            ),
            order: word(.order),
            quality: Int32(truncatingIfNeeded: word(.reference) >> 32),
            reference: Int32(truncatingIfNeeded: word(.reference))
        )
    }

    private mutating func write(_ entry: Entry, _ node: Int32, _ place: Int) {
        setHead(entry.head, node, place)
        words[Self.index(node, place, .firstNeeds)] = entry.masks.firstNeeds
        words[Self.index(node, place, .secondNeeds)] = entry.masks.secondNeeds
        words[Self.index(node, place, .firstSets)] = entry.masks.firstSets
        words[Self.index(node, place, .secondSets)] = entry.masks.secondSets
        words[Self.index(node, place, .reach)] = UInt64(bitPattern: entry.masks.reach)
        words[Self.index(node, place, .order)] = entry.order
        let quality = UInt64(UInt32(bitPattern: entry.quality))
        words[Self.index(node, place, .reference)] = quality << 32 | UInt64(UInt32(bitPattern: entry.reference))
    }

    private func head(_ node: Int32, _ place: Int) -> Head {
        Head(
            key: Int64(bitPattern: words[Self.index(node, place, .key)]),
            rank: Int64(bitPattern: words[Self.index(node, place, .rank)])
        )
    }

    private mutating func setHead(_ head: Head, _ node: Int32, _ place: Int) {
        words[Self.index(node, place, .key)] = UInt64(bitPattern: head.key)
        words[Self.index(node, place, .rank)] = UInt64(bitPattern: head.rank)
    }

    private func reference(_ node: Int32, _ place: Int) -> Int32 {
        Int32(truncatingIfNeeded: words[Self.index(node, place, .reference)])
    }

    /// Where in a node the entry of a membership or node lies; it is there.
    private func place(of reference: Int32, in node: Int32) -> Int {
        var place = 0
        while self.reference(node, place) != reference { place += 1 }
        return place
    }

    /// What the entry of a node says in the node above it.
    func summary(of node: Int32) -> Entry {
        var summary = entry(node, 0)
        for place in 1..<max(1, Int(counts[Int(node)])) { summary.absorb(entry(node, place)) }
        summary.reference = node
        return summary
    }

    /// Adds an entry to a node that has room, and tells what it refers to.
    private mutating func append(_ entry: Entry, to node: Int32) {
        write(entry, node, Int(counts[Int(node)]))
        counts[Int(node)] += 1
        if levels[Int(node)] == 0 {
            leaves[Int(entry.reference)] = node
        } else {
            parents[Int(entry.reference)] = node
        }
    }

    /// Takes an entry out of a node; the last one takes its place.
    private mutating func removeEntry(_ node: Int32, _ place: Int) {
        counts[Int(node)] -= 1
        let last = Int(counts[Int(node)])
        if place != last { write(entry(node, last), node, place) }
    }

    private mutating func makeNode(level: Int32) -> Int32 {
        guard freeNode >= 0 else {
            counts.append(0)
            parents.append(-1)
            levels.append(level)
            words.append(contentsOf: repeatElement(0, count: Self.stride))
            return Int32(counts.count - 1)
        }
        let node = freeNode
        freeNode = parents[Int(node)]
        counts[Int(node)] = 0
        parents[Int(node)] = -1
        levels[Int(node)] = level
        return node
    }

    private mutating func freeNode(_ node: Int32) {
        counts[Int(node)] = 0
        parents[Int(node)] = freeNode
        freeNode = node
    }
}

// MARK: Changes

extension HeadForest {
    /// Lists a membership that is not listed. Full nodes are divided on the way down, so that there is always room.
    mutating func insert(_ entry: Entry, into list: Int32) {
        while roots.count <= Int(list) { roots.append(-1) }
        var node = roots[Int(list)]
        if node < 0 {
            node = makeNode(level: 0)
            roots[Int(list)] = node
        } else if counts[Int(node)] == Self.width {
            let above = makeNode(level: levels[Int(node)] + 1)
            append(summary(of: node), to: above)
            roots[Int(list)] = above
            divide(node, in: above)
            node = above
        }
        while levels[Int(node)] > 0 {
            var place = childPlace(for: entry.order, in: node)
            let child = reference(node, place)
            if counts[Int(child)] == Self.width {
                divide(child, in: node)
                place = childPlace(for: entry.order, in: node)
            }
            var below = self.entry(node, place)
            below.absorb(entry)
            write(below, node, place)
            node = below.reference
        }
        append(entry, to: node)
    }

    /// The child whose entries begin closest below an order; the lowest when none does.
    private func childPlace(for order: UInt64, in node: Int32) -> Int {
        var best = 0
        var lowest = words[Self.index(node, 0, .order)]
        for place in 1..<max(1, Int(counts[Int(node)])) {
            let other = words[Self.index(node, place, .order)]
            let isBetter = other <= order ? (lowest > order || other > lowest) : other < lowest
            if isBetter { (best, lowest) = (place, other) }
        }
        return best
    }

    /// Moves the upper half of a full node into a new one beside it; the node above has room.
    private mutating func divide(_ node: Int32, in above: Int32) {
        let entries = (0..<Self.width).map { entry(node, $0) }.sorted { $0.order < $1.order }
        let sibling = makeNode(level: levels[Int(node)])
        counts[Int(node)] = 0
        for entry in entries.prefix(Self.width / 2) { append(entry, to: node) }
        for entry in entries.dropFirst(Self.width / 2) { append(entry, to: sibling) }
        write(summary(of: node), above, place(of: node, in: above))
        append(summary(of: sibling), to: above)
    }

    /// Takes a listed membership out.
    mutating func remove(_ member: Int32, from list: Int32) {
        var node = leaves[Int(member)]
        leaves[Int(member)] = -1
        removeEntry(node, place(of: member, in: node))
        while true {
            let above = parents[Int(node)]
            guard above >= 0 else { return shrink(list) }
            let place = place(of: node, in: above)
            if counts[Int(node)] == 0 {
                removeEntry(above, place)
                freeNode(node)
            } else if !join(node, place, in: above) {
                let now = summary(of: node)
                if now == entry(above, place) { return }
                write(now, above, place)
            }
            node = above
        }
    }

    /// A root without entries goes, and one with a single node below it gives way to that.
    private mutating func shrink(_ list: Int32) {
        while true {
            let root = roots[Int(list)]
            if counts[Int(root)] == 0 {
                roots[Int(list)] = -1
                return freeNode(root)
            }
            guard levels[Int(root)] > 0, counts[Int(root)] == 1 else { return }
            let only = reference(root, 0)
            freeNode(root)
            parents[Int(only)] = -1
            roots[Int(list)] = only
        }
    }

    /// Moves the entries of a small node to its neighbour, if there is room; false when it stays.
    private mutating func join(_ node: Int32, _ place: Int, in above: Int32) -> Bool {
        let count = Int(counts[Int(node)])
        guard count < Self.widthMin, counts[Int(above)] > 1 else { return false }
        let order = words[Self.index(above, place, .order)]
        var nearest = -1
        var distance = UInt64.max
        for other in 0..<Int(counts[Int(above)]) where other != place {
            let begin = words[Self.index(above, other, .order)]
            let gap = begin > order ? begin - order : order - begin
            if nearest < 0 || gap < distance { (nearest, distance) = (other, gap) }
        }
        let neighbour = reference(above, nearest)
        guard Int(counts[Int(neighbour)]) + count <= Self.widthJoined else { return false }
        for index in 0..<count { append(entry(node, index), to: neighbour) }
        write(summary(of: neighbour), above, nearest)
        removeEntry(above, place)
        freeNode(node)
        return true
    }

    /// Notes another head of a listed membership.
    mutating func update(_ member: Int32, _ head: Head) {
        var node = leaves[Int(member)]
        var place = place(of: member, in: node)
        var now = head
        while true {
            let before = self.head(node, place)
            setHead(now, node, place)
            let above = parents[Int(node)]
            guard above >= 0 else { return }
            place = self.place(of: node, in: above)
            let least = self.head(above, place)
            if now > before {
                // Only where it was the least, another one is now.
                guard before == least else { return }
                for index in 0..<Int(counts[Int(node)]) { now = min(now, self.head(node, index)) }
            }
            if now >= least, now == least || before != least { return }
            node = above
        }
    }
}
