import Attacks
import Testing

@Suite struct EndScannerTests {
    private static let harmless =
        Frame.settings((4, 1)) + Frame.make(.data, stream: 1, [UInt8](repeating: 3, count: 700))
        + Frame.make(.headers, .request, stream: 1, Frame.cancel(1) + Frame.make(.goodbye))

    @Test(arguments: [1, 2, 8, 9, 10, 1_000])
    func `RST_STREAM and GOAWAY are seen however the bytes are cut, and not inside of other frames`(step: Int) {
        for (last, isEnd) in [(Frame.cancel(1), true), (Frame.make(.goodbye), true), (Frame.windowUpdate(0, 1), false)]
        {
            var scanner = EndScanner()
            feed(Self.harmless, to: &scanner, step)
            #expect(!scanner.hasEnd)
            feed(last, to: &scanner, step)
            #expect(scanner.hasEnd == isEnd)
        }
    }

    private func feed(_ bytes: [UInt8], to scanner: inout EndScanner, _ step: Int) {
        for start in stride(from: 0, to: bytes.count, by: step) {
            scanner.take(Array(bytes[start..<min(bytes.count, start + step)]))
        }
    }
}
