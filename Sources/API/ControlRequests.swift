internal import Engine
internal import Exchange
internal import JSON
internal import Units

/// Requests that change orders, and that hold the market in check.
extension Request {
    func change(_ principal: Principal) throws(Problem) -> Admission {
        switch route {
        case .amendOrder:
            let id = try orderID()
            let terms = try Bodies.amendment(body, of: id, now: judgedAt)
            return try command(.amend(terms), .amended(id), principal)
        case .cancelOrders:
            let filter = try QueryRequests.cancelOrders(head.query, directory: context.directory)
            return try command(.massCancel(filter), .cancelledTogether, principal)
        default:
            let duration = try Bodies.cancelAfter(body)
            return try command(.cancelAfter(duration), .cancelAfterSet(duration), principal)
        }
    }

    func control(_ principal: Principal) throws(Problem) -> Admission {
        let directory = context.directory
        switch route {
        case .setHalt:
            let terms = try Bodies.halt(body, directory: directory)
            return try command(.setHalt(terms), .haltSet(terms, directory.models), principal)
        case .setPriceBand:
            let terms = try Bodies.priceBand(body, directory: directory)
            return try command(.setPriceBand(terms), .priceBandSet(terms, directory.models), principal)
        case .setAccountLimits:
            let terms = try Bodies.limits(body, of: try accountID())
            return try command(.setAccountLimits(terms), .limitsSet, principal)
        default:
            let (terms, effectiveAt) = try Bodies.fees(body, directory: directory, now: judgedAt)
            guard let effectiveAt else { return try command(.setFees(terms), .feesSet, principal) }
            let notice = FeeNoticeTerms(fees: terms, effectiveAt: effectiveAt)
            return try command(.announceFees(notice), .feesAnnounced(notice), principal)
        }
    }
}

extension QueryRequests {
    /// Which orders `DELETE /v1/orders` means.
    static func cancelOrders(_ query: ArraySlice<UInt8>, directory: Directory) throws(Problem) -> OrderFilter {
        var parameters = try QueryParameters(query)
        let side = parameters.choice("side", of: Vocabularies.side)
        let model = parameters.take("model")
        if let model, !ModelName.isValid(model) {
            parameters.fail("model", .badFormat, "model must be \(ModelName.rule).")
        }
        let weightSet = parameters.choice("weight_set", of: Vocabularies.weightSet)
        let text = parameters.take("requirement")
        let expression = RequirementExpression(text ?? [], parameter: "requirement", directory: directory)
        parameters.fail(expression.errors)
        if weightSet != nil, text == nil {
            parameters.fail("weight_set", .notAllowed, "weight_set needs a requirement.")
        }
        try parameters.end()
        var filter = OrderFilter(side: side)
        if let model {
            let id = directory.models.id(named: model)
            guard id != .unknown else { throw Problem(.modelUnknown) }
            filter.model = id
        }
        if text != nil {
            guard !expression.builder.namesUnknownModel else { throw Problem(.modelUnknown) }
            var requirement = expression.builder.finish()
            requirement.weightSet = try directory.weightSet(of: requirement, named: weightSet)
            filter.requirement = requirement
        }
        return filter
    }
}
