package import Units

/// What happened when a plan was carried out: what the demo itself saw and counted, and what it checked.
package struct Outcome: Sendable {
    /// One for each of ``Demand/bids``, in their order.
    package var bids: [BidOutcome]
    /// How the bids were sent.
    package var load: Load
    /// From sending a bid to its acknowledgement, in microseconds; one for each answered bid, in no order.
    package var latencies: [Int64]
    /// From the first bid sent to the last answer, in microseconds.
    package var biddingMicroseconds: Int64
    /// From an empty folder to a server that is ready, in microseconds.
    package var startMicroseconds: Int64
    package var trialBalance: [BalanceRow]
    /// `nil` when the database could not be asked.
    package var journal: Journal?
    package var checks: [Check]
    /// What the server was asked of its market; `nil` when it was not.
    package var insight: Insight?
    /// What became of the leases; `nil` when nothing was delivered.
    package var delivery: Delivery.Tally?
    /// What moved on the chain; `nil` when nothing was settled.
    package var chain: ChainTally?

    package init(bids: [BidOutcome], load: Load) {
        self.bids = bids
        self.load = load
        latencies = []
        biddingMicroseconds = 0
        startMicroseconds = 0
        trialBalance = []
        journal = nil
        checks = []
    }

    /// What became of a bid.
    package struct BidOutcome: Sendable {
        package var answer: Answer
        package var fills: [Fill]

        package init(answer: Answer, fills: [Fill]) {
            self.answer = answer
            self.fills = fills
        }

        package var filled: Lots { fills.reduce(.zero) { $0 + $1.lots } }
    }

    /// What the exchange said to a bid.
    package enum Answer: Hashable, Sendable {
        case accepted(OrderID)
        /// The problem's code.
        case refused(String)
    }

    /// One trade of a bid.
    package struct Fill: Hashable, Sendable {
        package let trade: TradeID
        /// Index into ``Supply/offers``.
        package let offer: Int
        package let lots: Lots
        package let price: Price

        package init(trade: TradeID, offer: Int, lots: Lots, price: Price) {
            self.trade = trade
            self.offer = offer
            self.lots = lots
            self.price = price
        }

        package var value: NanoTON { price.value(of: lots) }
    }

    /// How many requests were on their way at once.
    package struct Load: Sendable {
        package let connections: Int
        package let inFlight: Int

        package init(connections: Int, inFlight: Int) {
            self.connections = connections
            self.inFlight = inFlight
        }
    }

    /// A line of the trial balance, as the server's database has it: all accounts of one kind together.
    package struct BalanceRow: Sendable {
        package let account: String
        package let debits: Int128
        package let credits: Int128

        package init(account: String, debits: Int128, credits: Int128) {
            self.account = account
            self.debits = debits
            self.credits = credits
        }
    }

    /// What the journal holds.
    package struct Journal: Sendable {
        package let batches: Int64
        package let commands: Int64
        /// Of the packed commands.
        package let bytes: Int64

        package init(batches: Int64, commands: Int64, bytes: Int64) {
            self.batches = batches
            self.commands = commands
            self.bytes = bytes
        }
    }

    /// Something that must hold.
    package struct Check: Sendable {
        package let rule: String
        package let holds: Bool
        /// What was compared, or the first thing that is wrong.
        package let detail: String

        package init(_ rule: String, holds: Bool, detail: String) {
            self.rule = rule
            self.holds = holds
            self.detail = detail
        }
    }

    /// Whether every check was made and holds.
    package var isSound: Bool { !checks.isEmpty && checks.allSatisfy(\.holds) }
}
