internal import TON

extension LocalChain {
    /// All that the chain is, as bytes: ``init(state:)`` gives a chain that goes on in the same way, hash by hash, with
    /// what waits, what is not final and what shall go wrong.
    package func state() -> [UInt8] {
        var writer = StateWriter()
        writer.write(settings.start)
        writer.write(settings.blockInterval)
        writer.write(settings.finalityBlocks)
        writer.write(settings.hopBlocks)
        for number in [now, logicalTime, forks, supply, faults.stalledUntil] { writer.write(number) }
        writer.write(faults.burns)
        writer.write(faults.silentReads)
        writer.write(faults.sends) { $0.write($1) }
        writer.write(heads) { writer, head in
            writer.write(head.block)
            writer.write(head.time)
        }
        writer.write(history) { $0.write($1) }
        writer.write(accounts.sorted { $0.key.precedes($1.key) }) { writer, entry in
            writer.write(entry.key)
            writer.write(entry.value)
        }
        writer.write(pool) { $0.write($1) }
        writer.write(travelling) { $0.write($1) }
        writer.write(open) { $0.write($1) }
        return writer.finish()
    }

    /// The chain of a state.
    package init(state bytes: [UInt8]) throws(ChainStateError) {
        var reader = try StateReader(bytes)
        let (start, interval) = (try reader.number(), try reader.number())
        let (finality, hops) = (try reader.integer(), try reader.number())
        guard interval > 0, finality >= 0 else { throw .contradiction }
        self.init(Settings(start: start, blockInterval: interval, finalityBlocks: finality, hopBlocks: hops))
        now = try reader.number()
        logicalTime = try reader.number()
        forks = try reader.number()
        supply = try reader.number()
        faults.stalledUntil = try reader.number()
        faults.burns = try reader.integer()
        faults.silentReads = try reader.integer()
        faults.sends = try reader.list { (reader) throws(ChainStateError) in try reader.fault() }
        heads = try reader.list { (reader) throws(ChainStateError) in
            ChainHead(block: try reader.number(), time: try reader.number())
        }
        history = try reader.list { (reader) throws(ChainStateError) in try reader.transaction() }
        let entries = try reader.list { (reader) throws(ChainStateError) in
            (key: try reader.address(), value: try reader.account())
        }
        accounts = Dictionary(entries.map { ($0.key, $0.value) }) { $1 }
        pool = try reader.list { (reader) throws(ChainStateError) in try reader.waiting() }
        travelling = try reader.list { (reader) throws(ChainStateError) in try reader.traveller() }
        open = try reader.list { (reader) throws(ChainStateError) in try reader.block() }
        try reader.finish()
        guard accounts.count == entries.count, isCoherent else { throw .contradiction }
        for (index, transaction) in history.enumerated() { note(transaction, at: index) }
    }

    /// Whether the parts fit each other where a mistake would stop the process later.
    private var isCoherent: Bool {
        let times = history.map(\.logicalTime)
        let counts = open.map(\.historyCount)
        return now >= settings.start && supply <= Self.supplyMax && faults.burns >= 0 && faults.silentReads >= 0
            && (1...settings.finalityBlocks + 1).contains(heads.count)
            && zip(heads, heads.dropFirst()).allSatisfy { $0.block < $1.block && $0.time <= $1.time }
            && zip(times, times.dropFirst()).allSatisfy { $0 < $1 } && times.last ?? 0 <= logicalTime
            && zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 } && counts.allSatisfy { $0 <= history.count }
            && counts.allSatisfy { $0 >= 0 }
    }
}

extension Address {
    /// An order of addresses, so that the same chain has the same bytes.
    func precedes(_ other: Address) -> Bool {
        workchain != other.workchain ? workchain < other.workchain : hash.lexicographicallyPrecedes(other.hash)
    }
}

extension StateWriter {
    fileprivate mutating func write(_ fault: SendFault) {
        switch fault {
        case .refuse(let code):
            write(0)
            write(code) { $0.write($1) }
        case .loseMessage: write(1)
        case .loseAnswer: write(2)
        case .loseBoth: write(3)
        case .delay(let seconds):
            write(4)
            write(seconds)
        case .duplicate(let seconds):
            write(5)
            write(seconds)
        }
    }

