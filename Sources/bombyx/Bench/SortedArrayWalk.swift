/// The same walk through the plainest book that there is: for each side one sorted array, the best at its end. What
/// our book is compared with; simple enough to be seen to be right.
final class SortedArrayWalk {
    private(set) var outcome = PriceWalk.Outcome()
    private var offers: [Entry] = []
    private var bids: [Entry] = []
    /// The price that each resting order stands at; 0 for none.
    private var prices: [Int64] = []
    private var isOffer: [Bool] = []

    private struct Entry {
        /// The price with the sign that makes the better one smaller.
        let key: Int64
        let number: Int
        var lots: Int64

        func comes(before other: Entry) -> Bool { key != other.key ? key < other.key : number < other.number }
    }

    /// A walk through an empty book.
    func run(_ walk: PriceWalk, _ sampler: Sampler, sampleSize: Int) -> RoundFigures {
        outcome = PriceWalk.Outcome()
        offers = []
        bids = []
        prices = [Int64](repeating: 0, count: walk.operations.count)
        isOffer = [Bool](repeating: false, count: walk.operations.count)
        return sampler.measure(operations: walk.operations.count, sampleSize: sampleSize) { number in
            switch walk.operations[number] {
            case .bid(let price, let lots):
                place(Entry(key: -price, number: number, lots: lots), on: &bids, against: &offers)
            case .offer(let price, let lots):
                isOffer[number] = true
                place(Entry(key: price, number: number, lots: lots), on: &offers, against: &bids)
            case .cancel(let order): cancel(order)
            }
        }
    }

    private func place(_ taker: Entry, on own: inout [Entry], against other: inout [Entry]) {
        var taker = taker
        while taker.lots > 0, let best = other.last, best.key <= -taker.key {
            let traded = min(taker.lots, best.lots)
            outcome.tradedLots += traded
            taker.lots -= traded
            other[other.count - 1].lots -= traded
            if other[other.count - 1].lots == 0 {
                other.removeLast()
                prices[best.number] = 0
                outcome.restingOrders -= 1
            }
        }
        guard taker.lots > 0 else { return }
        own.insert(taker, at: Self.place(of: taker, in: own))
        prices[taker.number] = abs(taker.key)
        outcome.restingOrders += 1
    }

    private func cancel(_ order: Int) {
        guard prices[order] != 0 else { return }
        if isOffer[order] {
            let entry = Entry(key: prices[order], number: order, lots: 0)
            offers.remove(at: Self.place(of: entry, in: offers))
        } else {
            let entry = Entry(key: -prices[order], number: order, lots: 0)
            bids.remove(at: Self.place(of: entry, in: bids))
        }
        prices[order] = 0
        outcome.restingOrders -= 1
    }

    /// Where the entry is, or belongs: the worst come first.
    private static func place(of entry: Entry, in entries: [Entry]) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entry.comes(before: entries[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
