import Units

/// A wallet from which the exchange pays: from 1, without gaps.
package struct WalletID: Identifier {
    package static let letter = UInt8(ascii: "h")
    package let rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// The sequence number of the command that requested the withdrawal.
package struct WithdrawalID: Identifier {
    package static let letter = UInt8(ascii: "w")
    package let rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// The sequence number of the command that planned the batch of payouts.
package struct SettlementID: Identifier {
    package static let letter = UInt8(ascii: "s")
    package let rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// The sequence number of the command with which the money of nobody arrived.
package struct SuspenseID: Identifier {
    package static let letter = UInt8(ascii: "u")
    package let rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// A payout: its batch, and its place in it from 0 on. In JSON `"s12.3"`.
package struct PayoutID: Hashable, Comparable, Sendable {
    package let batch: SettlementID
    /// 0…253.
    package let index: Int64

    package init(batch: SettlementID, index: Int64) {
        self.batch = batch
        self.index = index
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.batch == right.batch ? left.index < right.index : left.batch < right.batch
    }

    /// The form in JSON and URLs.
    package var text: String { "\(batch.text).\(index)" }
}

/// 32 bytes of the chain: the hash of a message or a transaction, or an address in the base chain.
package typealias ChainHash = SHA256Words

/// A transaction of an account of the chain.
package struct ChainPosition: Hashable, Sendable {
    /// Its place in the order of everything; grows within an account. 0 before the first.
    package var logicalTime: UInt64
    /// 32 zeros before the first.
    package var hash: ChainHash

    package init(logicalTime: UInt64, hash: ChainHash) {
        self.logicalTime = logicalTime
        self.hash = hash
    }
}
