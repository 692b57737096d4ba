import Exchange
import Ledger
import Units

// The form of a whole state, as checkpoints keep it. Numbers are little-endian and of fixed width, a text is its length
// (u16) and UTF-8, a list is its count (u32) and its elements in ascending order, an optional is a byte 0, or 1 and the
// value. There is one form for each state.
//
// Older versions are read too. Version 1 has not what stands in brackets, version 2 not what stands in braces,
// version 3 not the last three lines, and version 4 neither the last nor what stands in angle brackets.
//
//     version u16 (5) · sequence i64 · time i64 · last trade i64 · grace i64 · checkpoint? · fees
//     · accounts · keys · models · attestations · classes · profiles · orders · leases · balances · remembered requests
//     [· additions (StateCoding+Control.swift) · key standings · key spendings · budgeted orders · measurements]
//     {· lowered orders · logins
//      · leases' terms, progress, profiles, standings, slashes, policy, log (StateCoding+Leases.swift)}
//     · top-ups · performances · measurement policy · signing keys (StateCoding+Performance.swift)
//     · settlement (StateCoding+Settlement.swift)
//     · anchors (StateCoding+Anchors.swift)
//
//     checkpoint    batch i64 · SHA-256 32 bytes · sequence i64 · announced at i64
//     fees          maker i64 · taker i64 · minimum notional i64
//     account       number i64 · label text · open orders max i64 · created at i64
//     key           number i64 · owner i64 · hash 32 bytes · scopes u16 · label text · expires at i64 · created at i64
//     model         number i64 · version i32 · name, Hugging Face id, revision, weights text · weight set u8
//                   · quality i64 (−1: none) · context i64 · created at i64
//     attestation   account i64 · TEEs u8 · expires at i64 · set at i64 [· TCB status u8
//                   · attested at i64 (−1: unknown)]
//     class         number i64 · model i64 · model version i32 · weight set u8 · quality i64 (−1: none) · context i64
//                   · features u32 · quantization u8 · region u16 · TEE u8 [· traits]
//     profile       number i64 · model count u8 · models i64… · weight set u8 · quality i64 · context i64
//                   · features u32 · quantizations u16 · TEEs u8 · region count u8 · regions u16… [· demands]
//     order         number i64 · account i64 · side u8 · price i64 · lots i64 · remaining i64 · time in force u8
//                   · client order id length u8 (0: none) · its bytes · body hash u64 · maker i64 · taker i64
//                   · class i64 · profile i64 · TEE u8 · max open lots i64 (0: no limit) · open lots i64
//                   · created at i64 · last sequence i64
//     lease         number i64 · offer i64 · buyer i64 · worker i64 · price i64 · lots i64 · locked i64
//                   · buyer's rate i64 · worker's rate i64 · used i64
//     balance       ledger account i64 · debits i128 · credits i128
//     request       sequence i64 · account i64 · key? (high, low, body u64) · client order id? (high, low u64)
//                   · body hash u64 · at i64 · rejection u16 (0: none)
//     standing      key i64 · made by i64 (0: the operator) · revoked at i64 · per order, per day, total i64
//                   (−1: no limit) · networks (16 bytes · prefix length u8)
//     spending      key i64 · day i64 · on the day i64 · total i64
//     budgeted      order i64 · key i64
//     measurement   as in its command · set at i64
//     login         sequence i64 · account i64 · subject text · created at i64
//     lowered       order i64 · lots i64
//
// Traits and demands: CapabilityBlock.swift.

/// Bytes that are no state.
package struct StateCodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being read, and where.
    package let description: String
}

extension EngineState {
    private static let version: UInt16 = 5

