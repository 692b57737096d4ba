internal import Demonstration
internal import Exchange
internal import Units

/// Orders and cancels around a price that wanders: 60 % place, 40 % cancel, as research on matching engines does.
struct PriceWalk {
    enum Operation {
        case bid(price: Int64, lots: Int64)
        case offer(price: Int64, lots: Int64)
        /// Of the order that operation number so-and-so placed; it may be gone.
        case cancel(Int)
    }

    let operations: [Operation]

    private static let start: Int64 = 20_000_000
    private static let placedPercent = 60
    /// Prices lie up to so many steps from the middle, most of them near.
    private static let depth = 500

    init(operations count: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 3)
        var operations: [Operation] = []
        operations.reserveCapacity(count)
        var placed: [Int] = []
        var middle = Self.start
        for number in 0..<count {
            middle += Price.step * Int64(random.below(3) - 1)
            if !placed.isEmpty, !random.chance(percent: Self.placedPercent) {
                let place = random.below(placed.count)
                operations.append(.cancel(placed[place]))
                placed.swapAt(place, placed.count - 1)
                placed.removeLast()
                continue
            }
            // The smaller of two: twice as likely near the middle. One in ten crosses it.
            let distance = Int64(min(random.below(Self.depth), random.below(Self.depth)))
            let offset = (random.chance(percent: 10) ? -distance / 10 : distance) * Price.step
            let lots = Int64(1 + random.below(100))
            let isBid = random.chance(percent: 50)
            operations.append(
                isBid ? .bid(price: middle - offset, lots: lots) : .offer(price: middle + offset, lots: lots)
            )
            placed.append(number)
        }
        self.operations = operations
    }

    /// What a walk came to.
    struct Outcome: Equatable, CustomStringConvertible {
        var tradedLots: Int64 = 0
        var restingOrders: Int64 = 0
        var description: String { "\(tradedLots) lots traded and \(restingOrders) orders resting" }
    }
}

/// The walk through our book.
final class BookWalk {
    private(set) var outcome = PriceWalk.Outcome()
    private var book = Book()
    private var slots: [Int32] = []
    private var offerGroup: Int32 = 0
    private var bidGroup: Int32 = 0

    /// A walk through an empty book.
    func run(_ walk: PriceWalk, _ sampler: Sampler, sampleSize: Int) -> RoundFigures {
        book = Book()
        outcome = PriceWalk.Outcome()
        slots = [Int32](repeating: -1, count: walk.operations.count)
        let capability = Capability(
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            quality: nil,
            contextLength: 0,
            features: [],
            quantization: .unknown,
            region: .unknown,
            tee: .none
        )
        offerGroup = book.addClass(capability)
        bidGroup = book.addProfile(Requirement())
        return sampler.measure(operations: walk.operations.count, sampleSize: sampleSize) { number in
            switch walk.operations[number] {
            case .bid(let price, let lots): place(number, isOffer: false, price, lots)
            case .offer(let price, let lots): place(number, isOffer: true, price, lots)
            case .cancel(let order): cancel(order)
            }
        }
    }

    private func place(_ number: Int, isOffer: Bool, _ price: Int64, _ lots: Int64) {
        let taker = book.add(
            BookOrder(
                id: OrderID(Int64(number) + 1),
                account: AccountID(isOffer ? 2 : 3),
                isOffer: isOffer,
                price: Price(nanoTONPerMTok: price),
                remaining: Lots(lots),
                free: BookOrder.unlimited,
                group: isOffer ? offerGroup : bidGroup
            )
        )
        book.beginWalk(of: taker)
        while book.orders[Int(taker)].remaining.count > 0, let maker = book.nextCandidate() {
            let traded = min(book.orders[Int(taker)].remaining, book.orders[Int(maker)].remaining)
            book.fill(taker, traded)
            book.fill(maker, traded)
            outcome.tradedLots += traded.count
            if book.orders[Int(maker)].remaining.count == 0 { remove(maker) }
        }
        guard book.orders[Int(taker)].remaining.count > 0 else { return book.remove(taker) }
        book.enter(taker)
        slots[number] = taker
        outcome.restingOrders += 1
    }

    private func cancel(_ order: Int) {
        if slots[order] >= 0 { remove(slots[order]) }
    }

    private func remove(_ slot: Int32) {
        slots[Int(book.orders[Int(slot)].id.rawValue) - 1] = -1
        book.remove(slot)
        outcome.restingOrders -= 1
    }
}
