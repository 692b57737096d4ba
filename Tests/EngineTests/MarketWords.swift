import Engine
import Exchange
import Ledger
import Units
import Vectors

@testable import EngineTesting

/// What the words of a line mean, and how events are put into words.
extension MarketPlayer {
    // MARK: Words to values

    /// `nobody` is an account that never exists.
    mutating func account(_ name: String) throws -> AccountID {
        if name == "nobody" { return AccountID(999) }
        if let account = accounts[name] { return account }
        let account = AccountID(Int64(accounts.count))
        accounts[name] = account
        _ = apply(.system, .createAccount(AccountTerms(label: name)))
        return account
    }

    /// `market` stands for all of them.
    mutating func model(_ name: String) -> ModelID {
        if name == "market" { return .unknown }
        if name == "nothing" { return ModelID(999) }
        if let model = models[name] { return model }
        let model = ModelID(Int64(models.count))
        models[name] = model
        _ = apply(.system, .setModel(ModelTerms(name: name)))
        return model
    }

    func modelTerms(_ name: String, _ words: ScriptWords) throws -> ModelTerms {
        ModelTerms(
            name: name,
            revision: words["revision"] ?? "",
            weightsSHA256: words["hash"] ?? "",
            weightSet: try weightSet(words) ?? .standard,
            quality: try words["quality"] == nil ? nil : words.int("quality")
        )
    }

    func weightSet(_ words: ScriptWords) throws -> WeightSetID? {
        guard let name = words["weights"] else { return nil }
        if name == "unregistered" { return WeightSetID(200) }
        guard let set = WeightSet.registered.first(where: { $0.name == name }) else {
            throw BadScript(line: words.line)
        }
        return set.id
    }

    func tee(_ name: Substring) throws -> TEE {
        guard let tee = TEE.allCases.first(where: { $0.name == name }) else { throw BadScript(line: name) }
        return tee
    }

    /// Seconds, with a fraction if need be.
    func time(_ seconds: String?) throws -> LogicalTime {
        let parts = (seconds ?? "0").split(separator: ".").map(String.init)
        let fraction = parts.count > 1 ? String((parts[1] + "000000").prefix(6)) : "0"
        guard let first = parts.first, let whole = Int64(first), let rest = Int64(fraction) else {
            throw BadScript(line: seconds?[...] ?? "")
        }
        return LogicalTime(microseconds: whole * 1_000_000 + rest)
    }

    func key(_ words: ScriptWords) throws -> IdempotencyKey? {
        guard let name = words["key"] else { return nil }
        let hash = name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
        return IdempotencyKey(high: hash, low: ~hash, body: UInt64(try words.int("body")))
    }

    func price(_ perLot: Int64) -> Price { Price(nanoTONPerMTok: perLot * Price.step) }

    func terms(_ words: ScriptWords) throws -> OrderTerms {
        let timeInForce: TimeInForce =
            words["until"] != nil ? .gtd : words.has("ioc") ? .ioc : words.has("fok") ? .fok : .gtc
        return OrderTerms(
            price: try words.positional(4) == "market" ? OrderTerms.market : price(words.number(4)),
            lots: Lots(try words.number(6)),
            timeInForce: timeInForce,
            clientOrderID: words["client"].flatMap { ClientOrderID(Array($0.utf8)) },
            bodyHash: UInt64(try words.int("body")),
            rules: try rules(words)
        )
    }

    private func rules(_ words: ScriptWords) throws -> OrderRules {
        var rules = OrderRules.none
        if words["until"] != nil { rules.expiresAt = try time(words["until"]) }
        rules.minLots = Lots(try words.int("min"))
        rules.displayLots = Lots(try words.int("show"))
        rules.isPostOnly = words.has("post")
        rules.isAllOrNone = words.has("all")
        rules.qualityCredit = try words.int("credit") * Price.step
        if let name = words["stp"] {
            let mode = SelfTradePrevention.allCases.first { $0.name == name }
            guard let mode else { throw BadScript(line: words.line) }
            rules.selfTrade = mode
        }
        return rules
    }

    func fees(_ words: ScriptWords) throws -> FeeTerms {
        let rates = FeeRates(maker: BasisPoints(try words.int("maker")), taker: BasisPoints(try words.int("taker")))
        return FeeTerms(rates: rates, minimumNotional: NanoTON(try words.int("minimum")))
    }

    mutating func limits(_ words: ScriptWords) throws -> AccountLimitTerms {
        AccountLimitTerms(
            account: try account(words.positional(1)),
            openOrdersMax: try words["orders"] == nil ? Limits.openOrdersPerAccountDefault : words.int("orders"),
            offerLotsMax: try words["open"] == nil ? nil : Lots(words.int("open")),
            selfTradeGroup: try words.int("group"),
            isClosed: words.has("closed")
        )
    }

