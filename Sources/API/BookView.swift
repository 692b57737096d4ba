internal import Exchange
internal import JSON
package import Units

/// The book as one requirement sees it: the levels of every class that meets it, merged by price.
package struct BookView: Hashable, Sendable {
    /// What rests at one price.
    package struct Level: Hashable, Sendable {
        package var price: Price
        package var lots: Int64
        package var orders: Int

        package init(price: Price, lots: Int64, orders: Int) {
            self.price = price
            self.lots = lots
            self.orders = orders
        }
    }

    /// Lowest price first.
    package var offers: [Level]
    /// Highest price first.
    package var bids: [Level]

    /// Merges ladders, each of which has its best price first, up to `depth` prices a side.
    ///
    /// Costs one step for each ladder and a logarithm for each level that is shown, not for each that there is.
    package init(offers: [[Level]], bids: [[Level]], depth: Int) {
        self.offers = Self.merged(offers, depth: depth) { $0 < $1 }
        self.bids = Self.merged(bids, depth: depth) { $0 > $1 }
    }

    /// A view of these levels, best first; none at all unless they are given.
    package init(bestOffers: [Level] = [], bestBids: [Level] = []) {
        offers = bestOffers
        bids = bestBids
    }

    /// `GET /v1/book`.
    package func response(to query: BookQuery, models: ModelTable, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 512 + 96 * (offers.count + bids.count))
        writer.beginObject()
        writer.requirement(RequirementEcho(query.requirement, models: models))
        writer.member("requirement_expression", RequirementText.expression(query.requirement, models: models))
        writer.member("weight_set", query.requirement.weightSet.weightSet?.name ?? "unknown")
        writer.member("depth", Int64(query.depth))
        writer.key("offers")
        writer.levels(offers)
        writer.key("bids")
        writer.levels(bids)
        return View.finish(&writer, asOf)
    }

    private static func merged(
        _ ladders: [[Level]],
        depth: Int,
        isBetter: @escaping (Price, Price) -> Bool
    ) -> [Level] {
        var heads = Heads(ladders: ladders, isBetter: isBetter)
        var levels: [Level] = []
        while let next = heads.removeBest() {
            if let last = levels.indices.last, levels[last].price == next.price {
                levels[last].lots += next.lots
                levels[last].orders += next.orders
            } else {
                guard levels.count < depth else { break }
                levels.append(next)
            }
        }
        return levels
    }
}

/// The next level of each ladder in a binary heap, the best on top.
struct Heads {
    private let ladders: [[BookView.Level]]
    private let isBetter: (Price, Price) -> Bool
    private var heap: [(ladder: Int, level: Int)] = []

    init(ladders: [[BookView.Level]], isBetter: @escaping (Price, Price) -> Bool) {
        self.ladders = ladders
        self.isBetter = isBetter
        heap = ladders.indices.filter { !ladders[$0].isEmpty }.map { ($0, 0) }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    mutating func removeBest() -> BookView.Level? {
        guard let top = heap.first else { return nil }
        let level = ladders[top.ladder][top.level]
        if top.level + 1 < ladders[top.ladder].count {
            heap[0].level += 1
        } else {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
        }
        sink(0)
        return level
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var best = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && precedes(child, best) {
                best = child
            }
            if best == index { return }
            heap.swapAt(index, best)
            index = best
        }
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        let (left, right) = (heap[left], heap[right])
        return isBetter(ladders[left.ladder][left.level].price, ladders[right.ladder][right.level].price)
    }
}

extension JSONWriter {
    fileprivate mutating func levels(_ levels: [BookView.Level]) {
        beginArray()
        for level in levels {
            beginObject()
            member("price_nanoton_per_mtok", decimalString: level.price.nanoTONPerMTok)
            member("quantity_lots", level.lots)
            member("order_count", Int64(level.orders))
            endObject()
        }
        endArray()
    }
}
