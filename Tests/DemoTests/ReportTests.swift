import Demonstration
import Exchange
import JSON
import Testing
import Units

@Suite struct ReportTests {
    /// Every third bid is refused, the others are filled in part or whole at the cheapest listing.
    func report(count: Int = 200) throws -> Report {
        let plan = try Samples.plan(count: count)
        var outcome = Outcome(bids: [], load: Outcome.Load(connections: 2, inFlight: 8))
        for (index, bid) in plan.demand.bids.enumerated() {
            if index % 3 == 0 {
                outcome.bids.append(Outcome.BidOutcome(answer: .refused("insufficient_funds"), fills: []))
                continue
            }
            let offer = plan.supply.offers.firstIndex {
                bid.requirement.isMet(by: $0.capability) && $0.price <= bid.limit
            }
            let fill = offer.map {
                Outcome.Fill(
                    trade: TradeID(Int64(index)),
                    offer: $0,
                    lots: index % 2 == 0 ? bid.lots : Lots(1),
                    price: plan.supply.offers[$0].price
                )
            }
            let answer = Outcome.Answer.accepted(OrderID(Int64(index) + 1))
            outcome.bids.append(Outcome.BidOutcome(answer: answer, fills: fill.map { [$0] } ?? []))
        }
        outcome.latencies = (1...200).map { Int64($0) * 10 }
        outcome.biddingMicroseconds = 100_000
        outcome.startMicroseconds = 1_234_567
        outcome.trialBalance = [
            Outcome.BalanceRow(account: "chain", debits: 30_000_000_000, credits: 0),
            Outcome.BalanceRow(account: "available", debits: 1, credits: 30_000_000_001),
        ]
        outcome.journal = Outcome.Journal(batches: 12, commands: 345, bytes: 67_890)
        var chain = ChainTally()
        (chain.deposits, chain.deposited, chain.payouts, chain.messages) = (3, 30_000_000_000, 7, 2)
        (chain.paid, chain.gas, chain.microseconds) = (1_234_567_890, 12_000_001, 4_200_000)
        (chain.onChain, chain.inLedger) = (28_000_000_000, 28_000_000_001)
        outcome.chain = chain
        outcome.checks = [Outcome.Check("transfers sum to zero", holds: true, detail: "345 transfers")]
        return Report(plan: plan, outcome: outcome)
    }

