internal import Cryptography
internal import TON

/// One message that an account is given, and what it does with it: the phases of a transaction.
struct Execution {
    /// What the account is then.
    private(set) var account: Account
    private(set) var sent: [InternalMessage] = []
    private(set) var outcome = ChainTransaction.Outcome(exitCode: nil, actionCode: nil, isAborted: false, skipped: 0)
    private(set) var fees: UInt64 = 0

    private let address: Address
    private let now: UInt64
    /// Of the transaction.
    private let logicalTime: UInt64
    /// Whether what it sends is left out.
    private let isBurnt: Bool

    init(_ account: Account, at address: Address, now: UInt64, logicalTime: UInt64, isBurnt: Bool = false) {
        self.account = account
        self.address = address
        self.now = now
        self.logicalTime = logicalTime
        self.isBurnt = isBurnt
    }

    /// A message from outside. `nil` says that it was carried out; otherwise nothing has changed, and there is the
    /// answer of a node.
    mutating func receive(_ message: ExternalMessage, _ cell: Cell) -> SendAnswer? {
        let before = self
        let importFee = ChainPrices.carriage(cell)
        guard account.balance >= importFee else { return .refused(exitCode: nil) }
        account.balance -= importFee
        fees += importFee
        deploy(message.stateInit)
        let result: OutsideResult
        switch account.contract {
        case .none:
            self = before
            return .refused(exitCode: nil)
        case .highload(var wallet):
            result = wallet.receive(message.body, now: now)
            account.contract = .highload(wallet)
        case .walletV5(var wallet):
            result = wallet.receiveV5(message.body, now: now)
            account.contract = .walletV5(wallet)
        case .walletV4(var wallet):
            result = wallet.receiveV4(message.body, now: now)
            account.contract = .walletV4(wallet)
        case .refusing: result = .refused(Self.refusalCode)
        }
        switch result {
        case .refused(let code):
            self = before
            return .refused(exitCode: code)
        case .done(let computation):
            guard pay(gas: computation.gas) else {
                self = before
                return .refused(exitCode: nil)
            }
            act(computation, valueIn: 0, before: before.account)
            return nil
        }
    }

    /// A message from an account, which is always taken: that it comes back is another message.
    mutating func receive(_ message: InternalMessage) {
        let value = UInt64(clamping: message.value.nanoTON)
        account.balance += value
        deploy(message.stateInit)
        let computation: Computation
        switch account.contract {
        case .none:
            outcome.isAborted = true
            bounce(message, value)
            return
        case .highload(let wallet): computation = wallet.receive(message, at: address)
        case .walletV5: computation = Computation(gas: Gas.walletV5Inside)
        case .walletV4: computation = Computation(gas: Gas.walletV4Inside)
        case .refusing:
            computation = Computation(exitCode: Self.refusalCode, gas: Gas.refusal, isCommitted: false)
        }
        // What comes with a message is what its gas is paid with.
        guard value >= ChainPrices.gas(computation.gas), pay(gas: computation.gas) else {
            let spent = value < ChainPrices.gas(0) ? 0 : value
            account.balance -= spent
            fees += spent
            outcome.exitCode = spent == 0 ? nil : Self.noGasCode
            outcome.isAborted = true
            bounce(message, value - spent)
            return
        }
        guard computation.isCommitted else {
            outcome.exitCode = computation.exitCode
            outcome.isAborted = true
            bounce(message, value - ChainPrices.gas(computation.gas))
            return
        }
        act(computation, valueIn: value, before: account)
    }

    private static let refusalCode: Int64 = 0xFFFF
    private static let noGasCode: Int64 = -14

    /// Sets up the contract of a first state at its address, if there is none yet.
    private mutating func deploy(_ state: StateInit?) {
        guard account.contract.isNone, let state, let hash = try? state.cell().hash, hash == address.hash,
            let contract = Contract(state)
        else { return }
        account.contract = contract
        account.code = state.code
    }

    private mutating func pay(gas: Int64) -> Bool {
        let price = ChainPrices.gas(gas)
        guard account.balance >= price else { return false }
        account.balance -= price
        fees += price
        return true
    }

    /// Actions that fail leave the contract as it was `before`.
    private mutating func act(_ computation: Computation, valueIn: UInt64, before: Account) {
        var phase = ActionPhase(
            address: address,
            balance: account.balance,
            valueIn: valueIn,
            logicalTime: logicalTime + 1,
            time: now
        )
        outcome.exitCode = computation.exitCode
        var code: Int64 = 0
        if isBurnt {
            phase.skipAll(computation)
        } else {
            code = phase.run(computation)
        }
        outcome.actionCode = code
        outcome.skipped = phase.skipped
        guard code == 0 else {
            outcome.isAborted = true
            account.contract = before.contract
            account.code = before.code
            return
        }
        account.balance = phase.balance
        fees += phase.fees
        sent = phase.sent
    }

    /// Sends back what came, less the fee of its way, if the message asks for it and there is as much.
    private mutating func bounce(_ message: InternalMessage, _ value: UInt64) {
        let carriage = ChainPrices.carriage(cells: 0, bits: 0)
        guard message.isBounceable, !message.isBounced, let source = message.source, value >= carriage,
            account.balance >= value, let body = Self.bouncedBody(message)
        else { return }
        var back = InternalMessage(to: source, value: Coins(value - carriage), isBounceable: false, body: body)
        back.isBounced = true
        back.source = address
        back.forwardFee = Coins(carriage - carriage / 3)
        back.createdLT = logicalTime + 1
        back.createdAt = UInt32(truncatingIfNeeded: now)
        account.balance -= value
        fees += carriage
        sent = [back]
    }

    /// 32 ones and the first 256 bits of what the message said.
    private static func bouncedBody(_ message: InternalMessage) -> Cell? {
        try? Cell.build { builder throws(CellError) in
            builder.store(0xFFFF_FFFF, bits: 32)
            guard let body = message.body, body.kind == .ordinary else { return }
            builder.store(body.bits[0..<min(256, body.bitCount)])
        }
    }
}
