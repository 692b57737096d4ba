import Testing

@testable import HTTP2

/// The cases of RFC 9113 and RFC 7541, against a session without a socket and against both kinds of port.
@Suite struct ConformanceTests {
    @Test func `There are 147 cases, one of them strict, each under its own name`() {
        #expect(Conformance.cases.count == 147)
        #expect(Conformance.cases.count { $0.isStrict } == 1)
        #expect(Set(Conformance.cases.map(\.name)).count == 147)
        let parts = Dictionary(grouping: Conformance.cases, by: \.part).mapValues(\.count)
        #expect(parts == [.generic: 44, .http2: 95, .hpack: 8])
        let all = Conformance.cases + Conformance.own
        #expect(Conformance.own.allSatisfy { $0.part == .own })
        for (section, cases) in Dictionary(grouping: all, by: { "\($0.part)/\($0.section)" }) {
            #expect(cases.map(\.number).sorted() == Array(1...cases.count), "\(section) is numbered without a gap")
        }
    }

    @Test func `A session keeps every case`() throws {
        for testCase in Conformance.cases + Conformance.own {
            var judge = ConformanceJudge(try SessionDriver())
            let fault = judge.play(testCase)
            #expect(fault == nil, "\(testCase)")
        }
    }

    @Test(arguments: [false, true]) func `A server keeps every case on its port`(overTLS: Bool) throws {
        let fixture = try ServerFixture { _ in ConformanceService() }
        defer { fixture.stop() }
        for testCase in Conformance.cases + Conformance.own {
            var judge = ConformanceJudge(SocketDriver(try fixture.transport(overTLS: overTLS)))
            let fault = judge.play(testCase)
            #expect(fault == nil, "\(testCase)")
        }
    }

    @Test func `The judge finds fault with a server that does not do what it must`() throws {
        let get = Frames.headers()
        for wrong in [Expectation.closed, .goaway(.protocolError), .reset(1, .cancel), .data(length: 1), .headers(3)] {
            var judge = ConformanceJudge(try SessionDriver())
            #expect(judge.play(.init(.generic, "0", 1, "wrong", get, wrong)) != nil)
        }
    }

    @Test func `Strings in Huffman's code are those of RFC 7541`() {
        // Appendix C.4.3.
        #expect(FieldBlocks.huffman("custom-key") == [0x88, 0x25, 0xA8, 0x49, 0xE9, 0x5B, 0xA9, 0x7D, 0x7F])
        #expect(FieldBlocks.huffman("custom-value") == [0x89, 0x25, 0xA8, 0x49, 0xE9, 0x5B, 0xB8, 0xE8, 0xB4, 0xBF])
    }
}
