import Testing
import Units

@testable import Exchange

/// A little market in text, one order a line:
///
///     offer 5 @ 41 model=1 quality=60 context=32768 features=tools,seed quant=fp8 tee=tdx region=de
///     bid 5 @ 50 model=1,2 quality=40 context=16384 features=tools quant=fp8,bf16 tee=tdx region=eu
///
/// An offer may also have `allow=2,3`, `deny=4` (accounts) and `deposit=100` (nanoTON). Prices are in
/// ``Price/step``; what is left out asks for nothing, or has nothing.
struct TextBook {
    private(set) var offers: [(Capability, [BookLevel])] = []
    private(set) var bids: [(Requirement, [BookLevel])] = []

    init(_ text: String) throws {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            let lots = try number(words[1])
            let level = BookLevel(price: try price(words[3]), lots: lots, orders: 1)
            let fields = Array(words[4...])
            if words[0] == "offer" {
                Self.add(level, to: &offers, try Self.capability(fields))
            } else {
                Self.add(level, to: &bids, try Self.requirement(fields))
            }
        }
        for index in offers.indices { offers[index].1.sort { $0.price < $1.price } }
        for index in bids.indices { bids[index].1.sort { $0.price > $1.price } }
    }

    /// Explains the order of a line that is not in the market.
    func explain(_ line: String, to buyer: WhyNot.Buyer? = nil) throws -> WhyNot {
        let words = line.split(separator: " ").map(String.init)
        let lots = Lots(try number(words[1]))
        let limit = try price(words[3])
        let fields = Array(words[4...])
        if words[0] == "offer" {
            return WhyNot(offer: try Self.capability(fields), limit: limit, lots: lots, bids: bids)
        }
        return WhyNot(bid: try Self.requirement(fields), of: buyer, limit: limit, lots: lots, offers: offers)
    }

    private static func add<Key: Equatable>(_ level: BookLevel, to groups: inout [(Key, [BookLevel])], _ key: Key) {
        guard let index = groups.firstIndex(where: { $0.0 == key }) else { return groups.append((key, [level])) }
        groups[index].1.append(level)
    }

    private static func capability(_ fields: [String]) throws -> Capability {
        var capability = Capability(
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            quality: nil,
            contextLength: 0,
            features: [],
            quantization: .unknown,
            region: .unknown,
            tee: .none
        )
        for (name, value) in try pairs(fields) {
            switch name {
            case "model": capability.model = ModelID(try number(value))
            case "weights": capability.weightSet = WeightSetID(UInt8(try number(value)))
            case "quality": capability.quality = try number(value)
            case "context": capability.contextLength = try number(value)
            case "features": capability.features = try features(value)
            case "quant": capability.quantization = try #require(Quantization.allCases.first { $0.name == value })
            case "allow", "deny", "deposit": try restrict(&capability, name, value)
            case "tee": capability.tee = try #require(TEE.allCases.first { $0.name == value })
            default: capability.region = try #require(Region(name: value.utf8))
            }
        }
        return capability
    }

    private static func restrict(_ capability: inout Capability, _ rule: String, _ value: String) throws {
        let old = capability.buyers.rules
        let words = rule == "deposit" ? [] : value.split(separator: ",")
        let accounts = try words.map { AccountID(try number(String($0))) }
        capability.buyers = SeldomBuyerRules(
            BuyerRules(
                allowed: rule == "allow" ? accounts : old.allowed,
                denied: rule == "deny" ? accounts : old.denied,
                minimumDeposit: rule == "deposit" ? NanoTON(try number(value)) : old.minimumDeposit
            )
        )
    }

    private static func requirement(_ fields: [String]) throws -> Requirement {
        var requirement = Requirement()
        for (name, value) in try pairs(fields) {
            let values = value.split(separator: ",").map(String.init)
            switch name {
            case "model":
                let models = try values.map { ModelID(try number($0)) }
                requirement.models = try #require(FixedList(models))
            case "weights": requirement.weightSet = WeightSetID(UInt8(try number(value)))
            case "quality": requirement.qualityAtLeast = try number(value)
            case "context": requirement.contextLengthAtLeast = try number(value)
            case "features": requirement.features = try features(value)
            case "quant":
                requirement.quantizations = Quantization.allCases.filter { values.contains($0.name) }
                    .reduce(0) { $0 | $1.bit }
            case "tee": requirement.tees = TEE.allCases.filter { values.contains($0.name) }.reduce(0) { $0 | $1.bit }
            default:
                let regions = try values.map { try #require(Region(name: $0.utf8)) }
                requirement.regions = try #require(FixedList(regions))
            }
        }
        return requirement
    }

    private static func pairs(_ fields: [String]) throws -> [(String, String)] {
        try fields.map { field in
            let parts = field.split(separator: "=").map(String.init)
            try #require(parts.count == 2, "\(field)")
            return (parts[0], parts[1])
        }
    }

    private static func features(_ names: String) throws -> Features {
        try names.split(separator: ",").reduce(into: Features()) { set, name in
            set.formUnion(try #require(Features(name: String(name))))
        }
    }
}

private func number(_ word: String) throws -> Int64 {
    let number: Int64? = Int64(word)
    return try #require(number, "\(word)")
}

private func price(_ word: String) throws -> Price {
    Price(nanoTONPerMTok: Price.step * (try number(word)))
}

extension WhyNot {
    /// `model 3 orders 12 lots (eliminates 2, alone 1)`, one step a line.
    var stepLines: [String] {
        steps.map {
            "\($0.constraint) \($0.left.orders) of \($0.left.lots) (out \($0.eliminated), alone \($0.soleObstacleOf))"
        }
    }

    /// `context 16384: 2 of 9 from 41 to 45 for 400`, one relaxation a line; `!` where the limit must change too.
    var relaxationLines: [String] {
        relaxations.map { found in
            let change: String =
                switch found.change {
                case .number(let number): " \(number)"
                case .name(let name): " \(Self.name(name, of: found.constraint))"
                case .anyName: " any"
                case .bits(let bits): " " + Features(rawValue: UInt32(bits)).names.joined(separator: ",")
                case .limit: ""
                }
            let prices = [found.bestPrice, found.priceNeeded].map { "\($0.nanoTONPerMTok / Price.step)" }
            let mark = found.isWithinLimit ? "" : "!"
            return "\(found.constraint)\(change)\(mark): \(found.tally.orders) of \(found.tally.lots) from \(prices[0])"
                + " to \(prices[1]) for \(found.value)"
        }
    }

    private static func name(_ number: Int64, of constraint: Constraint) -> String {
        switch constraint {
        case .quantization: Quantization(rawValue: UInt8(number))?.name ?? ""
        case .tee: TEE(rawValue: UInt8(number))?.name ?? ""
        case .region: Region(code: UInt16(number)).name
        default: "\(number)"
        }
    }
}
