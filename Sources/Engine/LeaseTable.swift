import Exchange
import Units

/// The open leases.
struct LeaseTable: Sendable {
    private var leases: ContiguousArray<LeaseRecord> = []
    private var free: ContiguousArray<Int32> = []
    private var index = HashIndex()

    var count: Int { index.count }

    func find(_ id: LeaseID) -> Int32? {
        index.find(Self.hash(id)) { leases[Int($0)].id == id }
    }

    subscript(slot: Int32) -> LeaseRecord {
        get { leases[Int(slot)] }
        set { leases[Int(slot)] = newValue }
    }

    mutating func add(_ lease: LeaseRecord) {
        let slot: Int32
        if let freed = free.popLast() {
            slot = freed
            leases[Int(slot)] = lease
        } else {
            if leases.count == leases.capacity { leases.reserveCapacity(Book.capacity(after: leases.count)) }
            slot = Int32(leases.count)
            leases.append(lease)
        }
        index.insert(slot, hash: Self.hash(lease.id))
    }

    mutating func remove(_ slot: Int32) {
        index.remove(slot, hash: Self.hash(leases[Int(slot)].id))
        // A number that is never given marks the slot as free.
        leases[Int(slot)].id = LeaseID(0)
        free.append(slot)
    }

    /// All open leases in ascending order.
    var sorted: [LeaseRecord] { leases.filter { $0.id != LeaseID(0) }.sorted { $0.id < $1.id } }

    private static func hash(_ id: LeaseID) -> UInt32 { HashIndex.hash(number: id.rawValue) }
}

extension LeaseRecord {
    /// What is charged to the buyer, its fee, and the worker's fee, all cumulative at `tokens` (ENGINE §4).
    func charges(at tokens: AdjustedTokens) -> (cost: NanoTON, buyerFee: NanoTON, workerFee: NanoTON) {
        let cost = price.cost(of: tokens)
        return (cost, buyerRate.part(of: cost), sellerRate.part(of: cost))
    }

    /// What is still locked in it.
    var unused: NanoTON {
        let charged = charges(at: used)
        return locked - charged.cost - charged.buyerFee
    }
}
