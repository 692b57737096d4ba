import Cryptography
import Exchange
import Provenance
import Units

// What version 3 of a state's form has behind version 2.
//
//     lease rules of orders · leases · profiles · standings · slashes · policy · log
//
//     lease rules   order i64 · parent i64 · as in its command
//     lease         number i64 · bid i64 · model i64 · model version i32 · weight set u8 · class i64 · opened at i64
//                   · deadline i64 · step i64 · dispute window i64 · buyer's profile i64 · worker's profile i64
//                   · service? (three i64) · rebid? (price i64 · profile i64 · rules · has lease rules u8
//                   [· parent i64 · lease rules]) · countersigned? · claim? (receipts) · claim due i64 · closes at i64
//                   · is disputed u8
//     receipt       index i64 · sequence u32 · prompt, completion, cached, reasoning, adjusted, ended at i64 · hash
//     profile       account i64 · version i64 · as in its command · set at i64
//     standing      account i64 · strikes i64 · disputes i64 · delivered i64
//     slash         lease i64 · worker i64 · buyer i64 · amount i64 · due i64 · reason u8
//     policy        as in its command
//     log           size i64 · hashes, one for each bit of it that is 1

extension EngineState {
    func encodeLeases(into bytes: inout [UInt8]) {
        bytes.append(list: orders.filter { $0.rules.lease != .none }) { bytes, order in
            bytes.append(integer: order.id.rawValue)
            order.rules.lease.encodeWhole(order.side, into: &bytes)
        }
        bytes.append(list: leases.filter { $0.terms != nil }) { $1.encodeTerms(into: &$0) }
        bytes.append(list: delivery.profiles) { bytes, record in
            bytes.append(integers: [record.account.rawValue, record.version])
            record.terms.encode(into: &bytes)
            bytes.append(integer: record.setAt.microseconds)
        }
        bytes.append(list: delivery.standings) { bytes, record in
            bytes.append(integers: [record.account.rawValue, record.strikes, record.disputes, record.delivered])
        }
        bytes.append(list: delivery.slashes) { bytes, record in
            bytes.append(integers: [record.lease.rawValue, record.worker.rawValue, record.buyer.rawValue])
            bytes.append(integers: [record.amount.count, record.due.microseconds])
            bytes.append(record.reason.rawValue)
        }
        delivery.policy.encode(into: &bytes)
        bytes.append(integer: delivery.log.size)
        for hash in delivery.log.hashes { hash.append(to: &bytes) }
    }

    mutating func readLeases(_ reader: inout StateReader) throws(StateCodingError) {
        for _ in 0..<(try reader.integer("orders") as UInt32) {
            let id = OrderID(try reader.integer("order"))
            guard let place = orders.firstIndex(where: { $0.id == id }) else { throw reader.error("order") }
            orders[place].rules.lease = try LeaseRules(&reader, orders[place].side)
        }
        for _ in 0..<(try reader.integer("leases") as UInt32) {
            let id = LeaseID(try reader.integer("lease"))
            guard let place = leases.firstIndex(where: { $0.id == id }) else { throw reader.error("lease") }
            try leases[place].readTerms(&reader)
        }
        delivery.profiles = try reader.list("profiles") { (r) throws(StateCodingError) in try ProfileRecord(&r) }
        delivery.standings = try reader.list("standings") { (r) throws(StateCodingError) in
            var record = StandingRecord(account: AccountID(try r.integer("account")))
            record.strikes = try r.integer("strikes")
            record.disputes = try r.integer("disputes")
            record.delivered = try r.integer("deliveries")
            return record
        }
        delivery.slashes = try reader.list("slashes") { (r) throws(StateCodingError) in try SlashRecord(&r) }
        delivery.policy = try reader.part("policy") { (bytes, cursor) throws(CommandDecodingError) in
            try LeasePolicyTerms.decode(bytes, &cursor)
        }
        let size: Int64 = try reader.integer("log")
        var hashes: [Digest256] = []
        for _ in 0..<size.nonzeroBitCount { hashes.append(try reader.digest("log")) }
        guard let log = LogFrontier(size: size, hashes: hashes) else { throw reader.error("log") }
        delivery.log = log
    }
}

extension StateReader {
    fileprivate mutating func digest(_ name: String) throws(StateCodingError) -> Digest256 {
        guard let digest = Digest256(Array(try take(Digest256.byteCount, name))) else { throw error(name) }
        return digest
    }
}

extension LeaseRules {
    fileprivate func encodeWhole(_ side: Side, into bytes: inout [UInt8]) {
        bytes.append(integer: parent.rawValue)
        encode(into: &bytes)
    }

    fileprivate init(_ reader: inout StateReader, _ side: Side) throws(StateCodingError) {
        let parent = OrderID(try reader.integer("parent"))
        self = try reader.part("lease rules") { (bytes, cursor) throws(CommandDecodingError) in
            try LeaseRules.decode(bytes, &cursor, side: side)
        }
        self.parent = parent
    }
}

