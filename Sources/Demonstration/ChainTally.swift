internal import JSON

/// What came in and went out on the chain.
package struct ChainTally: Sendable {
    /// Deposits of apps, each a transfer with a memo.
    package var deposits = 0
    package var deposited = Int128(0)
    /// Payouts to workers that the chain shows.
    package var payouts = 0
    /// Messages from outside that carried them.
    package var messages: Int64 = 0
    package var paid = Int128(0)
    /// What workers bore of the costs.
    package var borne = Int128(0)
    /// What the network has taken for the payouts.
    package var gas: Int64 = 0
    /// From the first word of a wallet to the last payout that is final.
    package var microseconds: Int64 = 0
    /// What the exchange's wallet has in the end: by the chain, and by the ledger.
    package var onChain = Int128(0)
    package var inLedger = Int128(0)

    package init() {}

    /// The network's part of each payout, rounded up.
    package var gasPerPayout: Int64 { payouts == 0 ? 0 : (gas + Int64(payouts) - 1) / Int64(payouts) }
}

extension Report {
    /// What arrived in wallets, and what that cost.
    var settled: [String] {
        guard let tally = outcome.chain else { return [] }
        var table = TextTable("lrrl")
        table.row("paid in", Figures.count(tally.deposits), Figures.toncoins(tally.deposited), "deposits of apps")
        table.row("paid out", Figures.count(tally.payouts), Figures.toncoins(tally.paid), "what workers have earned")
        table.row("messages", Figures.count(tally.messages), "", "up to 254 payouts in each")
        table.row("gas", "", Figures.toncoins(Int128(tally.gas)), "for all payouts; the operator pays it")
        table.row("a payout", "", Figures.toncoins(Int128(tally.gasPerPayout)), "of gas")
        table.row("wallet", "", Figures.toncoins(tally.onChain), "on the chain")
        table.row("", "", Figures.toncoins(tally.inLedger), "in the ledger")
        let time = "  All of it was final \(Figures.duration(tally.microseconds)) after workers named their wallets."
        return [heading("Paid on a local chain (play money, TON's rules and prices)")] + table.lines() + [time]
    }

    func writeSettlement(to writer: inout JSONWriter) {
        guard let tally = outcome.chain else { return }
        writer.key("settlement")
        writer.beginObject()
        writer.member("deposits", Int64(tally.deposits))
        writer.member("deposited_nanoton", decimalString: tally.deposited)
        writer.member("payouts", Int64(tally.payouts))
        writer.member("messages", tally.messages)
        writer.member("paid_nanoton", decimalString: tally.paid)
        writer.member("payee_fees_nanoton", decimalString: tally.borne)
        writer.member("gas_nanoton", decimalString: tally.gas)
        writer.member("gas_per_payout_nanoton", decimalString: tally.gasPerPayout)
        writer.member("settled_us", tally.microseconds)
        writer.member("wallet_nanoton", decimalString: tally.onChain)
        writer.member("ledger_nanoton", decimalString: tally.inLedger)
        writer.endObject()
    }
}
