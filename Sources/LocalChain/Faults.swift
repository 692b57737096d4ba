package import TON

/// What goes wrong on command.
struct Faults {
    /// For the next messages that are sent, one each.
    var sends: [SendFault] = []
    /// Messages from outside of which the next ones are carried out for nothing.
    var burns = 0
    /// Questions that get no answer.
    var silentReads = 0
    /// No block is made before this time.
    var stalledUntil: UInt64 = 0
}

/// What goes wrong with a message that is sent.
package enum SendFault: Hashable, Sendable {
    /// The node refuses it, and it goes no further.
    case refuse(exitCode: Int64?)
    /// The node takes it and loses it.
    case loseMessage
    /// It is on its way, and nobody says so.
    case loseAnswer
    /// It gets no answer and goes nowhere.
    case loseBoth
    /// It comes into a block only after so many seconds.
    case delay(seconds: UInt64)
    /// It comes now, and once more after so many seconds.
    case duplicate(seconds: UInt64)
}

extension LocalChain {
    /// Lets something go wrong with the next message that is sent, behind those that already shall.
    package mutating func inject(_ fault: SendFault) {
        faults.sends.append(fault)
        changes += 1
    }

    /// The next message from outside that is carried out sends nothing, as if there were no money for it.
    package mutating func burnNext() {
        faults.burns += 1
        changes += 1
    }

    /// The next questions get no answer.
    package mutating func silence(reads: Int) {
        faults.silentReads += reads
        changes += 1
    }

    /// No blocks for so many seconds from now.
    package mutating func stall(seconds: UInt64) {
        faults.stalledUntil = now + seconds
        changes += 1
    }
}

extension LocalChain: ChainClient {
    private mutating func hear() throws(ChainError) {
        guard faults.silentReads > 0 else { return }
        faults.silentReads -= 1
        changes += 1
        throw .noAnswer
    }

    /// Transactions that are final.
    private var finalCount: Int { open.first?.historyCount ?? history.count }

    /// The last finalized block. It does not move on while the chain is stalled.
    package mutating func head() throws(ChainError) -> ChainHead {
        try hear()
        return heads[0]
    }

    /// The code that was deployed at an address, as it was before the first block that is not final; `nil` if none was.
    package mutating func code(of address: Address) throws(ChainError) -> Cell? {
        try hear()
        return finalAccount(address).code
    }

    private func finalAccount(_ address: Address) -> Account {
        for block in open {
            if let before = block.accounts[address] { return before ?? Account() }
        }
        return accounts[address] ?? Account()
    }

    /// An account as it was before the first block that is not final.
    package mutating func account(_ address: Address) throws(ChainError) -> ChainAccount {
        try hear()
        let state = finalAccount(address)
        return ChainAccount(
            balance: Coins(state.balance),
            isActive: !state.contract.isNone,
            lastLogicalTime: state.lastLogicalTime,
            lastHash: state.lastHash
        )
    }

    /// See ``ChainClient/transactions(of:after:limit:)``.
    package mutating func transactions(
        of address: Address,
        after logicalTime: UInt64,
        limit: Int
    ) throws(ChainError) -> [ChainTransaction] {
        try hear()
        let final = finalCount
        let own = places[address] ?? []
        // Logical times grow along the list.
        var (low, high) = (0, own.count)
        while low < high {
            let middle = (low + high) / 2
            if history[own[middle]].logicalTime <= logicalTime { low = middle + 1 } else { high = middle }
        }
        return own[low...].prefix { $0 < final }.prefix(max(0, limit)).map { history[$0] }
    }

    /// See ``ChainClient/transaction(ofMessage:)``.
    package mutating func transaction(ofMessage normalizedHash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try hear()
        guard let place = outside[normalizedHash], place < finalCount else { return nil }
        return history[place]
    }

    /// See ``ChainClient/transaction(sendingMessage:)``.
    package mutating func transaction(sendingMessage hash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try hear()
        guard let place = senders[hash], place < finalCount else { return nil }
        return history[place]
    }

    /// See ``ChainClient/send(_:)``. A node tries a message before it passes it on.
    package mutating func send(_ bag: [UInt8]) throws(ChainError) -> SendAnswer {
        guard bag.count <= MessageLimits.bytesMax, let cell = try? BagOfCells.read(bag),
            cell.depth <= MessageLimits.depthMax, let message = try? ExternalMessage(cell)
        else { throw .message }
        let fault = faults.sends.isEmpty ? nil : faults.sends.removeFirst()
        if fault != nil { changes += 1 }
        switch fault {
        case .refuse(let code): return .refused(exitCode: code)
        case .loseMessage: return .taken
        case .loseBoth: throw .noAnswer
        default: break
        }
        var trial = execution(at: message.destination, isBurnt: false)
        if let refusal = trial.receive(message, cell) {
            guard fault != .loseAnswer else { throw .noAnswer }
            return refusal
        }
        var dues = [now]
        switch fault {
        case .delay(let seconds): dues = [now + seconds]
        case .duplicate(let seconds): dues.append(now + seconds)
        default: break
        }
        changes += 1
        for due in dues { pool.append(Waiting(content: .outside(message, cell), due: due)) }
        guard fault != .loseAnswer else { throw .noAnswer }
        return .taken
    }
}
