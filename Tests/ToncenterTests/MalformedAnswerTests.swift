import ChainServer
import Foundation
import JSON
import LocalChain
import Synchronization
import TON
import Testing
import Toncenter

/// Answers that no chain gives. Each is what the served chain says, with one thing changed.
@Suite struct MalformedAnswerTests {
    /// What the chain answers to the path, and the wallet's address.
    private func genuine() throws -> (head: String, page: String, account: String, wallet: Address) {
        let village = try Village()
        var center = ChainServer.Toncenter(village.chain)
        let wallet = village.wallet.address
        func ask(_ path: String) -> String { String(decoding: center.answer("GET", path, []).body, as: UTF8.self) }
        return (
            ask("/api/v3/masterchainInfo"), ask("/api/v3/transactions?account=\(wallet)&start_lt=1&limit=100&sort=asc"),
            ask("/api/v3/accountStates?address=\(wallet)&include_boc=false"), wallet
        )
    }

    /// Asks for the wallet's history when the provider says `page`, and gives the error.
    private func history(_ page: String, head: String, of wallet: Address) throws -> ChainError? {
        let server = try CannedServer { request in
            CannedServer.http(200, request.line.contains("masterchainInfo") ? head : page)
        }
        defer { server.stop() }
        var client = ToncenterClient(try ServedChain.settings(server.port))
        do throws(ChainError) {
            _ = try client.transactions(of: wallet, after: 0, limit: 1_000)
            return nil
        } catch {
            return error
        }
    }