    @Test func `No line is wider than 100 characters, whatever the words`() throws {
        var report = try report()
        let long = String(repeating: "a very long explanation ", count: 20)
        let unbroken = String(repeating: "x", count: 450)
        report = Report(
            plan: report.plan,
            outcome: with(report.outcome) {
                $0.checks = [
                    Outcome.Check("rule", holds: false, detail: long),
                    Outcome.Check("rule", holds: false, detail: unbroken),
                ]
            }
        )
        for line in report.lines { #expect(line.count <= Report.widthMax, "\(line)") }
        let said = report.lines.joined().filter { $0 != " " }
        #expect(said.contains(long.filter { $0 != " " }))
        #expect(said.contains(unbroken))
    }

    @Test func `The verdict is sound only when every check was made and holds`() throws {
        let sound = try report()
        #expect(sound.lines.contains("  Every invariant holds."))
        let broken = with(sound.outcome) { $0.checks.append(Outcome.Check("x", holds: false, detail: "1 row")) }
        #expect(!broken.isSound)
        #expect(Report(plan: sound.plan, outcome: broken).lines.contains("  1 of 2 checks FAILED."))
        #expect(!with(sound.outcome) { $0.checks = [] }.isSound)
    }

    @Test func `Sums over the kinds are the sums over all`() throws {
        let findings = try report().findings
        #expect(findings.byKind.values.reduce(0) { $0 + $1.bids } == findings.bids.bids)
        #expect(findings.byKind.values.reduce(0) { $0 + $1.paid } == findings.bids.paid)
        #expect(findings.models.reduce(0) { $0 + $1.value } == findings.bids.paid)
        #expect(findings.providers.reduce(0) { $0 + $1.lots } == findings.bids.filledLots)
        let missing = findings.unfilled.values.reduce(0) { $0 + $1.lots }
        #expect(missing == findings.bids.lots - findings.bids.filledLots)
    }

    @Test func `Apps pay at least the cheapest and at most the dearest listing that could serve them`() throws {
        let tally = try report().findings.bids
        #expect(tally.paid > 0)
        #expect(tally.atCheapest <= tally.paid && tally.paid <= tally.atDearest)
        #expect(tally.atCheapest <= tally.atMedian && tally.atMedian <= tally.atDearest)
    }

    @Test func `Unfilled lots are explained from what was on offer`() throws {
        let report = try report()
        for (bid, result) in zip(report.plan.demand.bids, report.outcome.bids) where result.fills.isEmpty {
            if case .accepted = result.answer { #expect(bid.reach.offers == 0 || bid.reach.cheapest > bid.limit) }
        }
        #expect(report.findings.unfilled[.refused(code: "insufficient_funds")]?.bids == 67)
        #expect(report.findings.unfilled[.limitTooLow] != nil)
        #expect(report.findings.unfilled[.soldOut] != nil, "the bids that got one lot of several")
    }

    @Test func `The JSON form has the same figures`() throws {
        let report = try report()
        let json = try JSONValue(report.json)
        #expect(json["sound"]?.boolean == true)
        #expect(json["orders"]?["bids"]?.integer == report.findings.bids.bids)
        #expect(json["orders"]?["paid_nanoton"]?.string == String(report.findings.bids.paid))
        #expect(json["by_kind"]?.elements?.count == report.findings.byKind.count)
        #expect(json["speed"]?["latency_p50_us"]?.integer == 1_000)
        #expect(json["trial_balance"]?[0]?["debits_nanoton"]?.string == "30000000000")
        #expect(json["checks"]?[0]?["holds"]?.boolean == true)
    }

    @Test func `What was settled is in both forms, and the gas of a payout is rounded up`() throws {
        let report = try report()
        let lines = report.lines.joined(separator: "\n")
        for piece in [
            "paid in   3    30.000 TON  deposits of apps", "paid out  7  1.234568 TON  what workers have earned",
            "messages  2", "a payout     0.001714 TON  of gas", "28.000 TON  on the chain", "final 4.2 s after",
        ] {
            #expect(lines.contains(piece), "\(piece) in\n\(lines)")
        }
        let json = try JSONValue(report.json)["settlement"]
        #expect(json?["payouts"]?.integer == 7 && json?["messages"]?.integer == 2 && json?["deposits"]?.integer == 3)
        #expect(json?["paid_nanoton"]?.string == "1234567890")
        #expect(json?["gas_nanoton"]?.string == "12000001")
        #expect(json?["gas_per_payout_nanoton"]?.string == "1714286")
        #expect(json?["wallet_nanoton"]?.string == "28000000000" && json?["ledger_nanoton"]?.string == "28000000001")
        let other = Report(plan: report.plan, outcome: with(report.outcome) { $0.chain = nil })
        #expect(try JSONValue(other.json)["settlement"] == nil)
        #expect(!other.lines.contains { $0.contains("local chain (") })
        #expect(ChainTally().gasPerPayout == 0)
    }

    @Test func `Percentiles are times that were measured`() {
        #expect(Percentiles([]) == nil)
        #expect(Percentiles([7])?.p50 == 7)
        let hundred = Percentiles((1...100).reversed())
        #expect([hundred?.p50, hundred?.p90, hundred?.p99, hundred?.max] == [50, 90, 99, 100])
    }

    private func with(_ outcome: Outcome, _ change: (inout Outcome) -> Void) -> Outcome {
        var changed = outcome
        change(&changed)
        return changed
    }
}

@Suite struct FiguresTests {
    @Test(
        arguments: [
            (Figures.count(0), "0"), (Figures.count(999), "999"), (Figures.count(1_000), "1,000"),
            (Figures.count(-1_234_567), "−1,234,567"),
            (Figures.toncoins(12_345_678_901), "12.346 TON"), (Figures.toncoins(1_234_567), "0.001235 TON"),
            (Figures.toncoins(1), "0.000000001 TON"),
            (Figures.dollars(12_345_000_000), "$12.35"), (Figures.dollars(12_340_000), "$0.0123"),
            (Figures.percent(821, of: 1_000), "82.1 %"), (Figures.percent(1, of: 0), "–"),
            (Figures.percent(1, of: 3), "33.3 %"),
            (Figures.difference(90, from: 100), "−10.0 %"), (Figures.difference(110, from: 100), "+10.0 %"),
            (Figures.difference(100, from: 100), "0.0 %"),
            (Figures.duration(850), "850 µs"), (Figures.duration(1_236), "1.24 ms"),
            (Figures.duration(3_100_000), "3.1 s"),
            (Figures.bytes(100), "100 B"), (Figures.bytes(1_536), "1.5 KiB"), (Figures.bytes(3 << 20), "3.0 MiB"),
            (Figures.bar(1, of: 2, width: 4), "██  "), (Figures.bar(1, of: 16, width: 2), "▏ "),
            (Figures.bar(5, of: 0, width: 2), "  "), (Figures.bar(9, of: 8, width: 2), "██"),
        ]
    )
    func `Figures are written as people read them`(written: String, expected: String) {
        #expect(written == expected)
    }

    @Test func `A table is as wide as its widest fields and ends no line in blanks`() {
        var table = TextTable("lrl")
        table.row("a", "1", "x")
        table.row("long", "100", "")
        #expect(table.lines(indent: 1) == [" a       1  x", " long  100"])
    }
}
