internal import Cryptography
internal import TON

extension AnswerField {
    /// The last block of the masterchain, after a look at whose chain it is.
    func head(on network: Network) throws(ChainError) -> ChainHead {
        let last = try member("last")
        let identifier = try last.member("global_id")
        guard try identifier.number(Int32.self) == network.globalID else {
            throw identifier.wrong("must be \(network.globalID): the provider serves another network than \(network)")
        }
        return ChainHead(block: try last.member("seqno").number(), time: try last.member("gen_utime").number())
    }

    /// The state of an account; the provider leaves out one that nobody has sent anything to.
    func account(_ address: Address) throws(ChainError) -> ChainAccount {
        guard let found = try member("accounts").elements(countMax: 1).first else {
            return ChainAccount(balance: .zero, isActive: false, lastLogicalTime: 0, lastHash: Self.zeros)
        }
        try found.expect(address, in: "address")
        let status = try found.member("status")
        guard ["active", "uninit", "nonexist", "frozen"].contains(try status.text()) else {
            throw status.wrong("must be active, uninit, nonexist or frozen")
        }
        return ChainAccount(
            balance: try found.optional("balance")?.coins() ?? .zero,
            isActive: try status.text() == "active",
            lastLogicalTime: try found.optional("last_transaction_lt")?.number() ?? 0,
            lastHash: try found.optional("last_transaction_hash")?.hash() ?? Self.zeros
        )
    }

    /// The code of an account; `nil` without any. What is too large to be code of ours is none.
    func code(_ address: Address) throws(ChainError) -> Cell? {
        guard let found = try member("accounts").elements(countMax: 1).first else { return nil }
        try found.expect(address, in: "address")
        guard let field = try found.optional("code_boc") else { return nil }
        guard let bag = Base64.decode(try field.text()), let cell = try? BagOfCells.read(bag, allowsExotic: true) else {
            throw field.wrong("must be a bag of cells in base64, of at most \(BagOfCells.bytesMax) bytes")
        }
        return cell
    }

    /// A transaction; `nil` if the chain can still take it back.
    func transaction() throws(ChainError) -> ChainTransaction? {
        guard try isFinal() else { return nil }
        let account = try member("account").address()
        let incoming = try member("in_msg").message()
        guard incoming.destination == account else {
            throw try member("in_msg").member("destination").wrong("must be the account")
        }
        var outgoing: [ChainMessage] = []
        // The fees that go with the messages are not in `total_fees`, and the account paid them too.
        var fees = try member("total_fees").coins().nanoTON
        for field in try member("out_msgs").elements(countMax: Self.messagesMax) {
            // To the outside: a line in a log, which carries nothing.
            guard try field.optional("destination") != nil else { continue }
            let message = try field.message()
            guard message.source == account else { throw try field.member("source").wrong("must be the account") }
            fees += message.forwardFee.nanoTON
            outgoing.append(message)
        }
        guard let paid = Coins(exactly: fees) else { throw try member("total_fees").wrong("must be less than 2^120") }
        return ChainTransaction(
            account: account,
            logicalTime: try member("lt").number(),
            hash: try member("hash").hash(),
            previousLogicalTime: try member("prev_trans_lt").number(),
            previousHash: try member("prev_trans_hash").hash(),
            time: try member("now").number(),
            block: try member("mc_block_seqno").number(),
            incoming: incoming,
            outgoing: outgoing,
            outcome: try member("description").outcome(),
            fees: paid,
            balance: try member("account_state_after").member("balance").coins()
        )
    }

    /// Messages that a transaction can have sent.
    private static let messagesMax = 255
    private static let zeros = [UInt8](repeating: 0, count: 32)

    /// By what the provider says of it; one that does not know the word says it by the block of the masterchain.
    private func isFinal() throws(ChainError) -> Bool {
        guard try !(optional("emulated")?.flag() ?? false) else { return false }
        guard let finality = try optional("finality") else { return try optional("mc_block_seqno") != nil }
        switch try finality.text() {
        case "finalized": return true
        case "pending", "confirmed": return false
        default: throw finality.wrong("must be pending, confirmed or finalized")
        }
    }

    /// How an ordinary transaction went.
    private func outcome() throws(ChainError) -> ChainTransaction.Outcome {
        let type = try member("type")
        guard try type.text() == "ord" else { throw type.wrong("must be ord: a wallet has no other transactions") }
        let computation = try member("compute_ph")
        let isSkipped = try computation.optional("skipped")?.flag() ?? false
        let action = try optional("action")
        return ChainTransaction.Outcome(
            exitCode: isSkipped ? nil : try computation.member("exit_code").number(),
            actionCode: try action?.member("result_code").number(),
            isAborted: try member("aborted").flag(),
            skipped: try action?.optional("skipped_actions")?.number() ?? 0
        )
    }

    private func message() throws(ChainError) -> ChainMessage {
        let source = try optional("source")?.address()
        let destination = try member("destination").address()
        let body = try optional("message_content")?.body()
        var normalized: [UInt8]?
        if source == nil {
            normalized = try normalizedHash(destination, body)
        }
        return ChainMessage(
            hash: try member("hash").hash(),
            normalizedHash: normalized,
            source: source,
            destination: destination,
            value: try optional("value")?.coins() ?? .zero,
            forwardFee: source == nil ? .zero : try optional("fwd_fee")?.coins() ?? .zero,
            isBounceable: try optional("bounce")?.flag() ?? false,
            isBounced: try optional("bounced")?.flag() ?? false,
            logicalTime: try optional("created_lt")?.number() ?? 0,
            body: body
        )
    }

    /// Computed from what the message says where that is known: a provider that names another is wrong.
    private func normalizedHash(_ destination: Address, _ body: Cell?) throws(ChainError) -> [UInt8]? {
        let stated = try optional("hash_norm")
        guard let body, let hash = try? ExternalMessage(to: destination, body: body).normalizedHash() else {
            return try stated?.hash()
        }
        if let stated, try stated.hash() != hash { throw stated.wrong("must be the normalized hash of the message") }
        return hash
    }

    /// What a message says; `nil` if it is more than we read, which everybody may send us.
    private func body() throws(ChainError) -> Cell? {
        guard let field = try optional("body") else { return nil }
        guard let bag = Base64.decode(try field.text()) else { throw field.wrong("must be base64") }
        guard let cell = try? BagOfCells.read(bag, allowsExotic: true) else { return nil }
        let hash = try member("hash")
        guard try hash.hash() == cell.hash else { throw hash.wrong("must be the hash of the body") }
        return cell
    }

    private func expect(_ address: Address, in name: String) throws(ChainError) {
        let field = try member(name)
        guard try field.address() == address else { throw field.wrong("must be the address that was asked for") }
    }
}
