import API
import Log
import Testing

@testable import Marketplace

/// How requests are measured, and what the log may hold of them.
@Suite struct ObserverTests {
    @Test func `A histogram counts each value in its bucket, and readings add up`() {
        let histogram = Histogram(.commands)
        for value in [1, 2, 4, 5, 10_000, 10_001] as [Int64] { histogram.record(value) }
        var reading = histogram.reading
        #expect(reading.counts == [1, 2, 1, 0, 0, 0, 0, 1, 1])
        #expect(reading.sum == 20_013)
        reading.add(histogram.reading)
        #expect(reading.count == 12)
    }

    @Test func `A request under way is found by its number, once, however many there are`() {
        var requests = RequestsUnderWay()
        let numbers = (0..<UInt64(RequestsUnderWay.capacityInitial * 3)).map { UInt64.max - 500 &+ $0 }
        for number in numbers { requests.insert(trace(number)) }
        for number in numbers {
            #expect(requests.remove(number)?.requestID == number)
            #expect(requests.remove(number) == nil)
        }
    }

    private func trace(_ number: UInt64) -> RequestTrace {
        RequestTrace(requestID: number, heard: .now, route: nil, method: .get, account: nil, parent: nil)
    }

    @Test(
        arguments: [
            "", "00", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
            "00-0af7651916cd43dd8448eb211c80319c-secret-in-this-1-01",
        ]
    )
    func `What is no traceparent is not kept`(text: String) { #expect(TraceParent(Array(text.utf8)) == nil) }

    @Test func `A traceparent is told as it was sent`() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(TraceParent(Array(text.utf8))?.text == text)
    }

    @Test func `A second has so many lines, and what is left out is told once, later`() {
        var rate = LogRate(linesMax: 2)
        #expect((0..<5).map { _ in rate.admit(at: 7) } == [.write, .write, .suppress, .suppress, .suppress])
        #expect(rate.takeSuppressed(at: 7) == 0)
        #expect(rate.takeSuppressed(at: 8) == 3)
        #expect(rate.takeSuppressed(at: 8) == 0)
        #expect(rate.admit(at: 8) == .write)
    }

    @Test func `Every route has its place`() {
        let ordinals = Route.allCases.map(\.ordinal)
        #expect(Set(ordinals).count == ordinals.count && ordinals.allSatisfy { (0..<256).contains($0) })
    }

    @Test func `An event is one line in both formats, whatever its message holds`() {
        let event = LogEvent(.warning, "odd", "a\nb\u{1B}\"c\"", [.init("count", 3), .init("name", "x\ny")])
        #expect(event.text == "bombyx: a b \"c\"")
        let json = #"{"time":"T","level":"warning","event":"odd","message":"a\nb\u001b\"c\"","count":3,"name":"x\ny"}"#
        #expect(event.json(time: "T") == json)
    }
}
