import Engine
import Exchange
import Ledger
import Testing
import Units
import Vectors

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
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    var engine = MarketPlayer(executor: Engine(requestsMax: requestsMax), title: "engine")
    try engine.play(script, sourceLocation)
    var reference = MarketPlayer(executor: ReferenceEngine(requestsMax: requestsMax), title: "reference engine")
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
    private var accounts: [String: AccountID] = ["operator": .system]
    private var models: [String: ModelID] = ["unknown": .unknown]
    private var orders: [String: OrderID] = [:]
    /// What a sequence number is called: its order, or its idempotency key.
    private var labels: [SequenceNumber: String] = [:]

    init(executor: Executor, title: String) {
        self.executor = executor
        self.title = title
        let noFees = FeeRates(maker: BasisPoints(0), taker: BasisPoints(0))
        _ = apply(.system, .setFees(FeeTerms(rates: noFees, minimumNotional: .zero)))
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
            let isDue = executor.beginBatch(at: try time(words.number(1)))
            return isDue ? apply(.system, .tick) : []
        case "offer", "bid":
            let name = try words.positional(1)
            let account = try account(words.positional(2))
            let action = try words.verb == "bid" ? Command.Action.placeBid(bid(words)) : .placeOffer(offer(words))
            orders[name] = OrderID(count + 1)
            labels[SequenceNumber(count + 1)] = name
            return apply(account, action, try key(words))
        case "cancel":
            let account = try account(words.positional(1))
            let order = orders[try words.positional(2)] ?? OrderID(999)
            label(words)
            return apply(account, .cancel(order), try key(words))
        default:
            let action = try systemAction(words)
            label(words)
            return apply(.system, action, try key(words))
        }
    }

    /// A command that places no order is called by its key.
    private mutating func label(_ words: ScriptWords) {
        if let name = words["key"] { labels[SequenceNumber(count + 1)] = name }
    }

    private mutating func systemAction(_ words: ScriptWords) throws -> Command.Action {
        switch words.verb {
        case "tick": return .tick
        case "fees":
            let rates = FeeRates(
                maker: BasisPoints(try words.int("maker")),
                taker: BasisPoints(try words.int("taker"))
            )
            return .setFees(FeeTerms(rates: rates, minimumNotional: NanoTON(try words.int("minimum"))))
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
            let until = try words["until"] == nil ? .never : time(words.int("until"))
            let terms = AttestationTerms(
                account: try account(words.positional(1)),
                tees: tees & ~TEE.none.bit,
                expiresAt: until
            )
            return .setAttested(terms)
        case "use": return .usage(LeaseID(try words.number(1)), AdjustedTokens(try words.number(2)))
        case "end": return .endLease(LeaseID(try words.number(1)))
        default: throw BadScript(line: words.line)
        }
    }

    private mutating func apply(
        _ account: AccountID,
        _ action: Command.Action,
        _ key: IdempotencyKey? = nil
    ) -> [Event] {
        var events: [Event] = []
        executor.apply(Command(account: account, idempotency: key, action: action), into: &events)
        count += 1
        return events
    }

    // MARK: Words to values

    /// `nobody` is an account that never exists.
    private mutating func account(_ name: String) throws -> AccountID {
        if name == "nobody" { return AccountID(999) }
        if let account = accounts[name] { return account }
        let account = AccountID(Int64(accounts.count))
        accounts[name] = account
        _ = apply(.system, .createAccount(AccountTerms(label: name)))
        return account
    }

    private mutating func model(_ name: String) -> ModelID {
        if let model = models[name] { return model }
        let model = ModelID(Int64(models.count))
        models[name] = model
        _ = apply(.system, .setModel(ModelTerms(name: name)))
        return model
    }

    private func modelTerms(_ name: String, _ words: ScriptWords) throws -> ModelTerms {
        ModelTerms(
            name: name,
            revision: words["revision"] ?? "",
            weightsSHA256: words["hash"] ?? "",
            weightSet: try weightSet(words) ?? .standard,
            quality: try words["quality"] == nil ? nil : words.int("quality")
        )
    }

    private func weightSet(_ words: ScriptWords) throws -> WeightSetID? {
        guard let name = words["weights"] else { return nil }
        if name == "unregistered" { return WeightSetID(200) }
        guard let set = WeightSet.registered.first(where: { $0.name == name }) else {
            throw BadScript(line: words.line)
        }
        return set.id
    }

    private func tee(_ name: Substring) throws -> TEE {
        guard let tee = TEE.allCases.first(where: { $0.name == name }) else { throw BadScript(line: name) }
        return tee
    }

    private func time(_ seconds: Int64) -> LogicalTime { LogicalTime(microseconds: seconds * 1_000_000) }

    private func key(_ words: ScriptWords) throws -> IdempotencyKey? {
        guard let name = words["key"] else { return nil }
        let hash = name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
        return IdempotencyKey(high: hash, low: ~hash, body: UInt64(try words.int("body")))
    }

    private func terms(_ words: ScriptWords) throws -> OrderTerms {
        OrderTerms(
            price: Price(nanoTONPerMTok: try words.number(4) * Price.step),
            lots: Lots(try words.number(6)),
            timeInForce: words.has("ioc") ? .ioc : .gtc,
            clientOrderID: words["client"].flatMap { ClientOrderID(Array($0.utf8)) },
            bodyHash: UInt64(try words.int("body"))
        )
    }

    private func features(_ words: ScriptWords) -> Features {
        Features(words.list("features").compactMap { Features(name: $0) })
    }

    private func quantizations(_ words: ScriptWords) -> [Quantization] {
        words.list("quantization").compactMap { name in Quantization.allCases.first { $0.name == name } }
    }

    private mutating func offer(_ words: ScriptWords) throws -> OfferTerms {
        OfferTerms(
            order: try terms(words),
            model: model(try words.positional(3)),
            contextLength: try words.int("context"),
            features: features(words),
            quantization: quantizations(words).first ?? .unknown,
            region: words["region"].flatMap { Region(name: Array($0.utf8)) } ?? .unknown,
            claimedTEE: try words["tee"].map { try tee($0[...]) } ?? .none,
            maxOpenLots: try words["open"] == nil ? nil : Lots(words.int("open"))
        )
    }

    private mutating func bid(_ words: ScriptWords) throws -> BidTerms {
        var requirement = Requirement()
        let names = try words.positional(3).split(separator: ",").map(String.init).filter { $0 != "any" }
        let known = names.filter { $0 != "unknown" }.map { model($0) }
        guard let list = FixedList(known) else { throw BadScript(line: words.line) }
        requirement.models = list
        requirement.qualityAtLeast = try words.int("quality")
        requirement.contextLengthAtLeast = try words.int("context")
        requirement.features = features(words)
        requirement.quantizations = quantizations(words).reduce(0) { $0 | $1.bit }
        requirement.tees = try words.list("tee").map { try tee($0[...]).bit }.reduce(0, |)
        requirement.regions = FixedList(words.list("region").compactMap { Region(name: Array($0.utf8)) }) ?? FixedList()
        return BidTerms(
            order: try terms(words),
            requirement: requirement,
            namedWeightSet: try weightSet(words),
            namesUnknownModel: names.contains("unknown")
        )
    }

    // MARK: Values to words

    private func name(_ order: OrderID) -> String { labels[SequenceNumber(order.rawValue)] ?? order.text }

    /// `nil` for what a market does not show.
    private func describe(_ event: Event) -> String? {
        switch event {
        case .rested(let order, let lots): "\(name(order)) rests \(lots.count)"
        case .closed(let order, .filled, _): "\(name(order)) filled"
        case .closed(let order, let reason, let lots): "\(name(order)) \(reason.name) \(lots.count)"
        case .reclassified(let order, _): "\(name(order)) reclassified"
        case .traded(let trade): describe(trade)
        case .rejected(let rejection): "rejected \(rejection.code)"
        case .replayed(let sequence): "replays \(labels[sequence] ?? "\(sequence.rawValue)")"
        case .forgotten(let sequence): "forgets up to \(labels[sequence] ?? "\(sequence.rawValue)")"
        case .used(_, let tokens): "used \(tokens.count)"
        case .leaseEnded(_, let tokens): "ended \(tokens.count)"
        case .modelSet(let model): "\(model.terms.name) version \(model.version)"
        case .accepted, .transfer, .remembered, .classInterned, .profileInterned, .accountCreated, .keyCreated,
            .attestationSet, .measurementSet, .feesSet, .checkpointAnnounced:
            nil
        }
    }

    private func describe(_ trade: Trade) -> String {
        let price = trade.price.nanoTONPerMTok / Price.step
        return trade.takerSide == .bid
            ? "\(name(trade.bid)) buys \(trade.lots.count) from \(name(trade.offer)) at \(price)"
            : "\(name(trade.offer)) sells \(trade.lots.count) to \(name(trade.bid)) at \(price)"
    }

    private func describeTransfer(_ event: Event) -> String? {
        guard case .transfer(let transfer) = event else { return nil }
        return "\(transfer.kind.name) \(transfer.amount.count)"
    }

    /// Of `app.held` or `chain`.
    private func balance(_ name: String) throws -> Int128 {
        let parts = name.split(separator: ".").map(String.init)
        let owner = parts.count == 2 ? accounts[parts[0]] : .system
        guard let owner, let kind = parts.last else { throw BadScript(line: name[...]) }
        guard let entry = executor.balances(of: owner).first(where: { $0.account.kindName == kind }) else { return 0 }
        return (entry.counters.credits - entry.counters.debits) * (entry.account.isAsset ? -1 : 1)
    }
}

/// The words of a line: first the positional ones, then options by name.
struct ScriptWords {
    let line: Substring
    private let words: [String]

    init(_ line: Substring) {
        self.line = line
        words = line.split(separator: " ").map(String.init)
    }

    var verb: String { words.first ?? "" }

    func positional(_ index: Int) throws -> String {
        guard words.indices.contains(index) else { throw BadScript(line: line) }
        return words[index]
    }

    func number(_ index: Int) throws -> Int64 {
        guard let number = Int64(try positional(index)) else {
            throw BadScript(line: line)
        }
        return number
    }

    func has(_ word: String) -> Bool { words.contains(word) }

    /// The word behind `name`.
    subscript(name: String) -> String? {
        guard let index = words.lastIndex(of: name), words.indices.contains(index + 1), index > 0 else { return nil }
        return words[index + 1]
    }

    /// The number behind `name`, or 0.
    func int(_ name: String) throws -> Int64 {
        guard let word = self[name] else { return 0 }
        guard let number = Int64(word) else { throw BadScript(line: line) }
        return number
    }

    func list(_ name: String) -> [String] {
        (self[name] ?? "").split(separator: ",").map(String.init)
    }
}
