internal import Cryptography
internal import JSON
package import TON

/// A provider of toncenter's HTTP interface, version 3, as a settlement's chain.
///
/// Every answer is foreign: bounded, read strictly, and refused as a whole (``TON/ChainError/answer(_:)``) where it
/// contradicts itself or what was asked. Only what is final is given on. Questions are asked again when nobody answers,
/// at a pace that the provider allows; a message is sent again only when the provider says that it did not take it. One
/// thread at a time.
package struct ToncenterClient: ChainClient {
    let settings: ToncenterSettings
    var connection: CurlConnection?
    var pace: RequestPace
    var generator = SystemRandomNumberGenerator()
    private var isNetworkKnown = false
    /// Why the last request that failed did, in words without secrets; `nil` if none did.
    package internal(set) var lastTrouble: String?

    /// Nothing is asked yet.
    package init(_ settings: ToncenterSettings) {
        precondition((1...1_000).contains(settings.pageMax) && settings.triesMax > 0, "a call asks for something")
        self.settings = settings
        pace = RequestPace(perSecond: settings.requestsPerSecond, burst: settings.burst)
    }

    /// See ``TON/ChainClient/head()``.
    package mutating func head() throws(ChainError) -> ChainHead {
        let head = try answer("/masterchainInfo").head(on: settings.network)
        isNetworkKnown = true
        return head
    }

    /// See ``TON/ChainClient/account(_:)``.
    package mutating func account(_ address: Address) throws(ChainError) -> ChainAccount {
        try knowNetwork()
        return try answer("/accountStates?address=\(Self.written(address))&include_boc=false").account(address)
    }

    /// The code of an account, `nil` without any: what a deployment can take it from.
    package mutating func code(of address: Address) throws(ChainError) -> Cell? {
        try knowNetwork()
        return try answer("/accountStates?address=\(Self.written(address))&include_boc=true").code(address)
    }

    /// See ``TON/ChainClient/transactions(of:after:limit:)``. It asks page by page; that none is missing is checked by
    /// what each transaction says of the one before it.
    package mutating func transactions(
        of address: Address,
        after logicalTime: UInt64,
        limit: Int
    ) throws(ChainError) -> [ChainTransaction] {
        try knowNetwork()
        var found: [ChainTransaction] = []
        var page = settings.pageMax
        while found.count < limit {
            let last = found.last?.logicalTime ?? logicalTime
            guard last < .max else { break }
            let count = min(page, limit - found.count)
            let fields: [AnswerField]
            do throws(ChainError) {
                fields = try self.page(of: address, from: last + 1, count: count)
            } catch {
                // Fewer at once are fewer bytes.
                guard error == Self.tooLarge(settings.answerBytesMax), page > 1 else { throw error }
                page = (count + 1) / 2
                continue
            }
            for field in fields {
                guard let next = try field.transaction() else { return found }
                try field.check(next, follows: found.last, after: logicalTime, of: address)
                found.append(next)
            }
            if fields.count < count { break }
        }
        return found
    }

    /// See ``TON/ChainClient/transaction(ofMessage:)``.
    package mutating func transaction(ofMessage normalizedHash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try find(normalizedHash, "in") { $0.incoming.normalizedHash == normalizedHash }
    }

    /// See ``TON/ChainClient/transaction(sendingMessage:)``.
    package mutating func transaction(sendingMessage hash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        try find(hash, "out") { $0.outgoing.contains { $0.hash == hash } }
    }

    /// See ``TON/ChainClient/send(_:)``.
    package mutating func send(_ bag: [UInt8]) throws(ChainError) -> SendAnswer {
        guard bag.count <= MessageLimits.bytesMax, let cell = try? BagOfCells.read(bag),
            let message = try? ExternalMessage(cell), let hash = try? message.normalizedHash()
        else { throw .message }
        try knowNetwork()
        return try send(bag, hash)
    }

    static func tooLarge(_ bytesMax: Int) -> ChainError { .answer("\(TransferError.tooLarge(bytesMax: bytesMax))") }

    /// The raw form with the colon as URLs write it.
    private static func written(_ address: Address) -> String {
        "\(address.workchain)%3A\(Hex.encode(address.hash))"
    }

    /// Whose chain it is, before anything is believed or sent.
    private mutating func knowNetwork() throws(ChainError) {
        if !isNetworkKnown { _ = try head() }
    }

    private mutating func page(of address: Address, from start: UInt64, count: Int) throws(ChainError) -> [AnswerField]
    {
        let account = Self.written(address)
        let path = "/transactions?account=\(account)&start_lt=\(start)&limit=\(count)&sort=asc"
        return try answer(path).member("transactions").elements(countMax: count)
    }

    /// The first final transaction that has a message.
    private mutating func find(
        _ hash: [UInt8],
        _ direction: String,
        has isWanted: (ChainTransaction) -> Bool
    ) throws(ChainError) -> ChainTransaction? {
        precondition(hash.count == 32, "a hash has 32 bytes")
        try knowNetwork()
        let path = "/transactionsByMessage?msg_hash=\(Hex.encode(hash))&direction=\(direction)"
        var first: ChainTransaction?
        for field in try answer(path).member("transactions").elements(countMax: 1_000) {
            guard let next = try field.transaction() else { continue }
            guard isWanted(next) else { throw field.wrong("must have the message that was asked for") }
            if next.logicalTime < first?.logicalTime ?? .max { first = next }
        }
        return first
    }
}

extension AnswerField {
    /// Throws unless a transaction is the account's next one.
    fileprivate func check(
        _ next: ChainTransaction,
        follows last: ChainTransaction?,
        after start: UInt64,
        of address: Address
    ) throws(ChainError) {
        guard next.account == address else { throw wrong("must be of the account that was asked for") }
        guard next.logicalTime > last?.logicalTime ?? start else { throw wrong("must stand behind the one before it") }
        if let last {
            guard next.previousLogicalTime == last.logicalTime, next.previousHash == last.hash else {
                throw wrong("must continue the one before it: one is missing")
            }
        } else if next.previousLogicalTime > start {
            throw wrong("must be the first behind \(start): one is missing")
        }
    }
}
