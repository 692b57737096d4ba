internal import TON

extension StateWriter {
    mutating func write(_ transaction: ChainTransaction) {
        write(transaction.account)
        write(transaction.logicalTime)
        write(transaction.hash)
        write(transaction.previousLogicalTime)
        write(transaction.previousHash)
        write(transaction.time)
        write(transaction.block)
        write(transaction.incoming)
        write(transaction.outgoing) { $0.write($1) }
        write(transaction.outcome.exitCode) { $0.write($1) }
        write(transaction.outcome.actionCode) { $0.write($1) }
        write(transaction.outcome.isAborted)
        write(transaction.outcome.skipped)
        write(transaction.fees)
        write(transaction.balance)
    }

    private mutating func write(_ message: ChainMessage) {
        write(message.hash)
        write(message.normalizedHash) { $0.write($1) }
        write(message.source) { $0.write($1) }
        write(message.destination)
        write(message.value)
        write(message.forwardFee)
        write(message.isBounceable)
        write(message.isBounced)
        write(message.logicalTime)
        write(message.isBodyKnown ? message.body : nil) { $0.write($1) }
    }
}

extension StateReader {
    mutating func transaction() throws(ChainStateError) -> ChainTransaction {
        ChainTransaction(
            account: try address(),
            logicalTime: try number(),
            hash: try hash(),
            previousLogicalTime: try number(),
            previousHash: try hash(),
            time: try number(),
            block: try number(),
            incoming: try message(),
            outgoing: try list { (reader) throws(ChainStateError) in try reader.message() },
            outcome: ChainTransaction.Outcome(
                exitCode: try optional { (reader) throws(ChainStateError) in try reader.signed() },
                actionCode: try optional { (reader) throws(ChainStateError) in try reader.signed() },
                isAborted: try flag(),
                skipped: try integer()
            ),
            fees: try coins(),
            balance: try coins()
        )
    }

    private mutating func message() throws(ChainStateError) -> ChainMessage {
        ChainMessage(
            hash: try hash(),
            normalizedHash: try optional { (reader) throws(ChainStateError) in try reader.hash() },
            source: try optional { (reader) throws(ChainStateError) in try reader.address() },
            destination: try address(),
            value: try coins(),
            forwardFee: try coins(),
            isBounceable: try flag(),
            isBounced: try flag(),
            logicalTime: try number(),
            body: try optional { (reader) throws(ChainStateError) in try reader.cell() }
        )
    }
}
