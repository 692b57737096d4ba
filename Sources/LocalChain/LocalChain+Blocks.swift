internal import Cryptography
internal import TON

extension LocalChain {
    /// Lets the clock go on, second by second, and makes the blocks that are due.
    package mutating func advance(seconds: UInt64 = 1) {
        for _ in 0..<seconds {
            now += 1
            guard now >= faults.stalledUntil, (now - settings.start) % settings.blockInterval == 0 else { continue }
            makeBlock()
        }
    }

    /// Undoes every block that is not final. Messages that were in them come into the next one, or are lost.
    package mutating func fork(keepingMessages: Bool) {
        var returned: [Waiting] = []
        for block in open.reversed() {
            for (address, account) in block.accounts { accounts[address] = account }
            history.removeLast(history.count - block.historyCount)
            travelling = block.travelling
            logicalTime = block.logicalTime
            returned = block.taken + returned
        }
        let end = history.count
        for address in Array(places.keys) { places[address]?.removeAll { $0 >= end } }
        outside = outside.filter { $0.value < end }
        senders = senders.filter { $0.value < end }
        open = []
        heads = [heads[0]]
        forks += 1
        changes += 1
        if keepingMessages { pool = returned + pool }
    }

    /// Makes a block now, whether or not one is due: blocks may follow each other within a second.
    package mutating func makeBlock() {
        let number = heads[heads.count - 1].block + 1
        heads.append(ChainHead(block: number, time: now))
        var block = Block(
            number: number,
            historyCount: history.count,
            logicalTime: logicalTime,
            travelling: travelling
        )
        let arriving = travelling.filter { $0.block <= number }.map(\.message)
        travelling.removeAll { $0.block <= number }
        carryOut(arriving, &block)
        let due = pool.filter { $0.due <= now }
        pool.removeAll { $0.due <= now }
        for waiting in due {
            block.taken.append(waiting)
            switch waiting.content {
            case .inside(let message): carryOut([message], &block)
            case .outside(let message, let cell): carryOut(send(carryOut(message, cell, &block), number), &block)
            }
        }
        if history.count > block.historyCount || !block.taken.isEmpty {
            open.append(block)
            changes += 1
        }
        if heads.count > settings.finalityBlocks + 1 { heads.removeFirst() }
        open.removeAll { $0.number <= heads[0].block }
    }

    /// A message from outside; gives what the account sends. One that is refused now is lost.
    private mutating func carryOut(
        _ message: ExternalMessage,
        _ cell: Cell,
        _ block: inout Block
    ) -> [InternalMessage] {
        let address = message.destination
        var execution = self.execution(at: address, isBurnt: faults.burns > 0)
        guard execution.receive(message, cell) == nil,
            let incoming = try? ChainMessage(message, hash: cell.hash)
        else { return [] }
        if faults.burns > 0 { faults.burns -= 1 }
        record(execution, incoming, at: address, &block)
        return execution.sent
    }

    /// Messages that have arrived, and those that follow from them, in the order in which they were sent.
    private mutating func carryOut(_ arrived: [InternalMessage], _ block: inout Block) {
        var messages = arrived
        var index = 0
        while index < messages.count {
            let message = messages[index]
            index += 1
            var execution = self.execution(at: message.destination, isBurnt: false)
            execution.receive(message)
            guard let incoming = try? ChainMessage(message) else { preconditionFailure("it was written before") }
            record(execution, incoming, at: message.destination, &block)
            messages += send(execution.sent, block.number)
        }
    }

    /// Messages that were sent in a block: those that arrive in the same one. Others travel.
    private mutating func send(_ messages: [InternalMessage], _ block: UInt64) -> [InternalMessage] {
        guard settings.hopBlocks > 0 else { return messages }
        for message in messages { travelling.append((block + settings.hopBlocks, message)) }
        return []
    }

    func execution(at address: Address, isBurnt: Bool) -> Execution {
        Execution(
            accounts[address] ?? Account(),
            at: address,
            now: now,
            logicalTime: logicalTime + 1_000,
            isBurnt: isBurnt
        )
    }

    /// Keeps what an account has done.
    private mutating func record(
        _ execution: Execution,
        _ incoming: ChainMessage,
        at address: Address,
        _ block: inout Block
    ) {
        if block.accounts[address] == nil { block.accounts[address] = .some(accounts[address]) }
        let before = accounts[address] ?? Account()
        logicalTime += 1_000
        var transaction = ChainTransaction(
            account: address,
            logicalTime: logicalTime,
            hash: [],
            previousLogicalTime: before.lastLogicalTime,
            previousHash: before.lastHash,
            time: now,
            block: block.number,
            incoming: incoming,
            outgoing: execution.sent.compactMap { try? ChainMessage($0) },
            outcome: execution.outcome,
            fees: Coins(execution.fees),
            balance: Coins(execution.account.balance)
        )
        transaction.hash = transaction.digest(fork: forks)
        var account = execution.account
        account.lastLogicalTime = transaction.logicalTime
        account.lastHash = transaction.hash
        accounts[address] = account
        note(transaction, at: history.count)
        history.append(transaction)
    }

    /// Lets a transaction be found: by its account, by the message from outside that it answered first, and by those
    /// that it sent.
    mutating func note(_ transaction: ChainTransaction, at index: Int) {
        places[transaction.account, default: []].append(index)
        if let hash = transaction.incoming.normalizedHash, outside[hash] == nil { outside[hash] = index }
        for message in transaction.outgoing { senders[message.hash] = index }
    }
}

extension ChainTransaction {
    /// SHA-256 of all that it says but its own hash.
    fileprivate func digest(fork: UInt64) -> [UInt8] {
        var bytes = account.hash + [UInt8(bitPattern: Int8(account.workchain))] + previousHash + incoming.hash
        for message in outgoing { bytes += message.hash }
        let numbers: [UInt64] = [
            logicalTime, previousLogicalTime, time, block, fork, UInt64(outgoing.count),
            UInt64(bitPattern: outcome.exitCode ?? .min), UInt64(bitPattern: outcome.actionCode ?? .min),
            outcome.isAborted ? 1 : 0, UInt64(outcome.skipped), UInt64(truncatingIfNeeded: fees.nanoTON),
            UInt64(truncatingIfNeeded: balance.nanoTON),
        ]
        for number in numbers {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
            }
        }
        return SHA256.hash(bytes).bytes
    }
}
