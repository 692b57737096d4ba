import Sockets
import Testing
import Units

@testable import Marketplace

@Suite struct MonitorTests {
    @Test func `A waiting thread sees what another one has changed`() throws {
        let monitor = Monitor(0)
        let thread = try Thread(named: "counter") {
            for _ in 0..<1_000 { monitor.withLock(waking: true) { $0 += 1 } }
        }
        let seen = monitor.wait(until: Instant.now.adding(milliseconds: 10_000)) { $0 == 1_000 ? $0 : nil }
        thread.join()
        #expect(seen == 1_000)
    }

    @Test func `A wait ends at its deadline`() {
        let monitor = Monitor(false)
        let start = Instant.now
        let seen = monitor.wait(until: start.adding(milliseconds: 30)) { $0 ? true : nil }
        #expect(seen == nil)
        #expect(Instant.now >= start.adding(milliseconds: 30))
    }

    @Test func `A moment that is too far away to be counted is the last one, and stops nothing`() {
        let start = Instant.now
        #expect(start.adding(milliseconds: .max) == Instant(nanoseconds: .max))
        #expect(start.adding(milliseconds: 1 << 50) == Instant(nanoseconds: .max))
        let monitor = Monitor(1)
        #expect(monitor.wait(until: start.adding(milliseconds: .max)) { $0 == 1 ? true : nil } == true)
    }

    @Test func `A handed over value is given out once`() {
        let handover = Handover("connection")
        #expect(handover.take() == "connection")
        #expect(handover.take() == nil)
    }

    @Test func `Readers wait for the tables, but not for ever`() throws {
        let progress = ProjectionProgress()
        #expect(progress.wait(for: .none, until: .now))
        #expect(!progress.wait(for: .init(5), until: Instant.now.adding(milliseconds: 10)))
        let thread = try Thread(named: "projector") { progress.advance(to: .init(7)) }
        #expect(progress.wait(for: .init(5), until: Instant.now.adding(milliseconds: 10_000)))
        thread.join()
        progress.advance(to: .init(3))
        #expect(progress.sequence == .init(7), "the tables never go back")
    }
}
