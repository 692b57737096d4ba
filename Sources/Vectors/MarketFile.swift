import JSON
import Units

extension TestMarket {
    /// Bytes of a market file at most: 18 markets take 0.7 MB.
    package static let fileBytesMax = 256 << 20

    /// Reads a market file: a list of markets, each an object of `name`, `maker_bps`, `taker_bps`, `commands`,
    /// `events` (`[command, word, …]`), `transfers` (`[command, debit, credit, amount, kind]`) and `balances`.
    ///
    /// Throws on the first value that breaks the form; the error names market, command and field.
    package static func read(_ bytes: [UInt8]) throws(MarketFileError) -> [TestMarket] {
        let document: JSONValue
        do {
            document = try JSONValue(bytes, limits: JSONLimits(bytesMax: fileBytesMax))
        } catch {
            throw .notJSON(error.description)
        }
        guard let elements = document.elements else {
            throw .invalid(place: "the file", rule: "this must be an array of markets")
        }
        var markets: [TestMarket] = []
        for (index, element) in elements.enumerated() { markets.append(try TestMarket(element, number: index + 1)) }
        return markets
    }

    private init(_ value: JSONValue, number: Int) throws(MarketFileError) {
        var fields = try JSONFields(value, at: "market \(number)")
        let name = try fields.string("name")
        let place = "market \(number) (\"\(name)\")"
        let maker = try fields.integer("maker_bps", in: 0...Limits.feeMax)
        let taker = try fields.integer("taker_bps", in: 0...Limits.feeMax)
        self.init(name: name, rates: FeeRates(maker: BasisPoints(maker), taker: BasisPoints(taker)))

        for (index, command) in try fields.elements("commands").enumerated() {
            commands.append(try TestCommand(command, at: "\(place), command \(index + 1)"))
        }
        try checkPriceSteps(at: place)
        for (index, row) in try fields.elements("events").enumerated() {
            var row = try TestRow(row, at: "\(place), event \(index + 1)")
            let command = try row.command(of: commands.count)
            events[command, default: []].append(try TestEvent(&row))
        }
        for (index, row) in try fields.elements("transfers").enumerated() {
            var row = try TestRow(row, at: "\(place), transfer \(index + 1)")
            let command = try row.command(of: commands.count)
            transfers[command, default: []].append(try TestTransfer(&row))
        }
        let balances = try fields.required("balances")
        guard let members = balances.members else { throw fields.error("balances", "this must be an object") }
        for member in members {
            guard let balance = member.value.anyInteger else {
                throw fields.error("balances", "\"\(member.key)\" must be an integer of 64 bits")
            }
            self.balances[member.key] = balance
        }
        try fields.end()
    }
}

extension TestMarket {
    /// A price between two steps has no exact value of a lot, so a lease at it could cost more than it locks. Such an
    /// order may stand in a market where nobody uses a lease.
    private func checkPriceSteps(at place: String) throws(MarketFileError) {
        let usesLeases = commands.contains { if case .usage = $0 { true } else { false } }
        for (index, command) in commands.enumerated() where usesLeases {
            guard let price = command.order?.price, price.nanoTONPerMTok % Price.step != 0 else { continue }
            throw .invalid(
                place: "\(place), command \(index + 1), field \"price\"",
                rule: "where leases are used this must be a multiple of \(Price.step)"
            )
        }
    }
}

extension TestCommand {
    fileprivate init(_ value: JSONValue, at place: String) throws(MarketFileError) {
        var fields = try JSONFields(value, at: place)
        switch try fields.string("do") {
        case "deposit":
            let amount = NanoTON(try fields.integer("amount", in: 0...Limits.depositsMax))
            self = .deposit(account: try fields.name("account"), amount: amount)
        case "place": self = try Self.place(&fields)
        case "cancel":
            let order = try fields.integer("order", in: 0...Int64(Int32.max))
            self = .cancel(account: try fields.name("account"), order: order)
        case "usage":
            let lease = try fields.integer("lease", in: 0...Int64.max)
            self = .usage(lease: lease, tokens: try fields.integer("tokens", in: 0...Int64.max))
        case "finish": self = .finish(lease: try fields.integer("lease", in: 0...Int64.max))
        case let word: throw fields.error("do", "\"\(word)\" is none of deposit, place, cancel, usage, finish")
        }
        try fields.end()
    }

