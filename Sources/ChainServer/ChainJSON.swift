internal import Cryptography
internal import JSON
internal import TON

extension JSONWriter {
    /// A member of bytes in base64 with padding, as toncenter writes hashes.
    mutating func write(_ name: String, base64 bytes: [UInt8]) {
        key(name)
        string(Base64.encode(bytes))
    }

    /// A member that is a number of 64 bits or more: a string.
    private mutating func write(_ name: String, _ number: some BinaryInteger) {
        key(name)
        string(String(number))
    }

    private mutating func write(_ name: String, _ address: Address?) {
        key(name)
        // Raw, in upper case but for the minus.
        if let address { string(address.description.uppercased()) } else { null() }
    }

    private mutating func write(_ name: String, _ flag: Bool) {
        key(name)
        bool(flag)
    }

    /// An account's state, as `/accountStates` gives it.
    mutating func write(_ account: ChainAccount, at address: Address, code: Cell?) {
        beginObject()
        write("address", address)
        write("balance", account.balance.nanoTON)
        key("status")
        string(account.isActive ? "active" : account.lastLogicalTime == 0 ? "nonexist" : "uninit")
        write("last_transaction_lt", account.lastLogicalTime)
        write("last_transaction_hash", base64: account.lastHash)
        if let code, let bag = try? BagOfCells.write(code) { write("code_boc", base64: bag) }
        endObject()
    }

    /// A transaction with its messages. As toncenter's, `total_fees` is without the fees that go with the messages.
    mutating func write(_ transaction: ChainTransaction) {
        beginObject()
        write("account", transaction.account)
        write("hash", base64: transaction.hash)
        write("lt", transaction.logicalTime)
        key("now")
        integer(Int64(clamping: transaction.time))
        key("mc_block_seqno")
        integer(Int64(clamping: transaction.block))
        write("prev_trans_hash", base64: transaction.previousHash)
        write("prev_trans_lt", transaction.previousLogicalTime)
        write("total_fees", transaction.fees.nanoTON - transaction.outgoing.reduce(0) { $0 + $1.forwardFee.nanoTON })
        write("emulated", false)
        key("finality")
        string("finalized")
        key("account_state_after")
        beginObject()
        write("balance", transaction.balance.nanoTON)
        endObject()
        write(transaction.outcome, sent: transaction.outgoing.count)
        key("in_msg")
        write(transaction.incoming)
        key("out_msgs")
        beginArray()
        for message in transaction.outgoing { write(message) }
        endArray()
        endObject()
    }

    private mutating func write(_ outcome: ChainTransaction.Outcome, sent: Int) {
        key("description")
        beginObject()
        key("type")
        string("ord")
        write("aborted", outcome.isAborted)
        key("compute_ph")
        beginObject()
        write("skipped", outcome.exitCode == nil)
        if let code = outcome.exitCode {
            key("exit_code")
            integer(code)
        }
        endObject()
        if let code = outcome.actionCode {
            key("action")
            beginObject()
            write("success", code == 0)
            key("result_code")
            integer(code)
            key("skipped_actions")
            integer(Int64(outcome.skipped))
            key("msgs_created")
            integer(Int64(sent))
            endObject()
        }
        endObject()
    }

    private mutating func write(_ message: ChainMessage) {
        beginObject()
        write("hash", base64: message.hash)
        if let hash = message.normalizedHash { write("hash_norm", base64: hash) }
        write("source", message.source)
        write("destination", message.destination)
        key("value")
        if message.source == nil { null() } else { string(String(message.value.nanoTON)) }
        key("fwd_fee")
        if message.source == nil { null() } else { string(String(message.forwardFee.nanoTON)) }
        write("bounce", message.isBounceable)
        write("bounced", message.isBounced)
        write("created_lt", message.logicalTime)
        key("message_content")
        beginObject()
        write("hash", base64: message.body.hash)
        if let bag = try? BagOfCells.write(message.body) { write("body", base64: bag) }
        endObject()
        endObject()
    }
}
