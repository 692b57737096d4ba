internal import Demonstration

/// The report of a load, for people.
package struct LoadReport: Sendable {
    private let outcome: LoadOutcome

    /// A report of what was found.
    package init(_ outcome: LoadOutcome) { self.outcome = outcome }

    /// The lines, without line breaks.
    package var lines: [String] {
        var lines = [outcome.isInterrupted ? "Load, interrupted: what was done until then" : "Load"]
        lines += section("What was asked for", outcome.settings)
        lines += section("Changed on the server for it", outcome.changes)
        lines += ["", "Answers"] + rates + answers
        lines += ["", latencyTitle] + latencyTable
        lines += ["", "Costs"] + costs
        lines += section("Database", outcome.database)
        lines += section("Machine", outcome.machine)
        lines += ["", "Checks"]
        for check in outcome.checks {
            lines.append("  \(check.holds ? "holds " : "BROKEN") \(check.rule): \(check.detail)")
        }
        let broken = outcome.checks.filter { !$0.holds }
        lines += [
            "", broken.first.map { "BROKEN: \($0.rule): \($0.detail)" } ?? "Everything that was looked at holds.",
        ]
        return lines
    }

    private func section(_ title: String, _ facts: [LoadOutcome.Fact]) -> [String] {
        guard !facts.isEmpty else { return [] }
        var table = TextTable("ll")
        for fact in facts { table.row(fact.name.replacing("_", with: " "), fact.value) }
        return ["", title] + table.lines()
    }

    private var rates: [String] {
        var lines = [
            "  \(Figures.count(outcome.perSecond)) a second: \(Figures.count(outcome.answered)) in "
                + Figures.duration(outcome.microseconds)
        ]
        if outcome.answeredInRamp > 0 {
            lines.append("  in the ramp before, not in the figures: \(Figures.count(outcome.answeredInRamp))")
        }
        lines.append("  of the verification, not in the figures: \(Figures.count(outcome.verificationRequests))")
        return lines
    }

    private var answers: [String] {
        var table = TextTable("rlr")
        for answer in outcome.answers {
            table.row(String(answer.status), answer.code, Figures.count(answer.count))
        }
        let losses = outcome.losses
        var lines = table.lines()
        lines += [
            "  without an answer, outcome unknown: \(Figures.count(losses.unknown)); "
                + "not processed, as the server said: \(Figures.count(losses.refused)); "
                + "connections lost: \(Figures.count(losses.connections)); "
                + "retries: none"
        ]
        if outcome.isOpenLoop {
            lines.append(
                "  sent more than 1 ms late: \(Figures.count(losses.late)); never sent, for want of a free stream: "
                    + Figures.count(losses.unsent)
            )
        }
        return lines
    }

    private var latencyTitle: String {
        outcome.isOpenLoop
            ? "Latency (corrected: from when the request should have been sent)"
            : "Latency (corrected: estimated as if each stream had gone on at its mean pace)"
    }

    private var latencyTable: [String] {
        var table = TextTable("lrrrrrrr")
        table.row("", "requests", "mean", "p50", "p90", "p99", "p99.9", "max")
        func add(_ name: String, _ summary: Latencies.Summary) {
            let times = [summary.mean, summary.p50, summary.p90, summary.p99, summary.p999, summary.max]
                .map(Figures.duration)
            table.row(
                name,
                Figures.count(summary.count),
                times[0],
                times[1],
                times[2],
                times[3],
                times[4],
                times[5]
            )
        }
        add("corrected", outcome.latencies.corrected)
        add("from sending", outcome.latencies.measured)
        for entry in outcome.byKind where entry.latencies.measured.count > 0 {
            add("  \(entry.kind)", entry.latencies.measured)
        }
        return table.lines()
    }

    private var costs: [String] {
        let requests = outcome.processorRequests
        func each(_ microseconds: Int64?) -> String {
            guard let microseconds, requests > 0 else { return "not on this machine" }
            return Figures.decimal(Int128(microseconds) * 1_000 / Int128(requests), scale: 3, decimals: 2)
                + " µs of processor time a request"
        }
        var table = TextTable("ll")
        table.row("generator", each(outcome.processor.generator))
        table.row("server", each(outcome.processor.server))
        table.row("its database", each(outcome.processor.database))
        if let commands = outcome.commands, let batches = outcome.batches {
            let mean = Figures.decimal(Int128(commands) * 10 / Int128(max(1, batches)), scale: 1, decimals: 1)
            table.row("commands", "\(Figures.count(commands)) in \(Figures.count(batches)) batches, \(mean) each")
        }
        let lag =
            "at most \(Figures.duration(outcome.lagMicrosecondsMax)); "
            + "\(Figures.count(outcome.lagAtEnd)) commands at the end"
        table.row("tables behind", "\(lag), level after \(Figures.duration(outcome.catchUpMicroseconds))")
        return table.lines()
    }
}
