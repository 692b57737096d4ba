package import Cryptography

/// Payouts that one message to a wallet carried, and what the chain made of them.
///
/// What the log says of them, all numbers of eight bytes, big-endian:
///
/// `bx-settlement-batch/v1` · a zero byte · the batch's number · the wallet's address (32 bytes) · the message's
/// query id and creation time in seconds (together its name on the chain) · ``Verdict`` · how many payouts there are ·
/// what they come to · SHA-256 of the payouts' bytes · the logical time and hash (32 bytes) of the transaction that
/// decided, zeros where there is none
///
/// The payouts' bytes hold nothing that the wallet's message does not show to everybody, so that whoever reads the
/// chain can check the entry: `bx-payouts/v1` · a zero byte · for each, in the message's order, the address (32 bytes),
/// the amount in nanoTON, the comment's length in bytes and the comment.
package struct SettledBatch: Hashable, Sendable {
    package var number: Int64
    /// 32 bytes, in the base workchain.
    package var wallet: [UInt8]
    /// As the contract has it: the set in 13 bits, the bit in 10.
    package var queryID: Int64
    /// Seconds since 1970 by the chain's clock.
    package var createdAt: Int64
    package var verdict: Verdict
    package var payouts: [Payout]
    /// Of the transaction that decided; 0 when time has.
    package var logicalTime: Int64
    /// Of that transaction: 32 bytes.
    package var transaction: [UInt8]

    /// What the chain has shown, as it is written.
    package enum Verdict: Int64, CaseIterable, Sendable {
        /// Everybody is paid.
        case confirmed = 1
        /// The query id is used up, and nobody is paid.
        case burnt = 2
        /// The wallet has carried out none of the payouts.
        case failed = 3
        /// The message can be carried out no more, and was not.
        case expired = 4
    }

    /// Money for an address.
    package struct Payout: Hashable, Sendable {
        /// 32 bytes, in the base workchain.
        package var address: [UInt8]
        /// NanoTON.
        package var amount: Int64
        /// Empty for none.
        package var comment: String

        package init(address: [UInt8], amount: Int64, comment: String) {
            self.address = address
            self.amount = amount
            self.comment = comment
        }
    }

    package init(
        number: Int64,
        wallet: [UInt8],
        queryID: Int64,
        createdAt: Int64,
        verdict: Verdict,
        payouts: [Payout],
        logicalTime: Int64,
        transaction: [UInt8]
    ) {
        self.number = number
        self.wallet = wallet
        self.queryID = queryID
        self.createdAt = createdAt
        self.verdict = verdict
        self.payouts = payouts
        self.logicalTime = logicalTime
        self.transaction = transaction
    }

    /// What the statement commits the payouts with.
    package var payoutsHash: Digest256 {
        var bytes = prefixed("bx-payouts/v1")
        for payout in payouts {
            bytes += payout.address
            bytes.append(number: payout.amount)
            bytes.append(text: payout.comment, lengthBytes: 8)
        }
        return SHA256.hash(bytes)
    }

    var bytes: [UInt8] {
        let sum = payouts.reduce(0 as Int128) { $0 + Int128($1.amount) }
        var bytes = prefixed("bx-settlement-batch/v1")
        bytes.append(number: number)
        bytes += wallet
        for number in [queryID, createdAt, verdict.rawValue, Int64(payouts.count), Int64(clamping: sum)] {
            bytes.append(number: number)
        }
        payoutsHash.append(to: &bytes)
        bytes.append(number: logicalTime)
        return bytes + transaction
    }
}
