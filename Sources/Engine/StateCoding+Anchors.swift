import Exchange
import Settlement
import Units

// What version 5 of a state's form has behind version 4.
//
//     policy as in its command · request i64 (0: none) · open anchor? · last anchor?
//
//     anchor        batch i64 · wallet i64 · origin's hash 32 bytes · size i64 · root 32 bytes · amount i64
//                   · planned at i64 · state u8 · message hash? · transaction position? · block u64 · chain time u64

extension AnchorsState {
    func encode(into bytes: inout [UInt8]) {
        policy.encode(into: &bytes)
        bytes.append(integer: request?.rawValue ?? 0)
        bytes.append(optional: open) { $1.encode(into: &$0) }
        bytes.append(optional: last) { $1.encode(into: &$0) }
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init()
        policy = try reader.part("policy of anchors") { (bytes, cursor) throws(CommandDecodingError) in
            try AnchorPolicy.decode(bytes, &cursor)
        }
        let sequence: Int64 = try reader.integer("request for an anchor")
        request = sequence == 0 ? nil : SequenceNumber(sequence)
        open = try reader.optional("anchor") { (r) throws(StateCodingError) in try AnchorRecord(&r) }
        last = try reader.optional("anchor") { (r) throws(StateCodingError) in try AnchorRecord(&r) }
    }
}

extension AnchorRecord {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [batch.rawValue, wallet.rawValue])
        bytes.append(contentsOf: origin.bytes)
        bytes.append(integer: size)
        bytes.append(contentsOf: root.bytes)
        bytes.append(integers: [amount.count, plannedAt.microseconds])
        bytes.append(state.rawValue)
        bytes.append(optional: message) { $0.append(contentsOf: $1.bytes) }
        bytes.append(optional: transaction) { $0.append($1) }
        for number in [block, chainTime] { bytes.append(integer: number) }
    }

    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let (batch, wallet): (Int64, Int64) = (try reader.integer("batch"), try reader.integer("wallet"))
        let origin = try reader.hash("origin")
        let size: Int64 = try reader.integer("size")
        self.init(
            batch: SettlementID(batch),
            wallet: WalletID(wallet),
            origin: origin,
            size: size,
            root: try reader.hash("root"),
            amount: try reader.money("amount"),
            plannedAt: try reader.time("time")
        )
        state = try reader.code("state of an anchor")
        message = try reader.optional("message") { (r) throws(StateCodingError) in try r.hash("message") }
        transaction = try reader.optional("transaction") { (r) throws(StateCodingError) in
            try r.position("transaction")
        }
        block = try reader.integer("block")
        chainTime = try reader.integer("time of the chain")
    }
}
