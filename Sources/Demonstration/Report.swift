import Units

/// The demo's report for people: facts in, lines of at most ``Report/widthMax`` characters out.
package struct Report: Sendable {
    package let plan: Plan
    package let outcome: Outcome
    package let findings: Findings
    /// Whether headings may be set in bold: only when a terminal shows them.
    package var isStyled = false

    /// The longest line, in characters.
    package static let widthMax = 100

    package init(plan: Plan, outcome: Outcome) {
        self.plan = plan
        self.outcome = outcome
        findings = Findings(plan: plan, outcome: outcome)
    }

    /// The whole report, line by line.
    package var lines: [String] {
        var lines = Self.assumptions(plan, isStyled: isStyled)
        for section in [
            summary, orders, money, delivered, settled, shortfalls, obstacles, privacy, leaders, speed, ledger, sources,
            verdict,
        ] where !section.isEmpty {
            lines.append("")
            lines += section
        }
        return lines.flatMap { Self.wrapped($0) }
    }

    /// What is going to run, and what of it is not in the facts; the demo prints this before it begins, too.
    package static func assumptions(_ plan: Plan, isStyled: Bool = false) -> [String] {
        let supply = plan.supply
        let listings = supply.offers.count - supply.twinCount
        let sold = Int64(supply.offers.count) * plan.depth.count
        var lines = [heading("What meets", isStyled)]
        lines += [
            "  Supply   \(listings) real listings of \(supply.providerCount) providers, "
                + "\(Set(supply.offers.map(\.model)).count) models",
            "  Demand   \(Figures.count(plan.demand.bids.count)) bids from \(Figures.count(plan.traceRequests))"
                + " real requests in \(plan.traceSource)",
        ]
        if plan.demand.emptyRequests > 0 {
            lines.append(
                "           \(plan.demand.emptyRequests) requests without a token buy nothing and are left out"
            )
        }
        if supply.listingsWithoutPrice > 0 {
            lines.append("           \(supply.listingsWithoutPrice) listings without an input price are left out")
        }
        lines += ["", heading("Assumed, because no data says it", isStyled)]
        var table = TextTable("ll")
        table.row("1 TON", "\(Figures.dollars(Int128(plan.settings.rate.usdPerTON.nano)))  (--ton-usd)")
        table.row(
            "Depth",
            "\(Figures.count(plan.depth.count)) lots of 1,000 adjusted tokens a listing (--depth); "
                + "\(Figures.count(sold)) on sale, \(Figures.count(plan.demand.lots.count)) wanted"
        )
        table.row(
            "Attested",
            "\(supply.twinCount) listings have a twin at +15 % whose Intel TDX is attested: simulated"
        )
        table.row("Wishes", wishes)
        table.row("Limits", "0.70 to 1.30 times the median listing that could serve the bid; 20 % immediate-or-cancel")
        table.row("Weights", "a model's weight set is the one nearest to its listings' output/input ratio")
        table.row(
            "Accounts",
            "\(plan.demand.apps.count) apps with money for all of their bids; at most "
                + "\(Figures.count(plan.openOrdersMax)) orders may rest in each"
        )
        let fees = plan.settings.fees
        table.row("Fees", "maker \(percent(fees.maker)), taker \(percent(fees.taker)); no order is too small")
        table.row("Chain", "local, inside of the server, with play money; workers are paid whatever they have earned")
        table.row("Seed", "\(plan.settings.seed)  (--seed): the same seed plans the same market")
        return lines + table.lines()
    }

    /// `0.30 %`.
    private static func percent(_ rate: BasisPoints) -> String {
        Figures.decimal(Int128(rate.count), scale: 2, decimals: 2) + " %"
    }

    private static var wishes: String {
        Demand.Kind.allCases.map { "\($0.percent) % \($0.rawValue)" }.joined(separator: ", ")
    }

    private var orders: [String] {
        var table = TextTable("lrrrlrr")
        table.row("wanted", "bids", "trades", "lots", "filled", "", "vs median")
        for kind in Demand.Kind.allCases {
            if let tally = findings.byKind[kind] { table.row(tally, kind.rawValue) }
        }
        table.row(findings.bids, "all")
        let tally = findings.bids
        let ends =
            "  \(Figures.count(tally.filledBids)) bids filled, \(Figures.count(tally.partlyFilledBids)) in part, "
            + "\(Figures.count(tally.bids - tally.filledBids - tally.partlyFilledBids)) not at all."
        return [heading("Orders")] + table.lines() + [ends]
    }

    private var money: [String] {
        let tally = findings.bids
        let rate = plan.settings.rate
        var table = TextTable("lrrl")
        func row(_ name: String, _ value: Int128, _ note: String) {
            let nanoUSD = value * Int128(rate.usdPerTON.nano) / 1_000_000_000
            table.row(name, Figures.toncoins(value), Figures.dollars(nanoUSD), note)
        }
        row("apps paid", tally.paid, "for \(Figures.count(tally.filledLots)) lots, before fees")
        row("at the median listing", tally.atMedian, "apps paid \(Self.comparison(tally.paid, tally.atMedian))")
        row("at the dearest listing", tally.atDearest, "apps paid \(Self.comparison(tally.paid, tally.atDearest))")
        row("at the cheapest listing", tally.atCheapest, "if it never sold out")
        return [heading("What apps paid for the same lots")] + table.lines()
    }

    /// `43.8 % less`.
    private static func comparison(_ paid: Int128, _ base: Int128) -> String {
        paid <= base
            ? Figures.percent(base - paid, of: base) + " less" : Figures.percent(paid - base, of: base) + " more"
    }

    /// The result in one sentence.
    private var summary: [String] {
        let tally = findings.bids
        let filled = Figures.percent(Int128(tally.filledLots), of: Int128(tally.lots))
        let bids = Figures.count(tally.bids)
        let offers = Figures.count(plan.supply.offers.count)
        let price = Self.comparison(tally.paid, tally.atMedian)
        return [
            "\(bids) requests met \(offers) offers: \(filled) of what was wanted found a seller,",
            "for \(price) than the median listing.",
        ]
    }

    private var shortfalls: [String] {
        guard !findings.unfilled.isEmpty else { return [heading("Unfilled"), "  Nothing: every bid was filled."] }
        var table = TextTable("rrl")
        table.row("bids", "lots", "why")
        let ranked = findings.unfilled.sorted {
            $0.value.bids == $1.value.bids ? $0.key.text < $1.key.text : $0.value.bids > $1.value.bids
        }
        for (reason, amount) in ranked {
            table.row(Figures.count(amount.bids), Figures.count(amount.lots), reason.text)
        }
        return [heading("Unfilled")] + table.lines()
    }

    private var leaders: [String] {
        let total = findings.bids.paid
        guard total > 0 else { return [heading("Best sellers"), "  Nobody sold anything."] }
        var table = TextTable("lrrlr")
        func rows(_ title: String, _ ranked: [Findings.Ranked]) {
            table.row(title, "lots", "earned", "", "")
            for entry in ranked.prefix(5) {
                table.row(
                    entry.name,
                    Figures.count(entry.lots),
                    Figures.toncoins(entry.value),
                    Figures.bar(entry.value, of: ranked[0].value, width: 20),
                    Figures.percent(entry.value, of: total)
                )
            }
        }
        rows("model", findings.models)
        rows("provider", findings.providers)
        return [heading("Best sellers")] + table.lines()
    }

    private var speed: [String] {
        let answered = Int128(outcome.latencies.count)
        let seconds = Int128(max(outcome.biddingMicroseconds, 1))
        var table = TextTable("ll")
        table.row("Start", "\(Figures.duration(outcome.startMicroseconds)) from an empty folder to a ready server")
        table.row(
            "Bids",
            "\(Figures.count(answered * 1_000_000 / seconds)) a second, each acknowledged after its commit"
                + " (\(outcome.load.connections) connections, \(outcome.load.inFlight) in flight on each)"
        )
        if let latency = findings.latency {
            table.row(
                "Latency",
                "p50 \(Figures.duration(latency.p50)), p90 \(Figures.duration(latency.p90)), "
                    + "p99 \(Figures.duration(latency.p99)), max \(Figures.duration(latency.max))"
            )
        }
        if let journal = outcome.journal {
            table.row(
                "Journal",
                "\(Figures.count(journal.commands)) commands in \(Figures.count(journal.batches)) batches, "
                    + Figures.bytes(journal.bytes)
            )
        }
        return [heading("Speed")] + table.lines()
    }

    private var ledger: [String] {
        guard !outcome.trialBalance.isEmpty else {
            return [heading("Trial balance"), "  The ledger could not be read."]
        }
        var table = TextTable("lrr")
        table.row("account", "debits", "credits")
        for row in outcome.trialBalance {
            table.row(row.account, Figures.nanoTON(row.debits), Figures.nanoTON(row.credits))
        }
        table.row(
            "sum",
            Figures.nanoTON(outcome.trialBalance.reduce(0) { $0 + $1.debits }),
            Figures.nanoTON(outcome.trialBalance.reduce(0) { $0 + $1.credits })
        )
        return [heading("Trial balance, in TON")] + table.lines()
    }

    private var sources: [String] {
        var table = TextTable("ll")
        table.row("Prices", "the price map of the LiteLLM project (MIT), 2026-07")
        table.row(
            "Models",
            "OpenRouter's public model list; Artificial Analysis' indices, 2026-08"
        )
        table.row("Requests", "shipped: Azure LLM inference trace 2023 (Patel et al., Splitwise, ISCA 2024), CC-BY 4.0")
        return [heading("Sources of the facts")] + table.lines()
    }

    private var verdict: [String] {
        let lines = outcome.checks.map { "  \($0.holds ? "✓" : "✗")  \($0.rule) (\($0.detail))" }
        let broken = outcome.checks.count { !$0.holds }
        let sentence =
            if outcome.isSound {
                "Every invariant holds."
            } else if outcome.checks.isEmpty {
                "Nothing was checked."
            } else {
                "\(broken) of \(outcome.checks.count) checks FAILED."
            }
        return [heading("Verdict")] + lines + ["", "  " + sentence]
    }

    func heading(_ text: String) -> String { Self.heading(text, isStyled) }

    private static func heading(_ text: String, _ isStyled: Bool) -> String {
        isStyled ? "\u{1B}[1m\(text)\u{1B}[0m" : text
    }

    /// Breaks a line that is too long at a blank; what follows is indented like the text of a table's second column.
    static func wrapped(_ line: String) -> [String] {
        guard line.count > widthMax else { return [line] }
        let head = line.prefix(widthMax)
        let cut = head.lastIndex(of: " ").flatMap { head[..<$0].allSatisfy { $0 == " " } ? nil : $0 } ?? head.endIndex
        let rest = line[cut...].drop { $0 == " " }
        let indent = String(repeating: " ", count: 5)
        return [String(line[..<cut])] + wrapped(indent + rest)
    }
}

extension TextTable {
    fileprivate mutating func row(_ tally: Findings.Tally, _ name: String) {
        let filled = Int128(tally.filledLots)
        row(
            name,
            Figures.count(tally.bids),
            Figures.count(tally.trades),
            Figures.count(tally.lots),
            Figures.bar(filled, of: Int128(tally.lots), width: 20),
            Figures.percent(filled, of: Int128(tally.lots)),
            Figures.difference(tally.paid, from: tally.atMedian)
        )
    }
}

extension Figures {
    /// `1,234.567890123`: to the last nanoTON, so that columns can be added up.
    fileprivate static func nanoTON(_ value: Int128) -> String { decimal(value, scale: 9, decimals: 9) }
}

extension Findings.Shortfall {
    /// A clause for people.
    package var text: String {
        switch self {
        case .refused(let code): "the exchange refused the bid: \(code)"
        case .nobodyCan: "no listing can do what was asked for, at any price"
        case .limitTooLow: "listings can, but the cheapest asks more than the bid's own limit"
        case .soldOut: "listings at or below the limit were sold out"
        }
    }
}
