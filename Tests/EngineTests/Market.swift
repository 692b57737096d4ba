import Engine
import Exchange
import Ledger
import Testing
import Units
import Vectors

@testable import EngineTesting

/// Plays a market that is written as text, on the engine and on the reference engine, and compares what both answer
/// with what is written behind the arrow; behind the bar the transfers.
///
///     deposit app 1000
///     offer s1 worker qwen 20 x 5        -> s1 rests 5
///     bid   b1 app    qwen 25 x 8        -> b1 buys 5 from s1 at 20, s1 filled, b1 rests 3 | hold 200, trade 100
///
/// Prices are nanoTON a lot. Accounts and models exist from their first mention on. There are no fees and no minimum
/// unless the market says so. A line without an arrow must be carried out. The taker is the subject of a trade.
///
/// `requestsMax` is how many keys and client order ids are remembered.
func expectMarket(
    _ script: String,
    requestsMax: Int = Limits.idempotencyEntriesMax,
    work: WorkLimits = .standard,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    var engine = MarketPlayer(executor: Engine(requestsMax: requestsMax, work: work), title: "engine")
    try engine.play(script, sourceLocation)
    let other = ReferenceEngine(requestsMax: requestsMax, work: work)
    var reference = MarketPlayer(executor: other, title: "reference engine")
    try reference.play(script, sourceLocation)
}

/// A line that is no line of a market.
struct BadScript: Error {
    let line: Substring
}

/// A market on one engine.
struct MarketPlayer<Executor: CommandExecutor> {
    var executor: Executor
    let title: String
    /// Commands applied so far.
    private var count: Int64 = 0
    var accounts: [String: AccountID] = ["operator": .system]
    var models: [String: ModelID] = ["unknown": .unknown]
    private var orders: [String: OrderID] = [:]
    /// What a sequence number is called: its order, or its idempotency key.
    private(set) var labels: [SequenceNumber: String] = [:]

    init(executor: Executor, title: String) {
        self.executor = executor
        self.title = title
        let noFees = FeeRates(maker: BasisPoints(0), taker: BasisPoints(0))
        _ = apply(.system, .setFees(FeeTerms(rates: noFees, minimumNotional: .zero)))
    }

    /// What comes of a line, in words.
    mutating func answer(to line: String) throws -> String {
        try carryOut(ScriptWords(line[...])).compactMap(describe).joined(separator: ", ")
    }

