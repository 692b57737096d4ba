import Exchange
import Testing
import Units

@Suite struct BookTests {
    @Test func `A better price trades first, then attested, then the earlier order`() {
        var market = TestMarket()
        let plain = market.book.addClass(.any(tee: .none))
        let attested = market.book.addClass(.any(tee: .tdx))
        let offers = [
            (plain, 9), (plain, 8), (attested, 9), (attested, 9), (plain, 10),
        ].map { market.offer($0.0, price: $0.1, lots: 1) }
        let profile = market.book.addProfile(Requirement())
        let seen = market.walk(market.bid(profile, price: 9, lots: 100, rests: false))
        #expect(seen == [offers[1], offers[2], offers[3], offers[0]])
    }

    @Test func `An offer takes the best price that is bid, then the earlier bid`() {
        var market = TestMarket()
        let profiles = [0, 1].map { tools in
            var requirement = Requirement()
            requirement.features = Features(rawValue: UInt32(tools))
            return market.book.addProfile(requirement)
        }
        let bids = [(0, 7), (1, 9), (0, 9), (1, 8), (0, 6)].map { market.bid(profiles[$0.0], price: $0.1, lots: 1) }
        var capability = Capability.any(tee: .none)
        capability.features = Features(rawValue: 1)
        let group = market.book.addClass(capability)
        let seen = market.walk(market.offer(group, price: 7, lots: 100, rests: false))
        #expect(seen == [bids[1], bids[2], bids[3], bids[0]])
    }

    @Test func `An order that comes again stands where its sequence number puts it`() {
        var market = TestMarket()
        let group = market.book.addClass(.any(tee: .none))
        let offers = (0..<4).map { _ in market.offer(group, price: 9, lots: 1) }
        market.book.leave(offers[1])
        market.book.enter(offers[1])
        let profile = market.book.addProfile(Requirement())
        let seen = market.walk(market.bid(profile, price: 9, lots: 9, rests: false))
        #expect(seen == offers)
    }

    @Test func `An offer at its limit of open lots is not shown and not visited, until it enters again`() {
        var market = TestMarket()
        let group = market.book.addClass(.any(tee: .none))
        let offer = market.offer(group, price: 9, lots: 10, free: 3)
        let profile = market.book.addProfile(Requirement())
        #expect(market.book.classLevels(group, depth: 5).map(\.lots) == [3])
        market.book.fill(offer, Lots(3))
        #expect(market.book.classLevels(group, depth: 5).isEmpty)
        let seen = market.walk(market.bid(profile, price: 9, lots: 9, rests: false))
        #expect(seen.isEmpty)
        let mustEnter = market.book.free(offer, Lots(2))
        #expect(mustEnter)
        market.book.leave(offer)
        market.book.enter(offer)
        #expect(market.book.classLevels(group, depth: 5).map(\.lots) == [2])
        let mustEnterAgain = market.book.free(offer, Lots(1))
        #expect(!mustEnterAgain)
        #expect(market.book.classLevels(group, depth: 5).map(\.lots) == [3])
        let seenAgain = market.walk(market.bid(profile, price: 9, lots: 9, rests: false))
        #expect(seenAgain == [offer])
    }

    @Test func `Levels are published best first with what can trade, and only changed groups`() {
        var market = TestMarket()
        let profile = market.book.addProfile(Requirement())
        let first = market.bid(profile, price: 5, lots: 4)
        _ = market.bid(profile, price: 7, lots: 1)
        _ = market.bid(profile, price: 7, lots: 2)
        var changed = [market.book.takeChangedProfiles(), market.book.takeChangedProfiles()]
        #expect(changed == [[profile], []])
        let levels = market.book.profileLevels(profile, depth: 10)
        #expect(levels == [.at(7, lots: 3, orders: 2), .at(5, lots: 4, orders: 1)])
        #expect(market.book.profileLevels(profile, depth: 1).count == 1)
        market.book.fill(first, Lots(3))
        #expect(market.book.profileLevels(profile, depth: 10).last?.lots == 1)
        changed = [market.book.takeChangedProfiles(), market.book.takeChangedClasses()]
        #expect(changed == [[profile], []])
    }
}

extension Capability {
    static func any(tee: TEE) -> Capability {
        Capability(
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            quality: 30,
            contextLength: 0,
            features: [],
            quantization: .unknown,
            region: .unknown,
            tee: tee
        )
    }
}

extension BookLevel {
    static func at(_ price: Int64, lots: Int64, orders: Int) -> BookLevel {
        BookLevel(price: Price(nanoTONPerMTok: price * 1_000), lots: lots, orders: orders)
    }
}

/// A book that is filled by hand; prices in thousands.
struct TestMarket {
    var book = Book()
    var lastID: Int64 = 0

    mutating func offer(_ group: Int32, price: Int64, lots: Int64, free: Int64? = nil, rests: Bool = true) -> Int32 {
        add(isOffer: true, group, price, lots, free.map { Lots($0) } ?? BookOrder.unlimited, rests)
    }

    mutating func bid(_ group: Int32, price: Int64, lots: Int64, rests: Bool = true) -> Int32 {
        add(isOffer: false, group, price, lots, BookOrder.unlimited, rests)
    }

    private mutating func add(
        isOffer: Bool,
        _ group: Int32,
        _ price: Int64,
        _ lots: Int64,
        _ free: Lots,
        _ rests: Bool
    ) -> Int32 {
        lastID += 1
        let slot = book.add(
            BookOrder(
                id: OrderID(lastID),
                account: AccountID(1),
                isOffer: isOffer,
                price: Price(nanoTONPerMTok: price * 1_000),
                remaining: Lots(lots),
                free: free,
                group: group
            )
        )
        if rests { book.enter(slot) }
        return slot
    }

    /// Who the taker meets, in this order, when it trades with nobody.
    mutating func walk(_ taker: Int32) -> [Int32] {
        var seen: [Int32] = []
        book.beginWalk(of: taker)
        while let slot = book.nextCandidate() { seen.append(slot) }
        book.remove(taker)
        return seen
    }
}
