package import Units

/// Every order of the market by what it can do or demands, and by price and time (DESIGN §3).
///
/// The book knows nothing of money. Orders are known by a *slot*, a small number that is used again after the order is
/// gone; classes and profiles by their position, which is their number less one.
package struct Book: Sendable {
    /// By slot; free slots hold what was there before.
    package private(set) var orders: ContiguousArray<BookOrder> = []
    private var freeSlots: ContiguousArray<Int32> = []
    var offers = BookSide(sign: 1)
    var bids = BookSide(sign: -1)

    package private(set) var capabilities: ContiguousArray<Capability> = []
    package private(set) var requirements: ContiguousArray<Requirement> = []
    /// Hashes of the values, for the state digest.
    package private(set) var capabilityHashes: ContiguousArray<RecordHash> = []
    package private(set) var requirementHashes: ContiguousArray<RecordHash> = []
    /// Classes by their capability, profiles by their requirement.
    private var classes = HashIndex()
    private var profiles = HashIndex()
    /// By model number.
    private var classesOfModel: ContiguousArray<ContiguousArray<Int32>> = []
    /// The walk of the taker that is on its way; kept for its buffers.
    var walk = Walk()

    package init() {}

    // MARK: Classes and profiles

    /// The class of a capability, if there is one.
    package func findClass(_ capability: Capability) -> Int32? {
        classes.find(capability.place) { [capabilities] in capabilities[Int($0)] == capability }
    }

    /// The profile of a requirement, if there is one.
    package func findProfile(_ requirement: Requirement) -> Int32? {
        profiles.find(requirement.place) { [requirements] in requirements[Int($0)] == requirement }
    }

    /// Gives a new capability the next class.
    package mutating func addClass(_ capability: Capability) -> Int32 {
        let group = Int32(capabilities.count)
        let model = Int(capability.model.rawValue)
        capabilities.append(capability)
        capabilityHashes.append(capability.recordHash)
        classes.insert(group, hash: capability.place)
        while classesOfModel.count <= model { classesOfModel.append([]) }
        classesOfModel[model].append(group)
        // At one price attested offers come first, whenever they came.
        let rankOffset: Int64 = capability.isAttested ? 0 : 1 << 62
        let models = [HeadIndex.wildcard, model]
        offers.addGroup(
            masks: GroupMasks(capability),
            models: models,
            rankOffset: rankOffset,
            quality: capability.quality ?? 0
        )
        return group
    }

    /// Gives a new requirement the next profile.
    package mutating func addProfile(_ requirement: Requirement) -> Int32 {
        let group = Int32(requirements.count)
        requirements.append(requirement)
        requirementHashes.append(requirement.recordHash)
        profiles.insert(group, hash: requirement.place)
        let named = requirement.models.array.map { Int($0.rawValue) }
        let models = named.isEmpty ? [HeadIndex.wildcard] : named
        bids.addGroup(masks: GroupMasks(requirement), models: models, rankOffset: 0, quality: 0)
        return group
    }

    /// Takes the newest class away again; it has no order, and nobody has been told of it.
    package mutating func removeLastClass() {
        let capability = capabilities.removeLast()
        capabilityHashes.removeLast()
        classes.remove(Int32(capabilities.count), hash: capability.place)
        classesOfModel[Int(capability.model.rawValue)].removeLast()
        offers.removeLastGroup()
    }

    /// Takes the newest profile away again; it has no order, and nobody has been told of it.
    package mutating func removeLastProfile() {
        let requirement = requirements.removeLast()
        profiles.remove(Int32(requirements.count), hash: requirement.place)
        requirementHashes.removeLast()
        bids.removeLastGroup()
    }

    // MARK: Orders

    /// Takes an order in, outside the queues: as a taker, or on its way to ``enter(_:)``.
    package mutating func add(_ order: BookOrder) -> Int32 {
        if let slot = freeSlots.popLast() {
            orders[Int(slot)] = order
            return slot
        }
        if orders.count == orders.capacity { orders.reserveCapacity(Self.capacity(after: orders.count)) }
        orders.append(order)
        return Int32(orders.count - 1)
    }

    /// Room for a growing slab. After a few thousand entries it asks for a million at once: memory that is not touched
    /// costs nothing, and nothing has to be moved while the market is busy.
    package static func capacity(after count: Int) -> Int {
        count < 4_096 ? max(64, count * 2) : max(1 << 20, count * 2)
    }

    /// Takes an order out of the book and frees its slot.
    package mutating func remove(_ slot: Int32) {
        leave(slot)
        freeSlots.append(slot)
    }

    /// Puts an order where its price and its priority put it.
    package mutating func enter(_ slot: Int32) {
        if orders[Int(slot)].isOffer { offers.enter(slot, &orders) } else { bids.enter(slot, &orders) }
    }

    /// Takes an order out of its queue; it keeps its slot.
    package mutating func leave(_ slot: Int32) {
        if orders[Int(slot)].isOffer { offers.leave(slot, &orders) } else { bids.leave(slot, &orders) }
    }

    /// Moves an order that is in no queue to another class.
    package mutating func reclassify(_ slot: Int32, to group: Int32) {
        precondition(!orders[Int(slot)].isResting, "an order is taken out before its class changes")
        orders[Int(slot)].group = group
    }

    /// Lowers what an order has left by what it traded.
    package mutating func fill(_ slot: Int32, _ lots: Lots) {
        if orders[Int(slot)].isOffer { offers.fill(slot, lots, &orders) } else { bids.fill(slot, lots, &orders) }
    }

    /// Lowers what an order has left without a trade, to no less than 1.
    package mutating func reduce(_ slot: Int32, by lots: Lots) {
        if orders[Int(slot)].isOffer {
            offers.reduce(slot, by: lots, &orders)
        } else {
            bids.reduce(slot, by: lots, &orders)
        }
    }

    /// Gives an order that is in no queue another price, quantity and place.
    package mutating func amend(_ slot: Int32, price: Price, remaining: Lots, priority: Priority) {
        precondition(!orders[Int(slot)].isResting, "an order is taken out before it changes")
        orders[Int(slot)].price = price
        orders[Int(slot)].remaining = remaining
        orders[Int(slot)].priority = priority
    }

    /// What an iceberg that is in no queue shows from now on, and where it stands.
    package mutating func show(_ slot: Int32, _ lots: Lots, _ priority: Priority) {
        precondition(!orders[Int(slot)].isResting, "an order is taken out before it changes")
        orders[Int(slot)].displayed = lots
        orders[Int(slot)].priority = priority
    }

    /// Gives an offer back lots of its limit; says whether it stood at the limit and must enter again to trade.
    package mutating func free(_ slot: Int32, _ lots: Lots) -> Bool {
        let wasParked = orders[Int(slot)].level == BookOrder.parked
        offers.free(slot, lots, &orders)
        return wasParked
    }

    /// Slots of all resting offers, in no particular order.
    package var restingOffers: [Int32] { capabilities.indices.flatMap { offers.slots(of: $0, orders) } }

    /// Slots of all resting bids that an offer of a model may meet, or of all, in no particular order.
    package func restingBids(for model: ModelID?) -> [Int32] {
        requirements.indices.flatMap { profile -> [Int32] in
            let models = requirements[profile].models
            guard model.map({ models.isEmpty || models.contains($0) }) ?? true else { return [] }
            return bids.slots(of: profile, orders)
        }
    }

    /// Slots of all resting offers of a model, in no particular order.
    package func restingOffers(of model: ModelID) -> [Int32] {
        guard classesOfModel.indices.contains(Int(model.rawValue)) else { return [] }
        return classesOfModel[Int(model.rawValue)].flatMap { offers.slots(of: Int($0), orders) }
    }

    // MARK: Publication

    /// Classes whose levels have changed since this was last asked.
    package mutating func takeChangedClasses() -> ContiguousArray<Int32> { offers.takeChanged() }

    /// Profiles whose levels have changed since this was last asked.
    package mutating func takeChangedProfiles() -> ContiguousArray<Int32> { bids.takeChanged() }

    /// At most `depth` price levels of a class that can trade, best first; none for a class that does not exist.
    package func classLevels(_ group: Int32, depth: Int) -> [BookLevel] {
        offers.levels(of: Int(group), depth: depth)
    }

    /// At most `depth` price levels of a profile, best first; none for a profile that does not exist.
    package func profileLevels(_ group: Int32, depth: Int) -> [BookLevel] {
        bids.levels(of: Int(group), depth: depth)
    }
}
