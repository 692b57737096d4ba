import Engine
import Settlement
import Units

/// Commands that were carried out at one time, as the journal has them.
struct JournalBatch {
    let time: LogicalTime
    var bytes: [UInt8] = []
}

/// What is durable: the journal, by the engine that follows from it and by what its events tell, and the messages.
struct Database {
    /// Carries out what the journal has, from its bytes.
    private(set) var replica = Engine()
    /// Batches of the journal.
    private(set) var length = 0
    /// Of the server that may write.
    var epoch = 0
    var messages: [SettlementID: [UInt8]] = [:]
    /// Withdrawals as they were requested, by their comments, which are all different.
    private(set) var requested: [String: WithdrawalTerms] = [:]
    /// Comments of withdrawals that were cancelled.
    private(set) var cancelled: Set<String> = []
    /// As they are.
    private(set) var payouts: [PayoutID: PayoutRecord] = [:]
    private(set) var deposits: [ChainDeposit] = []

    mutating func append(_ batch: JournalBatch) throws(CommandDecodingError) {
        length += 1
        _ = replica.beginBatch(at: batch.time)
        var offset = 0
        while offset < batch.bytes.count {
            let command = try Command.decode(batch.bytes.span, at: &offset)
            var events: [Event] = []
            replica.apply(command, into: &events)
            for case .settlement(let event) in events { note(event) }
        }
    }

    private mutating func note(_ event: SettlementEvent) {
        switch event {
        case .withdrawalSet(let record):
            requested[record.terms.comment] = record.terms
            if record.state == .cancelled { cancelled.insert(record.terms.comment) }
        case .payoutSet(let record): payouts[record.id] = record
        case .deposited(let deposit): deposits.append(deposit)
        default: break
        }
    }
}