    private static func place(_ fields: inout JSONFields) throws(MarketFileError) -> TestCommand {
        let account = try fields.name("account")
        let price = try fields.integer("price", in: Limits.priceMin...Limits.priceMax)
        let lots = try fields.integer("lots", in: 1...Limits.orderLotsMax)
        let word = try fields.string("tif")
        guard let timeInForce = TestOrder.TimeInForce(rawValue: word) else {
            throw fields.error("tif", "\"\(word)\" is neither gtc nor ioc")
        }
        let order = TestOrder(
            account: account,
            price: Price(nanoTONPerMTok: price),
            lots: Lots(lots),
            timeInForce: timeInForce
        )
        switch try fields.string("side") {
        case "offer":
            let quality = try fields.integer("quality", in: 0...Limits.qualityMax)
            let model = TestModel(name: try fields.name("model"), quality: quality)
            return .offer(order, model: model, isAttested: try fields.boolean("attested", default: false))
        case "bid":
            let requirement = try TestRequirement(try fields.required("requires"), at: fields.place)
            return .bid(order, requirement)
        case let word: throw fields.error("side", "\"\(word)\" is neither offer nor bid")
        }
    }
}

extension TestRequirement {
    fileprivate init(_ value: JSONValue, at place: String) throws(MarketFileError) {
        var fields = try JSONFields(value, at: "\(place), requires")
        var models: [String]?
        if let value = fields.optional("model") {
            guard let elements = value.elements else { throw fields.error("model", "this must be an array") }
            let names = elements.compactMap(\.string).filter { !$0.isEmpty }
            guard !names.isEmpty, names.count == elements.count, names.count <= Limits.modelsPerBidMax else {
                throw fields.error("model", "this must be 1…\(Limits.modelsPerBidMax) names")
            }
            models = names
        }
        let quality = try fields.integer("quality", in: 0...Limits.qualityMax, default: 0)
        self.init(models: models, quality: quality, isAttested: try fields.boolean("attested", default: false))
        try fields.end()
    }
}

/// A list of a command's number and words, read from the front.
private struct TestRow {
    private var values: ArraySlice<JSONValue>
    private let place: String

    init(_ value: JSONValue, at place: String) throws(MarketFileError) {
        guard let elements = value.elements else { throw .invalid(place: place, rule: "this must be an array") }
        values = elements[...]
        self.place = place
    }

    func error(_ rule: String) -> MarketFileError { .invalid(place: place, rule: rule) }

    mutating func command(of count: Int) throws(MarketFileError) -> Int {
        let number = try integer("the command's number")
        guard number >= 1, number <= count else { throw error("there is no command \(number)") }
        return Int(number)
    }

    mutating func integer(_ what: String) throws(MarketFileError) -> Int64 {
        guard let integer = values.popFirst()?.anyInteger else { throw error("\(what) must be an integer") }
        return integer
    }

    mutating func string(_ what: String) throws(MarketFileError) -> String {
        guard let string = values.popFirst()?.string else { throw error("\(what) must be a string") }
        return string
    }

    func end() throws(MarketFileError) {
        guard values.isEmpty else { throw error("there are \(values.count) values too many") }
    }
}

extension TestEvent {
    fileprivate init(_ row: inout TestRow) throws(MarketFileError) {
        switch try row.string("the event's word") {
        case "accepted": self = .accepted(order: try row.integer("the order"))
        case "rested": self = .rested(order: try row.integer("the order"), lots: try row.integer("the lots"))
        case "closed":
            let order = try row.integer("the order")
            let reason = try row.string("the reason")
            self = .closed(order: order, reason: reason, lots: try row.integer("the lots"))
        case "traded":
            let trade = try row.integer("the trade")
            let bid = try row.integer("the bid")
            let offer = try row.integer("the offer")
            let lots = try row.integer("the lots")
            self = .traded(trade: trade, bid: bid, offer: offer, lots: lots, price: try row.integer("the price"))
        case "used": self = .used(lease: try row.integer("the lease"), tokens: try row.integer("the tokens"))
        case "ended": self = .ended(lease: try row.integer("the lease"), tokens: try row.integer("the tokens"))
        case "rejected": self = .rejected(try row.string("the code"))
        case let word: throw row.error("\"\(word)\" is no event of this form")
        }
        try row.end()
    }
}

extension TestTransfer {
    fileprivate init(_ row: inout TestRow) throws(MarketFileError) {
        let debit = try row.string("the debit account")
        let credit = try row.string("the credit account")
        let amount = try row.integer("the amount")
        self.init(debit: debit, credit: credit, amount: amount, kind: try row.string("the kind"))
        try row.end()
    }
}
