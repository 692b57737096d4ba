internal import Engine
internal import Exchange
internal import Units

/// An engine full of resting offers, and bids that are previewed and explained.
final class PreviewStage {
    /// Bids of a round that are previewed.
    let previewed: Int
    /// Bids of a round that are explained.
    let explained: Int
    /// How many of the previewed bids would be filled, and of the explained ones.
    private(set) var filled = 0
    private(set) var relaxed = 0

    private var engine = Engine()
    private let classes: [(Capability, [BookLevel])]
    private var bids: [(owner: AccountID, terms: BidTerms)] = []
    private var rejections = 0

    /// More than any one offer has, so that a fill takes several of them.
    private static let lots: Int64 = 35
    /// One batch of the setup.
    private static let batch = 1_000
    private static let batchInterval: Int64 = 1_000

    init(orders: Int, classes: Int, previews: Int, explanations: Int, seed: UInt64) {
        previewed = previews
        explained = min(previews, explanations)
        var market = EngineMarket(classes: classes, seed: seed)
        var events: [Event] = []
        for command in market.setup { engine.apply(command, into: &events) }
        var time: Int64 = 1_800_000_000_000_000
        for number in 0..<orders {
            if number % Self.batch == 0 {
                time += Self.batchInterval
                rejections += events.count(where: \.isRejection)
                events.removeAll(keepingCapacity: true)
                _ = engine.beginBatch(at: LogicalTime(microseconds: time))
            }
            // Every class has one; the rest falls where it falls.
            engine.apply(number < classes ? market.offer(ofClass: number) : market.offer(), into: &events)
        }
        rejections += events.count(where: \.isRejection)
        for _ in 0..<previews {
            let command = market.bid(isMarketable: market.below(5) > 0, lots: Self.lots, .gtc)
            if case .placeBid(let terms) = command.action { bids.append((command.account, terms)) }
        }
        var changed: [ClassID] = []
        engine.takeChangedClasses(into: &changed)
        self.classes = changed.sorted { $0.rawValue < $1.rawValue }.map { [engine] id in
            (engine.capability(of: id), engine.levels(of: id, depth: Limits.bookDepthMax))
        }
    }

    var orders: Int { engine.openOrderCount }
    var classCount: Int { classes.count }

    /// What the engine's thread does for a preview.
    func preview(_ sampler: Sampler, sampleSize: Int) -> RoundFigures {
        filled = 0
        return sampler.measure(operations: previewed, sampleSize: sampleSize) { index in
            if engine.preview(bids[index].terms, of: bids[index].owner).left == .zero { filled += 1 }
        }
    }

    /// What a reader's thread does for it, over levels that are copied already.
    func explain(_ sampler: Sampler, sampleSize: Int) -> RoundFigures {
        relaxed = 0
        return sampler.measure(operations: explained, sampleSize: sampleSize) { index in
            if !whyNot(bids[index]).relaxations.isEmpty { relaxed += 1 }
        }
    }

    private func whyNot(_ bid: (owner: AccountID, terms: BidTerms)) -> WhyNot {
        // As the server does, which compares goods of one weight set only.
        var demand = bid.terms.requirement
        demand.weightSet = .standard
        return WhyNot(
            bid: demand,
            of: WhyNot.Buyer(account: bid.owner, deposit: engine.deposit(of: bid.owner)),
            limit: bid.terms.order.price,
            lots: bid.terms.order.lots,
            offers: classes
        )
    }

    /// An explanation and a preview of one moment say the same of a bid, and the preview changes nothing.
    func faults() -> [String] {
        var faults: [String] = []
        if rejections > 0 { faults.append("\(rejections) commands of the previews' market were rejected") }
        let digest = engine.digest
        for index in 0..<min(explained, 24) {
            let preview = engine.preview(bids[index].terms, of: bids[index].owner)
            let whyNot = whyNot(bids[index])
            if preview.rejection != nil || whyNot.isFilled != (preview.left == .zero) {
                faults.append("bid \(index): the preview leaves \(preview.left.count) lots, which is not explained so")
            }
        }
        if engine.digest != digest { faults.append("a preview changed the engine") }
        return faults
    }
}

extension Event {
    fileprivate var isRejection: Bool {
        if case .rejected = self { return true }
        return false
    }
}
