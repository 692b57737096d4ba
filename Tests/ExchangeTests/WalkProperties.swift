import Exchange
import Testing
import Units

/// The walk over ladders and index is a sort of the whole book. A failure prints its seed: put that seed into the
/// list, and it is a regression test.
@Suite struct WalkProperties {
    @Test(arguments: [1, 7, 42, 1_000_003] as [UInt64])
    func `A walk meets exactly what a scan of all orders finds, in the order of the ranking`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var market = TestMarket()
        var resting: [Int32] = []
        let classes = market.addClasses(200, &random)
        let profiles = market.addProfiles(200, &random)
        for step in 0..<3_000 {
            let price = Int64.random(in: 1...60, using: &random)
            let isOffer = random.chance(50)
            let group = (isOffer ? classes : profiles).randomElement(using: &random) ?? 0
            let slot =
                isOffer
                ? market.offer(group, price: price, lots: 5, rests: false)
                : market.bid(group, price: price, lots: 5, rests: false)
            if step % 10 == 0 {
                let expected = market.scan(slot, resting)
                let seen = market.walk(slot)
                #expect(seen == expected, "seed \(seed), step \(step)")
            } else {
                market.trade(slot, &resting, &random)
            }
            if random.chance(20), let index = resting.indices.randomElement(using: &random) {
                market.book.remove(resting.remove(at: index))
            }
        }
        #expect(resting.count > 300)
    }
}

extension TestMarket {
    fileprivate mutating func addClasses(_ count: Int, _ random: inout SplitMix64) -> [Int32] {
        var classes: Set<Int32> = []
        while classes.count < count {
            let capability = random.capability()
            classes.insert(book.findClass(capability) ?? book.addClass(capability))
        }
        return classes.sorted()
    }

    fileprivate mutating func addProfiles(_ count: Int, _ random: inout SplitMix64) -> [Int32] {
        var profiles: Set<Int32> = []
        while profiles.count < count {
            let requirement = random.requirement()
            profiles.insert(book.findProfile(requirement) ?? book.addProfile(requirement))
        }
        return profiles.sorted()
    }

    /// All that the taker may trade with, best first, by comparing every order.
    fileprivate func scan(_ taker: Int32, _ resting: [Int32]) -> [Int32] {
        let own = book.orders[Int(taker)]
        let candidates = resting.filter { slot in
            let other = book.orders[Int(slot)]
            guard other.isOffer != own.isOffer, other.free.count > 0 else { return false }
            let (bid, offer) = own.isOffer ? (other, own) : (own, other)
            return offer.price <= bid.price
                && book.requirements[Int(bid.group)].isMet(by: book.capabilities[Int(offer.group)])
        }
        return candidates.sorted { rank($0) < rank($1) }
    }

    private func rank(_ slot: Int32) -> (Int64, Int, Int64) {
        let order = book.orders[Int(slot)]
        let price = order.price.nanoTONPerMTok
        guard order.isOffer else { return (-price, 0, order.id.rawValue) }
        return (price, book.capabilities[Int(order.group)].isAttested ? 0 : 1, order.id.rawValue)
    }

    /// Trades like the engine; now and then passes one by.
    fileprivate mutating func trade(_ taker: Int32, _ resting: inout [Int32], _ random: inout SplitMix64) {
        book.beginWalk(of: taker)
        while book.orders[Int(taker)].remaining.count > 0, let maker = book.nextCandidate() {
            if random.chance(10) { continue }
            let lots = min(book.orders[Int(taker)].tradable, book.orders[Int(maker)].tradable)
            book.fill(taker, lots)
            book.fill(maker, lots)
            if book.orders[Int(maker)].remaining.count == 0 {
                book.remove(maker)
                resting.removeAll { $0 == maker }
            }
        }
        if book.orders[Int(taker)].remaining.count == 0 {
            book.remove(taker)
        } else {
            book.enter(taker)
            resting.append(taker)
        }
    }
}
