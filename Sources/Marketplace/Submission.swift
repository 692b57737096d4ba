internal import API
internal import Engine
internal import Exchange
internal import HTTP2
internal import Units

/// What one loop of the network hands to the engine at the end of a turn: commands and queries in the order in which
/// they were heard.
struct Submission: Sendable {
    /// The loop that waits for the answers.
    let loop: Int
    var items: [Item] = []
    /// The commands among ``items``, encoded one behind the other: the journal keeps exactly these bytes.
    var commandBytes: [UInt8] = []
    /// Commands of the server itself, which nobody waits for. Their bytes come first.
    var ownCommands: [Command] = []
    /// What settlement asks, with nothing else; a command is encoded as the others are.
    var settlement: SettlementTicket?

    /// Orders of batches beyond one for each of ``items``.
    private(set) var batchOrders = 0

    /// How many commands and queries there are.
    var weight: Int { items.count + batchOrders + (settlement == nil ? 0 : 1) }

    mutating func append(_ item: Item) {
        items.append(item)
        switch item.work {
        case .batch(let orders): batchOrders += orders.count - 1
        case .verify(let receipts): batchOrders += receipts.items.count - 1
        default: break
        }
    }

    /// What it takes of a mailbox. What lies elsewhere is about as large as the encoded commands.
    var bytes: Int { commandBytes.count + weight * MemoryLayout<Item>.stride }

    struct Item: Sendable {
        let stream: StreamReference
        let requestID: UInt64
        let work: Work
    }

    /// The larger ones lie elsewhere: most are commands, and all of a turn's lie in one array.
    enum Work: Sendable {
        case command(Command, AnswerShape)
        /// Answered from the engine's state, without a sequence number.
        indirect case query(EngineQuery)
        /// A question to the tables; the engine says which sequence number they must have reached for this account.
        indirect case touched(AccountID, HistoryQuery)
        /// Orders with one answer. Those that are commands are carried out one behind the other.
        indirect case batch([BatchItem])
        /// Receipts, whose signatures are to be checked by the keys of their leases.
        indirect case verify(ReceiptBatch)
    }
}

/// What the engine found out for one item; it leaves the process when its batch is durable.
struct Delivery: Sendable {
    let stream: StreamReference
    let requestID: UInt64
    let outcome: Outcome

    /// The larger ones lie elsewhere: most are commands, and a batch has thousands.
    enum Outcome: Sendable {
        /// The command with this index in the batch.
        case command(index: Int, AnswerShape)
        /// The command repeats an earlier one, whose answer is in the tables.
        indirect case replay(SequenceNumber, AnswerShape, Command.Action)
        indirect case order(OrderRecord?, OrderID, owner: AccountID?, asOf: SequenceNumber, touched: SequenceNumber)
        indirect case account(AccountDetail?, asOf: SequenceNumber)
        /// The keys of an account; `nil` when there is no such account.
        indirect case keys(AccountID, [KeyDetail]?, asOf: SequenceNumber)
        indirect case touched(SequenceNumber, HistoryQuery)
        indirect case preview(EnginePreview)
        /// A question about what follows a trade.
        indirect case lease(LeaseFinding, asOf: SequenceNumber)
        /// A question about money that enters and leaves by the chain.
        indirect case settlement(SettlementFinding, asOf: SequenceNumber)
        /// Nothing was done.
        case refused(Unavailable)
        /// Orders of which the first has this index in the batch, the others the following ones.
        indirect case batch(first: Int, [BatchItem])

        /// The indices of orders that were to be placed.
        var placed: Range<Int> {
            switch self {
            case .command(let index, let shape) where shape.placesOrder: index..<(index + 1)
            case .batch(let first, let items):
                (first + (items.first?.isOpening == true ? 1 : 0))..<(first + BatchItem.commands(of: items).count)
            default: 0..<0
            }
        }
    }
}

