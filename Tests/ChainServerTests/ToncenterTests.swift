import ChainServer
import Cryptography
import Foundation
import HTTP2
import JSON
import LocalChain
import Sockets
import Synchronization
import TON
import Testing

private let ton: UInt64 = 1_000_000_000

/// A local chain behind a port, asked by curl; its clock is the test's.
private final class Fixture: Sendable {
    private let server: Server
    private let time: Time

    private final class Time: Sendable {
        let now = Mutex<UInt64>(1_800_000_000)
    }

    init() throws {
        let time = Time()
        self.time = time
        server = try Server(ServerConfiguration(cleartext: [.loopback(port: 0)])) { _ in
            let chain = LocalChain(LocalChain.Settings(start: 1_800_000_000))
            return ChainService(ChainHost(chain) { time.now.withLock { $0 } })
        }
    }

    deinit { _ = server.drain(timeoutMilliseconds: 5_000) }

    func wait(_ seconds: UInt64) { time.now.withLock { $0 += seconds } }

    /// The status and the JSON.
    func ask(_ path: String, _ body: String? = nil, http: String = "--http1.1", method: String? = nil) throws -> (
        status: Int, json: JSONValue
    ) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        var arguments = ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "20", http, "-w", "\n%{http_code}"]
        if let body { arguments += ["-H", "content-type: application/json", "--data-binary", body] }
        if let method { arguments += ["-X", method] }
        process.arguments = arguments + ["http://127.0.0.1:\(server.cleartext[0].port)" + path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "curl \(path): \(said)")
        let lines = said.split(separator: "\n")
        try #require(lines.count == 2, "\(said)")
        return (try #require(Int(lines[1])), try JSONValue(Array(lines[0].utf8), limits: JSONLimits(depthMax: 16)))
    }
}

@Suite struct ToncenterTests {
    @Test(arguments: ["--http1.1", "--http2-prior-knowledge"])
    func `A batch is sent, found and read as toncenter shows it`(http: String) throws {
        let chain = try Fixture()
        let key = try SigningKey(seed: [UInt8](repeating: 3, count: 32).span)
        let wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: 60)
        let install = #"{"kind":"highload_v3","public_key":"\#(Hex.encode(key.publicKey))","timeout":60}"#
        #expect(try chain.ask("/local/wallets", install, http: http).json["address"]?.string == "\(wallet.address)")
        let second = try HighloadWalletV3(publicKey: key.publicKey, subwallet: 7, timeout: 60)
        let numbered = String(install.dropLast()) + #","subwallet":7}"#
        #expect(try chain.ask("/local/wallets", numbered, http: http).json["address"]?.string == "\(second.address)")
        let fund = #"{"address":"\#(wallet.address)","value":"\#(10 * ton)","comment":"a memo"}"#
        #expect(try chain.ask("/local/fund", fund, http: http).status == 200)
        chain.wait(3)
        let state = try chain.ask("/api/v3/accountStates?address=\(wallet.address)", http: http).json["accounts"]?[0]
        #expect(state?["status"]?.string == "active")
        #expect((state?["balance"]?.string.flatMap { UInt64($0) } ?? 0) > 9 * ton)

