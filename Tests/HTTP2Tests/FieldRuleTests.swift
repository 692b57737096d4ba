import Testing

@testable import HTTP2

/// Fields that two readers may read differently: HTTP/2 refuses what HTTP/1 refuses.
@Suite struct FieldRuleTests {
    private let hello = Frames.preface + Frames.settings
    private static let twice = [
        "authorization", "content-type", "idempotency-key", "traceparent", "x-request-id", "last-event-id",
    ]

    private func refusal(
        of fields: [(String, String)],
        authority: String? = "x",
        scheme: String = "https"
    ) throws -> HTTP1Refusal? {
        let session = try Session()
        var all = [(":method", "GET"), (":scheme", scheme), (":path", "/")]
        if let authority { all.append((":authority", authority)) }
        try session.feed(hello + Frames.frame(type: 1, flags: 5, stream: 1, Frames.block(all + fields)))
        var seen: [HTTP1Refusal?] = []
        session.takeRequests { request, _ in seen.append(request.refusal) }
        try #require(seen.count == 1)
        return seen[0]
    }

    @Test(arguments: twice) func `A field that may come once is refused when it comes again`(name: String) throws {
        #expect(try refusal(of: [(name, "a")]) == nil)
        #expect(try refusal(of: [(name, "a"), (name, "a")]) == .repeatedField)
        #expect(try refusal(of: [(name, "a"), ("accept", "b"), (name, "b")]) == .repeatedField)
    }

    @Test func `A list may come in pieces, and so may fields that nobody reads`() throws {
        #expect(try refusal(of: [("accept", "a"), ("accept", "b"), ("cookie", "a"), ("cookie", "b")]) == nil)
    }

    @Test(
        arguments: [
            ("x", "https", "x", true), ("x", "https", "X", true), ("x:443", "https", "x", true),
            ("x", "https", "x:443", true), ("x:80", "http", "x", true), ("x:8080", "http", "x:8080", true),
            ("x", "https", "y", false), ("x:8443", "https", "x", false), ("x:80", "https", "x", false),
            ("xx", "https", "x", false),
        ]
    )
    func `host must say what the authority says`(authority: String, scheme: String, host: String, isGood: Bool) throws {
        let refusal = try refusal(of: [("host", host)], authority: authority, scheme: scheme)
        #expect(refusal == (isGood ? nil : .authorityDisagrees))
    }

    @Test func `host stands for an authority that is not there`() throws {
        let session = try Session()
        let fields = [(":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "h.example")]
        try session.feed(hello + Frames.frame(type: 1, flags: 5, stream: 1, Frames.block(fields)))
        let heard = session.heard()
        #expect(heard.map { $0.fields[.authority] } == ["h.example"])
    }

    @Test(arguments: [false, true]) func `What is refused is answered with 400 and no service sees it`(
        overTLS: Bool
    ) throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connect(overTLS: overTLS)
        defer { client.close() }
        let fields = [(name: "authorization", value: "a"), (name: "authorization", value: "b")]
        #expect(try client.request(ClientRequest("GET", "/", fields: fields)).status == 400)
        #expect(try client.request(ClientRequest("GET", "/")).status == 200, "the connection goes on")
        // The next stream has the same place in memory.
        #expect(try client.request(ClientRequest("GET", "/", fields: [fields[0]])).status == 200)
    }
}
