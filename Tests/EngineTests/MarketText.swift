import Engine
import Exchange
import Units

@testable import EngineTesting

/// Puts commands into the words of a market (see ``expectMarket(_:requestsMax:work:sourceLocation:)``): accounts are
/// called `a1`, `a2`, …, orders `o` and the number of their command.
struct MarketText {
    /// By number, from 1.
    private var models: [String] = []
    private var accounts: Int64 = 0

    /// `nil` for what the words cannot say.
    mutating func line(_ command: Command, _ sequence: Int64) -> String? {
        var words: [String]
        switch command.action {
        case .placeOffer(let terms): words = offer(terms, command.account, sequence)
        case .placeBid(let terms): words = bid(terms, command.account, sequence)
        case .openBatch(let batch):
            let first = sequence - Int64(batch.orders.count) + 1
            let lines = batch.orders.enumerated().compactMap { line($1, first + Int64($0)) }
            return "all " + lines.joined(separator: " ; ")
        case .cancel(let order): words = ["cancel", name(command.account), order.text]
        case .amend(let terms): words = amend(terms, command.account)
        case .massCancel(let filter): words = massCancel(filter, command.account)
        case .cancelAfter(let microseconds): words = ["cancelafter", name(command.account), seconds(microseconds)]
        case .setCancelOnDisconnect(let cancels):
            words = ["ondisconnect", name(command.account), cancels ? "on" : "off"]
        default:
            guard let system = systemWords(command.action) else { return nil }
            words = system
        }
        if let key = command.idempotency { words += ["key", "k\(key.high)-\(key.body)", "body", "\(key.body)"] }
        return words.joined(separator: " ")
    }

    private mutating func systemWords(_ action: Command.Action) -> [String]? {
        switch action {
        case .deposit(let owner, let amount): return ["deposit", name(owner), "\(amount.count)"]
        case .createAccount(let terms):
            accounts += 1
            return ["account", "a\(accounts)", "orders", "\(terms.openOrdersMax)"]
        case .createKey(let terms): return ["key_of", name(terms.owner)]
        case .setModel(let terms): return model(terms)
        case .setAttested(let terms):
            let tees = TEE.allCases.filter { $0 != .none && terms.tees & $0.bit != 0 }.map(\.name)
            let until = terms.expiresAt == .never ? [] : ["until", seconds(terms.expiresAt.microseconds)]
            return ["attest", name(terms.account), tees.isEmpty ? "none" : tees.joined(separator: ",")] + until
        case .setFees(let terms): return ["fees"] + fees(terms)
        case .announceFees(let terms):
            return ["notice"] + fees(terms.fees) + ["at", seconds(terms.effectiveAt.microseconds)]
        case .usage(let lease, let tokens): return ["use", "\(lease.rawValue)", "\(tokens.count)"]
        case .endLease(let lease): return ["end", "\(lease.rawValue)"]
        case .tick: return ["tick"]
        case .disconnected(let account): return ["disconnect", name(account)]
        case .setHalt(let terms): return [terms.isHalted ? "halt" : "resume", market(terms.model)]
        case .setPriceBand(let terms):
            guard let band = terms.band else { return ["band", market(terms.model), "none"] }
            return ["band", market(terms.model), price(band.low), "to", price(band.high)]
        case .setAccountLimits(let terms):
            let open = terms.offerLotsMax.map { ["open", "\($0.count)"] } ?? []
            let closed = terms.isClosed ? ["closed"] : []
            return ["limits", name(terms.account), "orders", "\(terms.openOrdersMax)"] + open
                + ["group", "\(terms.selfTradeGroup)"] + closed
        default: return nil
        }
    }

    // MARK: Orders

    private func offer(_ terms: OfferTerms, _ account: AccountID, _ sequence: Int64) -> [String] {
        var words = ["offer", "o\(sequence)", name(account), name(terms.model)] + order(terms.order)
        if terms.contextLength > 0 { words += ["context", "\(terms.contextLength)"] }
        if !terms.features.isEmpty { words += ["features", terms.features.names.joined(separator: ",")] }
        if terms.quantization != .unknown { words += ["quantization", terms.quantization.name] }
        if terms.region != .unknown { words += ["region", terms.region.name] }
        if terms.claimedTEE != .none { words += ["tee", terms.claimedTEE.name] }
        if let open = terms.maxOpenLots { words += ["open", "\(open.count)"] }
        let buyers = terms.buyers
        if !buyers.allowed.isEmpty { words += ["only", buyers.allowed.map(name).joined(separator: ",")] }
        if !buyers.denied.isEmpty { words += ["not", buyers.denied.map(name).joined(separator: ",")] }
        if buyers.minimumDeposit > .zero { words += ["deposit", "\(buyers.minimumDeposit.count)"] }
        return words
    }

