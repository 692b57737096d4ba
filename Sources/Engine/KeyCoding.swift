import Exchange
import Units

// The forms of keys' limits and standings in commands, states and digests; see CommandCodec.swift and
// StateCoding.swift.

extension KeyLimits {
    fileprivate func encodeBudgets(into bytes: inout [UInt8]) {
        bytes.append(integers: [perOrder?.count ?? -1, perDay?.count ?? -1, total?.count ?? -1])
    }
}

extension NetworkPrefix {
    fileprivate func encode(into bytes: inout [UInt8]) {
        for shift in stride(from: 120, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: first.bits >> UInt128(shift)))
        }
        bytes.append(length)
    }

    /// From the sixteen bytes of the address and the length.
    fileprivate init?(bytes: some Sequence<UInt8>, length: UInt8) {
        let bits = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        self.init(NetworkAddress(v6: bits), length: length)
    }
}

extension KeyLimitTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [key.rawValue, owner.rawValue])
        limits.encodeBudgets(into: &bytes)
        bytes.append(UInt8(limits.networks.count))
        for network in limits.networks { network.encode(into: &bytes) }
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let key = KeyID(try cursor.integer(bytes, .key, in: 1...Int64.max))
        let owner = AccountID(try cursor.integer(bytes, .account, in: 1...Int64.max))
        var limits = KeyLimits()
        limits.perOrder = try cursor.budget(bytes)
        limits.perDay = try cursor.budget(bytes)
        limits.total = try cursor.budget(bytes)
        let count = Int(try cursor.integer(bytes) as UInt8)
        guard count <= Limits.networksPerKeyMax else { throw .invalid(.networks) }
        for _ in 0..<count {
            let address = try cursor.bytes(bytes, 16)
            guard let network = NetworkPrefix(bytes: address, length: try cursor.integer(bytes)) else {
                throw .invalid(.networks)
            }
            limits.networks.append(network)
        }
        return KeyLimitTerms(key: key, owner: owner, limits: limits)
    }
}

extension CommandCursor {
    fileprivate mutating func budget(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> NanoTON? {
        let amount = try integer(bytes, .budget, in: -1...Limits.keyBudgetMax)
        return amount < 0 ? nil : NanoTON(amount)
    }
}

// MARK: - States

extension EngineState {
    /// What version 2 has behind the rest.
    mutating func readKeys(_ reader: inout StateReader) throws(StateCodingError) {
        keyStandings = try reader.list("key standings") { (r) throws(StateCodingError) in try KeyStanding(&r) }
        keySpendings = try reader.list("key spendings") { (r) throws(StateCodingError) in try KeySpending(&r) }
        budgetedOrders = try reader.list("budgeted orders") { (r) throws(StateCodingError) in
            BudgetedOrder(order: OrderID(try r.integer("order")), key: KeyID(try r.integer("key")))
        }
    }
}

extension KeyStanding {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [key.rawValue, madeBy.rawValue, revokedAt.microseconds])
        limits.encodeBudgets(into: &bytes)
        bytes.append(list: limits.networks) { $1.encode(into: &$0) }
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init(key: KeyID(try reader.integer("key")), madeBy: KeyID(try reader.integer("maker")))
        revokedAt = try reader.time("time of revocation")
        limits.perOrder = try reader.budget()
        limits.perDay = try reader.budget()
        limits.total = try reader.budget()
        limits.networks = try reader.list("networks") { (r) throws(StateCodingError) in
            let address = try r.take(16, "network")
            guard let network = NetworkPrefix(bytes: address, length: try r.integer("prefix")) else {
                throw r.error("network")
            }
            return network
        }
    }
}

extension KeySpending {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [key.rawValue, day, onDay.count, total.count])
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init(key: KeyID(try reader.integer("key")), day: try reader.integer("day"))
        onDay = NanoTON(try reader.integer("spent on the day"))
        total = NanoTON(try reader.integer("spent in total"))
    }
}

extension BudgetedOrder {
    func encode(into bytes: inout [UInt8]) { bytes.append(integers: [order.rawValue, key.rawValue]) }
}

extension StateReader {
    fileprivate mutating func budget() throws(StateCodingError) -> NanoTON? {
        let amount: Int64 = try integer("budget")
        guard amount >= -1 else { throw error("budget") }
        return amount < 0 ? nil : NanoTON(amount)
    }
}

// MARK: - Digests

extension KeyStanding {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 40)
        hash.combine(key.rawValue)
        hash.combine(madeBy.rawValue)
        hash.combine(revokedAt.microseconds)
        for budget in [limits.perOrder, limits.perDay, limits.total] { hash.combine(budget?.count ?? -1) }
        for network in limits.networks {
            hash.combine(Int128(truncatingIfNeeded: network.first.bits))
            hash.combine(UInt64(network.length))
        }
        return hash
    }
}

extension KeySpending {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 41)
        hash.combine(key.rawValue)
        hash.combine(day)
        hash.combine(onDay.count)
        hash.combine(total.count)
        return hash
    }
}

extension BudgetedOrder {
    var recordHash: RecordHash {
        var hash = RecordHash(tag: 42)
        hash.combine(order.rawValue)
        hash.combine(key.rawValue)
        return hash
    }
}
