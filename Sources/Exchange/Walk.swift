import Units

/// A taker's way through the other side, in the order of the ranking (ENGINE §5).
///
/// The groups of the other side are found in rounds: first the best two, which is all that most takers need, then the
/// next sixteen, and so on. Up to the *start* of the next round, the worst head of the one before, every group is
/// known, so whatever is best among the known ones is best of all.
struct Walk: Sendable {
    /// A group with the order at which the walk has arrived.
    struct Candidate: Sendable {
        var head: HeadIndex.Head
        var group: Int32
        /// −1 while the walk has not been in the group: then it is at the group's first order.
        var slot: Int32
    }

    fileprivate var isOverOffers = false
    /// The taker's class or profile.
    fileprivate var group: Int32 = 0
    /// The worst acceptable key, what quality is worth to the taker, and the head up to which every group is known.
    fileprivate var question = HeadIndex.Question(limit: .max)
    /// No group is beyond the start.
    fileprivate var isComplete = false
    /// How many groups the next round looks for.
    fileprivate var roundSize = 0
    /// The known groups in which there is more; the best on top.
    fileprivate var heap: ContiguousArray<Candidate> = []
    /// Where in the heap the order behind the last candidate is; −1 when there is none.
    fileprivate var follower = -1
    /// Scratch memory of the searches.
    fileprivate var frontier = HeadFrontier()

    fileprivate static let firstRound = 2
    /// Each round is this much larger than the one before, up to a size at which the order is still kept cheaply.
    fileprivate static let roundGrowth = 8
    fileprivate static let roundMax = 256
}

extension Book {
    /// Begins the walk of an order that is in no queue.
    ///
    /// `credit`, in nanoTON for 1,000,000 adjusted tokens and from 0 to ``Limits/priceMax``, is what a bid would pay
    /// for each point of an offer's quality: it ranks by price less credit. The limit is one of the price alone.
    package mutating func beginWalk(of slot: Int32, credit: Int64 = 0) {
        precondition((0...Limits.priceMax).contains(credit), "a credit within its limits")
        let taker = orders[Int(slot)]
        let key = taker.isOffer ? bids.key(taker.price) : offers.key(taker.price)
        walk.isOverOffers = !taker.isOffer
        walk.group = taker.group
        walk.question = HeadIndex.Question(limit: key, credit: taker.isOffer ? 0 : credit)
        walk.isComplete = false
        walk.roundSize = Walk.firstRound
        walk.heap.removeAll(keepingCapacity: true)
    }

    /// The next order with which the taker may trade, or `nil` when there is none.
    ///
    /// Between two calls the caller may trade with the order that it was given, and change nothing else.
    package mutating func nextCandidate() -> Int32? { nextRanked()?.slot }

    /// As above, with the place in the ranking.
    package mutating func nextRanked() -> (slot: Int32, head: HeadIndex.Head)? {
        while walk.heap.isEmpty || walk.question.start < walk.heap[0].head {
            if walk.isComplete && walk.heap.isEmpty { return nil }
            if walk.isComplete { break }
            lookFurther()
        }
        var candidate = walk.heap[0]
        if candidate.slot < 0 {
            candidate.slot = walk.isOverOffers ? offers.head(of: candidate.group) : bids.head(of: candidate.group)
        }
        walk.follower = replaceTop(with: following(candidate))
        return (candidate.slot, candidate.head)
    }

    /// Nodes of the indices that all walks have visited: what finding counterparties has cost, whatever came of it.
    package var searchSteps: Int { walk.frontier.steps }

    /// Where an order of the other side would stand in the ranking with another priority.
    package func ranked(_ slot: Int32, at priority: Priority) -> HeadIndex.Head {
        var order = orders[Int(slot)]
        order.priority = priority
        return seenHead(order)
    }

    /// How the taker sees an order of the other side.
    private func seenHead(_ order: BookOrder) -> HeadIndex.Head {
        walk.isOverOffers ? seenHead(order, offers) : seenHead(order, bids)
    }

    private func seenHead(_ order: BookOrder, _ side: borrowing BookSide) -> HeadIndex.Head {
        let quality = Int32(side.index.quality(of: order.group))
        return side.rankedHead(order).less(credit: walk.question.credit, quality: quality)
    }

