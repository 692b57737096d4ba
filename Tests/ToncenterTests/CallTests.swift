import Foundation
import LocalChain
import Synchronization
import TON
import Testing
import Toncenter

/// What happens on the wire: keys, paces, repetitions, limits.
@Suite struct CallTests {
    private static let head =
        #"{"last":{"workchain":-1,"global_id":-3,"shard":"8000000000000000","seqno":5,"gen_utime":"1800000000"}}"#

    private func bag() throws -> [UInt8] { try Village().batch(0, people: 1) }

    @Test func `The key goes into one header and nowhere else`() throws {
        let server = try CannedServer { _ in CannedServer.http(401, #"{"error":"no such key"}"#) }
        defer { server.stop() }
        var settings = try ServedChain.settings(server.port)
        settings.key = ProviderKey(Array("  s3cret-key\n".utf8))
        var client = ToncenterClient(settings)
        let error = #expect(throws: ChainError.self) { try client.head() }
        let head = try #require(server.requests.first).head
        #expect(head.contains("\r\nX-API-Key: s3cret-key") && head.hasPrefix("GET /api/v3/masterchainInfo HTTP/1.1"))
        var shown = ""
        dump(settings, to: &shown)
        dump(client, to: &shown)
        shown += "\(settings) \(String(reflecting: settings.key)) \(error.map { "\($0)" } ?? "") \(client)"
        #expect(!shown.contains("s3cret") && shown.contains("status 401: no such key"))
        #expect(server.requests.count == 1, "a wrong key is not tried again")
    }

    @Test(arguments: ["", " \n", "a b", "a\u{7F}", "ä", String(repeating: "k", count: 513)])
    func `What is no key`(text: String) { #expect(ProviderKey(Array(text.utf8)) == nil) }

    @Test(
        arguments: [
            ("https://toncenter.com/api/v3", nil), ("https://toncenter.com/api/v3/", nil),
            ("http://127.0.0.1:8081/api/v3", nil), ("http://[::1]:8081", nil), ("http://localhost", nil),
            ("http://toncenter.com/api/v3", .plain), ("http://127.0.0.1.example.com", .plain),
            ("ftp://toncenter.com", .scheme), ("file:///etc/passwd", .scheme), ("toncenter.com", .form),
            ("https://", .form), ("https://a@b.c", .form), ("https://a:b@c.d", .form), ("https://a.b/?x=1", .form),
            ("https://a.b/#x", .form), ("https://a.b/ c", .form), ("https://a.b/\r\nX: y", .form),
        ] as [(String, ProviderEndpoint.Problem?)]
    )
    func `An endpoint`(text: String, problem: ProviderEndpoint.Problem?) throws {
        if let problem {
            // curl may know no host where there is none; either is a refusal.
            let error = #expect(throws: ProviderEndpoint.Problem.self) { try ProviderEndpoint(text) }
            #expect(error == problem || (text.hasPrefix("file:") && error == .form))
        } else {
            #expect(try !ProviderEndpoint(text).text.hasSuffix("/"))
        }
    }

    @Test(arguments: [429, 500, 502, 503, 504])
    func `A question is asked again, as often as is allowed`(status: Int) throws {
        let number = Mutex(0)
        let server = try CannedServer { _ in
            let now = number.withLock { number in
                number += 1
                return number
            }
            return now < 4
                ? CannedServer.http(status, "busy", headers: "Retry-After: 3\r\n") : CannedServer.http(200, Self.head)
        }
        defer { server.stop() }
        var settings = try ServedChain.settings(server.port)
        let log = Slept()
        settings.sleep = { milliseconds in log.append(milliseconds) }
        var client = ToncenterClient(settings)
        #expect(try client.head() == ChainHead(block: 5, time: 1_800_000_000))
        #expect(server.requests.count == 4 && client.lastTrouble == "status \(status): busy")
        // Three pauses of three seconds each at least, in parts of a second.
        #expect(log.sum >= 9_000 && log.most <= 1_000)
        number.withLock { $0 = 0 }
        settings.triesMax = 3
        client = ToncenterClient(settings)
        #expect(throws: ChainError.noAnswer) { try client.head() }
        #expect(server.requests.count == 7)
    }

    @Test(arguments: [400, 404, 409, 422]) func `A question that is wrong is asked once`(status: Int) throws {
        let server = try CannedServer { _ in CannedServer.http(status, "{\"error\":\"no\u{1B}[31m\"}") }
        defer { server.stop() }
        var client = ToncenterClient(try ServedChain.settings(server.port))
        let error = #expect(throws: ChainError.self) { try client.head() }
        guard case .answer(let said)? = error else { return }
        #expect(said.hasPrefix("status \(status): ") && !said.contains("\u{1B}") && server.requests.count == 1)
    }

    /// What a node says to a message, how often it is sent, and what that means.
    @Test(
        arguments: [
            (200, "{}", 1, .taken), (200, #"{"message_hash_norm":"!"}"#, 1, nil),
            (200, #"{"message_hash_norm":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#, 1, nil),
            (
                500, #"{"error":"cannot apply external message to current state : exitcode=33, steps=7"}"#, 1,
                .refused(33)
            ),
            (500, #"{"error":"cannot apply external message to current state : exitcode=-14"}"#, 1, .refused(-14)),
            (500, #"{"error":"cannot apply external message to current state"}"#, 1, .refused(nil)),
            (500, "out of order", 1, .nothing), (504, "", 1, .nothing), (422, "{}", 1, .message),
            (429, "", 3, .nothing), (503, "", 3, .nothing), (403, "", 1, nil),
        ] as [(Int, String, Int, Said?)]
    )
    fileprivate func `A message is sent`(status: Int, body: String, times: Int, said: Said?) throws {
        let server = try CannedServer { request in
            request.line.hasPrefix("POST") ? CannedServer.http(status, body) : CannedServer.http(200, Self.head)
        }
        defer { server.stop() }
        var settings = try ServedChain.settings(server.port)
        settings.triesMax = 3
        var client = ToncenterClient(settings)
        let bag = try bag()
        var found: Said?
        do throws(ChainError) {
            switch try client.send(bag) {
            case .taken: found = .taken
            case .refused(let code): found = .refused(code)
            }
        } catch {
            switch error {
            case .noAnswer: found = .nothing
            case .message: found = .message
            case .answer: found = nil
            }
        }
        #expect(found == said)
        let posts = server.requests.filter { $0.line == "POST /api/v3/message" }
        #expect(posts.count == times)
        #expect(posts.allSatisfy { $0.body == Array("{\"boc\":\"\(Data(bag).base64EncodedString())\"}".utf8) })
    }

    @Test func `A message whose answer is lost is not sent again by itself`() throws {
        let server = try CannedServer { request in
            request.line.hasPrefix("POST") ? [] : CannedServer.http(200, Self.head)
        }
        defer { server.stop() }
        var client = ToncenterClient(try ServedChain.settings(server.port))
        let bag = try bag()
        #expect(throws: ChainError.noAnswer) { try client.send(bag) }
        #expect(server.requests.filter { $0.line.hasPrefix("POST") }.count == 1)
    }

    @Test func `An answer that is too large, late, cut off or no HTTP is none`() throws {
        let cut = Array("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{".utf8)
        for answer in [cut, Array("nonsense\r\n\r\n".utf8), [], nil] as [[UInt8]?] {
            let server = try CannedServer { _ in answer }
            defer { server.stop() }
            var settings = try ServedChain.settings(server.port)
            settings.requestMilliseconds = 200
            settings.triesMax = 2
            var client = ToncenterClient(settings)
            #expect(throws: ChainError.noAnswer) { try client.head() }
            #expect(client.lastTrouble?.contains("libcurl") == true)
        }
        let server = try CannedServer { _ in CannedServer.http(200, String(repeating: " ", count: 5_000) + Self.head) }
        defer { server.stop() }
        var settings = try ServedChain.settings(server.port)
        settings.answerBytesMax = 4_096
        var client = ToncenterClient(settings)
        let error = #expect(throws: ChainError.self) { try client.head() }
        #expect(error == .answer("the answer has more than 4096 bytes") && server.requests.count == 1)
    }

    @Test func `A redirect is not followed`() throws {
        let other = try CannedServer { _ in CannedServer.http(200, Self.head) }
        let server = try CannedServer { _ in
            CannedServer.http(302, "", headers: "Location: http://127.0.0.1:\(other.port)/\r\n")
        }
        defer {
            server.stop()
            other.stop()
        }
        var client = ToncenterClient(try ServedChain.settings(server.port))
        let error = #expect(throws: ChainError.self) { try client.head() }
        #expect(error.map { "\($0)".contains("status 302") } == true && other.requests.isEmpty)
    }

    @Test func `A page that is too large is asked for in smaller ones`() throws {
        let village = try Village()
        let served = try ServedChain(village.chain)
        var local = village.chain
        var settings = try served.settings()
        settings.answerBytesMax = 20_000
        var client = ToncenterClient(settings)
        let whole = try local.transactions(of: village.wallet.address, after: 0, limit: 1_000)
        #expect(try client.transactions(of: village.wallet.address, after: 0, limit: 1_000) == whole)
    }

    @Test func `A call can be given up while it waits`() throws {
        let server = try CannedServer { _ in nil }
        defer { server.stop() }
        let start = Date.now
        var settings = try ServedChain.settings(server.port)
        settings.requestMilliseconds = 60_000
        settings.isCancelled = { start.timeIntervalSinceNow < -0.5 }
        var client = ToncenterClient(settings)
        #expect(throws: ChainError.noAnswer) { try client.head() }
        #expect(start.timeIntervalSinceNow > -10)
    }
}

/// What a client makes of an answer to a message; `nothing` is that nobody knows.
private enum Said: Equatable {
    case taken
    case refused(Int64?)
    case message
    case nothing
}

/// What was slept.
private final class Slept: Sendable {
    private let slept = Mutex<[UInt64]>([])
    func append(_ milliseconds: UInt64) { slept.withLock { $0.append(milliseconds) } }
    var sum: UInt64 { slept.withLock { $0.reduce(0, +) } }
    var most: UInt64 { slept.withLock { $0.max() ?? 0 } }
}
