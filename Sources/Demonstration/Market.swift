package import Exchange
import Units

/// The facts that a demo's supply is made of: who lists which model at what price (`offers.csv`), and what is known of
/// the models (`models.csv`).
package struct Market: Sendable {
    package let listings: [Listing]
    /// In the order of `models.csv`, then those that only a listing names.
    package let models: [ModelFacts]

    /// One provider's listing of a model.
    package struct Listing: Equatable, Sendable {
        package let provider: String
        /// The provider's name for it.
        package let name: String
        package let model: String
        package let huggingFaceID: String
        /// `nil` when the price list has none.
        package let inputPerMTok: USD?
        package let outputPerMTok: USD?
        /// 0 when unknown.
        package let contextLength: Int64
        package let features: Features
    }

    /// What is known of a model.
    package struct ModelFacts: Equatable, Sendable {
        package let name: String
        package let huggingFaceID: String
        /// 0 when unknown.
        package let contextLength: Int64
        /// The intelligence index rounded to whole points; `nil` when nobody measured it.
        package let quality: Int64?
    }

    /// Reads both tables. Throws ``DemonstrationError`` with the line of the first fault.
    package init(offers: CSVTable, models: CSVTable) throws(DemonstrationError) {
        listings = try Self.listings(offers)
        var facts = try Self.models(models)
        var known = Set(facts.map(\.name))
        for listing in listings where known.insert(listing.model).inserted {
            facts.append(
                ModelFacts(
                    name: listing.model,
                    huggingFaceID: listing.huggingFaceID,
                    contextLength: listing.contextLength,
                    quality: nil
                )
            )
        }
        self.models = facts
    }

    private static func listings(_ table: CSVTable) throws(DemonstrationError) -> [Listing] {
        let provider = try table.column("provider")
        let name = try table.column("listing")
        let model = try table.column("model")
        let huggingFaceID = try table.column("hugging_face_id")
        let input = try table.column("input_usd_per_mtok")
        let output = try table.column("output_usd_per_mtok")
        let contextLength = try table.column("context_length")
        let features = try table.column("features")
        var listings: [Listing] = []
        for row in table.rows {
            listings.append(
                Listing(
                    provider: try table.name(
                        row,
                        provider,
                        bytesMax: Limits.labelBytesMax - Supply.attestedSuffix.utf8.count
                    ),
                    name: try table.name(row, name, bytesMax: 255),
                    model: try table.name(row, model),
                    huggingFaceID: row.fields[huggingFaceID],
                    inputPerMTok: try table.optionalUSD(row, input),
                    outputPerMTok: try table.optionalUSD(row, output),
                    contextLength: try table.tokens(row, contextLength),
                    features: try table.features(row, features)
                )
            )
        }
        return listings
    }

    private static func models(_ table: CSVTable) throws(DemonstrationError) -> [ModelFacts] {
        let name = try table.column("model")
        let huggingFaceID = try table.column("hugging_face_id")
        let contextLength = try table.column("context_length")
        let index = try table.column("intelligence_index")
        var facts: [ModelFacts] = []
        var known: Set<String> = []
        for row in table.rows {
            let model = try table.name(row, name)
            guard known.insert(model).inserted else { throw table.fault(row, "the model \(model) stands twice") }
            facts.append(
                ModelFacts(
                    name: model,
                    huggingFaceID: row.fields[huggingFaceID],
                    contextLength: try table.tokens(row, contextLength),
                    quality: try table.quality(row, index)
                )
            )
        }
        return facts
    }
}

extension CSVTable {
    /// A provider's, listing's or model's name, which is not empty and not too long.
    fileprivate func name(
        _ row: Row,
        _ column: Int,
        bytesMax: Int = Limits.modelNameBytesMax
    ) throws(DemonstrationError) -> String {
        let text = row.fields[column]
        guard !text.isEmpty, text.utf8.count <= bytesMax else {
            throw fault(row, "\(header[column]) must have 1 to \(bytesMax) bytes")
        }
        return text
    }

    fileprivate func optionalUSD(_ row: Row, _ column: Int) throws(DemonstrationError) -> USD? {
        let text = row.fields[column]
        if text.isEmpty { return nil }
        guard let amount = USD(text) else {
            throw fault(row, "\(header[column]) must be dollars with at most nine decimals, found “\(text)”")
        }
        return amount
    }

    fileprivate func quality(_ row: Row, _ column: Int) throws(DemonstrationError) -> Int64? {
        guard let index = try optionalUSD(row, column) else { return nil }
        guard index.rounded <= Limits.qualityMax else {
            throw fault(row, "\(header[column]) must not be above \(Limits.qualityMax)")
        }
        return index.rounded
    }

    /// A number of tokens up to ``Limits/contextLengthMax``; an empty field is 0.
    fileprivate func tokens(_ row: Row, _ column: Int) throws(DemonstrationError) -> Int64 {
        if row.fields[column].isEmpty { return 0 }
        return try count(row, column)
    }

    /// A number of tokens up to ``Limits/contextLengthMax``, digits only.
    func count(_ row: Row, _ column: Int) throws(DemonstrationError) -> Int64 {
        let text = row.fields[column]
        let isDigits = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isDigits, let value = Int64(text), value <= Limits.contextLengthMax else {
            throw fault(
                row,
                "\(header[column]) must be a whole number from 0 to \(Limits.contextLengthMax), found “\(text)”"
            )
        }
        return value
    }

    /// The price list's words for features, separated by `|`, in the exchange's vocabulary.
    fileprivate func features(_ row: Row, _ column: Int) throws(DemonstrationError) -> Features {
        var features: Features = []
        for word in row.fields[column].split(separator: "|") {
            let name =
                switch word {
                case "json_schema": "structured_outputs"
                case "parallel_tools": "parallel_tool_calls"
                case "vision": "image_input"
                default: String(word)
                }
            guard let feature = Features(name: name) else { throw fault(row, "\(word) is no feature that we know") }
            features.insert(feature)
        }
        return features
    }
}