extension LeaseRecord {
    fileprivate func encodeTerms(into bytes: inout [UInt8]) {
        guard let terms else { return }
        bytes.append(integers: [id.rawValue, terms.bid.rawValue, terms.model.rawValue])
        bytes.append(integer: terms.modelVersion)
        bytes.append(terms.weightSet.rawValue)
        let delivery = terms.delivery
        bytes.append(integers: [terms.classID.rawValue, delivery.openedAt.microseconds])
        bytes.append(integers: [delivery.deadline.microseconds, delivery.step.count, delivery.disputeWindow])
        bytes.append(integers: [delivery.buyerProfile, delivery.workerProfile])
        bytes.append(optional: delivery.service.value) { bytes, service in
            bytes.append(integers: [service.timeToFirstToken, service.completion, service.refundShare.count])
        }
        bytes.append(optional: delivery.rebid.value) { bytes, rebid in
            bytes.append(integers: [rebid.price.nanoTONPerMTok, rebid.profileID.rawValue])
            rebid.rules.encode(into: &bytes)
            rebid.rules.lease.encodeWhole(.bid, into: &bytes)
        }
        let progress = progress
        bytes.append(optional: progress.countersigned) { $1.encode(into: &$0) }
        bytes.append(optional: progress.claim) { $1.encode(into: &$0) }
        bytes.append(integers: [progress.claimDue.microseconds, progress.closesAt.microseconds])
        bytes.append(progress.isDisputed ? 1 : 0)
    }

    fileprivate mutating func readTerms(_ reader: inout StateReader) throws(StateCodingError) {
        let bid = OrderID(try reader.integer("bid"))
        let model = ModelID(try reader.integer("model"))
        let version: Int32 = try reader.integer("model version")
        let weightSet = WeightSetID(try reader.integer("weight set"))
        let classID = ClassID(try reader.integer("class"))
        var delivery = DeliveryTerms(
            openedAt: try reader.time("time"),
            deadline: try reader.time("deadline"),
            step: AdjustedTokens(try reader.integer("step")),
            disputeWindow: try reader.integer("dispute window"),
            buyerProfile: try reader.integer("buyer's profile"),
            workerProfile: try reader.integer("worker's profile")
        )
        delivery.service = Boxed(
            try reader.optional("service") { (r) throws(StateCodingError) in try ServiceTerms(&r) }
        )
        delivery.rebid = Boxed(try reader.optional("rebid") { (r) throws(StateCodingError) in try RebidTerms(&r) })
        terms = LeaseTerms(
            bid: bid,
            model: model,
            modelVersion: version,
            weightSet: weightSet,
            classID: classID,
            delivery: delivery
        )
        var progress = LeaseProgress()
        progress.countersigned = try reader.optional("receipt") { (r) throws(StateCodingError) in try ReceiptMark(&r) }
        progress.claim = try reader.optional("claim") { (r) throws(StateCodingError) in try ReceiptMark(&r) }
        progress.claimDue = try reader.time("claim's time")
        progress.closesAt = try reader.time("time of closing")
        let isDisputed: UInt8 = try reader.integer("dispute")
        guard isDisputed <= 1 else { throw reader.error("dispute") }
        progress.isDisputed = isDisputed == 1
        self.progress = progress
    }
}

extension ServiceTerms {
    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let first: Int64 = try reader.integer("time to the first token")
        let completion: Int64 = try reader.integer("completion")
        let share = BasisPoints(try reader.integer("refund share"))
        self.init(timeToFirstToken: first, completion: completion, refundShare: share)
        guard (1...10_000).contains(refundShare.count) else { throw reader.error("refund share") }
    }
}

extension RebidTerms {
    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let price = Price(nanoTONPerMTok: try reader.integer("price"))
        let profile = ProfileID(try reader.integer("profile"))
        var rules = try reader.part("rules") { (bytes, cursor) throws(CommandDecodingError) in
            try OrderRules.decode(bytes, &cursor)
        }
        rules.lease = try LeaseRules(&reader, .bid)
        self.init(price: price, profileID: profile, rules: rules)
    }
}

extension ReceiptMark {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: index)
        bytes.append(integer: sequence)
        bytes.append(integers: [usage.prompt, usage.completion, usage.cached, usage.reasoning])
        bytes.append(integers: [adjusted.count, endedAt])
        hash.append(to: &bytes)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let index: Int64 = try reader.integer("receipt")
        let sequence: UInt32 = try reader.integer("receipt's sequence")
        let (prompt, completion): (Int64, Int64) = (try reader.integer("prompt"), try reader.integer("completion"))
        let (cached, reasoning): (Int64, Int64) = (try reader.integer("cached"), try reader.integer("reasoning"))
        self.init(
            index: index,
            sequence: sequence,
            usage: TokenUsage(prompt: prompt, completion: completion, cached: cached, reasoning: reasoning),
            adjusted: AdjustedTokens(try reader.integer("adjusted tokens")),
            endedAt: try reader.integer("end"),
            hash: try reader.digest("receipt's hash")
        )
    }
}

extension ProfileRecord {
    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let account = AccountID(try reader.integer("account"))
        let version: Int64 = try reader.integer("version")
        let terms = try reader.part("profile") { (bytes, cursor) throws(CommandDecodingError) in
            try ProfileTerms.decode(bytes, &cursor)
        }
        self.init(account: account, version: version, terms: terms, setAt: try reader.time("time"))
    }
}

extension SlashRecord {
    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init(
            lease: LeaseID(try reader.integer("lease")),
            worker: AccountID(try reader.integer("worker")),
            buyer: AccountID(try reader.integer("buyer")),
            amount: NanoTON(try reader.integer("amount")),
            due: try reader.time("time"),
            reason: try reader.code("reason")
        )
    }
}