    fileprivate mutating func write(_ account: Account) {
        write(account.balance)
        write(account.lastLogicalTime)
        write(account.lastHash)
        write(account.code) { $0.write($1) }
        switch account.contract {
        case .none: write(0)
        case .highload(let wallet):
            write(1)
            wallet.write(to: &self)
        case .walletV5(let wallet):
            write(2)
            wallet.write(to: &self)
        case .walletV4(let wallet):
            write(3)
            wallet.write(to: &self)
        case .refusing: write(4)
        }
    }

    fileprivate mutating func write(_ waiting: LocalChain.Waiting) {
        write(waiting.due)
        switch waiting.content {
        case .inside(let message):
            write(0)
            write(message)
        case .outside(_, let cell):
            write(1)
            write(cell)
        }
    }

    /// By its cell, which it was read from or will be sent as.
    private mutating func write(_ message: InternalMessage) {
        guard let cell = try? message.cell() else { preconditionFailure("it was written before") }
        write(cell)
    }

    fileprivate mutating func write(_ traveller: (block: UInt64, message: InternalMessage)) {
        write(traveller.block)
        write(traveller.message)
    }

    fileprivate mutating func write(_ block: LocalChain.Block) {
        write(block.number)
        write(block.historyCount)
        write(block.logicalTime)
        write(block.accounts.sorted { $0.key.precedes($1.key) }) { writer, entry in
            writer.write(entry.key)
            writer.write(entry.value) { $0.write($1) }
        }
        write(block.travelling) { $0.write($1) }
        write(block.taken) { $0.write($1) }
    }
}

extension StateReader {
    fileprivate mutating func fault() throws(ChainStateError) -> SendFault {
        switch try number() {
        case 0: .refuse(exitCode: try optional { (reader) throws(ChainStateError) in try reader.signed() })
        case 1: .loseMessage
        case 2: .loseAnswer
        case 3: .loseBoth
        case 4: .delay(seconds: try number())
        case 5: .duplicate(seconds: try number())
        default: throw .contradiction
        }
    }

    fileprivate mutating func account() throws(ChainStateError) -> Account {
        var account = Account()
        account.balance = try number()
        account.lastLogicalTime = try number()
        account.lastHash = try hash()
        account.code = try optional { (reader) throws(ChainStateError) in try reader.cell() }
        switch try number() {
        case 0: account.contract = .none
        case 1: account.contract = .highload(try HighloadState(&self))
        case 2: account.contract = .walletV5(try SequenceState(&self))
        case 3: account.contract = .walletV4(try SequenceState(&self))
        case 4: account.contract = .refusing
        default: throw .contradiction
        }
        return account
    }

    fileprivate mutating func waiting() throws(ChainStateError) -> LocalChain.Waiting {
        let due = try number()
        switch try number() {
        case 0: return LocalChain.Waiting(content: .inside(try message()), due: due)
        case 1:
            let cell = try cell()
            guard let message = try? ExternalMessage(cell) else { throw .contradiction }
            return LocalChain.Waiting(content: .outside(message, cell), due: due)
        default: throw .contradiction
        }
    }

    private mutating func message() throws(ChainStateError) -> InternalMessage {
        guard let message = try? InternalMessage(try cell()) else { throw .contradiction }
        return message
    }

    fileprivate mutating func traveller() throws(ChainStateError) -> (block: UInt64, message: InternalMessage) {
        (try number(), try message())
    }

    fileprivate mutating func block() throws(ChainStateError) -> LocalChain.Block {
        let (number, count, time) = (try number(), try integer(), try number())
        let accounts = try list { (reader) throws(ChainStateError) -> (Address, Account?) in
            let address = try reader.address()
            return (address, try reader.optional { (reader) throws(ChainStateError) in try reader.account() })
        }
        let travelling = try list { (reader) throws(ChainStateError) in try reader.traveller() }
        var block = LocalChain.Block(number: number, historyCount: count, logicalTime: time, travelling: travelling)
        for (address, account) in accounts { block.accounts[address] = .some(account) }
        block.taken = try list { (reader) throws(ChainStateError) in try reader.waiting() }
        return block
    }
}
