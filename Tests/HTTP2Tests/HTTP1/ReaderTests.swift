import Testing

@testable import HTTP2

/// The reader of HTTP/1 requests as a value.
@Suite struct HTTP1ReaderTests {
    @Test(arguments: Heads.good) func `A good request is read`(good: Heads.Good) throws {
        let reader = HTTP1Reader.reading(good.text)
        try #require(reader.phase == .complete, "\(reader.phase)")
        #expect(reader.text(reader.head.methodName) == good.method)
        #expect(reader.head.path.isEmpty ? good.path == "/" : reader.text(reader.head.path) == good.path)
        #expect(reader.head.authority.map(reader.text) == good.authority)
    }

    @Test(arguments: Heads.bad) func `A bad request is refused for its reason`(bad: Heads.Bad) {
        #expect(HTTP1Reader.reading(bad.text).phase == .refused(bad.refusal))
    }

    @Test func `Every reason has a request that shows it, or a test of its own`() {
        let others: Set<HTTP1Refusal> = [.headTooLarge, .tooManyFields, .targetTooLong, .timedOut]
        #expect(Set(Heads.bad.map(\.refusal)).union(others) == Set(HTTP1Refusal.allCases))
    }

    @Test func `Every reason is a sentence of its own and quotes nothing`() {
        #expect(Set(HTTP1Refusal.allCases.map { "\($0.rule)" }).count == HTTP1Refusal.allCases.count)
        for refusal in HTTP1Refusal.allCases { #expect("\(refusal.rule)".hasSuffix(".")) }
        #expect(Set(HTTP1Refusal.allCases.map(\.kind)) == Set(HTTP1Refusal.Kind.allCases))
    }

    @Test func `It makes no difference where a request is cut in two`() {
        let post = "POST /v1/offers HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n"
        for text in Heads.good.map(\.text) + Heads.bad.map(\.text) + [post] {
            let bytes = Array(text.utf8)
            let whole = HTTP1Reader.reading(bytes)
            for cut in 0...bytes.count {
                var reader = HTTP1Reader()
                reader.receive(bytes.span.extracting(0..<cut))
                reader.receive(bytes.span.extracting(cut..<bytes.count))
                #expect(
                    reader.phase == whole.phase && reader.bytes == whole.bytes,
                    "\(text.debugDescription) at \(cut)"
                )
                #expect(reader.head == whole.head)
            }
        }
    }

