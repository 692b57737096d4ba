internal import Cryptography
internal import JSON
package import LocalChain
internal import TON

/// The local chain behind the calls of toncenter's HTTP interface, version 3, that a settlement needs, and some of its
/// own (`/local/…`) by which money comes and things go wrong. It shows what is final and nothing else.
package struct Toncenter: Sendable {
    package var chain: LocalChain

    /// Transactions that a call gives at most, as toncenter limits it.
    static let transactionsMax: UInt64 = 1_000

    package init(_ chain: LocalChain) { self.chain = chain }

    /// The status and the JSON that answer a request. `target` is the path with the query.
    package mutating func answer(_ method: String, _ target: String, _ body: [UInt8]) -> (status: Int, body: [UInt8]) {
        do throws(ChainProblem) {
            return (200, try route(method, ChainRequest(target: target), body))
        } catch {
            return (error.status, Self.error(error.text))
        }
    }

    /// The body that says what went wrong.
    static func error(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("error")
        writer.string(text)
        writer.endObject()
        return writer.finish()
    }

    private mutating func route(
        _ method: String,
        _ request: ChainRequest,
        _ body: [UInt8]
    ) throws(ChainProblem) -> [UInt8] {
        switch (method, request.path) {
        case ("GET", "/api/v3/masterchainInfo"): return try masterchainInfo(request)
        case ("GET", "/api/v3/accountStates"): return try accountStates(request)
        case ("GET", "/api/v3/transactions"): return try transactions(request)
        case ("GET", "/api/v3/transactionsByMessage"): return try transactionsByMessage(request)
        case ("POST", "/api/v3/message"): return try message(body)
        case ("POST", "/local/fund"): return try fund(body)
        case ("POST", "/local/wallets"): return try install(body)
        case ("POST", "/local/faults"): return try fail(body)
        case (_, "/api/v3/masterchainInfo"), (_, "/api/v3/accountStates"), (_, "/api/v3/transactions"),
            (_, "/api/v3/transactionsByMessage"), (_, "/api/v3/message"), (_, "/local/fund"), (_, "/local/wallets"),
            (_, "/local/faults"):
            throw ChainProblem(status: 405, text: "another method is for this path")
        default: throw ChainProblem(status: 404, text: "there is no such path")
        }
    }

    private mutating func masterchainInfo(_ request: ChainRequest) throws(ChainProblem) -> [UInt8] {
        try request.allow([])
        let head = try heard { (chain) throws(ChainError) in try chain.head() }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("last")
        writer.beginObject()
        writer.member("workchain", -1)
        writer.member("global_id", Int64(Network.testnet.globalID))
        writer.key("shard")
        writer.string("8000000000000000")
        writer.member("seqno", Int64(clamping: head.block))
        writer.key("gen_utime")
        writer.string(String(head.time))
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }

    private mutating func accountStates(_ request: ChainRequest) throws(ChainProblem) -> [UInt8] {
        try request.allow(["address", "include_boc"])
        let address = try request.address("address")
        let isWithCode = try request.flag("include_boc", true)
        let account = try heard { (chain) throws(ChainError) in try chain.account(address) }
        let code = try heard { (chain) throws(ChainError) in try chain.code(of: address) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("accounts")
        writer.beginArray()
        writer.write(account, at: address, code: isWithCode ? code : nil)
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }

    private mutating func transactions(_ request: ChainRequest) throws(ChainProblem) -> [UInt8] {
        try request.allow(["account", "start_lt", "limit", "sort"])
        let address = try request.address("account")
        let start = try request.number("start_lt", 0...(.max), 0)
        let limit = try request.number("limit", 1...Self.transactionsMax, 10)
        guard request["sort"] == "asc" else { throw .field("sort", "must be asc: the oldest first") }
        // `start_lt` is the first that is wanted.
        let found = try heard { (chain) throws(ChainError) in
            try chain.transactions(of: address, after: start == 0 ? 0 : start - 1, limit: Int(limit))
        }
        return write(found)
    }

    private mutating func transactionsByMessage(_ request: ChainRequest) throws(ChainProblem) -> [UInt8] {
        try request.allow(["msg_hash", "direction"])
        let hash = try request.hash("msg_hash")
        let found: ChainTransaction?
        switch request["direction"] {
        case "in":
            found = try heard { (chain) throws(ChainError) in try chain.transaction(ofMessage: hash) }
        case "out":
            found = try heard { (chain) throws(ChainError) in try chain.transaction(sendingMessage: hash) }
        default: throw .field("direction", "must be in or out")
        }
        return write(found.map { [$0] } ?? [])
    }

    private mutating func message(_ body: [UInt8]) throws(ChainProblem) -> [UInt8] {
        let body = try ChainBody(body, members: ["boc"])
        guard let bag = Base64.decode(try body.text("boc")), let cell = try? BagOfCells.read(bag),
            let message = try? ExternalMessage(cell), let normalized = try? message.normalizedHash()
        else { throw .field("boc", "must be the bag of cells of a message from outside, in base64") }
        let answer: SendAnswer
        do throws(ChainError) {
            answer = try chain.send(bag)
        } catch {
            switch error {
            case .noAnswer, .answer: throw Self.silence
            case .message: throw .field("boc", "is larger or deeper than a node takes")
            }
        }
        if case .refused(let code) = answer {
            let reason = code.map { "exitcode=\($0)" } ?? "the account has no code, or no money for it"
            throw ChainProblem(status: 500, text: "cannot apply external message to current state : \(reason)")
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.write("message_hash", base64: cell.hash)
        writer.write("message_hash_norm", base64: normalized)
        writer.endObject()
        return writer.finish()
    }

    private static let silence = ChainProblem(status: 504, text: "no answer in time")

    /// What the chain answers; 504 if nothing.
    private mutating func heard<Answer>(
        _ ask: (inout LocalChain) throws(ChainError) -> Answer
    ) throws(ChainProblem) -> Answer {
        do throws(ChainError) {
            return try ask(&chain)
        } catch {
            throw Self.silence
        }
    }

    private func write(_ transactions: [ChainTransaction]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("transactions")
        writer.beginArray()
        for transaction in transactions { writer.write(transaction) }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
