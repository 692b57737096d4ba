package import TON

/// A chain inside of the process, for development and tests: accounts, blocks, a clock that is told to go on, and the
/// rules of the wallets that we use. The same calls give the same chain, hash by hash.
///
/// Time goes on only by ``advance(seconds:)``. A block is made at every interval; what is in it can be seen at once by
/// ``history``, but a ``ChainClient`` sees it when so many blocks have followed that it is final. Until then
/// ``fork(keepingMessages:)`` can undo it. The hash of a transaction is that of what it says, not of TON's own form of
/// it; the fees are those of ``ChainPrices``.
package struct LocalChain: Sendable {
    /// How the chain goes.
    package struct Settings: Hashable, Sendable {
        /// What the clock shows at first, in seconds since 1970.
        package var start: UInt64
        /// Seconds from block to block, 1 or more.
        package var blockInterval: UInt64
        /// Blocks that must follow until one is final; 0 makes each final at once.
        package var finalityBlocks: Int
        /// Blocks that a message takes from account to account; with 0 it arrives in the same one.
        package var hopBlocks: UInt64

        package init(start: UInt64, blockInterval: UInt64 = 1, finalityBlocks: Int = 2, hopBlocks: UInt64 = 0) {
            precondition(blockInterval > 0 && finalityBlocks >= 0, "a chain has blocks, and they become final")
            self.start = start
            self.blockInterval = blockInterval
            self.finalityBlocks = finalityBlocks
            self.hopBlocks = hopBlocks
        }
    }

    package let settings: Settings
    /// The clock of the world, which goes on also when the chain stands still; seconds since 1970.
    package internal(set) var now: UInt64
    /// All transactions, the oldest first, with those that are not final yet.
    package internal(set) var history: [ChainTransaction] = []

    var accounts: [Address: Account] = [:]
    /// The places in ``history`` of an account's transactions.
    var places: [Address: [Int]] = [:]
    /// The places of messages from outside, by their normalized hashes.
    var outside: [[UInt8]: Int] = [:]
    /// The places of the transactions that sent messages, by the messages' hashes.
    var senders: [[UInt8]: Int] = [:]
    /// What waits for a block, in the order in which it came.
    var pool: [Waiting] = []
    /// Messages on their way from account to account, and the blocks in which they arrive.
    var travelling: [(block: UInt64, message: InternalMessage)] = []
    /// The last final block and those that came after it.
    var heads: [ChainHead]
    /// Blocks that are not final and in which something happened.
    var open: [Block] = []
    var logicalTime: UInt64 = 1_000_000
    /// Goes into hashes, so that a history that was undone is not made again.
    var forks: UInt64 = 0
    var faults = Faults()
    /// Grows with all that a chain which only goes on with its clock would not come to by itself: who keeps the chain
    /// in a file writes it then. Not part of the state.
    package internal(set) var changes: UInt64 = 0
    /// nanoTON that were ever given out.
    var supply: UInt64 = 0

    /// All the nanoTON that there can be.
    package static let supplyMax: UInt64 = 5_000_000_000_000_000_000

    /// Where given money comes from.
    package static let faucet: Address = {
        guard let address = Address(workchain: 0, hash: [UInt8](repeating: 0xFA, count: 32)) else {
            preconditionFailure("0 is a workchain")
        }
        return address
    }()

    /// A chain without accounts.
    package init(_ settings: Settings) {
        self.settings = settings
        now = settings.start
        heads = [ChainHead(block: 0, time: settings.start)]
    }

    /// What waits for a block.
    struct Waiting {
        enum Content {
            case outside(ExternalMessage, Cell)
            case inside(InternalMessage)
        }

        let content: Content
        /// Not before this time.
        let due: UInt64
    }

    /// A block that may be undone, and how everything was before it.
    struct Block {
        let number: UInt64
        var accounts: [Address: Account?] = [:]
        let historyCount: Int
        let logicalTime: UInt64
        let travelling: [(block: UInt64, message: InternalMessage)]
        /// What it took out of the pool.
        var taken: [Waiting] = []
    }
}

extension LocalChain {
    /// Gives money out of nothing, in the next block. `false`, and nothing happens, if there would be more than
    /// ``supplyMax``.
    package mutating func fund(_ address: Address, _ value: Coins, comment: String? = nil) throws(CellError) -> Bool {
        guard let amount = UInt64(exactly: value.nanoTON), amount <= Self.supplyMax - supply else { return false }
        let body = try comment.map { (text) throws(CellError) -> Cell in try Comment.cell(text) }
        var message = InternalMessage(to: address, value: value, isBounceable: false, body: body)
        message.source = Self.faucet
        message.createdLT = logicalTime
        message.createdAt = UInt32(truncatingIfNeeded: now)
        _ = try message.cell()
        supply += amount
        changes += 1
        pool.append(Waiting(content: .inside(message), due: now))
        return true
    }

    /// Puts a wallet at its address as if it had always been there: its code is not needed.
    package mutating func install(_ wallet: HighloadWalletV3) {
        install(.highload(HighloadState(wallet)), at: wallet.address)
    }

    /// See ``install(_:)-(HighloadWalletV3)``.
    package mutating func install(_ wallet: WalletV5R1) {
        install(.walletV5(SequenceState(wallet)), at: wallet.address)
    }

    /// See ``install(_:)-(HighloadWalletV3)``.
    package mutating func install(_ wallet: WalletV4R2) {
        install(.walletV4(SequenceState(wallet)), at: wallet.address)
    }

    /// Puts code that refuses every message at an address where there is none: what can come back does.
    package mutating func installRefusal(at address: Address) { install(.refusing, at: address) }

    private mutating func install(_ contract: Contract, at address: Address) {
        guard accounts[address]?.contract.isNone ?? true else { return }
        accounts[address, default: Account()].contract = contract
        changes += 1
        // Also when the blocks since are undone.
        for index in open.indices {
            guard let before = open[index].accounts[address] else { continue }
            var account = before ?? Account()
            account.contract = contract
            open[index].accounts[address] = account
        }
    }

    /// What an account has now, in nanoTON, with what is not final.
    package func balance(_ address: Address) -> Coins { Coins(accounts[address]?.balance ?? 0) }

    /// Whether an account has code now.
    package func isActive(_ address: Address) -> Bool { !(accounts[address]?.contract.isNone ?? true) }

    /// What a highload wallet answers to `processed?`: as it stands, or with what it may forget forgotten. `nil` if
    /// there is none.
    package func isProcessed(_ id: QueryID, at address: Address, cleaning: Bool = false) -> Bool? {
        guard case .highload(let wallet) = accounts[address]?.contract else { return nil }
        return wallet.isProcessed(id, cleaningAt: cleaning ? now : nil)
    }

    /// The number that a user's wallet takes next; `nil` if there is none.
    package func sequenceNumber(at address: Address) -> UInt32? {
        switch accounts[address]?.contract {
        case .walletV5(let wallet), .walletV4(let wallet): UInt32(truncatingIfNeeded: wallet.sequenceNumber)
        default: nil
        }
    }
}
