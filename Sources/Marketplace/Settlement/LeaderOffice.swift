internal import Engine
internal import Postgres
internal import SettlementAgent
internal import Store
internal import Units

/// The engine of a leadership and the table of messages, as the settlement's agent sees them.
struct LeaderOffice: SettlementOffice {
    let mailbox: SettlementMailbox
    let leadership: Leadership
    let database: String
    let lifelines: Lifelines
    /// Opened when it is needed, and again after an error.
    private var session: Session?

    /// A database that says nothing for so long is treated like one that is gone.
    private static let deadline = Duration.seconds(10)

    init(_ mailbox: SettlementMailbox, _ leadership: Leadership, database: String, lifelines: Lifelines) {
        self.mailbox = mailbox
        self.leadership = leadership
        self.database = database
        self.lifelines = lifelines
    }

    func view() throws(OfficeError) -> SettlementView {
        guard case .view(let view) = try mailbox.ask(.view, under: leadership) else {
            preconditionFailure("a view is answered with a view")
        }
        return view
    }

    func submit(_ command: SettlementCommand) throws(OfficeError) -> Rejection? {
        let command = Command(account: .system, action: .settlement(command))
        guard command.canBeJournaled else {
            throw OfficeError("the chain's provider says what cannot be: \(command.action)")
        }
        guard case .done(let rejection) = try mailbox.ask(.command(command), under: leadership) else {
            preconditionFailure("a command is answered with what it came to")
        }
        return rejection
    }

    mutating func message(of batch: SettlementID) throws(OfficeError) -> [UInt8]? {
        try withTables { (connection) throws(StoreError) in try SettlementMessages.read(batch, on: connection) }
    }

    mutating func store(_ bag: [UInt8], of batch: SettlementID) throws(OfficeError) {
        let leadership = leadership
        try withTables { (connection) throws(StoreError) in
            try SettlementMessages.store(bag, of: batch, under: leadership, on: connection)
        }
    }

    private mutating func withTables<Value>(
        _ body: (Connection) throws(StoreError) -> Value
    ) throws(OfficeError) -> Value {
        let open: Session
        if let session {
            open = session
        } else {
            do throws(PostgresError) {
                let name = "bombyx settlement"
                let connection = try Recovery.connect(database, as: name, statementDeadline: Self.deadline)
                try connection.waitForDisk()
                open = Session(connection, in: lifelines)
            } catch {
                throw OfficeError("\(error)")
            }
        }
        session = nil
        let value: Value
        do throws(StoreError) {
            value = try body(open.connection)
        } catch {
            throw OfficeError("\(error)")
        }
        session = open
        return value
    }
}