        let payee = try #require(Address(workchain: 0, hash: [UInt8](repeating: 5, count: 32)))
        let payout = Payout(to: payee, amount: Coins(ton), comment: "hello")
        let now = try chain.ask("/api/v3/masterchainInfo", http: http).json["last"]?["gen_utime"]?.string
        let createdAt = try #require(now.flatMap { UInt64($0) })
        let request = try wallet.batch([payout], value: Coins(2 * ton), QueryID(counter: 0), createdAt: createdAt)
        let message = try wallet.message(request, signedBy: key)
        let bag = Data(try message.bag()).base64EncodedString()
        let sent = try chain.ask("/api/v3/message", #"{"boc":"\#(bag)"}"#, http: http)
        #expect(sent.status == 200)
        let hash = Data(try message.normalizedHash()).base64EncodedString()
        #expect(sent.json["message_hash_norm"]?.string == hash)
        let path = "/api/v3/transactionsByMessage?direction=in&msg_hash=" + Hex.encode(try message.normalizedHash())
        #expect(try chain.ask(path, http: http).json["transactions"]?.elements?.isEmpty == true, "not final")
        chain.wait(3)
        let found = try #require(try chain.ask(path, http: http).json["transactions"]?[0])
        #expect(found["out_msgs"]?.elements?.count == 1 && found["finality"]?.string == "finalized")
        try read(chain, wallet, found, http)
        let again = try chain.ask("/api/v3/message", #"{"boc":"\#(bag)"}"#, http: http)
        #expect(again.status == 500 && again.json["error"]?.string?.hasSuffix("exitcode=36") == true)
    }

    /// The history of the wallet: money, the request, and the message to itself.
    private func read(
        _ chain: Fixture,
        _ wallet: HighloadWalletV3,
        _ request: JSONValue,
        _ http: String
    ) throws {
        let path = "/api/v3/transactions?sort=asc&limit=100&account=\(wallet.address)"
        let history = try #require(try chain.ask(path, http: http).json["transactions"]?.elements)
        try #require(history.count == 3)
        #expect(history[1] == request)
        for (before, after) in zip(history, history.dropFirst()) {
            #expect(after["prev_trans_hash"] == before["hash"] && after["prev_trans_lt"] == before["lt"])
        }
        let own = history[2]
        #expect(own["in_msg"]?["hash"] == request["out_msgs"]?[0]?["hash"])
        #expect(own["in_msg"]?["source"]?.string == "\(wallet.address)".uppercased())
        #expect(own["description"]?["action"]?["msgs_created"]?.integer == 1)
        let payout = own["out_msgs"]?[0]
        #expect(payout?["value"]?.string == String(ton))
        let body = try #require(Data(base64Encoded: payout?["message_content"]?["body"]?.string ?? ""))
        #expect(Comment.text(in: try BagOfCells.read(Array(body))) == "hello")
        let later = path + "&start_lt=" + (own["lt"]?.string ?? "")
        #expect(try chain.ask(later, http: http).json["transactions"]?.elements == [own])
    }

    @Test func `What goes wrong on command does`() throws {
        let chain = try Fixture()
        #expect(try chain.ask("/local/faults", #"{"kind":"silence","reads":1}"#).status == 200)
        #expect(try chain.ask("/api/v3/masterchainInfo").status == 504)
        #expect(try chain.ask("/local/faults", #"{"kind":"stall","seconds":50}"#).status == 200)
        chain.wait(40)
        let last = try chain.ask("/api/v3/masterchainInfo").json["last"]
        #expect(last?["seqno"]?.integer == 0)
        chain.wait(20)
        #expect((try chain.ask("/api/v3/masterchainInfo").json["last"]?["seqno"]?.integer ?? 0) > 0)
        for kind in ["refuse", "lose_message", "lose_answer", "lose_both", "burn", "fork", "fork_and_lose"] {
            #expect(try chain.ask("/local/faults", #"{"kind":"\#(kind)"}"#).status == 200, "\(kind)")
        }
    }

    @Test func `What cannot be read says which field and which rule`() throws {
        let chain = try Fixture()
        let address = "0:" + String(repeating: "a", count: 64)
        for (status, path, body, part) in [
            (404, "/api/v3/nothing", nil, "no such path"), (405, "/api/v3/message", nil, "another method"),
            (422, "/api/v3/transactions?account=\(address)", nil, "sort"),
            (422, "/api/v3/transactions?account=x&sort=asc", nil, "account: must be an address"),
            (422, "/api/v3/transactions?account=\(address)&sort=asc&limit=1001", nil, "limit: must be a number in 1…"),
            (422, "/api/v3/transactions?account=\(address)&sort=asc&limit=1&limit=2", nil, "limit: must stand once"),
            (422, "/api/v3/transactions?account=%zz&sort=asc", nil, "account: must have a value"),
            (422, "/api/v3/accountStates?address=\(address)&x=1", nil, "x: is no parameter"),
            (422, "/api/v3/transactionsByMessage?direction=in&msg_hash=00", nil, "msg_hash"),
            (400, "/api/v3/message", "[]", "JSON object"), (422, "/api/v3/message", "{}", "boc: must be a string"),
            (422, "/api/v3/message", #"{"boc":"AAAA"}"#, "boc: must be the bag"),
            (422, "/local/fund", #"{"address":"\#(address)","value":"-1"}"#, "value: must be a string of digits"),
            (422, "/local/fund", #"{"address":"\#(address)","value":"6000000000000000000"}"#, "value: all that"),
            (422, "/local/wallets", #"{"kind":"v9","public_key":"\#(address.dropFirst(2))"}"#, "kind: must be"),
            (422, "/local/wallets", #"{"kind":"v5r1","public_key":"aa"}"#, "public_key: must be 32 bytes"),
            (
                422, "/local/wallets",
                #"{"kind":"highload_v3","public_key":"\#(address.dropFirst(2))","timeout":5,"subwallet":-1}"#,
                "subwallet: must be"
            ),
            (422, "/local/faults", #"{"kind":"delay"}"#, "seconds: must be a number in 0…86400"),
            (422, "/local/faults", #"{"kind":"luck"}"#, "kind: must be refuse"),
        ] as [(Int, String, String?, String)] {
            let answer = try chain.ask(path, body)
            let said = answer.json["error"]?.string ?? ""
            #expect(answer.status == status && said.contains(part), "\(path) \(answer)")
        }
    }
}