/// The commands that one commit makes durable together, with all that follows from them.
///
/// A batch without commands carries only answers to queries: it has nothing to commit, and waits for its turn because
/// what the queries saw must be durable before it leaves.
final class SealedBatch: Sendable {
    /// From 1, without gaps. Meaningless without commands.
    let number: Int64
    let firstSequence: SequenceNumber
    let lastSequence: SequenceNumber
    let time: LogicalTime
    /// Microseconds without a running exchange before the batch.
    let gap: Int64
    /// Microseconds by which all gaps have held the lease clock back.
    let grace: Int64
    let commandBytes: [UInt8]
    let stateDigest: StateDigest
    let events: [Event]
    /// For each command the end of its group in ``events``.
    let ends: [Int32]
    /// For each loop its answers.
    let deliveries: [[Delivery]]
    /// What settlement is answered.
    let settlement: [(ticket: SettlementTicket, answer: SettlementTicket.Answer)]
    let bookChanges: BookChanges?
    /// Some event changes what authentication or the model names depend on.
    let changesDirectory: Bool
    /// Classes and profiles that this batch has named.
    let interned: Interned
    let sealedAt: Instant

    var hasCommands: Bool { !ends.isEmpty }

    /// What it takes of a loop's mailbox.
    var bytes: Int {
        let waiting = deliveries.reduce(0) { $0 + $1.count }
        return commandBytes.count + events.count * MemoryLayout<Event>.stride + waiting * MemoryLayout<Delivery>.stride
    }

    init(_ open: consuming OpenBatch, stateDigest: StateDigest, bookChanges: BookChanges?) {
        number = open.number
        firstSequence = open.firstSequence
        lastSequence = SequenceNumber(open.firstSequence.rawValue + Int64(open.ends.count) - 1)
        time = open.time
        gap = open.gap
        grace = open.grace
        commandBytes = open.commandBytes
        self.stateDigest = stateDigest
        events = open.events
        ends = open.ends
        deliveries = open.deliveries
        settlement = open.settlement
        self.bookChanges = bookChanges
        changesDirectory = open.changesDirectory
        interned = open.interned
        sealedAt = .now
    }

    /// The events of the command with this index.
    func group(_ index: Int) -> ArraySlice<Event> {
        let start = index == 0 ? 0 : Int(ends[index - 1])
        return events[start..<Int(ends[index])]
    }

    func sequence(_ index: Int) -> SequenceNumber {
        SequenceNumber(firstSequence.rawValue + Int64(index))
    }
}

/// The batch that is being filled: its commands are executed as they come, and it is sealed when the journal is idle.
struct OpenBatch {
    let number: Int64
    let firstSequence: SequenceNumber
    var time = LogicalTime.zero
    var gap: Int64 = 0
    var grace: Int64 = 0
    var commandBytes: [UInt8] = []
    var events: [Event] = []
    var ends: [Int32] = []
    var deliveries: [[Delivery]]
    var settlement: [(ticket: SettlementTicket, answer: SettlementTicket.Answer)] = []
    var changesDirectory = false
    var interned = Interned()
    /// Items of any kind.
    var itemCount = 0

    init(number: Int64, firstSequence: SequenceNumber, loops: Int) {
        self.number = number
        self.firstSequence = firstSequence
        deliveries = Array(repeating: [], count: loops)
    }

    /// With room for as much as the last batch had: batches of one load are much alike, and an array that grows moves
    /// every event of it several times.
    init(number: Int64, firstSequence: SequenceNumber, loops: Int, like last: SealedBatch) {
        self.init(number: number, firstSequence: firstSequence, loops: loops)
        commandBytes.reserveCapacity(last.commandBytes.count)
        events.reserveCapacity(last.events.count)
        ends.reserveCapacity(last.ends.count)
    }

    var isEmpty: Bool { itemCount == 0 && ends.isEmpty }
    /// Full batches are sealed before anything more is taken: a commit must not grow without bound.
    func fill(itemsMax: Int) -> LifeCycle.Fill {
        if isEmpty { return .empty }
        return itemCount >= itemsMax || commandBytes.count >= BatchLimits.bytesMax ? .full : .open
    }
}

/// New names of capabilities and requirements.
struct Interned: Sendable {
    var classes: [(id: ClassID, capability: Capability)] = []
    var profiles: [(id: ProfileID, requirement: Requirement)] = []

    var isEmpty: Bool { classes.isEmpty && profiles.isEmpty }

    init() {}

    /// Takes what these events name, and says how many that are.
    mutating func collect(from events: ArraySlice<Event>) -> Int {
        let before = classes.count + profiles.count
        for index in events.indices {
            switch events[index] {
            case .classInterned(let id, let capability): classes.append((id, capability))
            case .profileInterned(let id, let requirement): profiles.append((id, requirement))
            default: continue
            }
        }
        return classes.count + profiles.count - before
    }
}