    /// The first place of a text, the text that stands there instead, and what the client says.
    @Test(
        arguments: [
            (#""account":"0:"#, #""account":"5:"#, "transactions[0].account: must be a raw address"),
            (#""lt":"1"#, #""lt":"+1"#, "transactions[0].lt: must be a whole number"),
            (#""lt":"1"#, #""lt":"01"#, "transactions[0].lt: must be a whole number"),
            (#""lt":"1"#, #""lt":"99999999999999999999"#, "transactions[0].lt: must be a whole number"),
            (#""lt":"#, #""LT":"#, "transactions[0]: must be an object with the member lt"),
            (#""prev_trans_lt":"0""#, #""prev_trans_lt":"77""#, "transactions[0]: must be the first behind 0"),
            (#""prev_trans_hash":"A"#, #""prev_trans_hash":"*"#, "prev_trans_hash: must be 32 bytes in base64"),
            (#""now":1"#, #""now":-1"#, "transactions[0].now: must be a whole number"),
            (#""now":1"#, #""now":1.5e1"#, "transactions[0].now: must be a whole number"),
            (#""mc_block_seqno":"#, #""mc_block_seqno":null,"x":"#, "mc_block_seqno: must be a number"),
            (#""total_fees":"#, #""total_fees":"-7","x":"#, "total_fees: must be a whole number"),
            (
                #""total_fees":"#, #""total_fees":"1329227995784915872903807060280344576","x":"#,
                "total_fees: must be less than 2^120"
            ),
            (#""finality":"finalized""#, #""finality":"certain""#, "finality: must be pending, confirmed or finalized"),
            (#""emulated":false"#, #""emulated":"no""#, "emulated: must be true or false"),
            (#""type":"ord""#, #""type":"tick_tock""#, "type: must be ord"),
            (#""aborted":false"#, #""aborted":null"#, "aborted: must be true or false"),
            (#""exit_code":"#, #""exit_code":"zero","x":"#, "exit_code: must be a whole number"),
            (#""out_msgs":["#, #""out_msgs":{},"x":["#, "out_msgs: must be an array"),
            (#""in_msg":{"#, #""in_msg":null,"x":{"#, "in_msg: must be an object"),
            (#""destination":"0:"#, #""destination":"0:A"#, "in_msg.destination: must be a raw address"),
            (
                #""hash_norm":""#, #""hash_norm":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","x":""#,
                "hash_norm: must be"
            ),
            (#""body":"te"#, #""body":"!!"#, "body: must be base64"),
            (#""message_content":{"hash":""#, #""message_content":{"hash":"A"#, "message_content.hash: must be"),
            (#""transactions":["#, #""transactions":[1,"#, "transactions[0]: must be an object"),
            (#"{"transactions""#, #"{"transactions":[],"transactions""#, "the answer is no JSON"),
            (#"{"transactions""#, #"["transactions""#, "the answer is no JSON"),
            (#"{"transactions":"#, #"{"result":"#, "the answer: must be an object with the member transactions"),
        ]
    )
    func `A history with a fault is refused as a whole`(old: String, new: String, words: String) throws {
        let genuine = try genuine()
        let place = try #require(genuine.page.firstRange(of: old), "\(old)")
        let page = genuine.page.replacingCharacters(in: place, with: new)
        let error = try history(page, head: genuine.head, of: genuine.wallet)
        guard case .answer(let said)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(said.contains(words))
        #expect(try history(genuine.page, head: genuine.head, of: genuine.wallet) == nil)
    }

    @Test func `A history in which a transaction is missing, stands twice or is another's is refused`() throws {
        let genuine = try genuine()
        let json = try JSONValue(Array(genuine.page.utf8))
        let all = try #require(json["transactions"]?.elements)
        func page(_ elements: [JSONValue]) -> String {
            var writer = JSONWriter()
            writer.value(.object([JSONValue.Member("transactions", .array(elements))]))
            return String(decoding: writer.finish(), as: UTF8.self)
        }
        let other = JSONValue.string(String(repeating: "A", count: 43) + "=")
        let forked = JSONValue.object(
            try #require(all[1].members).map { member in
                member.key == "prev_trans_hash" ? JSONValue.Member(member.key, other) : member
            }
        )
        for (elements, words) in [
            ([all[0], forked], "[1]: must continue the one before it"),
            (Array(all[..<2] + all[3...]), "[2]: must continue the one before it"),
            (Array(all[1...]), "[0]: must be the first behind 0"),
            (Array(all[..<2] + all[1...]), "[2]: must stand behind the one before it"),
            (all.reversed(), "must"), (Array(repeating: all[0], count: 101), "must have at most 100 elements"),
        ] {
            let error = try history(page(elements), head: genuine.head, of: genuine.wallet)
            guard case .answer(let said)? = error else {
                Issue.record("\(words): \(String(describing: error))")
                continue
            }
            #expect(said.contains(words))
        }
        guard case .answer(let said)? = try history(genuine.page, head: genuine.head, of: person(0)) else {
            Issue.record("another account's history was taken")
            return
        }
        #expect(said.contains("must be of the account that was asked for"))
    }

    @Test func `What is not final is not there yet`() throws {
        let genuine = try genuine()
        for (old, new) in [
            (#""finality":"finalized""#, #""finality":"pending""#),
            (#""finality":"finalized""#, #""finality":"confirmed""#),
            (#""emulated":false"#, #""emulated":true"#),
            (#""finality":"finalized""#, #""finality":null,"mc_block_seqno_":0"#),
        ] {
            // The third transaction.
            var parts = genuine.page.split(separator: old, omittingEmptySubsequences: false).map(String.init)
            try #require(parts.count > 4)
            let head = parts[..<3].joined(separator: old)
            parts.removeFirst(3)
            let page = head + new + parts.joined(separator: old)
            let server = try CannedServer { request in
                CannedServer.http(200, request.line.contains("masterchainInfo") ? genuine.head : page)
            }
            defer { server.stop() }
            var client = ToncenterClient(try ServedChain.settings(server.port))
            let isOld = new.contains("null")
            let count = try client.transactions(of: genuine.wallet, after: 0, limit: 1_000).count
            #expect(isOld ? count > 2 : count == 2, "\(new)")
        }
    }

    @Test func `A message that is larger than we read brings its money and says nothing`() throws {
        let genuine = try genuine()
        let place = try #require(genuine.page.firstRange(of: #""body":"te6cc"#))
        // A bag of cells in form, and none in truth.
        let page = genuine.page.replacingCharacters(in: place, with: #""body":"AAAAAAAA","x":"te6cc"#)
        let server = try CannedServer { request in
            CannedServer.http(200, request.line.contains("masterchainInfo") ? genuine.head : page)
        }
        defer { server.stop() }
        var client = ToncenterClient(try ServedChain.settings(server.port))
        let first = try #require(try client.transactions(of: genuine.wallet, after: 0, limit: 1_000).first)
        #expect(!first.incoming.isBodyKnown && first.incoming.body.bitCount == 0)
        #expect(first.incoming.value == Coins(1_000 * ton))
    }

    @Test(
        arguments: [
            (#""balance":"#, #""balance":"much","x":"#, "accounts[0].balance: must be a whole number"),
            (#""status":"active""#, #""status":"rich""#, "accounts[0].status: must be active"),
            (#""address":"0:"#, #""address":"-1:"#, "accounts[0].address: must be the address that was asked for"),
            (#""accounts":[{"#, #""accounts":[{},{"#, "accounts: must have at most 1 elements"),
        ]
    )
    func `A state with a fault is refused`(old: String, new: String, words: String) throws {
        let genuine = try genuine()
        let place = try #require(genuine.account.firstRange(of: old))
        let changed = genuine.account.replacingCharacters(in: place, with: new)
        let server = try CannedServer { request in
            CannedServer.http(200, request.line.contains("masterchainInfo") ? genuine.head : changed)
        }
        defer { server.stop() }
        var client = ToncenterClient(try ServedChain.settings(server.port))
        let error = #expect(throws: ChainError.self) { try client.account(genuine.wallet) }
        guard case .answer(let said)? = error else { return }
        #expect(said.contains(words))
    }

    @Test func `A provider of another network is neither believed nor sent to`() throws {
        let genuine = try genuine()
        let head = genuine.head.replacing(#""global_id":-3"#, with: #""global_id":-239"#)
        try #require(head != genuine.head)
        let server = try CannedServer { _ in CannedServer.http(200, head) }
        defer { server.stop() }
        let village = try Village()
        for ask in [
            { (client: inout ToncenterClient) in _ = try client.account(genuine.wallet) },
            { client in _ = try client.send(try village.batch(30, people: 1)) },
            { client in _ = try client.head() },
        ] as [(inout ToncenterClient) throws -> Void] {
            var client = ToncenterClient(try ServedChain.settings(server.port))
            let error = #expect(throws: ChainError.self) { try ask(&client) }
            guard case .answer(let said)? = error else { continue }
            #expect(said.contains("the provider serves another network than testnet"))
        }
        #expect(server.requests.allSatisfy { $0.line.contains("masterchainInfo") })
    }
}
