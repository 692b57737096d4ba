import JSON
import Units

extension Report {
    /// The report for machines, one JSON document: money in decimal strings of nanoTON, times in microseconds.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 8_192)
        writer.beginObject()
        writer.member("sound", outcome.isSound)
        writeAssumptions(to: &writer)
        writer.key("orders")
        writer.tally(findings.bids)
        writer.key("by_kind")
        writer.beginArray()
        for kind in Demand.Kind.allCases {
            if let tally = findings.byKind[kind] { writer.tally(tally, kind: String(describing: kind)) }
        }
        writer.endArray()
        writeUnfilled(to: &writer)
        writeSettlement(to: &writer)
        writeInsight(to: &writer)
        writeSpeed(to: &writer)
        writeLedger(to: &writer)
        writeChecks(to: &writer)
        writer.endObject()
        return writer.finish()
    }

    private func writeAssumptions(to writer: inout JSONWriter) {
        writer.key("assumptions")
        writer.beginObject()
        writer.member("ton_nano_usd", decimalString: plan.settings.rate.usdPerTON.nano)
        writer.member("depth_lots", plan.depth.count)
        writer.key("seed")
        writer.string(String(plan.settings.seed))
        writer.member("trace", plan.traceSource)
        writer.member("trace_requests", Int64(plan.traceRequests))
        writer.member("empty_requests", Int64(plan.demand.emptyRequests))
        writer.member("offers", Int64(plan.supply.offers.count))
        writer.member("attested_twins", Int64(plan.supply.twinCount))
        writer.member("providers", Int64(plan.supply.providerCount))
        writer.member("models", Int64(plan.supply.models.count))
        writer.member("connections", Int64(outcome.load.connections))
        writer.member("in_flight", Int64(outcome.load.inFlight))
        writer.endObject()
    }

    private func writeUnfilled(to writer: inout JSONWriter) {
        writer.key("unfilled")
        writer.beginArray()
        for (reason, amount) in findings.unfilled.sorted(by: { $0.key.code < $1.key.code }) {
            writer.beginObject()
            writer.member("reason", reason.code)
            writer.member("bids", amount.bids)
            writer.member("lots", amount.lots)
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeSpeed(to writer: inout JSONWriter) {
        writer.key("speed")
        writer.beginObject()
        writer.member("start_us", outcome.startMicroseconds)
        writer.member("bidding_us", outcome.biddingMicroseconds)
        writer.member("answers", Int64(outcome.latencies.count))
        if let latency = findings.latency {
            writer.member("latency_p50_us", latency.p50)
            writer.member("latency_p90_us", latency.p90)
            writer.member("latency_p99_us", latency.p99)
            writer.member("latency_max_us", latency.max)
        }
        if let journal = outcome.journal {
            writer.member("journal_batches", journal.batches)
            writer.member("journal_commands", journal.commands)
            writer.member("journal_bytes", journal.bytes)
        }
        writer.endObject()
    }

    private func writeLedger(to writer: inout JSONWriter) {
        writer.key("trial_balance")
        writer.beginArray()
        for row in outcome.trialBalance {
            writer.beginObject()
            writer.member("account", row.account)
            writer.member("debits_nanoton", decimalString: row.debits)
            writer.member("credits_nanoton", decimalString: row.credits)
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeChecks(to writer: inout JSONWriter) {
        writer.key("checks")
        writer.beginArray()
        for check in outcome.checks {
            writer.beginObject()
            writer.member("rule", check.rule)
            writer.member("holds", check.holds)
            writer.member("detail", check.detail)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension JSONWriter {
    fileprivate mutating func tally(_ tally: Findings.Tally, kind: String? = nil) {
        beginObject()
        if let kind { member("kind", kind) }
        member("bids", tally.bids)
        member("filled_bids", tally.filledBids)
        member("partly_filled_bids", tally.partlyFilledBids)
        member("trades", tally.trades)
        member("lots", tally.lots)
        member("filled_lots", tally.filledLots)
        member("paid_nanoton", decimalString: tally.paid)
        member("at_median_nanoton", decimalString: tally.atMedian)
        member("at_dearest_nanoton", decimalString: tally.atDearest)
        member("at_cheapest_nanoton", decimalString: tally.atCheapest)
        endObject()
    }
}

extension Findings.Shortfall {
    /// The name in JSON.
    fileprivate var code: String {
        switch self {
        case .refused(let code): "refused:\(code)"
        case .nobodyCan: "no_offer_can"
        case .limitTooLow: "limit_too_low"
        case .soldOut: "sold_out"
        }
    }
}