    private func bid(_ terms: BidTerms, _ account: AccountID, _ sequence: Int64) -> [String] {
        let models = names(terms.requirement) + (terms.namesUnknownModel ? ",unknown" : "")
        var words = ["bid", "o\(sequence)", name(account), models] + order(terms.order)
        words += demands(terms.requirement)
        if let set = terms.namedWeightSet?.weightSet { words += ["weights", set.name] }
        return words
    }

    private func names(_ requirement: Requirement) -> String {
        requirement.models.isEmpty ? "any" : requirement.models.array.map(name).joined(separator: ",")
    }

    private func demands(_ requirement: Requirement) -> [String] {
        var words: [String] = []
        if requirement.qualityAtLeast > 0 { words += ["quality", "\(requirement.qualityAtLeast)"] }
        if requirement.contextLengthAtLeast > 0 { words += ["context", "\(requirement.contextLengthAtLeast)"] }
        if !requirement.features.isEmpty { words += ["features", requirement.features.names.joined(separator: ",")] }
        let formats = Quantization.allCases.filter { requirement.quantizations & $0.bit != 0 }.map(\.name)
        if !formats.isEmpty { words += ["quantization", formats.joined(separator: ",")] }
        let tees = TEE.allCases.filter { requirement.tees & $0.bit != 0 }.map(\.name)
        if !tees.isEmpty { words += ["tee", tees.joined(separator: ",")] }
        let regions = requirement.regions.array.map(\.name)
        if !regions.isEmpty { words += ["region", regions.joined(separator: ",")] }
        return words
    }

    private func order(_ terms: OrderTerms) -> [String] {
        var words = [terms.isMarket ? "market" : price(terms.price), "x", "\(terms.lots.count)"]
        let rules = terms.rules
        if terms.timeInForce == .ioc || terms.timeInForce == .fok { words.append(terms.timeInForce.name) }
        if rules.expiresAt != .never { words += ["until", seconds(rules.expiresAt.microseconds)] }
        if rules.minLots > .zero { words += ["min", "\(rules.minLots.count)"] }
        if rules.displayLots > .zero { words += ["show", "\(rules.displayLots.count)"] }
        if rules.isPostOnly { words.append("post") }
        if rules.isAllOrNone { words.append("all") }
        if rules.selfTrade != .cancelNewest { words += ["stp", rules.selfTrade.name] }
        if rules.qualityCredit > 0 { words += ["credit", "\(rules.qualityCredit / Price.step)"] }
        if let client = terms.clientOrderID { words += ["client", client.text, "body", "\(terms.bodyHash)"] }
        return words
    }

    private func amend(_ terms: AmendTerms, _ account: AccountID) -> [String] {
        var words = ["amend", name(account), terms.order.text]
        if let price = terms.price { words += ["price", self.price(price)] }
        if let lots = terms.lots { words += ["lots", "\(lots.count)"] }
        if let at = terms.expiresAt { words += ["until", seconds(at.microseconds)] }
        return words
    }

    private func massCancel(_ filter: OrderFilter, _ account: AccountID) -> [String] {
        var words = ["masscancel", name(account)]
        if let side = filter.side { words += ["side", side.name] }
        if let model = filter.model { words += ["model", name(model)] }
        if let like = filter.requirement { words += ["like", names(like)] + demands(like) }
        return words
    }

    // MARK: Names and numbers

    private func name(_ account: AccountID) -> String {
        account == .system ? "operator" : account.rawValue > accounts ? "nobody" : account.text
    }

    private func name(_ model: ModelID) -> String {
        if model == .unknown { return "unknown" }
        return model.rawValue > Int64(models.count) ? "nothing" : models[Int(model.rawValue) - 1]
    }

    private func market(_ model: ModelID) -> String { model == .unknown ? "market" : name(model) }

    private mutating func model(_ terms: ModelTerms) -> [String] {
        if !models.contains(terms.name) { models.append(terms.name) }
        var words = ["model", terms.name]
        if !terms.revision.isEmpty { words += ["revision", terms.revision] }
        if terms.weightSet != .standard { words += ["weights", terms.weightSet.weightSet?.name ?? "unregistered"] }
        if let quality = terms.quality { words += ["quality", "\(quality)"] }
        return words
    }

    private func fees(_ terms: FeeTerms) -> [String] {
        ["maker", "\(terms.rates.maker.count)", "taker", "\(terms.rates.taker.count)"]
            + ["minimum", "\(terms.minimumNotional.count)"]
    }

    private func price(_ price: Price) -> String { "\(price.nanoTONPerMTok / Price.step)" }

    func seconds(_ microseconds: Int64) -> String {
        let fraction = "\(microseconds % 1_000_000 + 1_000_000)".dropFirst()
        return "\(microseconds / 1_000_000).\(fraction)"
    }
}
