import Exchange
import Ledger
import Units

// What version 2 of a state's form has behind version 1: what only few accounts, classes and orders have, each behind
// its number, and market control.
//
//     accounts · classes · orders · controls · operations · fee notice?
//
//     account       number i64 · most lots of an offer i64 (0: no limit) · self-trade group i64
//                   · flags u8 (1 closed, 2 cancels on disconnect) · cancel after i64
//     class         number i64 · allowed list of i64 · denied list of i64 · minimum deposit i64
//     order         number i64 · priority i64 · displayed i64 · expires at i64 · least fill i64 · display i64
//                   · flags u8 (1 post-only, 2 all or none) · self-trade prevention u8 · quality credit i64
//     control       model i64 (0: the market) · halted u8 · band? (low i64 · high i64) · sequence i64
//     operation     sequence i64 · kind u8 · account i64 · side u8 (0: both) · model i64 (−1: any)
//                   · profile i64 (−1: any) · cursor i64
//     fee notice    fees · effective at i64

/// The part of a state that version 1 of its form cannot say.
struct StateAdditions {
    private let accounts: [AccountRecord]
    private let classes: [(id: ClassID, buyers: BuyerRules)]
    private let orders: [OrderRecord]
    private let controls: [MarketControlRecord]
    private let operations: [MassOperation]
    private let feeNotice: FeeNoticeTerms?

    init(of state: EngineState) {
        accounts = state.accounts.filter(\.hasLimitsOrTimers)
        classes = state.classes.map { ($0.id, $0.capability.buyers.rules) }.filter { $0.1 != .anyone }
        orders = state.orders.filter { order in
            order.priority != Priority(order.id) || order.displayed != .zero || order.rules != .none
        }
        controls = state.controls
        operations = state.operations
        feeNotice = state.feeNotice
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(list: accounts) { $1.encodeLimits(into: &$0) }
        bytes.append(list: classes) { bytes, entry in
            bytes.append(integer: entry.id.rawValue)
            for list in [entry.buyers.allowed, entry.buyers.denied] {
                bytes.append(list: list) { $0.append(integer: $1.rawValue) }
            }
            bytes.append(integer: entry.buyers.minimumDeposit.count)
        }
        bytes.append(list: orders) { $1.encodeRules(into: &$0) }
        bytes.append(list: controls) { $1.encode(into: &$0) }
        bytes.append(list: operations) { $1.encode(into: &$0) }
        bytes.append(optional: feeNotice) { bytes, notice in
            notice.fees.encode(into: &bytes)
            bytes.append(integer: notice.effectiveAt.microseconds)
        }
    }
}

extension EngineState {
    /// Reads what ``StateAdditions`` writes, and puts it into the records that are there.
    mutating func add(_ reader: inout StateReader) throws(StateCodingError) {
        for _ in 0..<(try reader.integer("accounts") as UInt32) {
            let id = AccountID(try reader.integer("account"))
            guard let place = place(of: id, in: accounts, \.id) else { throw reader.error("account") }
            try accounts[place].readLimits(&reader)
        }
        for _ in 0..<(try reader.integer("classes") as UInt32) {
            let id = ClassID(try reader.integer("class"))
            guard let place = place(of: id, in: classes, \.id) else { throw reader.error("class") }
            classes[place].capability.buyers = SeldomBuyerRules(try BuyerRules(&reader))
        }
        for _ in 0..<(try reader.integer("orders") as UInt32) {
            let id = OrderID(try reader.integer("order"))
            guard let place = place(of: id, in: orders, \.id) else { throw reader.error("order") }
            try orders[place].readRules(&reader)
        }
        controls = try reader.list("controls") { (r) throws(StateCodingError) in try MarketControlRecord(&r) }
        operations = try reader.list("operations") { (r) throws(StateCodingError) in try MassOperation(&r) }
        feeNotice = try reader.optional("fee notice") { (r) throws(StateCodingError) in
            let fees = try FeeTerms(&r)
            return FeeNoticeTerms(fees: fees, effectiveAt: try r.time("time"))
        }
    }

    /// Puts the lots by which orders were lowered into their records.
    mutating func readLoweredLots(_ reader: inout StateReader) throws(StateCodingError) {
        for _ in 0..<(try reader.integer("lowered orders") as UInt32) {
            let id = OrderID(try reader.integer("order"))
            guard let place = place(of: id, in: orders, \.id) else { throw reader.error("order") }
            orders[place].loweredLots = Lots(try reader.integer("lowered lots", in: 1...Limits.orderLotsMax))
        }
    }

    /// Where the record with this number is; records are in ascending order.
    private func place<Record, Number: Comparable>(
        of number: Number,
        in records: [Record],
        _ key: (Record) -> Number
    ) -> Int? {
        var range = records.startIndex..<records.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if key(records[middle]) < number {
                range = (middle + 1)..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        let found = range.lowerBound
        return found < records.endIndex && key(records[found]) == number ? found : nil
    }
}

extension StateReader {
    /// A number within a range.
    fileprivate mutating func integer(
        _ name: String,
        in range: ClosedRange<Int64>
    ) throws(StateCodingError) -> Int64 {
        let value: Int64 = try integer(name)
        guard range.contains(value) else { throw error(name) }
        return value
    }

