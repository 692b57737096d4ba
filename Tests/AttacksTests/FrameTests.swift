import Attacks
import Testing

@Suite struct FrameTests {
    @Test(
        arguments: [
            (Frame.cancel(3), [0, 0, 4, 3, 0, 0, 0, 0, 3, 0, 0, 0, 8]),
            (Frame.windowUpdate(0, 0x7FFF_0001), [0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0, 1]),
            (Frame.settings((4, 256)), [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1, 0]),
            (Frame.make(.headers, .request, stream: 0x0102_0304, [7]), [0, 0, 1, 1, 5, 1, 2, 3, 4, 7]),
            (Frame.literal("x", "yz"), [0, 1, 120, 2, 121, 122]),
            (Frame.remembered("x", ""), [0x40, 1, 120, 0]),
        ] as [([UInt8], [UInt8])]
    )
    func `A frame is its bytes`(frame: [UInt8], bytes: [UInt8]) {
        #expect(frame == bytes)
    }

    /// RFC 7541, appendix C.1.2: 1337 in a prefix of five bits is 31, 154, 10. Here the prefix has seven.
    @Test(arguments: [
        (126, [126]), (127, [127, 0]), (254, [127, 127]), (255, [127, 128, 1]), (4_000, [127, 161, 30]),
    ])
    func `A length is a prefix of seven bits and groups of seven`(count: Int, prefix: [UInt8]) {
        let field = Frame.literal("x", String(repeating: "a", count: count))
        #expect(field.dropFirst(3).prefix(prefix.count) == prefix[...])
        #expect(field.count == 3 + prefix.count + count)
    }
}