    mutating func play(_ script: String, _ sourceLocation: SourceLocation) throws {
        let lines = script.split(separator: "\n")
        for (index, line) in lines.enumerated() {
            let halves = line.split(separator: "->")
            guard let first = halves.first, halves.count <= 2 else { throw BadScript(line: line) }
            let events = try carryOut(ScriptWords(first))
            let comment = Comment(rawValue: "\(title): \(line)")
            if halves.count == 1 {
                #expect(!events.contains { if case .rejected = $0 { true } else { false } }, comment)
            } else if first.hasPrefix("balance ") {
                let words = ScriptWords(first)
                #expect(try balance(words.positional(1)) == Int128(ScriptWords(halves[1]).positional(0)), comment)
            } else {
                let parts = halves[1].split(separator: "|", omittingEmptySubsequences: false)
                #expect(events.compactMap(describe) == list(parts[0]), comment, sourceLocation: sourceLocation)
                if parts.count > 1 {
                    #expect(
                        events.compactMap(describeTransfer) == list(parts[1]),
                        comment,
                        sourceLocation: sourceLocation
                    )
                }
            }
            // A long market's state is large, and a check of all of it slow.
            guard lines.count < 100 || index % 50 == 0 || index == lines.count - 1 else { continue }
            #expect(throws: Never.self, comment, sourceLocation: sourceLocation) { try executor.checkInvariants() }
        }
    }

    private func list(_ text: Substring) -> [String] {
        text.split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }
    }

    // MARK: Commands

    private mutating func carryOut(_ words: ScriptWords) throws -> [Event] {
        switch words.verb {
        case "balance": return []
        case "time":
            let isDue = executor.beginBatch(at: try time(words.positional(1)))
            return isDue ? apply(.system, .tick) : []
        case "offer", "bid":
            let name = try words.positional(1)
            let account = try account(words.positional(2))
            let action = try words.verb == "bid" ? Command.Action.placeBid(bid(words)) : .placeOffer(offer(words))
            orders[name] = OrderID(count + 1)
            labels[SequenceNumber(count + 1)] = name
            return apply(account, action, try key(words))
        case "all": return try placeTogether(words)
        case "cancel":
            let account = try account(words.positional(1))
            let order = orders[try words.positional(2)] ?? OrderID(999)
            label(words)
            return apply(account, .cancel(order), try key(words))
        case "amend", "masscancel", "cancelafter", "ondisconnect":
            let account = try account(words.positional(1))
            label(words)
            return apply(account, try ownerAction(words), try key(words))
        default:
            let action = try systemAction(words)
            label(words)
            return apply(.system, action, try key(words))
        }
    }

    /// `all offer … ; bid …`: all of them, or none.
    private mutating func placeTogether(_ words: ScriptWords) throws -> [Event] {
        let lines = words.line.drop { $0 == " " }.dropFirst(4).split(separator: ";").map { ScriptWords($0) }
        let commands = try lines.map { line in
            let account = try account(line.positional(2))
            let action = try line.verb == "bid" ? Command.Action.placeBid(bid(line)) : .placeOffer(offer(line))
            return Command(account: account, idempotency: try key(line), action: action)
        }
        for (index, line) in lines.enumerated() {
            orders[try line.positional(1)] = OrderID(count + 2 + Int64(index))
            labels[SequenceNumber(count + 2 + Int64(index))] = try line.positional(1)
        }
        return AtomicBatch.commands(placing: commands).flatMap { apply($0.account, $0.action) }
    }

    /// A command that places no order is called by its key.
    private mutating func label(_ words: ScriptWords) {
        if let name = words["key"] { labels[SequenceNumber(count + 1)] = name }
    }

    private mutating func ownerAction(_ words: ScriptWords) throws -> Command.Action {
        switch words.verb {
        case "amend":
            var terms = AmendTerms(order: orders[try words.positional(2)] ?? OrderID(999))
            terms.price = try words["price"] == nil ? nil : price(words.int("price"))
            terms.lots = try words["lots"] == nil ? nil : Lots(words.int("lots"))
            terms.expiresAt = try words["until"] == nil ? nil : time(words["until"])
            return .amend(terms)
        case "masscancel":
            var filter = OrderFilter(side: words["side"].flatMap { name in Side.allCases.first { $0.name == name } })
            filter.model = words["model"].map { model($0) }
            if let names = words["like"] { filter.requirement = try requirement(names, words) }
            return .massCancel(filter)
        case "cancelafter": return .cancelAfter(try time(words.positional(2)).microseconds)
        default: return .setCancelOnDisconnect(words.has("on"))
        }
    }

    private mutating func systemAction(_ words: ScriptWords) throws -> Command.Action {
        switch words.verb {
        case "tick": return .tick
        case "fees": return .setFees(try fees(words))
        case "account":
            let max = try words["orders"] == nil ? Limits.openOrdersPerAccountDefault : words.int("orders")
            accounts[try words.positional(1)] = AccountID(Int64(accounts.count))
            return .createAccount(AccountTerms(label: "", openOrdersMax: max))
        case "key_of":
            let hash = KeyHash(KeyHash.InlineWords(1, 2, 3, 4))
            let owner = try account(words.positional(1))
            return .createKey(KeyTerms(owner: owner, hash: hash, scopes: .read, label: ""))
        case "deposit": return .deposit(to: try account(words.positional(1)), amount: NanoTON(try words.number(2)))
        case "model":
            let name = try words.positional(1)
            models[name] = models[name] ?? ModelID(Int64(models.count))
            return .setModel(try modelTerms(name, words))
        case "attest":
            let tees = try words.positional(2).split(separator: ",").map { try tee($0).bit }.reduce(0, |)
            let until = try words["until"] == nil ? .never : time(words["until"])
            let terms = AttestationTerms(
                account: try account(words.positional(1)),
                tees: tees & ~TEE.none.bit,
                expiresAt: until
            )
            return .setAttested(terms)
        case "use": return .usage(LeaseID(try words.number(1)), AdjustedTokens(try words.number(2)))
        case "halt", "resume":
            return .setHalt(HaltTerms(model: model(try words.positional(1)), isHalted: words.verb == "halt"))
        case "band":
            let model = model(try words.positional(1))
            if words.has("none") { return .setPriceBand(PriceBandTerms(model: model, band: nil)) }
            let band = PriceBand(low: price(try words.number(2)), high: price(try words.number(4)))
            return .setPriceBand(PriceBandTerms(model: model, band: band))
        case "limits": return .setAccountLimits(try limits(words))
        case "notice":
            let fees = try fees(words)
            return .announceFees(FeeNoticeTerms(fees: fees, effectiveAt: try time(words["at"])))
        case "disconnect": return .disconnected(try account(words.positional(1)))
        case "end": return .endLease(LeaseID(try words.number(1)))
        default: throw BadScript(line: words.line)
        }
    }

    mutating func apply(
        _ account: AccountID,
        _ action: Command.Action,
        _ key: IdempotencyKey? = nil
    ) -> [Event] {
        var events: [Event] = []
        executor.apply(Command(account: account, idempotency: key, action: action), into: &events)
        count += 1
        return events
    }
}
