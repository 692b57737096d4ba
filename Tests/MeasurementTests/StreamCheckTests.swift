import JSON
import Testing

@testable import Measurement

@Suite struct StreamCheckTests {
    /// Check sums by Python's `zlib.crc32`.
    private static let whole = """
        {"sequence":17,"previous_sequence":null,"snapshot":true,"offers":[["20123000",5,1],["20124000",7,2]],\
        "bids":[["19000000",3,1]],"checksum":3021024452}
        """
    private static let gone = """
        {"sequence":18,"previous_sequence":17,"snapshot":false,"offers":[["20123000",0,0],["20124000",7,2]],\
        "bids":[],"checksum":GONE}
        """

    private func check(_ events: [(String, String)], resumingBefore place: Int? = nil) throws -> StreamCheck {
        var check = StreamCheck()
        for (index, event) in events.enumerated() {
            if index == place { check.resume() }
            check.take(event.0, try JSONValue(Array(event.1.utf8)))
        }
        return check
    }

    private static func trades(_ sequence: Int64, _ ids: String...) -> (String, String) {
        let list = ids.map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
        return ("trades", #"{"sequence":\#(sequence),"trades":[\#(list)]}"#)
    }

    private static let change = gone.replacing("GONE", with: "1591970496")

    @Test func `A book and its change have the check sums of what a client has`() throws {
        let found = try check([("open", #"{"sequence":17}"#), ("book", Self.whole), ("book", Self.change)])
        #expect(found.fault == nil)
        #expect(found.counts == ["open": 1, "book": 2] && found.wholeBooks == 0)
    }

    @Test(
        arguments: [
            ("a wrong check sum", [("book", whole.replacing(",5,1]", with: ",6,1]"))], "check sum of book 17"),
            ("a change of nothing", [("book", change)], "book 18 follows 17, and nothing was told"),
            (
                "a change of another book", [("book", whole.replacing(":17", with: ":16")), ("book", change)],
                "book 18 follows 17, and 16 was told"
            ),
            (
                "a number that goes back",
                [("ticker", #"{"sequence":9}"#), trades(10, "t1"), ("ticker", #"{"sequence":8}"#)],
                "ticker 8 comes after ticker 9"
            ),
            ("trades told twice", [trades(9, "t1"), trades(9, "t1")], "trades 9 comes after trades 9"),
            ("no number", [("trades", "{}")], "trades has no sequence number"),
            ("what nobody asked for", [("orders", #"{"sequence":9}"#)], "orders was not asked for"),
            ("trades of nothing", [("trades", #"{"sequence":9,"trades":[]}"#)], "trades without any"),
        ] as [(String, [(String, String)], String)]
    )
    func `What does not fit together is found`(fault: String, events: [(String, String)], words: String) throws {
        let found = try check(events)
        #expect(found.faultCount >= 1, "\(fault)")
        #expect(found.fault?.contains(words) == true, "\(fault): \(found.fault ?? "nothing")")
    }

    @Test func `Who comes back begins with a whole book and may hear of its last trades again`() throws {
        let events = [Self.trades(16, "t1"), ("book", Self.whole), Self.trades(16, "t1"), ("book", Self.whole)]
        let found = try check(events, resumingBefore: 2)
        #expect(found.fault == nil && found.resumptions == 1 && found.wholeBooks == 1)
        #expect(found.trades.count == 1 && !found.hasGap)
        let late = try check([("book", Self.whole), ("book", Self.change)], resumingBefore: 1)
        #expect(late.fault?.contains("nothing was told") == true)
    }

    @Test func `Trades are one value, which depends on their order, and a reset makes a gap`() throws {
        let told = try check([Self.trades(1, "t1", "t2"), Self.trades(4, "t3")])
        let expected = ["t1", "t2", "t3"].reduce(into: TradeChain()) { $0.add($1) }
        #expect(told.trades == expected)
        #expect(told.trades != ["t1", "t3", "t2"].reduce(into: TradeChain()) { $0.add($1) })
        #expect(try check([("reset", #"{"sequence":4,"channels":["trades"]}"#)]).hasGap)
        #expect(try !check([("reset", #"{"sequence":4,"channels":["orders"]}"#)]).hasGap)
    }
}
