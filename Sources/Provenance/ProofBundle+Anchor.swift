package import Cryptography
internal import JSON

extension ProofBundle {
    /// A transaction on TON that shows a root of the log, which was there before the bundle's checkpoint.
    ///
    /// `ton` of a bundle:
    ///
    /// | member | content |
    /// |---|---|
    /// | `wallet` | the wallet of the exchange that sent the message to itself: `0:` and 64 hexadecimal digits |
    /// | `transaction_lt`, `transaction_hash` | the transaction that received it: decimal digits in a string, a hash |
    /// | `message_hash` | the hash of the message |
    /// | `anchor` | what the message says: 80 bytes in base64url (``LogAnchor``) |
    /// | `consistency` | hashes from the anchored tree to that of the checkpoint; empty for the same size |
    package struct Anchor: Equatable, Sendable {
        /// The hash of the wallet's address in the base chain.
        package let wallet: Digest256
        package let logicalTime: Int64
        package let transaction: Digest256
        package let message: Digest256
        package let anchor: LogAnchor
        package let consistency: [Digest256]

        package init(
            wallet: Digest256,
            logicalTime: Int64,
            transaction: Digest256,
            message: Digest256,
            anchor: LogAnchor,
            consistency: [Digest256]
        ) {
            self.wallet = wallet
            self.logicalTime = logicalTime
            self.transaction = transaction
            self.message = message
            self.anchor = anchor
            self.consistency = consistency
        }

        /// What there is to look for on the chain, in plain words.
        package var whereabouts: String {
            "transaction \(transaction.hex) at logical time \(logicalTime) of wallet 0:\(wallet.hex)"
        }
    }

    /// All that can be known of the anchor without the chain: that it is of this log, that the log has only grown
    /// since, and that the entry was in it.
    func checkAnchor(_ head: Checkpoint) -> Check {
        func fail(_ fault: String) -> Check { Check(name: .anchor, outcome: .failed, finding: fault) }
        guard let ton else {
            return Check(name: .anchor, outcome: .skipped, finding: "the bundle names no anchor on TON")
        }
        let anchor = ton.anchor
        guard anchor.originHash == LogAnchor.originHash(of: logKey.name) else {
            return fail("the anchor on TON is of another log")
        }
        guard index < anchor.size else {
            return fail("the anchor on TON is of \(anchor.size) entries, and does not cover number \(index)")
        }
        let isConsistent = MerkleVerifier.isConsistent(
            from: anchor.size,
            root: anchor.root,
            to: head.size,
            root: head.root,
            proof: ton.consistency
        )
        guard isConsistent else {
            return fail("the log of \(head.size) does not begin with the \(anchor.size) that the anchor on TON names")
        }
        return Check(
            name: .anchor,
            outcome: .passed,
            finding: "the anchor covers the entry among its \(anchor.size); that it is on TON takes the chain to see: "
                + "\(ton.whereabouts) must have received a message that says \(Hex.encode(anchor.bytes))"
        )
    }
}

extension ProofBundle.Anchor {
    private static let members = [
        "wallet", "transaction_lt", "transaction_hash", "message_hash", "anchor", "consistency",
    ]

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("wallet", "0:\(wallet.hex)")
        writer.member("transaction_lt", String(logicalTime))
        writer.member("transaction_hash", transaction.hex)
        writer.member("message_hash", message.hex)
        writer.member("anchor", Base64URL.encode(anchor.bytes))
        writer.member("consistency", consistency)
        writer.endObject()
    }

    init(_ value: JSONValue) throws(ProofBundleError) {
        let fields = try BundleFields(value, of: "ton.", known: Self.members)
        let address = try fields.text("wallet")
        guard address.hasPrefix("0:"), let wallet = Digest256(hex: String(address.dropFirst(2))),
            "0:\(wallet.hex)" == address
        else { throw ProofBundleError("ton.wallet", "is not 0: and 64 hexadecimal digits") }
        let number = try fields.text("transaction_lt")
        guard let logicalTime = Int64(number), logicalTime >= 1, String(logicalTime) == number else {
            throw ProofBundleError("ton.transaction_lt", "is not a number from 1, in decimal digits")
        }
        guard let anchor = LogAnchor(bytes: try fields.bytes("anchor", count: LogAnchor.byteCount)) else {
            throw ProofBundleError("ton.anchor", "is not an anchor of a log")
        }
        self.init(
            wallet: wallet,
            logicalTime: logicalTime,
            transaction: try fields.hash("transaction_hash"),
            message: try fields.hash("message_hash"),
            anchor: anchor,
            consistency: try fields.hashes("consistency", upTo: ProofBundle.hashesMax)
        )
    }
}
