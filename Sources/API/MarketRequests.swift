internal import Engine
package import Exchange
package import Units

/// Turns the queries of market data into questions.
extension QueryRequests {
    static func quote(_ query: ArraySlice<UInt8>, directory: Directory) throws(Problem) -> QuoteQuery {
        var parameters = try QueryParameters(query)
        let demand = Demand(&parameters, directory)
        let side = parameters.choice("side", of: Vocabularies.quoteSide) ?? .bid
        let lots = parameters.integer("quantity_lots", in: 1...Limits.orderLotsMax)
        if lots == nil, parameters.errors.isEmpty {
            parameters.fail("quantity_lots", .required, "quantity_lots is required.")
        }
        try parameters.end()
        return QuoteQuery(requirement: try demand.resolved(), side: side, lots: Lots(lots ?? 1))
    }

    static func candles(_ query: ArraySlice<UInt8>, directory: Directory) throws(Problem) -> CandlesQuery {
        var parameters = try QueryParameters(query)
        let model = self.model(&parameters, directory)
        let hasRequirement = parameters.has("requirement")
        let demand = Demand(&parameters, directory)
        let interval = parameters.choice("interval", of: Vocabularies.candleInterval) ?? .minute
        let limit = limit(&parameters)
        let format = parameters.choice("format", of: Vocabularies.listFormat) ?? .json
        let before = parameters.take("before")
        let time = before.flatMap { Timestamp.time($0) }
        if before != nil, time == nil {
            parameters.fail("before", .badFormat, "before must be a time as in 2026-11-21T01:00:00Z.")
        }
        let cursor = parameters.take("cursor")
        if (model != nil) == hasRequirement, parameters.errors.isEmpty {
            parameters.fail("model", .required, "Either model or requirement is required, and not both.")
        }
        try parameters.end()
        if model == .unknown { throw Problem(.modelUnknown) }
        let subject: CandlesQuery.Subject
        if let model { subject = .model(model) } else { subject = .requirement(try demand.resolved()) }
        var result = CandlesQuery(
            subject: subject,
            interval: interval,
            limit: limit,
            before: time ?? .never,
            format: format
        )
        result.subjectText = result.subject.text(directory.models)
        if let cursor {
            let cursor = try Cursor(cursor, list: .candles, filters: result.filters)
            result.before = LogicalTime(microseconds: cursor.first)
        }
        result.alignBefore()
        return result
    }

    static func index(
        _ query: ArraySlice<UInt8>,
        directory: Directory,
        now: LogicalTime
    ) throws(Problem) -> IndexQuery {
        var parameters = try QueryParameters(query)
        let model = self.model(&parameters, directory)
        let window = parameters.choice("window", of: Vocabularies.indexWindow) ?? .day
        if model == nil, parameters.errors.isEmpty { parameters.fail("model", .required, "model is required.") }
        try parameters.end()
        guard let model, model != .unknown else { throw Problem(.modelUnknown) }
        return IndexQuery(model: model, window: window, end: now)
    }

    /// The model that is named; ``ModelID/unknown`` when the registry has none of the name.
    private static func model(_ parameters: inout QueryParameters, _ directory: Directory) -> ModelID? {
        guard let name = parameters.take("model") else { return nil }
        if ModelName.isValid(name) { return directory.models.id(named: name) }
        parameters.fail("model", .badFormat, "model must be \(ModelName.rule).")
        return nil
    }

    /// The parameters `requirement` and `weight_set`.
    private struct Demand {
        private let builder: RequirementBuilder
        private let weightSet: WeightSetID?
        private let directory: Directory

        init(_ parameters: inout QueryParameters, _ directory: Directory) {
            self.directory = directory
            weightSet = parameters.choice("weight_set", of: Vocabularies.weightSet)
            let text = parameters.take("requirement") ?? []
            let expression = RequirementExpression(text, parameter: "requirement", directory: directory)
            parameters.fail(expression.errors)
            builder = expression.builder
        }

        /// The requirement with the good that it means.
        func resolved() throws(Problem) -> Requirement {
            guard !builder.namesUnknownModel else { throw Problem(.modelUnknown) }
            var requirement = builder.finish()
            requirement.weightSet = try directory.weightSet(of: requirement, named: weightSet)
            return requirement
        }
    }
}

extension CandlesQuery.Subject {
    /// The form in URLs, which tells two subjects apart.
    func text(_ models: ModelTable) -> String {
        switch self {
        case .model(let id): id.text
        case .requirement(let requirement):
            "\(requirement.weightSet.rawValue) \(RequirementText.expression(requirement, models: models))"
        }
    }
}

extension Directory {
    /// The good that a requirement means, by the engine's rule: the named weight set, or the one of its models, or the
    /// standard one; all must agree.
    package func weightSet(of requirement: Requirement, named: WeightSetID?) throws(Problem) -> WeightSetID {
        var result = named
        for model in requirement.models.array {
            guard let weightSet = models.record(model)?.terms.weightSet else { continue }
            guard result == nil || result == weightSet else { throw Problem(.mixedUnits) }
            result = weightSet
        }
        return result ?? .standard
    }
}
