import Engine
import Foundation
import Testing
import Units
import Vectors

@testable import EngineTesting

/// Markets that another model of the exchange wrote down, with every event, transfer and balance.
@Suite struct MarketFileTests {
    /// The 18 markets of the repository, and those of the file that `BOMBYX_MARKETS` names, if it does.
    private static func markets() throws -> [TestMarket] {
        let url = try #require(Bundle.module.url(forResource: "engine", withExtension: "json", subdirectory: "Vectors"))
        var markets = try TestMarket.read(Array(try Data(contentsOf: url)))
        #expect(markets.count == 18)
        if let path = ProcessInfo.processInfo.environment["BOMBYX_MARKETS"] {
            markets += try TestMarket.read(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
        }
        return markets
    }

    @Test func `The reference engine does what every market file says`() throws {
        for market in try Self.markets() {
            var engine = ReferenceEngine()
            #expect(try market.firstDifference(on: &engine)?.description == nil)
        }
    }

    @Test func `The engine does what every market file says`() throws {
        for market in try Self.markets() {
            var engine = Engine()
            #expect(try market.firstDifference(on: &engine)?.description == nil)
        }
    }

    // MARK: Differences

    /// One offer, one bid, one trade, one use.
    private func market() -> TestMarket {
        let offer = TestOrder(account: "w", price: Price(nanoTONPerMTok: 20_000), lots: Lots(5))
        let bid = TestOrder(account: "app", price: Price(nanoTONPerMTok: 25_000), lots: Lots(3))
        return TestMarket(
            name: "small",
            rates: FeeRates(maker: BasisPoints(0), taker: BasisPoints(0)),
            commands: [
                .deposit(account: "app", amount: NanoTON(75)),
                .offer(offer, model: TestModel(name: "qwen", quality: 30), isAttested: false),
                .bid(bid, TestRequirement(models: ["qwen"])),
            ],
            events: [
                2: [.accepted(order: 2), .rested(order: 2, lots: 5)],
                3: [
                    .accepted(order: 3), .traded(trade: 1, bid: 3, offer: 2, lots: 3, price: 20_000),
                    .closed(order: 3, reason: "filled", lots: 0),
                ],
            ],
            transfers: [
                1: [TestTransfer(debit: "chain", credit: "app.available", amount: 75, kind: "deposit")],
                3: [
                    TestTransfer(debit: "app.available", credit: "app.held", amount: 75, kind: "hold"),
                    TestTransfer(debit: "app.held", credit: "app.leased", amount: 60, kind: "trade"),
                    TestTransfer(debit: "app.held", credit: "app.available", amount: 15, kind: "release"),
                ],
            ],
            balances: ["chain": 75, "app.available": 15, "app.leased": 60]
        )
    }

    private func difference(_ change: (inout TestMarket) -> Void) throws -> String? {
        var market = market()
        change(&market)
        var engine = ReferenceEngine()
        return try market.firstDifference(on: &engine)?.description
    }

    @Test func `The first difference is said in plain words, with market, command and what came`() throws {
        #expect(try difference { _ in } == nil)
        let bid = "market \"small\", command 3, bid by app, 3 lots at 25000, gtc: "
        #expect(
            try difference { $0.events[3]?[1] = .traded(trade: 1, bid: 3, offer: 2, lots: 3, price: 25_000) }
                == bid + "expected trade 1: bid 3 buys 3 lots of offer 2 at 25000; "
                + "found trade 1: bid 3 buys 3 lots of offer 2 at 20000"
        )
        #expect(
            try difference { $0.transfers[3]?.removeLast() }
                == bid + "expected nothing more; found 15 nanoTON from app.held to app.available (release)"
        )
        #expect(
            try difference { $0.events[3]?.append(.rejected("insufficient_funds")) }
                == bid + "expected rejected (insufficient_funds); found nothing more"
        )
        #expect(
            try difference { $0.balances["w.payable"] = 7 }
                == "market \"small\", balance of w.payable in the end: expected 7; found 0"
        )
        #expect(
            try difference { $0.balances["chain"] = nil }
                == "market \"small\", balance of chain in the end: expected 0; found 75"
        )
    }

    @Test func `One model may have several qualities, and a bid takes all of them by its name`() throws {
        let change: (inout TestMarket) -> Void = { market in
            market.commands[1] = .offer(
                TestOrder(account: "w", price: Price(nanoTONPerMTok: 20_000), lots: Lots(5)),
                model: TestModel(name: "qwen", quality: 50),
                isAttested: false
            )
            market.commands.insert(
                .offer(
                    TestOrder(account: "w", price: Price(nanoTONPerMTok: 99_000), lots: Lots(5)),
                    model: TestModel(name: "qwen", quality: 30),
                    isAttested: false
                ),
                at: 3
            )
            market.events[4] = [.accepted(order: 4), .rested(order: 4, lots: 5)]
        }
        #expect(try difference(change) == nil)
    }

    // MARK: Errors

    /// `{` and `}` of one market around `commands`, `events` and `transfers`.
    private func error(commands: String = "", events: String = "", transfers: String = "") -> String? {
        let text = """
            [{"name":"m","maker_bps":10,"taker_bps":30,"commands":[\(commands)],"events":[\(events)],
            "transfers":[\(transfers)],"balances":{}}]
            """
        return error(text)
    }

    private func error(_ text: String) -> String? {
        do {
            _ = try TestMarket.read(Array(text.utf8))
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static let deposit = #"{"do":"deposit","account":"a","amount":5}"#
    private static let bid = #"{"do":"place","side":"bid","account":"a","price":1000,"lots":1,"tif":"gtc","requires":"#

    @Test(
        arguments: [
            (#"{"do":"dance"}"#, #"field "do": "dance" is none of deposit, place, cancel, usage, finish"#),
            (#"{"account":"a"}"#, #"field "do": this is missing"#),
            (#"{"do":"deposit","account":"a","amount":-1}"#, #"field "amount": -1 is outside 0…5000000000000000000"#),
            (#"{"do":"deposit","account":"a","amount":1.5}"#, #"field "amount": this must be an integer of 64 bits"#),
            (#"{"do":"deposit","account":"","amount":1}"#, #"field "account": this must not be empty"#),
            (#"{"do":"deposit","account":"a","amount":1,"to":"b"}"#, #"field "to": this field is unknown"#),
            (#"{"do":"deposit","account":7,"amount":1}"#, #"field "account": this must be a string"#),
            (#"{"do":"usage","lease":1}"#, #"field "tokens": this is missing"#),
            (#"{"do":"place","account":"a","price":0,"lots":1}"#, #"field "price": 0 is outside 1000…100000000000000"#),
            (#"{"do":"place","account":"a","price":9000,"lots":0}"#, #"field "lots": 0 is outside 1…10000000"#),
            (
                #"{"do":"place","account":"a","price":9000,"lots":1,"tif":"day"}"#,
                #"field "tif": "day" is neither gtc nor ioc"#
            ),
            (bid + #"{"region":"eu"}}"#, #"requires, field "region": this field is unknown"#),
            (bid + #"{"model":[]}}"#, #"requires, field "model": this must be 1…16 names"#),
            (bid + #"{"model":["a",7]}}"#, #"requires, field "model": this must be 1…16 names"#),
            (bid + #"{"attested":1}}"#, #"requires, field "attested": this must be true or false"#),
            (bid + #"{}, "quality":3}"#, #"field "quality": this field is unknown"#),
        ] as [(String, String)]
    )
    func `A command that breaks the form is refused with its place and field`(command: String, rule: String) {
        let found = error(commands: "\(Self.deposit),\(command)")
        #expect(found == "market 1 (\"m\"), command 2, \(rule)" || found == "market 1 (\"m\"), command 2\(rule)")
    }

    @Test func `Events, transfers and markets that break the form are refused too`() {
        #expect(
            error(commands: Self.deposit, events: #"[1,"rested",1]"#)?.hasSuffix("the lots must be an integer") == true
        )
        #expect(
            error(commands: Self.deposit, events: #"[1,"danced",1]"#)
                == #"market 1 ("m"), event 1: "danced" is no event of this form"#
        )
        #expect(error(commands: Self.deposit, events: #"[2,"accepted",1]"#)?.hasSuffix("there is no command 2") == true)
        #expect(error(commands: Self.deposit, events: #"[1,"accepted",1,2]"#)?.hasSuffix("1 values too many") == true)
        #expect(error(commands: Self.deposit, transfers: #"[1,"a",5]"#)?.contains("transfer 1: the credit") == true)
        #expect(error("{}") == "the file: this must be an array of markets")
        #expect(error("[7]") == "market 1: this must be an object")
        #expect(error("[{}]") == "market 1, field \"name\": this is missing")
        #expect(error("[")?.hasPrefix("the file is not JSON") == true)
        #expect(error(String(repeating: "[", count: 99))?.hasPrefix("the file is not JSON") == true)
        #expect(error("[]") == nil)
    }

    @Test func `A price between two steps may stand only where no lease is used`() {
        let offer =
            #"{"do":"place","side":"offer","account":"w","price":1500,"lots":1,"tif":"gtc","model":"m","quality":1}"#
        #expect(error(commands: offer) == nil)
        #expect(
            error(commands: offer + #",{"do":"usage","lease":1,"tokens":5}"#)
                == #"market 1 ("m"), command 1, field "price": where leases are used this must be a multiple of 1000"#
        )
    }

    @Test func `Money may be written as a decimal string`() {
        #expect(error(commands: #"{"do":"deposit","account":"a","amount":"5"}"#) == nil)
    }
}
