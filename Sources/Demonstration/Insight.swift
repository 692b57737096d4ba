package import JSON
internal import Units

/// What the server itself said of the market when the bids had been placed: why some were not filled, and what an
/// attested environment costs.
package struct Insight: Sendable {
    /// One for each bid that was asked about.
    package var explanations: [Explanation] = []
    /// One for each model of the plan.
    package var premiums: [Premium] = []

    package init() {}

    /// The member `why_not` of a preview.
    package struct Explanation: Hashable, Sendable {
        /// Offers of the whole book.
        package let offers: Int64
        package let eliminatesMost: String?
        package let relaxations: [Relaxation]

        /// `nil` when the answer is not in the form of the contract.
        package init?(_ preview: JSONValue) {
            guard let whyNot = preview["why_not"], let offers = whyNot["considered"]?["order_count"]?.integer,
                let relaxations = whyNot["relaxations"]?.elements
            else { return nil }
            self.offers = offers
            eliminatesMost = whyNot["eliminates_most"]?.string
            self.relaxations = relaxations.compactMap { Relaxation($0) }
            guard self.relaxations.count == relaxations.count else { return nil }
        }
    }

    /// One change that would fill a bid.
    package struct Relaxation: Hashable, Sendable {
        package let constraint: String
        package let text: String
        package let isWithinLimit: Bool

        fileprivate init?(_ json: JSONValue) {
            guard let constraint = json["constraint"]?.string, let text = json["text"]?.string,
                let isWithinLimit = json["is_within_limit"]?.boolean
            else { return nil }
            self.constraint = constraint
            self.text = text
            self.isWithinLimit = isWithinLimit
        }
    }

    /// What attested offers of one model cost beside the others.
    package struct Premium: Hashable, Sendable {
        package let model: String
        /// In 1/10,000 of the unattested price: of the best offers now.
        package let bestOffer: Int64?
        /// The same of the trades' averages.
        package let traded: Int64?

        /// `nil` when the answer is not in the form of the contract.
        package init?(_ index: JSONValue) {
            guard let model = index["model"]?.string, let prices = index["price_of_privacy"] else { return nil }
            self.model = model
            bestOffer = prices["best_offer"]?["ratio_per_10000"]?.integer
            traded = prices["vwap"]?["ratio_per_10000"]?.integer
        }
    }
}

extension Insight {
    /// How often a constraint is to blame, and how often to change it alone would help.
    package struct Obstacle: Hashable, Sendable {
        package let constraint: String
        package var eliminatesMost = 0
        package var fillsWithinLimit = 0
        package var fillsForMore = 0
        /// One such change in words.
        package var example = ""
    }

    /// By how often they eliminate most, then by name.
    package var obstacles: [Obstacle] {
        var found: [String: Obstacle] = [:]
        func change(_ name: String, _ body: (inout Obstacle) -> Void) {
            body(&found[name, default: Obstacle(constraint: name)])
        }
        for explanation in explanations {
            if let name = explanation.eliminatesMost { change(name) { $0.eliminatesMost += 1 } }
            for relaxation in explanation.relaxations {
                change(relaxation.constraint) { obstacle in
                    if relaxation.isWithinLimit { obstacle.fillsWithinLimit += 1 } else { obstacle.fillsForMore += 1 }
                    if obstacle.example.isEmpty { obstacle.example = relaxation.text }
                }
            }
        }
        return found.values.sorted { ($1.eliminatesMost, $0.constraint) < ($0.eliminatesMost, $1.constraint) }
    }

    /// The median ratio of the best offers; `nil` when no model has both prices.
    package var medianPremium: Int64? {
        let ratios = premiums.compactMap(\.bestOffer).sorted()
        return ratios.isEmpty ? nil : ratios[(ratios.count - 1) / 2]
    }
}

extension Report {
    /// What the server answered when it was asked why.
    var obstacles: [String] {
        guard let insight = outcome.insight, !insight.explanations.isEmpty else { return [] }
        var table = TextTable("lrrr")
        table.row("constraint", "eliminates most", "its change fills", "for more money")
        for obstacle in insight.obstacles {
            table.row(
                obstacle.constraint,
                Figures.count(obstacle.eliminatesMost),
                Figures.count(obstacle.fillsWithinLimit),
                Figures.count(obstacle.fillsForMore)
            )
        }
        let intro = "  The server explained \(Figures.count(insight.explanations.count)) of the bids that still rest."
        let example = insight.obstacles.first { !$0.example.isEmpty }.map { ["  For example: \($0.example)."] } ?? []
        return [heading("Why not"), intro] + table.lines() + example
    }

    /// Attested offers beside the others.
    var privacy: [String] {
        guard let insight = outcome.insight else { return [] }
        let compared = insight.premiums.filter { $0.bestOffer != nil }
        guard let median = insight.medianPremium else {
            return [heading("Price of privacy"), "  No model has attested and other offers."]
        }
        var table = TextTable("lrr")
        table.row("model", "best offer", "traded")
        for premium in compared.sorted(by: { ($1.bestOffer ?? 0, $0.model) < ($0.bestOffer ?? 0, $1.model) }).prefix(5)
        {
            table.row(premium.model, Self.ratio(premium.bestOffer), Self.ratio(premium.traded))
        }
        let sentence =
            "  Attested offers of \(compared.count) models cost \(Self.ratio(median)) of the others' price (median)."
        return [heading("Price of privacy"), sentence] + table.lines()
    }

    /// `115.0 %`.
    private static func ratio(_ ratio: Int64?) -> String {
        ratio.map { Figures.decimal(Int128($0), scale: 2, decimals: 1) + " %" } ?? "-"
    }
}

extension Report {
    func writeInsight(to writer: inout JSONWriter) {
        guard let insight = outcome.insight else { return }
        writer.key("why_not")
        writer.beginArray()
        for obstacle in insight.obstacles {
            writer.beginObject()
            writer.member("constraint", obstacle.constraint)
            writer.member("eliminates_most_bids", Int64(obstacle.eliminatesMost))
            writer.member("fills_within_limit_bids", Int64(obstacle.fillsWithinLimit))
            writer.member("fills_for_more_bids", Int64(obstacle.fillsForMore))
            writer.endObject()
        }
        writer.endArray()
        writer.key("price_of_privacy")
        writer.beginArray()
        for premium in insight.premiums {
            writer.beginObject()
            writer.member("model", premium.model)
            writer.key("best_offer_ratio_per_10000")
            if let ratio = premium.bestOffer { writer.integer(ratio) } else { writer.null() }
            writer.key("vwap_ratio_per_10000")
            if let ratio = premium.traded { writer.integer(ratio) } else { writer.null() }
            writer.endObject()
        }
        writer.endArray()
    }
}