    /// Appends the one form that the state has.
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: Self.version)
        bytes.append(integers: [sequence.rawValue, time.microseconds, lastTrade.rawValue, grace])
        bytes.append(optional: checkpoint) { $1.encode(into: &$0) }
        fees.encode(into: &bytes)
        bytes.append(list: accounts) { $1.encode(into: &$0) }
        bytes.append(list: keys) { $1.encode(into: &$0) }
        bytes.append(list: models) { $1.encode(into: &$0) }
        bytes.append(list: attestations) { $1.encode(into: &$0) }
        bytes.append(list: classes) { bytes, entry in
            bytes.append(integer: entry.id.rawValue)
            entry.capability.encode(into: &bytes)
        }
        bytes.append(list: profiles) { bytes, entry in
            bytes.append(integer: entry.id.rawValue)
            entry.requirement.encode(into: &bytes)
        }
        bytes.append(list: orders) { $1.encode(into: &$0) }
        bytes.append(list: leases) { $1.encode(into: &$0) }
        bytes.append(list: balances) { bytes, entry in
            bytes.append(integer: entry.account.rawValue)
            bytes.append(wide: entry.counters.debits)
            bytes.append(wide: entry.counters.credits)
        }
        bytes.append(list: remembered) { $1.encode(into: &$0) }
        StateAdditions(of: self).encode(into: &bytes)
        bytes.append(list: keyStandings) { $1.encode(into: &$0) }
        bytes.append(list: keySpendings) { $1.encode(into: &$0) }
        bytes.append(list: budgetedOrders) { $1.encode(into: &$0) }
        bytes.append(list: measurements) { $1.encode(into: &$0) }
        bytes.append(list: orders.filter { $0.loweredLots != .zero }) { bytes, order in
            bytes.append(integers: [order.id.rawValue, order.loweredLots.count])
        }
        bytes.append(list: logins) { $1.encode(into: &$0) }
        encodeLeases(into: &bytes)
        encodePerformances(into: &bytes)
        settlement.encode(into: &bytes)
        settlement.anchors.encode(into: &bytes)
    }

    /// Reads a state that takes up all the bytes. Never traps, whatever they are; whether the records belong together
    /// is for ``Engine/init(state:requestsMax:)`` to say.
    package init(decoding bytes: ArraySlice<UInt8>) throws(StateCodingError) {
        var reader = StateReader(bytes)
        self.init()
        reader.version = try reader.integer("version")
        guard (1...Self.version).contains(reader.version) else { throw reader.error("version") }
        sequence = SequenceNumber(try reader.integer("sequence"))
        time = try reader.time("time")
        lastTrade = TradeID(try reader.integer("last trade"))
        grace = try reader.integer("grace")
        checkpoint = try reader.optional("checkpoint") { (r) throws(StateCodingError) in try CheckpointRecord(&r) }
        fees = try FeeTerms(&reader)
        accounts = try reader.list("accounts") { (r) throws(StateCodingError) in try AccountRecord(&r) }
        keys = try reader.list("keys") { (r) throws(StateCodingError) in try KeyRecord(&r) }
        models = try reader.list("models") { (r) throws(StateCodingError) in try ModelRecord(&r) }
        attestations = try reader.list("attestations") { (r) throws(StateCodingError) in try AttestationRecord(&r) }
        classes = try reader.list("classes") { (r) throws(StateCodingError) in
            (ClassID(try r.integer("class")), try Capability(&r))
        }
        profiles = try reader.list("profiles") { (r) throws(StateCodingError) in
            (ProfileID(try r.integer("profile")), try Requirement(&r))
        }
        orders = try reader.list("orders") { (r) throws(StateCodingError) in try OrderRecord(&r) }
        leases = try reader.list("leases") { (r) throws(StateCodingError) in try LeaseRecord(&r) }
        balances = try reader.list("balances") { (r) throws(StateCodingError) in
            let account = LedgerAccount(rawValue: try r.integer("ledger account"))
            let debits = try r.wide("debits")
            return (account, LedgerCounters(debits: debits, credits: try r.wide("credits")))
        }
        remembered = try reader.list("requests") { (r) throws(StateCodingError) in try RememberedRequest(&r) }
        if reader.version >= 2 {
            try add(&reader)
            try readKeys(&reader)
            measurements = try reader.list("measurements") { (r) throws(StateCodingError) in try MeasurementRecord(&r) }
        }
        if reader.version >= 3 {
            try readLoweredLots(&reader)
            logins = try reader.list("logins") { (r) throws(StateCodingError) in try LoginRecord(&r) }
            try readLeases(&reader)
        }
        if reader.version >= 4 { try readPerformances(&reader) }
        if reader.version >= 4 { settlement = try SettlementState(&reader) }
        if reader.version >= 5 { settlement.anchors = try AnchorsState(&reader) }
        guard reader.isAtEnd else { throw reader.error("end") }
    }
}

