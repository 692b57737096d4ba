internal import Engine
internal import JSON
internal import Settlement
internal import Units

enum ResolutionField: Int, BodyField {
    case paid, unpaid, others, reference
    static let names: [StaticString] = ["paid", "unpaid", "others", "reference"]
}

extension Bodies {
    /// `POST /v1/settlements/{id}:resolve`: payouts by their place in the batch.
    static func resolution(_ body: [UInt8], of batch: SettlementID) throws(Problem) -> SettlementResolution {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = SettlementResolution(batch: batch, reference: "")
            var places: Set<Int64> = []
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(ResolutionField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .paid, .unpaid: try reader.verdicts(at: place, field == .paid, &places, into: &terms)
                case .others: terms.others = try reader.choice(of: Vocabularies.payoutVerdict, at: place) ?? nil
                case .reference:
                    terms.reference = try reader.comment(at: place, bytesMax: Limits.payoutReferenceBytesMax)
                    if terms.reference.isEmpty, reader.errors.isEmpty {
                        reader.fail(place, .badFormat, "reference must say by what it is known.")
                    }
                }
            }
            reader.require(ResolutionField.others, of: .document, seen: seen)
            reader.require(ResolutionField.reference, of: .document, seen: seen)
            terms.payouts.sort { $0.index < $1.index }
            return terms
        }
    }
}

extension BodyReader {
    fileprivate mutating func verdicts(
        at place: BodyPlace,
        _ isPaid: Bool,
        _ places: inout Set<Int64>,
        into terms: inout SettlementResolution
    ) throws(JSONError) {
        var known = places
        var payouts = terms.payouts
        let last = Int64(BatchPlan.payoutsMax) - 1
        _ = try elements(at: place, max: BatchPlan.payoutsMax) { (reader, place) throws(JSONError) in
            guard let index = try reader.integer(at: place, in: 0...last) else { return }
            guard known.insert(index).inserted else {
                return reader.fail(place, .notAllowed, "\(index) is named twice.")
            }
            payouts.append(PayoutVerdict(index: index, isPaid: isPaid))
        }
        places = known
        terms.payouts = payouts
    }
}

extension Vocabularies {
    fileprivate static let payoutVerdict = Vocabulary<Bool?>([("paid", true), ("unpaid", false), ("open", nil)])
}