    /// Bits, each of which means something.
    fileprivate mutating func flags(_ name: String, below end: UInt8) throws(StateCodingError) -> UInt8 {
        let flags: UInt8 = try integer(name)
        guard flags < end else { throw error(name) }
        return flags
    }
}

extension AccountRecord {
    fileprivate func encodeLimits(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.rawValue, offerLotsMax?.count ?? 0, selfTradeGroup])
        bytes.append((isClosed ? 1 : 0) | (cancelsOnDisconnect ? 2 : 0))
        bytes.append(integer: cancelAfter.microseconds)
    }

    fileprivate mutating func readLimits(_ reader: inout StateReader) throws(StateCodingError) {
        let most = try reader.integer("most lots of an offer", in: 0...Limits.orderLotsMax)
        offerLotsMax = most == 0 ? nil : Lots(most)
        selfTradeGroup = try reader.integer("self-trade group", in: 0...Int64.max)
        let flags = try reader.flags("flags of an account", below: 4)
        isClosed = flags & 1 != 0
        cancelsOnDisconnect = flags & 2 != 0
        cancelAfter = LogicalTime(microseconds: try reader.integer("cancel after", in: 0...Int64.max))
    }
}

extension BuyerRules {
    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let allowed = try reader.list("allowed buyers") { (r) throws(StateCodingError) in
            AccountID(try r.integer("buyer"))
        }
        let denied = try reader.list("denied buyers") { (r) throws(StateCodingError) in
            AccountID(try r.integer("buyer"))
        }
        let deposit = NanoTON(try reader.integer("minimum deposit", in: 0...Limits.depositsMax))
        self.init(allowed: allowed, denied: denied, minimumDeposit: deposit)
    }
}

extension OrderRecord {
    fileprivate func encodeRules(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.rawValue, priority.rawValue, displayed.count])
        bytes.append(integers: [rules.expiresAt.microseconds, rules.minLots.count, rules.displayLots.count])
        bytes.append((rules.isPostOnly ? 1 : 0) | (rules.isAllOrNone ? 2 : 0))
        bytes.append(rules.selfTrade.rawValue)
        bytes.append(integer: rules.qualityCredit)
    }

    fileprivate mutating func readRules(_ reader: inout StateReader) throws(StateCodingError) {
        priority = Priority(rawValue: try reader.integer("priority", in: 0...Int64.max))
        displayed = Lots(try reader.integer("displayed lots", in: 0...remaining.count))
        var rules = OrderRules()
        rules.expiresAt = LogicalTime(microseconds: try reader.integer("expiry", in: 0...Int64.max))
        rules.minLots = Lots(try reader.integer("least fill", in: 0...Limits.orderLotsMax))
        rules.displayLots = Lots(try reader.integer("display", in: 0...Limits.orderLotsMax))
        let flags = try reader.flags("flags of an order", below: 4)
        rules.isPostOnly = flags & 1 != 0
        rules.isAllOrNone = flags & 2 != 0
        rules.selfTrade = try reader.code("self-trade prevention")
        rules.qualityCredit = try reader.integer("quality credit", in: 0...Limits.qualityCreditMax)
        self.rules = rules
    }
}

extension MarketControlRecord {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: model.rawValue)
        bytes.append(isHalted ? 1 : 0)
        bytes.append(optional: band) { bytes, band in
            bytes.append(integers: [band.low.nanoTONPerMTok, band.high.nanoTONPerMTok])
        }
        bytes.append(integer: sequence.rawValue)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init(model: ModelID(try reader.integer("controlled model")))
        isHalted = try reader.flags("halt", below: 2) == 1
        band = try reader.optional("price band") { (r) throws(StateCodingError) in
            let low = try r.integer("low end", in: Limits.priceMin...Limits.priceMax)
            let high = try r.integer("high end", in: low...Limits.priceMax)
            return PriceBand(low: Price(nanoTONPerMTok: low), high: Price(nanoTONPerMTok: high))
        }
        sequence = SequenceNumber(try reader.integer("sequence"))
    }
}

extension MassOperation {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: sequence.rawValue)
        bytes.append(kind.rawValue)
        bytes.append(integer: account.rawValue)
        bytes.append(side?.rawValue ?? 0)
        bytes.append(integers: [model?.rawValue ?? -1, profile?.rawValue ?? -1, cursor])
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let sequence = SequenceNumber(try reader.integer("sequence"))
        let kind: Kind = try reader.code("kind of a mass operation")
        let account = AccountID(try reader.integer("operation's account"))
        let side: UInt8 = try reader.integer("operation's side")
        guard side == 0 || Side(rawValue: side) != nil else { throw reader.error("operation's side") }
        let model = try reader.integer("operation's model", in: -1...Int64.max)
        let profile = try reader.integer("operation's profile", in: -1...Int64.max)
        self.init(
            sequence: sequence,
            kind: kind,
            account: account,
            side: Side(rawValue: side),
            model: model < 0 ? nil : ModelID(model),
            profile: profile < 0 ? nil : ProfileID(profile),
            cursor: try reader.integer("cursor")
        )
    }
}
