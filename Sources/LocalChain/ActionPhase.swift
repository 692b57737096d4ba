internal import TON

/// The actions of a contract: messages that it sends, as the chain carries them out.
struct ActionPhase {
    let address: Address
    /// nanoTON that the account has.
    var balance: UInt64
    /// What came with the message that is answered.
    let valueIn: UInt64
    /// When the first message is sent; each of the others is one later.
    let logicalTime: UInt64
    let time: UInt64
    private(set) var sent: [InternalMessage] = []
    private(set) var skipped = 0
    private(set) var fees: UInt64 = 0

    /// Result codes.
    enum Code {
        static let list: Int64 = 32
        static let count: Int64 = 33
        static let message: Int64 = 34
        static let source: Int64 = 35
        static let destination: Int64 = 36
        static let funds: Int64 = 37
    }

    init(address: Address, balance: UInt64, valueIn: UInt64, logicalTime: UInt64, time: UInt64) {
        self.address = address
        self.balance = balance
        self.valueIn = valueIn
        self.logicalTime = logicalTime
        self.time = time
    }

    /// Carries out all of them and gives 0, or the code of the first that cannot be; nothing is done then.
    mutating func run(_ computation: Computation) -> Int64 {
        guard let actions = computation.actions else { return Code.list }
        guard actions.count + computation.otherActions <= SendAction.countMax else { return Code.count }
        let before = self
        for action in actions {
            let code = send(action)
            if code == 0 { continue }
            guard action.mode.contains(.ignoresErrors) else {
                self = before
                return code
            }
            skipped += 1
        }
        return 0
    }

    /// Leaves out everything, as if there were no money for it.
    mutating func skipAll(_ computation: Computation) { skipped += computation.actions?.count ?? 0 }

    private mutating func send(_ action: SendAction) -> Int64 {
        guard var message = try? InternalMessage(action.message) else {
            return Self.isForeign(action.message) ? Code.destination : Code.message
        }
        guard message.source == nil || message.source == address else { return Code.source }
        message.source = address
        message.isBounced = false
        message.createdLT = logicalTime + UInt64(sent.count)
        message.createdAt = UInt32(truncatingIfNeeded: time)
        guard let cell = try? message.cell() else { return Code.message }
        let carriage = ChainPrices.carriage(cell)
        let isWhole = action.mode.contains(.wholeBalance)
        guard var value = isWhole ? balance : UInt64(exactly: message.value.nanoTON) else { return Code.funds }
        if action.mode.contains(.incomingValue), !isWhole {
            let (sum, isTooMuch) = value.addingReportingOverflow(valueIn)
            guard !isTooMuch else { return Code.funds }
            value = sum
        }
        var cost = value
        if action.mode.contains(.paysFees), !isWhole {
            let (sum, isTooMuch) = value.addingReportingOverflow(carriage)
            guard !isTooMuch else { return Code.funds }
            cost = sum
        } else {
            guard value >= carriage else { return Code.funds }
            value -= carriage
        }
        guard cost <= balance else { return Code.funds }
        balance -= cost
        fees += carriage
        message.value = Coins(value)
        // A third is the first validator's, the rest goes with the message.
        message.forwardFee = Coins(carriage - carriage / 3)
        sent.append(message)
        return 0
    }

    /// Whether a message that cannot be read is to an address in a workchain that there is not.
    private static func isForeign(_ message: Cell) -> Bool {
        guard var slice = try? CellSlice(message), (try? slice.number(6)) != nil, (try? slice.number(3)) == 0b100,
            let workchain = try? slice.number(8)
        else { return false }
        return workchain != 0 && workchain != 0xFF
    }
}

extension SendMode {
    /// The value of the message that is answered goes along.
    static let incomingValue = SendMode(rawValue: 64)
}
