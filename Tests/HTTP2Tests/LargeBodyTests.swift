import Testing

@testable import HTTP2

/// One path may have bodies that are larger than those of all others.
@Suite struct LargeBodyTests {
    @Test(
        arguments: [
            ("/large", 16, false), ("/large", 17, true), ("/small", 8, false), ("/small", 9, true),
            ("/large?x", 9, true), ("/large/", 9, true), ("/larg", 9, true),
        ] as [(String, Int, Bool)]
    )
    func `Only this path, as it is, has the larger limit`(path: String, count: Int, isTooLarge: Bool) {
        var limits = ServerLimits()
        (limits.bodyBytesMax, limits.largeBodyBytesMax, limits.largeBodyPaths) = (8, 16, [Array("/large".utf8)])
        #expect(limits.bodyBytesMax(for: path.utf8) == (path == "/large" ? 16 : 8))
        var reader = HTTP1Reader(limits: limits)
        let text = "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\r\n"
        let bytes = Array(text.utf8) + [UInt8](repeating: 0x20, count: count)
        reader.receive(bytes.span)
        #expect(reader.phase == .complete)
        #expect(reader.isBodyTooLarge == isTooLarge)
    }

    @Test func `Without such a path there is one limit`() {
        var limits = ServerLimits()
        limits.largeBodyBytesMax = 1 << 20
        #expect(limits.bodyBytesMax(for: [] as [UInt8]) == limits.bodyBytesMax)
    }
}
