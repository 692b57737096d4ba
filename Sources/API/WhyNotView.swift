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
        case .quality: "quality"
        case .contextLength: "context_length"
        case .features: "features"
        case .quantization: "quantization"
        case .tee: "tee"
        case .region: "region"
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
        let name = found.constraint.name
        switch (whyNot.subject, found.change) {
        case (_, .limit):
            from = "\(name)=\(whyNot.limit.nanoTONPerMTok)"
            to = "\(name)=\(found.priceNeeded.nanoTONPerMTok)"
        case (.bid(let demand), _):
            from = Self.expression(demand, found.constraint, models)
            to = Self.expression(Self.changed(demand, found), found.constraint, models)
        case (.offer(let supply), .number(let number)):
            let present = found.constraint.number(of: supply)
            from = present < 0 ? "" : "\(name)=\(present)"
            to = "\(name)=\(number)"
        case (.offer(let supply), .name(let value)):
            from = Self.member(name, Self.text(found.constraint.name(of: supply), found.constraint, models))
            to = Self.member(name, Self.text(value, found.constraint, models))
        case (.offer(let supply), .bits(let bits)):
            from = Self.member(name, supply.features.names.joined(separator: ","))
            let features = supply.features.union(Features(rawValue: UInt32(truncatingIfNeeded: bits)))
            to = Self.member(name, features.names.joined(separator: ","))
        case (.offer, .anyName): break
        }
        let isBid = if case .bid = whyNot.subject { true } else { false }
        let change = "\(to.isEmpty ? "any \(name)" : to) instead of \(from.isEmpty ? "none" : from)"
        let counted = "\(found.tally.orders) \(isBid ? "offer" : "bid")\(found.tally.orders == 1 ? "" : "s")"
        let limit = found.isWithinLimit ? "" : ", with a limit of \(found.priceNeeded.nanoTONPerMTok)"
        sentence =
            "\(change): \(counted) from \(found.bestPrice.nanoTONPerMTok)"
            + (found.change == .limit ? "" : limit)
    }

    private static func member(_ name: String, _ value: String) -> String { value.isEmpty ? "" : "\(name)=\(value)" }

    /// What the demand says of one field.
    private static func expression(_ demand: Requirement, _ constraint: Constraint, _ models: ModelTable) -> String {
        RequirementText.expression(demand, models: models).split(separator: ";").first {
            $0.hasPrefix(constraint.name + ":")
        }.map(String.init) ?? ""
    }

    private static func changed(_ demand: Requirement, _ found: WhyNot.Relaxation) -> Requirement {
        var demand = demand
        switch (found.constraint, found.change) {
        case (.quality, .number(let number)): demand.qualityAtLeast = number
        case (.contextLength, .number(let number)): demand.contextLengthAtLeast = number
        case (.model, .name(let name)): demand.models = demand.models.with(ModelID(name))
        case (.model, .anyName): demand.models = FixedList()
        case (.quantization, .name(let name)): demand.quantizations |= 1 << UInt16(truncatingIfNeeded: name)
        case (.quantization, .anyName): demand.quantizations = 0
        case (.tee, .name(let name)): demand.tees |= 1 << UInt8(truncatingIfNeeded: name)
        case (.tee, .anyName): demand.tees = 0
        case (.region, .name(let name)):
            demand.regions = demand.regions.with(Region(code: UInt16(truncatingIfNeeded: name)))
        case (.region, .anyName): demand.regions = FixedList()
        case (.features, .bits(let bits)):
            demand.features.subtract(Features(rawValue: UInt32(truncatingIfNeeded: bits)))
        default: break
        }
        return demand
    }

    private static func text(_ value: Int64, _ constraint: Constraint, _ models: ModelTable) -> String {
        switch constraint {
        case .model: models.record(ModelID(value))?.terms.name ?? ModelID(value).text
        case .quantization: Quantization(rawValue: UInt8(truncatingIfNeeded: value))?.name ?? ""
        case .tee: TEE(rawValue: UInt8(truncatingIfNeeded: value))?.name ?? ""
        default: Region(code: UInt16(truncatingIfNeeded: value)).name
        }
    }
}

extension FixedList {
    /// With one more value; a list that is full stays.
    fileprivate func with(_ value: Element) -> Self { Self(array + [value]) ?? self }
}
