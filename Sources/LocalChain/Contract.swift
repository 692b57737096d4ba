internal import TON

/// What stands at an address.
enum Contract {
    /// No code: money waits there.
    case none
    case highload(HighloadState)
    case walletV5(SequenceState)
    case walletV4(SequenceState)
    /// Code that refuses every message: what can come back from it does.
    case refusing

    /// The contract with a first state; `nil` unless the code is one that is known here and the data is that of a new
    /// wallet.
    init?(_ state: StateInit) {
        guard let code = state.code, let data = state.data, state.libraries == nil else { return nil }
        if ContractCode.highloadV3.matches(code), let wallet = HighloadState(data: data) {
            self = .highload(wallet)
        } else if ContractCode.walletV5R1.matches(code), let wallet = SequenceState(v5: data) {
            self = .walletV5(wallet)
        } else if ContractCode.walletV4R2.matches(code), let wallet = SequenceState(v4: data) {
            self = .walletV4(wallet)
        } else {
            return nil
        }
    }

    var isNone: Bool {
        if case .none = self { true } else { false }
    }
}

/// An account and its place in history.
struct Account {
    /// nanoTON.
    var balance: UInt64 = 0
    var contract = Contract.none
    /// The code that was deployed; a contract that was put there has none.
    var code: Cell?
    var lastLogicalTime: UInt64 = 0
    var lastHash = [UInt8](repeating: 0, count: 32)
}

/// What the code of a contract did.
struct Computation {
    var exitCode: Int64 = 0
    var gas: Int64
    /// What it wants to send. `nil` as a list is one that cannot be read.
    var actions: [SendAction]? = []
    /// Actions of another kind, which count too.
    var otherActions = 0
    /// Whether there is a new state, and actions that are carried out: otherwise the transaction is aborted.
    var isCommitted = true
}

/// What a contract says to a message from outside: refuses it, which costs nothing, or does something.
enum OutsideResult {
    case refused(Int64)
    case done(Computation)
}

extension SendAction {
    /// The actions of a list, the first to be carried out first; `nil` if it is no list of messages to be sent. No more
    /// than one beyond what is allowed are read.
    static func read(_ list: Cell) -> [SendAction]? {
        var actions: [SendAction] = []
        var cell = list
        while cell.bitCount > 0 || !cell.references.isEmpty {
            guard actions.count <= countMax, var slice = try? CellSlice(cell), let next = try? slice.reference(),
                (try? slice.number(32)) == 0x0EC3_C86D, let mode = try? slice.number(8),
                let message = try? slice.reference(), (try? slice.end()) != nil
            else { return actions.count > countMax ? actions.reversed() : nil }
            actions.append(SendAction(message, mode: SendMode(rawValue: UInt8(mode))))
            cell = next
        }
        return actions.reversed()
    }
}