    @Test func `Random bytes and random cuts never trap and always agree`() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SplitMix(seed)
        let texts = Heads.good.map(\.text) + Heads.bad.map(\.text)
        for _ in 0..<2_000 {
            var bytes = Array((texts.randomElement(using: &generator) ?? "").utf8)
            for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[place], at: Int.random(in: 0...bytes.count, using: &generator))
                }
            }
            let fault = HTTP1Fuzzing.fault(bytes)
            #expect(fault == nil, "seed \(seed): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }

    @Test func `A body is as long as its length says, and what follows is not read`() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
        var reader = HTTP1Reader.reading(head + "hell")
        #expect(reader.phase == .body)
        reader.receive(Array("oGET /admin HTTP/1.1\r\nHost: x\r\n\r\n".utf8).span)
        #expect(reader.phase == .complete)
        #expect(reader.body.elementsEqual("hello".utf8))
        reader.receive(Array("GET / HTTP/1.1".utf8).span)
        #expect(reader.body.elementsEqual("hello".utf8))
    }

    @Test func `Without a length there is no body`() {
        let reader = HTTP1Reader.reading("POST / HTTP/1.1\r\nHost: x\r\n\r\nhello")
        #expect(reader.phase == .complete)
        #expect(reader.body.isEmpty)
    }

    @Test(arguments: ["65537", "99999999999999999999999999", "\(Int.max)", "\(UInt64.max)"])
    func `A body that is announced as too long is not waited for`(length: String) {
        let reader = HTTP1Reader.reading("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\nhello")
        #expect(reader.phase == .complete)
        #expect(reader.isBodyTooLarge)
        #expect(reader.body.isEmpty)
    }

    @Test func `A body of exactly the limit is read`() {
        var reader = HTTP1Reader.reading("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n")
        let body = [UInt8](repeating: 7, count: 65_536)
        reader.receive(body.span)
        #expect(reader.phase == .complete && !reader.isBodyTooLarge)
        #expect(reader.body.elementsEqual(body))
    }

    @Test func `A head is bounded in bytes and in fields, as in HTTP2`() {
        var limits = ServerLimits()
        limits.headerFieldsMax = 10
        // Method, target, scheme and Host count, too.
        func fields(_ count: Int) -> String {
            (0..<count).map { "A\($0): b\r\n" }.joined()
        }
        let start = "GET / HTTP/1.1\r\nHost: x\r\n"
        #expect(HTTP1Reader.reading(start + fields(6) + "\r\n", limits).phase == .complete)
        #expect(HTTP1Reader.reading(start + fields(7) + "\r\n", limits).phase == .refused(.tooManyFields))

        limits.headerBytesMax = 400
        // Four fields of HTTP/2 with their 32 bytes, and one more of this length.
        let used = 10 + 6 + 11 + 5 + 4 * 32
        func field(_ count: Int) -> String { "A: " + String(repeating: "b", count: count - 33) + "\r\n" }
        #expect(HTTP1Reader.reading(start + field(400 - used) + "\r\n", limits).phase == .complete)
        #expect(HTTP1Reader.reading(start + field(401 - used) + "\r\n", limits).phase == .refused(.headTooLarge))
        let spaces = "A:" + String(repeating: " ", count: 400) + "b\r\n"
        #expect(HTTP1Reader.reading(start + spaces + "\r\n", limits).phase == .refused(.headTooLarge))
        let target = "GET /" + String(repeating: "a", count: 400)
        #expect(HTTP1Reader.reading(target, limits).phase == .refused(.targetTooLong))
    }

    @Test func `A target may name the scheme that the connection has`() {
        let text = "GET https://x/ HTTP/1.1\r\nHost: x\r\n\r\n"
        var reader = HTTP1Reader(isTLS: true)
        reader.receive(Array(text.utf8).span)
        #expect(reader.phase == .complete)
    }

    @Test func `Giving up ends an incomplete request only`() {
        var reader = HTTP1Reader.reading("GET / HTT")
        reader.giveUp(.timedOut)
        #expect(reader.phase == .refused(.timedOut))
        var complete = HTTP1Reader.reading("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        complete.giveUp(.timedOut)
        #expect(complete.phase == .complete)
    }
}

extension HTTP1Reader {
    static func reading(_ text: String, _ limits: ServerLimits = ServerLimits()) -> HTTP1Reader {
        reading(Array(text.utf8), limits)
    }

    static func reading(_ bytes: [UInt8], _ limits: ServerLimits = ServerLimits()) -> HTTP1Reader {
        var reader = HTTP1Reader(limits: limits)
        reader.receive(bytes.span)
        return reader
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

/// The limits of HTTP/1 and how they hang together.
@Suite struct HTTP1LimitsTests {
    @Test func `The limits allow what they are meant to allow`() {
        let (limits, http1) = (ServerLimits(), ServerLimits().http1)
        #expect(http1.headMilliseconds <= limits.handshakeMilliseconds)
        #expect(http1.lingerIdleMilliseconds < http1.lingerMilliseconds)
        #expect(http1.lingerBytesMax >= 100 * limits.bodyBytesMax, "a client that sends too much hears so")
        #expect(http1.bodyMilliseconds(after: 0) == http1.bodyMilliseconds)
        #expect(http1.bodyMilliseconds(after: limits.bodyBytesMax) == 74_000)
    }

    @Test func `A rate of zero is one byte a second, not a trap`() {
        var http1 = HTTP1Limits()
        http1.bodyBytesPerSecondMin = 0
        #expect(http1.bodyMilliseconds(after: 2) == http1.bodyMilliseconds + 2_000)
    }
}
