internal import Engine
package import Exchange
internal import JSON
internal import Units

extension JSONWriter {
    /// The member `why_not` of a preview: an explanation over what was published as of one sequence number.
    mutating func whyNot(_ found: WhyNot, models: ModelTable, asOf: SequenceNumber) {
        key("why_not")
        beginObject()
        member("is_filled", found.isFilled)
        key("considered")
        tally(found.considered)
        member("is_complete", found.isComplete)
        key("steps")
        beginArray()
        for step in found.steps {
            beginObject()
            member("constraint", step.constraint.name)
            member("order_count", Int64(step.left.orders))
            member("quantity_lots", step.left.lots)
            member("eliminates_count", Int64(step.eliminated))
            member("sole_obstacle_of_count", Int64(step.soleObstacleOf))
            endObject()
        }
        endArray()
        optional("eliminates_most", found.mostEliminating?.name ?? "")
        key("relaxations")
        beginArray()
        for relaxation in found.relaxations { self.relaxation(relaxation, of: found, models: models) }
        endArray()
        member("as_of_sequence", asOf.rawValue)
        endObject()
    }

    private mutating func tally(_ tally: WhyNot.Tally) {
        beginObject()
        member("order_count", Int64(tally.orders))
        member("quantity_lots", tally.lots)
        endObject()
    }

    private mutating func relaxation(_ found: WhyNot.Relaxation, of whyNot: WhyNot, models: ModelTable) {
        let words = RelaxationText(found, of: whyNot, models: models)
        beginObject()
        member("constraint", found.constraint.name)
        optional("from", words.from)
        optional("to", words.to)
        member("text", words.sentence)
        member("is_within_limit", found.isWithinLimit)
        member("order_count", Int64(found.tally.orders))
        member("quantity_lots", found.tally.lots)
        member("best_price_nanoton_per_mtok", decimalString: found.bestPrice.nanoTONPerMTok)
        member("price_needed_nanoton_per_mtok", decimalString: found.priceNeeded.nanoTONPerMTok)
        member("value_nanoton", decimalString: found.value)
        endObject()
    }
}

extension Constraint {
    /// The field's name in JSON.
    package var name: String {
        switch self {
        case .weightSet: "weight_set"
        case .price: "price_nanoton_per_mtok"
        case .model: "model"
        case .quality, .qualityMost: "quality"
        case .contextLength, .contextLengthMost: "context_length"
        case .features: "features"
        case .quantization: "quantization"
        case .tee: "tee"
        case .region: "region"
        case .trait(let trait), .traitMost(let trait): trait.name
        case .weights: "weights"
        case .exclusions: "exclusions"
        case .buyers: "buyers"
        }
    }

    /// Its values in words; `nil` of a number.
    fileprivate func words(_ names: [Int64], _ models: ModelTable) -> [String] {
        names.map { name in
            switch self {
            case .model: models.record(ModelID(name))?.terms.name ?? ModelID(name).text
            case .quantization: Quantization(rawValue: UInt8(truncatingIfNeeded: name))?.name ?? ""
            case .tee: TEE(rawValue: UInt8(truncatingIfNeeded: name))?.name ?? ""
            case .region: Region(code: UInt16(truncatingIfNeeded: name)).name
            case .trait(let trait): trait.word(name)
            default: "\(name)"
            }
        }.filter { !$0.isEmpty }
    }

    fileprivate func words(bits: UInt64) -> [String] {
        guard case .trait(let trait) = self, case .set(let names) = trait.kind else {
            return Features(rawValue: UInt32(truncatingIfNeeded: bits)).names
        }
        return names.indices.filter { bits >> UInt64($0) & 1 == 1 }.map { names[$0] }
    }
}

extension Trait {
    /// A value of a choice or a flag; empty when nobody knows it.
    fileprivate func word(_ value: Int64) -> String {
        switch kind {
        case .choice(let names): (1...Int64(names.count)).contains(value) ? names[Int(value) - 1] : ""
        case .flag: value == 1 ? "false" : value == 2 ? "true" : ""
        case .number, .set: "\(value)"
        }
    }
}

/// A change in words: of a bid's demand in the grammar of requirements (`quality:gte=40`), of what an offer has as
/// `quality=40`. Empty for a demand that is dropped, and for what the offer does not have.
struct RelaxationText {
    private(set) var from = ""
    private(set) var to = ""
    let sentence: String

    init(_ found: WhyNot.Relaxation, of whyNot: WhyNot, models: ModelTable) {
        let constraint = found.constraint
        let isBid: Bool
        switch whyNot.subject {
        case .bid(let demand):
            isBid = true
            from = Self.demand(demand, constraint, models)
            to = Self.demand(constraint.applying(found.change, to: demand), constraint, models)
        case .offer(let supply):
            isBid = false
            from = Self.supply(supply, constraint, models)
            to = Self.supply(constraint.applying(found.change, to: supply), constraint, models)
        }
        if found.change == .limit {
            from = "\(constraint.name)=\(whyNot.limit.nanoTONPerMTok)"
            to = "\(constraint.name)=\(found.priceNeeded.nanoTONPerMTok)"
        }
        let change = "\(to.isEmpty ? "any \(constraint.name)" : to) instead of \(from.isEmpty ? "none" : from)"
        let counted = "\(found.tally.orders) \(isBid ? "offer" : "bid")\(found.tally.orders == 1 ? "" : "s")"
        let limit =
            found.isWithinLimit || found.change == .limit
            ? "" : ", with a limit of \(found.priceNeeded.nanoTONPerMTok)"
        sentence = "\(change): \(counted) from \(found.bestPrice.nanoTONPerMTok)" + limit
    }

    /// What a demand says of one field.
    private static func demand(_ demand: Requirement, _ constraint: Constraint, _ models: ModelTable) -> String {
        guard constraint.isAsked(by: demand) else { return "" }
        switch constraint.shape {
        case .number: return "\(constraint.name):\(constraint.isMost ? "lte" : "gte")=\(constraint.bound(of: demand))"
        case .oneOf:
            // As the bid names them: a union is not its members.
            let regions = demand.regions.array.map { Int64($0.code) }
            let names = constraint == .region ? regions : constraint.names(of: demand) ?? []
            return "\(constraint.name):in=" + constraint.words(names, models).joined(separator: ",")
        case .allOf:
            let words = constraint.words(bits: constraint.bits(of: demand))
            return "\(constraint.name):all=" + words.joined(separator: ",")
        case .fixed, .limit: return ""
        }
    }

    /// What an offer has of one field.
    private static func supply(_ supply: Capability, _ constraint: Constraint, _ models: ModelTable) -> String {
        let words: [String] =
            switch constraint.shape {
            case .number: constraint.number(of: supply).map { ["\($0)"] } ?? []
            case .oneOf: constraint.words([constraint.name(of: supply)], models)
            case .allOf: constraint.words(bits: constraint.bits(of: supply))
            case .fixed, .limit: []
            }
        return words.isEmpty ? "" : "\(constraint.name)=" + words.joined(separator: ",")
    }
}
