import API
import Sockets
import Testing

@testable import Marketplace

/// Sums over all accounts hold the engine up, and anybody may look at the metrics.
@Suite struct EngineFiguresTests {
    @Test func `The sums over accounts are made when somebody looks, and at most once a second however often`() {
        let figures = EngineFigures()
        let start = Instant.now
        #expect(figures.takeAudit(at: start), "the first look is served at once")
        #expect(!figures.takeAudit(at: start.adding(milliseconds: 5_000)), "nobody has looked since")
        figures.wantAudit()
        #expect(figures.takeAudit(at: start.adding(milliseconds: 5_000)))
        for millisecond in stride(from: Int64(5_000), to: 5_000 + EngineFigures.auditMilliseconds, by: 100) {
            figures.wantAudit()
            #expect(!figures.takeAudit(at: start.adding(milliseconds: millisecond)), "\(millisecond)")
        }
        #expect(figures.takeAudit(at: start.adding(milliseconds: 5_000 + EngineFigures.auditMilliseconds)))
    }

    @Test func `Metrics are made a hundred times a second, and told as often as anybody asks`() {
        let page = MetricsPage()
        var made: [Int] = []
        func ask(at milliseconds: Int64) -> Int {
            page.response(at: Instant(nanoseconds: 1).adding(milliseconds: milliseconds)) {
                made.append(made.count)
                return APIResponse(status: 200 + made.count, body: [])
            }.status
        }
        for number in 1...100 { #expect(ask(at: 0) == 200 + number, "who asks seldom sees what is") }
        for _ in 0..<1_000 { #expect(ask(at: 0) == 300, "the last ones") }
        #expect(ask(at: 10) == 301 && ask(at: 10) == 301)
        #expect(ask(at: 2_000) == 302 && made.count == 102)
    }
}
