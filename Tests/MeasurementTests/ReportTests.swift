import Foundation
import FoundationXML
import JSON
import Testing

@testable import Measurement

@Suite struct LoadReportTests {
    private static func outcome() -> LoadOutcome {
        var outcome = LoadOutcome()
        outcome.settings = [LoadOutcome.Fact("scenario", "half"), LoadOutcome.Fact("sampled", "1 of 1,000")]
        outcome.changes = [LoadOutcome.Fact("open_orders_max", "10,000,000 for each account")]
        outcome.machine = [LoadOutcome.Fact("processors", "2 of <AMD> & \"EPYC\"")]
        outcome.database = [LoadOutcome.Fact("synchronous_commit", "on")]
        outcome.microseconds = 2_000_000
        outcome.answered = 300_000
        outcome.verificationRequests = 600
        outcome.answers = [
            LoadOutcome.AnswerCount(status: 201, code: "", count: 299_990),
            LoadOutcome.AnswerCount(status: 503, code: "overloaded", count: 10),
        ]
        outcome.losses.unknown = 3
        for index in 1...1_000 { outcome.latencies.record(sinceSent: UInt64(index) * 1_000_000) }
        outcome.latencies.correct(everyMicroseconds: 500_000)
        outcome.byKind = [("offer", outcome.latencies), ("cancel", Latencies())]
        outcome.processor.generator = 300_600
        outcome.processor.server = 1_503_000
        outcome.commands = 300_000
        outcome.batches = 300
        outcome.lagAtEnd = 12
        outcome.catchUpMicroseconds = 4_500
        outcome.timeline = [
            LoadOutcome.Tick(microseconds: 1_000_000, answered: 140_000, failed: 0, lag: 100, lagMicroseconds: 12_500),
            LoadOutcome.Tick(microseconds: 2_000_000, answered: 160_000, failed: 10, lag: nil, lagMicroseconds: nil),
        ]
        outcome.checks = [
            LoadOutcome.Check("no sequence number was given twice", holds: true, "300,000 acknowledgements")
        ]
        return outcome
    }

    @Test func `People read the figures`() {
        let text = LoadReport(Self.outcome()).lines.joined(separator: "\n")
        for words in [
            "150,000 a second: 300,000 in 2.0 s", "scenario  half", "open orders max  10,000,000 for each account",
            "201              299,990", "503  overloaded       10", "outcome unknown: 3", "retries: none",
            "1.00 µs of processor time a request", "5.00 µs of processor time a request",
            "its database   not on this machine", "300,000 in 300 batches, 1,000.0 each",
            "at most 12.50 ms; 12 commands at the end, level after 4.50 ms", "synchronous commit  on",
            "holds  no sequence number was given twice: 300,000 acknowledgements",
            "Everything that was looked at holds.",
        ] {
            #expect(text.contains(words), "\(words) in\n\(text)")
        }
        #expect(!text.contains("cancel"), "what did not happen is not reported")
        #expect(!text.contains("never sent"), "a closed loop sends everything")
    }

    @Test func `The first difference stands in the last line`() {
        var outcome = Self.outcome()
        outcome.checks.append(LoadOutcome.Check("orders asked back", holds: false, "offer 7: the state is gone"))
        outcome.checks.append(LoadOutcome.Check("money", holds: false, "one nanoTON is missing"))
        outcome.isInterrupted = true
        outcome.isOpenLoop = true
        let lines = LoadReport(outcome).lines
        #expect(!outcome.isSound)
        #expect(lines.first?.contains("interrupted") == true)
        #expect(lines.last == "BROKEN: orders asked back: offer 7: the state is gone")
        #expect(lines.contains { $0.contains("never sent, for want of a free stream: 0") })
    }

    @Test func `Programs read the same`() throws {
        var writer = JSONWriter()
        writer.value(Self.outcome().json)
        let report = try JSONValue(writer.finish())
        #expect(report["requests_per_second"]?.integer == 150_000)
        #expect(report["latency"]?["from_sending"]?["count"]?.integer == 1_000)
        #expect((report["latency"]?["corrected"]?["count"]?.integer ?? 0) > 1_000)
        #expect(report["latency_by_kind"]?.members?.map(\.key) == ["offer"])
        #expect(report["answers"]?[1]?["code"]?.string == "overloaded")
        #expect(report["losses"]?["retries"]?.integer == 0)
        #expect(report["processor"]?["database_microseconds"] == .null)
        #expect(report["changes"]?["open_orders_max"]?.string == "10,000,000 for each account")
        #expect(report["timeline"]?[1]?["lag"] == .null)
        #expect(report["timeline"]?[0]?["lag_microseconds"]?.integer == 12_500)
        #expect(report["lag_microseconds_max"]?.integer == 12_500)
        #expect(report["sound"]?.boolean == true)
    }

    @Test func `Plots are well-formed XML, also of nothing`() throws {
        for outcome in [Self.outcome(), LoadOutcome()] {
            #expect(outcome.plots.map(\.file) == ["latency.svg", "throughput.svg", "lag.svg"])
            for (file, plot) in outcome.plots {
                let document = try XMLDocument(data: Data(plot.svg.utf8))
                let root = try #require(document.rootElement())
                #expect(root.name == "svg" && root.namespaces?.first?.stringValue == "http://www.w3.org/2000/svg")
                for line in try root.nodes(forXPath: "//*[local-name()='polyline']") {
                    let points = (line as? XMLElement)?.attribute(forName: "points")?.stringValue ?? ""
                    for point in points.split(separator: " ") {
                        let place = point.split(separator: ",").compactMap { Double($0) }
                        #expect(
                            place.count == 2 && (0...900).contains(place[0]) && (0...480).contains(place[1]),
                            "\(file)"
                        )
                    }
                }
            }
        }
    }

    @Test func `What stands in a plot is escaped`() throws {
        let plot = Plot("a < b & \"c\"", x: ">", y: "", [Plot.Series("<>", [(0, 1), (1, 2)])])
        let document = try XMLDocument(data: Data(plot.svg.utf8))
        let titles = try document.nodes(forXPath: "//*[local-name()='title']").map(\.stringValue)
        #expect(titles == ["a < b & \"c\""])
    }
}