/// Reads from the front of some bytes.
struct StateReader {
    private let bytes: ArraySlice<UInt8>
    private var offset: Int
    /// Of the form that is read.
    var version: UInt16 = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        offset = bytes.startIndex
    }

    /// What has not been read.
    var remaining: ArraySlice<UInt8> { bytes[offset...] }

    var isAtEnd: Bool { offset == bytes.endIndex }

    func error(_ name: String) -> StateCodingError {
        StateCodingError(description: "the \(name) at byte \(offset - bytes.startIndex) cannot be read")
    }

    mutating func take(_ count: Int, _ name: String) throws(StateCodingError) -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - offset else { throw error(name) }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func integer<Value: FixedWidthInteger>(_ name: String) throws(StateCodingError) -> Value {
        var value: UInt64 = 0
        for byte in try take(Value.bitWidth / 8, name).reversed() { value = value << 8 | UInt64(byte) }
        return Value(truncatingIfNeeded: value)
    }

    mutating func wide(_ name: String) throws(StateCodingError) -> Int128 {
        var value: UInt128 = 0
        for byte in try take(16, name).reversed() { value = value << 8 | UInt128(byte) }
        return Int128(truncatingIfNeeded: value)
    }

    mutating func time(_ name: String) throws(StateCodingError) -> LogicalTime {
        LogicalTime(microseconds: try integer(name))
    }

    mutating func text(_ name: String) throws(StateCodingError) -> String {
        let count: UInt16 = try integer(name)
        let found = try take(Int(count), name)
        guard let text = String(validating: found, as: UTF8.self) else { throw error(name) }
        return text
    }

    /// A number of a closed list.
    mutating func code<Value: RawRepresentable>(_ name: String) throws(StateCodingError) -> Value
    where Value.RawValue: FixedWidthInteger {
        guard let value = Value(rawValue: try integer(name)) else { throw error(name) }
        return value
    }

    mutating func hash(_ name: String) throws(StateCodingError) -> SHA256Words {
        guard let hash = SHA256Words(bytes: Array(try take(32, name))) else { throw error(name) }
        return hash
    }

    mutating func optional<Value>(
        _ name: String,
        _ read: (inout StateReader) throws(StateCodingError) -> Value
    ) throws(StateCodingError) -> Value? {
        switch try integer(name) as UInt8 {
        case 0: return nil
        case 1: return try read(&self)
        default: throw error(name)
        }
    }

    mutating func list<Value>(
        _ name: String,
        _ read: (inout StateReader) throws(StateCodingError) -> Value
    ) throws(StateCodingError) -> [Value] {
        let count: UInt32 = try integer(name)
        var values: [Value] = []
        // Each element has at least 8 bytes, so a false count costs no memory.
        values.reserveCapacity(min(Int(count), (bytes.endIndex - offset) / 8))
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }
}

extension [UInt8] {
    mutating func append(integers values: [Int64]) {
        for value in values { append(integer: value) }
    }

    mutating func append(wide value: Int128) {
        append(integer: UInt64(truncatingIfNeeded: value))
        append(integer: UInt64(truncatingIfNeeded: value >> 64))
    }

    mutating func append<Value>(optional value: Value?, _ encode: (inout [UInt8], Value) -> Void) {
        append(value == nil ? 0 : 1)
        if let value { encode(&self, value) }
    }

    mutating func append<Value>(list values: [Value], _ encode: (inout [UInt8], Value) -> Void) {
        append(integer: UInt32(values.count))
        for value in values { encode(&self, value) }
    }
}

extension RememberedRequest {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [sequence.rawValue, account.rawValue])
        bytes.append(optional: key) { bytes, key in
            for word in [key.high, key.low, key.body] { bytes.append(integer: word) }
        }
        bytes.append(optional: clientOrderID) { bytes, name in
            for word in [name.high, name.low] { bytes.append(integer: word) }
        }
        bytes.append(integer: bodyHash)
        bytes.append(integer: at.microseconds)
        bytes.append(integer: rejection?.rawValue ?? 0)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let sequence = SequenceNumber(try reader.integer("request"))
        let account = AccountID(try reader.integer("request's account"))
        let key = try reader.optional("key") { (r) throws(StateCodingError) in
            let (high, low): (UInt64, UInt64) = (try r.integer("key"), try r.integer("key"))
            return IdempotencyKey(high: high, low: low, body: try r.integer("key"))
        }
        let name = try reader.optional("client order id") { (r) throws(StateCodingError) in
            let high: UInt64 = try r.integer("client order id")
            return ClientOrderIDHash(high: high, low: try r.integer("client order id"))
        }
        let bodyHash: UInt64 = try reader.integer("body hash")
        let at = try reader.time("time of a request")
        let code: UInt16 = try reader.integer("rejection")
        let rejection = Rejection(rawValue: code)
        guard code == 0 || rejection != nil else { throw reader.error("rejection") }
        self.init(
            sequence: sequence,
            account: account,
            key: key,
            clientOrderID: name,
            bodyHash: bodyHash,
            at: at,
            rejection: rejection
        )
    }
}
