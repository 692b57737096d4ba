internal import Demonstration
internal import JSON
internal import Units

/// Asks the server why bids were not filled, and what privacy costs.
struct DemoInsight {
    let plan: Plan
    let client: ExchangeClient

    /// Bids that are asked about at most: the first that were not filled.
    private static let explainedMax = 250

    /// `bids` has one entry for each bid of the plan.
    func ask(_ bids: [Outcome.BidOutcome]) throws -> Insight {
        var insight = Insight()
        let unfilled = bids.indices.filter { bids[$0].filled < plan.demand.bids[$0].lots }.prefix(Self.explainedMax)
        for index in unfilled {
            let left = plan.demand.bids[index].lots - bids[index].filled
            let body = plan.previewBody(index, lots: left)
            let answer = try client.json("POST", "/v1/orders:preview", body)
            guard let explanation = Insight.Explanation(answer) else { throw malformed("a preview") }
            insight.explanations.append(explanation)
        }
        for model in plan.supply.models {
            let answer = try client.json("GET", "/v1/index?window=1h&model=\(model.facts.name)")
            guard let premium = Insight.Premium(answer) else { throw malformed("an index") }
            insight.premiums.append(premium)
        }
        return insight
    }

    private func malformed(_ what: String) -> CommandFailure {
        CommandFailure("the server states \(what) in a form that is not in its contract")
    }
}
