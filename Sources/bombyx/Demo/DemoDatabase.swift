internal import Demonstration
internal import Postgres
internal import Units

/// The server's database as an auditor sees it.
struct DemoDatabase {
    private let connection: Connection

    /// The tables follow the journal by some milliseconds; this is more than enough.
    private static let catchUpDeadline = Duration.seconds(60)

    /// Connects, and waits until the tables show the command `sequence`.
    init(_ facts: RunningFacts, upTo sequence: SequenceNumber) throws {
        guard let database = facts.psql else { throw CommandFailure("the server has no database of its own") }
        connection = try Connection(database)
        connection.statementDeadline = .seconds(300)
        let deadline = ContinuousClock.now + Self.catchUpDeadline
        while try connection.execute("SELECT as_of_sequence FROM projection.lag").onlyRow().int8(0) < sequence.rawValue
        {
            guard ContinuousClock.now < deadline else { throw CommandFailure("the tables do not follow the journal") }
            pause(milliseconds: 20)
        }
    }

    /// Adds the trial balance, the journal's size, and a check for each rule that the database knows.
    func complete(_ outcome: inout Outcome) throws {
        let rows = try connection.execute(
            "SELECT belongs_to || ' ' || kind, debits, credits FROM ledger.trial_balance"
        )
        for row in rows {
            let line = Outcome.BalanceRow(
                account: try row.text(0),
                debits: try row.numeric(1),
                credits: try row.numeric(2)
            )
            outcome.trialBalance.append(line)
        }
        let journal = try connection.execute(
            """
            SELECT count(*), coalesce(sum(last_sequence - first_sequence + 1), 0)::bigint,
                coalesce(sum(octet_length(commands)), 0)::bigint
            FROM journal.batches
            """
        ).onlyRow()
        outcome.journal = Outcome.Journal(
            batches: try journal.int8(0),
            commands: try journal.int8(1),
            bytes: try journal.int8(2)
        )
        outcome.checks += try invariants()
    }

    /// What the tables have of settlement, in nanoTON.
    struct Settlement {
        /// Messages from outside that wallets have taken.
        let messages: Int64
        /// What the network has taken for these, and for what followed from them.
        let gas: Int64
        /// What the ledger says that the exchange has.
        let ledger: Int128
        /// What of that came by the operator's word.
        let byHand: Int128
        /// Between the wallets' histories and the ledger.
        let difference: Int128
    }

    func settlement() throws -> Settlement {
        let messages = try connection.execute(
            """
            SELECT count(*) FILTER (WHERE incoming = 1), coalesce(sum(fee) FILTER (WHERE incoming IN (1, 2)), 0)::bigint
            FROM settlement.wallet_transactions
            """
        ).onlyRow()
        let books = try connection.execute(
            "SELECT ledger, by_hand, difference FROM settlement.reconciliation"
        ).onlyRow()
        return Settlement(
            messages: try messages.int8(0),
            gas: try messages.int8(1),
            ledger: try books.numeric(0),
            byHand: try books.numeric(1),
            difference: try books.numeric(2)
        )
    }

    /// One line for all rules that hold, and one for each that does not.
    private func invariants() throws -> [Outcome.Check] {
        var held = 0
        var broken: [Outcome.Check] = []
        for row in try connection.execute("SELECT name, violations FROM ledger.invariants") {
            let violations = try row.int8(1)
            if violations == 0 {
                held += 1
            } else {
                broken.append(Outcome.Check(try row.text(0), holds: false, detail: "\(violations) violations in SQL"))
            }
        }
        guard held > 0 || !broken.isEmpty else { throw CommandFailure("the database knows no invariants") }
        let all = Outcome.Check("the database's own invariants", holds: broken.isEmpty, detail: "\(held) rules in SQL")
        return [all] + broken
    }
}
