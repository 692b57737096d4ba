import Exchange
import Testing
import Units

/// The trees of the index find what a scan of every group finds. A failure prints its seed.
@Suite struct HeadIndexTests {
    @Test(arguments: [1, 7, 42, 1_000_003] as [UInt64])
    func `A search finds what a scan of all groups finds, however heads come and go`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var pair = IndexPair(groups: 900, &random)
        for step in 0..<12_000 {
            pair.change(&random)
            guard step % 40 == 0 else { continue }
            let fault = pair.classes.findFault() ?? pair.profiles.findFault()
            #expect(fault == nil, "seed \(seed), step \(step)")
            for credit in [0, 0, 3, 250] as [Int64] {
                let question = random.question(credit: credit)
                let most = Int.random(in: 1...9, using: &random)
                let bid = Int.random(in: 0..<pair.requirements.count, using: &random)
                #expect(
                    pair.find(forBid: bid, question, most) == pair.scan(forBid: bid, question, most),
                    "seed \(seed), step \(step), bid \(bid), \(question)"
                )
                let offer = Int.random(in: 0..<pair.capabilities.count, using: &random)
                let plain = HeadIndex.Question(limit: question.limit, start: question.start)
                #expect(
                    pair.find(forOffer: offer, plain, most) == pair.scan(forOffer: offer, plain, most),
                    "seed \(seed), step \(step), offer \(offer), \(plain)"
                )
            }
        }
    }

    @Test(arguments: [3, 99] as [UInt64])
    func `An index that was emptied is as good as a new one`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var pair = IndexPair(groups: 700, &random)
        for _ in 0..<3 {
            pair.fill(&random)
            #expect(pair.classes.findFault() == nil)
            pair.empty(&random)
            #expect(pair.classes.findFault() == nil)
            #expect(pair.find(forBid: 0, HeadIndex.Question(limit: .max), 5).isEmpty)
        }
    }

    @Test(arguments: [5, 6] as [UInt64])
    func `A walk with a credit ranks by price less credit for quality, within the limit of the price`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var market = TestMarket()
        var offers: [Int32] = []
        for _ in 0..<400 {
            let capability = random.capability()
            let group = market.book.findClass(capability) ?? market.book.addClass(capability)
            offers.append(market.offer(group, price: .random(in: 1...60, using: &random), lots: 1))
        }
        for credit in [0, 1, 700, 50_000, Limits.priceMax] as [Int64] {
            let requirement = random.requirement()
            let profile = market.book.findProfile(requirement) ?? market.book.addProfile(requirement)
            let bid = market.bid(profile, price: .random(in: 20...60, using: &random), lots: 9, rests: false)
            let limit = market.book.orders[Int(bid)].price
            let expected = offers.filter { slot in
                let order = market.book.orders[Int(slot)]
                return order.price <= limit && requirement.isMet(by: market.book.capabilities[Int(order.group)])
            }
            .sorted { market.book.rank($0, credit) < market.book.rank($1, credit) }
            var seen: [Int32] = []
            market.book.beginWalk(of: bid, credit: credit)
            while let slot = market.book.nextCandidate() { seen.append(slot) }
            market.book.remove(bid)
            #expect(seen == expected, "seed \(seed), credit \(credit)")
        }
    }
}

extension Book {
    fileprivate func rank(_ slot: Int32, _ credit: Int64) -> (Int64, Int, Int64) {
        let order = orders[Int(slot)]
        let capability = capabilities[Int(order.group)]
        let key = order.price.nanoTONPerMTok - credit * (capability.quality ?? 0)
        return (key, capability.isAttested ? 0 : 1, order.id.rawValue)
    }
}

extension SplitMix64 {
    fileprivate mutating func head() -> HeadIndex.Head {
        HeadIndex.Head(key: .random(in: 0...40, using: &self), rank: .random(in: 0...1 << 40, using: &self))
    }

    fileprivate mutating func question(credit: Int64) -> HeadIndex.Question {
        var question = HeadIndex.Question(limit: .random(in: 0...50, using: &self), credit: credit)
        if chance(50) {
            question.start = head()
            question.start.key -= credit * 50
        }
        return question
    }
}

/// An index of classes and one of profiles, and beside them the plainest thing that answers the same.
private struct IndexPair {
    var classes = HeadIndex()
    var profiles = HeadIndex()
    private(set) var capabilities: [Capability] = []
    private(set) var requirements: [Requirement] = []
    private var classHeads: [HeadIndex.Head?] = []
    private var profileHeads: [HeadIndex.Head?] = []