    /// Tells the walk that the candidate which it gave last has gone to the back of its price.
    package mutating func candidateWentBack(_ slot: Int32) {
        let order = orders[Int(slot)]
        guard order.level >= 0 else { return }
        let head = seenHead(order)
        let candidate = Walk.Candidate(head: head, group: order.group, slot: slot)
        guard walk.follower >= 0 else { return push(candidate) }
        // At the same price the walk comes to it by itself.
        guard head.key < walk.heap[walk.follower].head.key else { return }
        walk.heap[walk.follower] = candidate
        siftUp(walk.follower)
    }

    /// One more round: puts the next groups into the heap and moves the start.
    private mutating func lookFurther() {
        // Moved out and back: memory of the walk that the search, which borrows the book, may write to.
        var frontier = HeadFrontier()
        swap(&frontier, &walk.frontier)
        let found = nextGroups(&frontier)
        swap(&frontier, &walk.frontier)
        if found.count < walk.roundSize {
            walk.isComplete = true
        } else if let last = found.last {
            walk.question.start = last.head
        }
        walk.roundSize = min(walk.roundSize * Walk.roundGrowth, Walk.roundMax)
        for group in found { push(Walk.Candidate(head: group.head, group: group.group, slot: -1)) }
    }

    // What follows borrows the sides of a book that it does not change: a mutating method that passed its own sides
    // on, and a closure that captured the book, would copy it.

    /// The best groups beyond the start that are not known yet, in the order of the ranking.
    private func nextGroups(_ frontier: inout HeadFrontier) -> ContiguousArray<HeadIndex.Found> {
        walk.isOverOffers ? nextGroups(bids, offers, &frontier) : nextGroups(offers, bids, &frontier)
    }

    private func nextGroups(
        _ own: borrowing BookSide,
        _ other: borrowing BookSide,
        _ frontier: inout HeadFrontier
    ) -> ContiguousArray<HeadIndex.Found> {
        var best = ContiguousArray<HeadIndex.Found>()
        let group = Int(walk.group)
        let (isOverOffers, most, known) = (walk.isOverOffers, walk.roundSize, walk.heap)
        let (requirements, capabilities) = (requirements, capabilities)
        other.index.search(
            for: walk.group,
            of: own.index,
            walk.question,
            bound: .none,
            frontier: &frontier
        ) { found, bound in
            let isMet =
                isOverOffers
                ? requirements[group].isMet(by: capabilities[Int(found.group)])
                : requirements[Int(found.group)].isMet(by: capabilities[group])
            guard isMet, !known.contains(where: { $0.group == found.group }) else { return }
            if best.count == most { best.removeLast() }
            var place = best.count
            while place > 0, found.head < best[place - 1].head { place -= 1 }
            best.insert(found, at: place)
            if best.count == most { bound = best[most - 1].head }
        }
        return best
    }

    /// The order behind a candidate in its group, if the taker's price reaches it.
    private func following(_ candidate: Walk.Candidate) -> Walk.Candidate? {
        walk.isOverOffers ? following(candidate, offers) : following(candidate, bids)
    }

    private func following(_ candidate: Walk.Candidate, _ side: borrowing BookSide) -> Walk.Candidate? {
        let slot = side.successor(of: candidate.slot, orders)
        guard slot >= 0 else { return nil }
        let order = orders[Int(slot)]
        guard side.key(order.price) <= walk.question.limit else { return nil }
        return Walk.Candidate(head: seenHead(order, side), group: candidate.group, slot: slot)
    }
}

// MARK: Heap

extension Book {
    private mutating func push(_ candidate: Walk.Candidate) {
        walk.heap.append(candidate)
        siftUp(walk.heap.count - 1)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0, walk.heap[child].head < walk.heap[(child - 1) / 2].head {
            walk.heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Gives the place of the new candidate; −1 when there is none.
    private mutating func replaceTop(with candidate: Walk.Candidate?) -> Int {
        if let candidate {
            walk.heap[0] = candidate
            return siftDown(0)
        }
        let last = walk.heap.removeLast()
        if !walk.heap.isEmpty {
            walk.heap[0] = last
            _ = siftDown(0)
        }
        return -1
    }

    private mutating func siftDown(_ start: Int) -> Int {
        var parent = start
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < walk.heap.count {
                if walk.heap[child].head < walk.heap[least].head { least = child }
            }
            if least == parent { return parent }
            walk.heap.swapAt(parent, least)
            parent = least
        }
    }
}
