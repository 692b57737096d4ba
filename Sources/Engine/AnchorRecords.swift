internal import Cryptography
package import Provenance
package import Units

/// When the log's root is anchored on the chain.
package struct AnchorPolicy: Hashable, Sendable {
    package var isEnabled: Bool
    /// Microseconds from one anchor to the next: ``Limits/anchorIntervalMin``…``Limits/anchorIntervalMax``. There is
    /// none while the log has not grown.
    package var interval: Int64
    /// What the wallet sends itself with it, in ``Limits/anchorAmountMin``…``Limits/anchorAmountMax``: it has it again
    /// then, less the gas.
    package var amount: NanoTON

    package init(
        isEnabled: Bool = true,
        interval: Int64 = 3_600_000_000,
        amount: NanoTON = NanoTON(10_000_000)
    ) {
        self.isEnabled = isEnabled
        self.interval = interval
        self.amount = amount
    }

    /// In force until the operator sets another: every hour, with 0.01 TON.
    package static let initial = AnchorPolicy()
}

/// How far an anchor is. The raw values are in the database: never renumber, never reuse.
package enum AnchorState: UInt8, CaseIterable, Sendable {
    /// It is in a batch.
    case planned = 1
    /// The wallet has sent itself the message, which has not arrived.
    case sent = 2
    /// The message has arrived.
    case confirmed = 3
    /// Its batch has no verdict that sent it, or none that is as it should be: another takes its place.
    case lost = 4

    /// The name in SQL and JSON.
    package var name: String { String(describing: self) }
}

/// The log's root on its way to the chain, or there. Its number is that of its batch.
package struct AnchorRecord: Hashable, Sendable {
    package var batch: SettlementID
    package var wallet: WalletID
    /// The hash of the log's name (`LogAnchor.originHash(of:)`).
    package var origin: ChainHash
    /// Leaves of the log at the plan: 1 or more.
    package var size: Int64
    package var root: ChainHash
    package var amount: NanoTON
    package var plannedAt: LogicalTime
    package var state: AnchorState
    /// The message that the wallet has sent itself; `nil` before.
    package var message: ChainHash?
    /// The transaction with which the wallet received it; `nil` before.
    package var transaction: ChainPosition?
    /// The block of the masterchain with which it is finalized; 0 before.
    package var block: UInt64
    /// The chain's clock then, in seconds since 1970; 0 before.
    package var chainTime: UInt64

    package init(
        batch: SettlementID,
        wallet: WalletID,
        origin: ChainHash,
        size: Int64,
        root: ChainHash,
        amount: NanoTON,
        plannedAt: LogicalTime
    ) {
        self.batch = batch
        self.wallet = wallet
        self.origin = origin
        self.size = size
        self.root = root
        self.amount = amount
        self.plannedAt = plannedAt
        state = .planned
        block = 0
        chainTime = 0
    }
}

extension AnchorRecord {
    /// What its message says; `nil` for a size that no log has.
    package var said: LogAnchor? {
        guard let originHash = Digest256(origin.bytes), let root = Digest256(root.bytes) else { return nil }
        return LogAnchor(originHash: originHash, size: size, root: root)
    }
}

/// What the state has of anchors.
package struct AnchorsState: Hashable, Sendable {
    package var policy = AnchorPolicy.initial
    /// The command with which the operator asked for one that is not there yet.
    package var request: SequenceNumber?
    /// The one that is planned or sent.
    package var open: AnchorRecord?
    /// The newest that is confirmed.
    package var last: AnchorRecord?

    package init() {}
}