    init(groups: Int, _ random: inout SplitMix64) {
        for _ in 0..<groups {
            let capability = random.capability()
            let models = [HeadIndex.wildcard, Int(capability.model.rawValue)]
            classes.addGroup(masks: GroupMasks(capability), models: models, quality: capability.quality ?? 0)
            capabilities.append(capability)
            let requirement = random.requirement()
            let named = requirement.models.array.map { Int($0.rawValue) }
            let lists = named.isEmpty ? [HeadIndex.wildcard] : named
            profiles.addGroup(masks: GroupMasks(requirement), models: lists)
            requirements.append(requirement)
        }
        classHeads = [HeadIndex.Head?](repeating: nil, count: groups)
        profileHeads = classHeads
    }

    /// Gives one group of each kind another head, or none. Long stretches of coming and going make trees grow and shrink.
    mutating func change(_ random: inout SplitMix64) {
        let isGrowing = classHeads.count { $0 != nil } < Int.random(in: 0...classHeads.count, using: &random)
        let group = Int.random(in: 0..<classHeads.count, using: &random)
        classHeads[group] = random.chance(isGrowing ? 90 : 35) ? random.head() : nil
        classes.setHead(classHeads[group], of: Int32(group))
        profileHeads[group] = random.chance(isGrowing ? 90 : 35) ? random.head() : nil
        profiles.setHead(profileHeads[group], of: Int32(group))
    }

    mutating func fill(_ random: inout SplitMix64) {
        for group in classHeads.indices {
            classHeads[group] = random.head()
            classes.setHead(classHeads[group], of: Int32(group))
        }
    }

    mutating func empty(_ random: inout SplitMix64) {
        for group in classHeads.indices.shuffled(using: &random) {
            classHeads[group] = nil
            classes.setHead(nil, of: Int32(group))
        }
    }

    func find(forBid bid: Int, _ question: HeadIndex.Question, _ most: Int) -> [HeadIndex.Found] {
        best(most) { found in
            var frontier = HeadFrontier()
            let taker = Int32(bid)
            classes.search(for: taker, of: profiles, question, bound: .none, frontier: &frontier) { group, bound in
                guard requirements[bid].isMet(by: capabilities[Int(group.group)]) else { return }
                bound = found(group)
            }
        }
    }

    func find(forOffer offer: Int, _ question: HeadIndex.Question, _ most: Int) -> [HeadIndex.Found] {
        best(most) { found in
            var frontier = HeadFrontier()
            let taker = Int32(offer)
            profiles.search(for: taker, of: classes, question, bound: .none, frontier: &frontier) { group, bound in
                guard requirements[Int(group.group)].isMet(by: capabilities[offer]) else { return }
                bound = found(group)
            }
        }
    }

    /// Keeps the best few, and says what is too bad to be one of them.
    private func best(
        _ most: Int,
        _ search: ((HeadIndex.Found) -> HeadIndex.Head) -> Void
    ) -> [HeadIndex.Found] {
        var best: [HeadIndex.Found] = []
        search { found in
            best = Array((best + [found]).sorted { ($0.head, $0.group) < ($1.head, $1.group) }.prefix(most))
            return best.count == most ? best[most - 1].head : .none
        }
        return best
    }

    func scan(forBid bid: Int, _ question: HeadIndex.Question, _ most: Int) -> [HeadIndex.Found] {
        scan(classHeads, question, most) { group in
            (requirements[bid].isMet(by: capabilities[group]), capabilities[group].quality ?? 0)
        }
    }

    func scan(forOffer offer: Int, _ question: HeadIndex.Question, _ most: Int) -> [HeadIndex.Found] {
        scan(profileHeads, question, most) { group in (requirements[group].isMet(by: capabilities[offer]), 0) }
    }

    private func scan(
        _ heads: [HeadIndex.Head?],
        _ question: HeadIndex.Question,
        _ most: Int,
        _ rule: (Int) -> (isMet: Bool, quality: Int64)
    ) -> [HeadIndex.Found] {
        var all: [HeadIndex.Found] = []
        for (group, head) in heads.enumerated() {
            guard let head, head.key <= question.limit else { continue }
            let (isMet, quality) = rule(group)
            let seen = HeadIndex.Head(key: head.key - question.credit * quality, rank: head.rank)
            if isMet, question.start < seen { all.append(HeadIndex.Found(head: seen, group: Int32(group))) }
        }
        return Array(all.sorted { ($0.head, $0.group) < ($1.head, $1.group) }.prefix(most))
    }
}