    private mutating func buyers(_ words: ScriptWords) throws -> BuyerRules {
        BuyerRules(
            allowed: try words.list("only").map { try account($0) },
            denied: try words.list("not").map { try account($0) },
            minimumDeposit: NanoTON(try words.int("deposit"))
        )
    }

    func features(_ words: ScriptWords) -> Features {
        Features(words.list("features").compactMap { Features(name: $0) })
    }

    func quantizations(_ words: ScriptWords) -> [Quantization] {
        words.list("quantization").compactMap { name in Quantization.allCases.first { $0.name == name } }
    }

    mutating func offer(_ words: ScriptWords) throws -> OfferTerms {
        OfferTerms(
            order: try terms(words),
            model: model(try words.positional(3)),
            contextLength: try words.int("context"),
            features: features(words),
            quantization: quantizations(words).first ?? .unknown,
            region: words["region"].flatMap { Region(name: Array($0.utf8)) } ?? .unknown,
            claimedTEE: try words["tee"].map { try tee($0[...]) } ?? .none,
            maxOpenLots: try words["open"] == nil ? nil : Lots(words.int("open")),
            buyers: try buyers(words)
        )
    }

    /// `names` are of models, separated by commas; `any` for none.
    mutating func requirement(_ names: String, _ words: ScriptWords) throws -> Requirement {
        var requirement = Requirement()
        let names = names.split(separator: ",").map(String.init).filter { $0 != "any" }
        let known = names.filter { $0 != "unknown" }.map { model($0) }
        guard let list = FixedList(known) else { throw BadScript(line: words.line) }
        requirement.models = list
        requirement.qualityAtLeast = try words.int("quality")
        requirement.contextLengthAtLeast = try words.int("context")
        requirement.features = features(words)
        requirement.quantizations = quantizations(words).reduce(0) { $0 | $1.bit }
        requirement.tees = try words.list("tee").map { try tee($0[...]).bit }.reduce(0, |)
        requirement.regions = FixedList(words.list("region").compactMap { Region(name: Array($0.utf8)) }) ?? FixedList()
        return requirement
    }

    mutating func bid(_ words: ScriptWords) throws -> BidTerms {
        let names = try words.positional(3)
        return BidTerms(
            order: try terms(words),
            requirement: try requirement(names, words),
            namedWeightSet: try weightSet(words),
            namesUnknownModel: names.split(separator: ",").contains("unknown")
        )
    }

    // MARK: Values to words

    func name(_ order: OrderID) -> String { labels[SequenceNumber(order.rawValue)] ?? order.text }

    /// `nil` for what a market does not show.
    func describe(_ event: Event) -> String? {
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
        case .leaseEnded(_, let tokens, _): "ended \(tokens.count)"
        case .modelSet(let model): "\(model.terms.name) version \(model.version)"
        case .amended(let amendment):
            "\(name(amendment.order)) amended to \(perLot(amendment.price)) x \(amendment.lots.count)"
        case .reduced(let order, let lots, _): "\(name(order)) reduced to \(lots.count)"
        case .shown(let order, let lots, _): "\(name(order)) shows \(lots.count)"
        case .operationSet: "more to do"
        case .operationEnded: "done"
        case .accountChanged, .controlSet, .feesAnnounced, .accepted, .transfer, .remembered, .classInterned,
            .profileInterned, .accountCreated, .keyCreated, .attestationSet, .feesSet, .checkpointAnnounced,
            .measurementSet, .keyStandingSet, .keySpent, .orderBudgeted, .operated,
            .loginCreated, .loginLinked, .loginUnlinked, .keyForgotten, .lease, .settlement:
            nil
        }
    }

    private func perLot(_ price: Price) -> Int64 { price.nanoTONPerMTok / Price.step }

    func describe(_ trade: Trade) -> String {
        let price = perLot(trade.price)
        return trade.takerSide == .bid
            ? "\(name(trade.bid)) buys \(trade.lots.count) from \(name(trade.offer)) at \(price)"
            : "\(name(trade.offer)) sells \(trade.lots.count) to \(name(trade.bid)) at \(price)"
    }

    func describeTransfer(_ event: Event) -> String? {
        guard case .transfer(let transfer) = event else { return nil }
        return "\(transfer.kind.name) \(transfer.amount.count)"
    }

    /// Of `app.held` or `chain`.
    func balance(_ name: String) throws -> Int128 {
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
