package import Units

/// What a bid demands. Bids with equal requirement share a profile (DESIGN §3). Canonical: models and regions are
/// sorted and without repetition, so that equal demands are equal values.
package struct Requirement: Hashable, Sendable {
    /// The models that will do, sorted; empty for any.
    package var models: FixedList<ModelID>
    /// Only offers of this weight set can meet the demand.
    package var weightSet: WeightSetID
    /// Least quality in points; 0 demands nothing, anything above is not met by a model without quality.
    package var qualityAtLeast: Int64
    /// Least tokens of context; 0 demands nothing.
    package var contextLengthAtLeast: Int64
    /// All of these must be there.
    package var features: Features
    /// Bits of the quantizations that will do; 0 for any.
    package var quantizations: UInt16
    /// Bits of the attested environments that will do; 0 for any, attested or not.
    package var tees: UInt8
    /// The regions that will do, sorted; empty for any.
    package var regions: FixedList<Region>
    private var boxed: Boxed<FurtherDemands>

    /// What is demanded beyond that; `nil` for nothing, which is also what demands nothing becomes.
    package var further: FurtherDemands? {
        get {
            if case .some(let demands) = boxed { return demands }
            return nil
        }
        set {
            if let newValue, newValue != FurtherDemands() { boxed = .some(newValue) } else { boxed = .none }
        }
    }

    /// A demand that every offer of the weight set meets.
    package init(weightSet: WeightSetID = .standard) {
        models = FixedList()
        self.weightSet = weightSet
        qualityAtLeast = 0
        contextLengthAtLeast = 0
        features = []
        quantizations = 0
        tees = 0
        regions = FixedList()
        boxed = .none
    }

    /// The exact rule; what the bit masks of the book say is only a necessary condition for it.
    package func isMet(by capability: Capability) -> Bool {
        guard capability.weightSet == weightSet else { return false }
        guard models.isEmpty || models.contains(capability.model) else { return false }
        guard qualityAtLeast == 0 || (capability.quality ?? -1) >= qualityAtLeast else { return false }
        guard capability.contextLength >= contextLengthAtLeast else { return false }
        guard capability.features.isSuperset(of: features) else { return false }
        guard quantizations == 0 || quantizations & capability.quantization.bit != 0 else { return false }
        guard tees == 0 || tees & capability.tee.bit != 0 else { return false }
        guard regions.isEmpty || regions.contains(where: { capability.region.lies(in: $0) }) else { return false }
        guard case .some(let demands) = boxed else { return true }
        return demands.areMet(by: capability)
    }
}

/// A value that a ``FixedList`` can hold.
package protocol FixedListElement: Hashable, Comparable, Sendable {
    /// What lies in the places that are not used.
    static var filler: Self { get }
}

extension ModelID: FixedListElement {
    package static var filler: ModelID { .unknown }
}

extension Region: FixedListElement {
    package static var filler: Region { .unknown }
}

/// A few values without heap storage: the lists of a requirement have at most ``capacity`` entries.
package struct FixedList<Element: FixedListElement>: Hashable, Sendable {
    @usableFromInline var storage: InlineArray<16, Element>
    @usableFromInline var used: Int
    @inlinable package var count: Int { used }

    /// ``Limits/modelsPerBidMax`` and ``Limits/regionsPerBidMax``.
    @inlinable package static var capacity: Int { 16 }

    @inlinable package init() {
        storage = InlineArray(repeating: .filler)
        used = 0
    }

    /// Sorted and without repetition; `nil` when there are more than ``capacity`` different values.
    @inlinable package init?(_ values: some Sequence<Element>) {
        self.init()
        let sorted = Set(values).sorted()
        guard sorted.count <= Self.capacity else { return nil }
        for (index, value) in sorted.enumerated() { storage[index] = value }
        used = sorted.count
    }

    /// Appends a value that is above all others; false, and nothing, when it is not, or when the list is full.
    @inlinable package mutating func append(_ value: Element) -> Bool {
        guard count < Self.capacity, count == 0 || storage[count - 1] < value else { return false }
        storage[count] = value
        used += 1
        return true
    }

    @inlinable package var isEmpty: Bool { count == 0 }
    /// The values in ascending order. A loop: requests are read and answered with it, and `map` over positions becomes
    /// code that asks for the type of each.
    @inlinable package var array: [Element] {
        var values: [Element] = []
        values.reserveCapacity(used)
        for index in 0..<used { values.append(storage[index]) }
        return values
    }

    /// The value at a position below ``count``.
    @inlinable package subscript(index: Int) -> Element {
        precondition(index < count, "an index below the count")
        return storage[index]
    }

    /// Calls `body` with each value in ascending order.
    @inlinable package func forEach(_ body: (Element) -> Void) {
        for index in 0..<count { body(storage[index]) }
    }

    /// Whether the value is in the list.
    @inlinable package func contains(_ value: Element) -> Bool {
        for index in 0..<count where storage[index] == value { return true }
        return false
    }

    /// Whether there is a value for which `isWanted` holds.
    @inlinable package func contains(where isWanted: (Element) -> Bool) -> Bool {
        for index in 0..<count where isWanted(storage[index]) { return true }
        return false
    }

    @inlinable package static func == (left: Self, right: Self) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left.storage[index] != right.storage[index] { return false }
        return true
    }

    @inlinable package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for index in 0..<count { hasher.combine(storage[index]) }
    }
}
