import Foundation
import JSON
import ProgramTesting
import Testing

/// Market data and previews over a real server and its tables.
@Suite(.serialized) struct MarketDataTests {
    private static let query = "requirement=model:in=Qwen/Qwen3-32B"

    private static func attestedOffer(price: Int64, lots: Int64) -> String {
        """
        {"model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"\(price)","quantity_lots":\(lots),\
        "capability":{"context_length":65536,"features":["tools","seed"],"tee":"tdx","quantization":"fp8"}}
        """
    }

    private static func preview(_ side: String, _ body: String) -> String {
        #"{"side":"\#(side)","# + body.dropFirst()
    }

    /// Waits for what the tables and the book show after the last command.
    private func get(_ client: TestClient, _ path: String, from sequence: Int64) throws -> TestClient.Answer {
        for _ in 0..<200 {
            let answer = try client.call("GET", path)
            guard answer.status == 200, answer["as_of_sequence"]?.integer ?? 0 < sequence else { return answer }
            usleep(20_000)
        }
        throw TestServer.Failure("\(path) does not reach \(sequence)")
    }

    @Test func `A market is quoted, charted, indexed and explained as it is`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let client = scenario.client
        let workers = try (1...3).map { try scenario.party("worker \($0)") }
        let apps = try (1...3).map { try scenario.party("app \($0)", deposit: 1_000_000_000) }
        let attest = #"{"tees":["tdx"],"expires_at":"2099-01-01T00:00:00Z"}"#
        let path = "/v1/accounts/\(workers[0].account)/attestation"
        #expect(try client.call("PUT", path, key: scenario.operatorKey, attest).status == 200)
        // Each app buys from each worker, the dearest one first: nine trades at three prices.
        for (number, worker) in workers.enumerated().reversed() {
            let price = Int64(20_000_000 + number * 1_000_000)
            let offer = number == 0 ? Self.attestedOffer(price: price, lots: 9) : Scenario.offer(price: price, lots: 9)
            #expect(try client.call("POST", "/v1/offers", key: worker.key, offer).status == 201)
            for app in apps {
                let bid = try client.call("POST", "/v1/bids", key: app.key, Scenario.bid(price: price, lots: 2))
                #expect(bid["state"]?.string == "filled", "\(bid.text)")
            }
        }
        let last = try client.call("POST", "/v1/bids", key: apps[0].key, Scenario.bid(price: 1_000_000, lots: 7))
        #expect(last["state"]?.string == "open", "\(last.text)")
        let sequence = try #require(last["sequence"]?.integer)
        try expectQuote(client, sequence)
        try expectCandles(client, sequence)
        try expectIndex(client, sequence)
        try expectModels(client, sequence)
        try expectPreviews(client, apps[1], workers[1])
        #expect(server.terminate() == 0)
        try TestServer.run(["verify", "--state-dir", server.folder], environment: [:])
    }

    private func expectQuote(_ client: TestClient, _ sequence: Int64) throws {
        // Three lots are left at each of three prices.
        let quote = try get(client, "/v1/book/quote?\(Self.query)&quantity_lots=7", from: sequence)
        #expect(quote["filled_lots"]?.integer == 7 && quote["is_complete"]?.boolean == true, "\(quote.text)")
        #expect(quote["value_nanoton"]?.string == "145000")
        #expect(quote["average_price_nanoton_per_mtok"]?.string == "20714285")
        #expect(quote["worst_price_nanoton_per_mtok"]?.string == "22000000")
        let sale = try get(client, "/v1/book/quote?\(Self.query)&quantity_lots=8&side=sell", from: sequence)
        #expect(sale["filled_lots"]?.integer == 7 && sale["is_complete"]?.boolean == false, "\(sale.text)")
        let tdx = try get(client, "/v1/book/quote?\(Self.query);tee:in=tdx&quantity_lots=7", from: sequence)
        #expect(tdx["filled_lots"]?.integer == 3)
    }

    private func expectCandles(_ client: TestClient, _ sequence: Int64) throws {
        for (subject, lots, trades, high) in [
            ("model=Qwen/Qwen3-32B", 18, 9, "22000000"), ("\(Self.query)", 18, 9, "22000000"),
            ("requirement=tee:in=tdx", 6, 3, "20000000"), ("requirement=features:all=lora", 0, 0, ""),
        ] as [(String, Int64, Int64, String)] {
            for interval in ["1m", "5m", "1h", "1d"] {
                let path = "/v1/candles?\(subject)&interval=\(interval)&limit=1000"
                let list = try get(client, path, from: sequence)
                let candles = list["data"]?.elements ?? []
                #expect(candles.reduce(0) { $0 + ($1["volume_lots"]?.integer ?? 0) } == lots, "\(path) \(list.text)")
                #expect(candles.reduce(0) { $0 + ($1["trade_count"]?.integer ?? 0) } == trades)
                #expect(candles.first?["high_nanoton_per_mtok"]?.string ?? "" == high)
                let csv = try client.call("GET", path + "&format=csv")
                #expect(csv.text.split(separator: "\r\n").count == candles.count + 1)
            }
        }
        let trades = try client.call("GET", "/v1/trades?format=csv&limit=5")
        #expect(trades.text.split(separator: "\r\n").count == 6)
        let cursor = try #require(trades.field("next-cursor"))
        let rest = try client.call("GET", "/v1/trades?format=csv&limit=5&cursor=\(cursor)")
        #expect(rest.text.split(separator: "\r\n").count == 5 && rest.field("next-cursor") == nil)
    }

    private func expectIndex(_ client: TestClient, _ sequence: Int64) throws {
        let index = try get(client, "/v1/index?model=Qwen/Qwen3-32B&window=1h", from: sequence)
        let tiers = try #require(index["tiers"], "\(index.text)")
        #expect(tiers["attested"]?["trade_count"]?.integer == 3)
        #expect(tiers["attested"]?["vwap_nanoton_per_mtok"] == .null, "one seller makes no average")
        #expect(tiers["unattested"]?["volume_lots"]?.integer == 12)
        #expect(tiers["unattested"]?["buyer_count"]?.integer == 3 && tiers["unattested"]?["seller_count"]?.integer == 2)
        #expect(tiers["unattested"]?["unfilled_demand"]?["resting_lots"]?.integer == 7)
        let privacy = index["price_of_privacy"]?["best_offer"]
        #expect(privacy?["difference_nanoton_per_mtok"]?.string == "-1000000", "\(index.text)")
        #expect(privacy?["ratio_per_10000"]?.integer == 9_523)
    }

    private func expectModels(_ client: TestClient, _ sequence: Int64) throws {
        let list = try get(client, "/v1/models", from: sequence)
        let model = try #require(list["data"]?.elements?.first)
        #expect(model["workers"]?.elements?.map { $0["coefficient"]?.integer } == [1_000, 1_050], "\(list.text)")
        let parameters = model["supported_parameters"]?.elements?.compactMap(\.string)
        #expect(parameters == ["tools", "seed"])
        let endpoints = try get(client, "/v1/models/Qwen/Qwen3-32B/endpoints", from: sequence)
        let classes = try #require(endpoints["data"]?["endpoints"]?.elements)
        #expect(classes.map { $0["attested_tee"]?.string } == ["tdx", "none"])
        #expect(classes.map { $0["quantity_lots"]?.integer } == [3, 6])
        #expect(classes[0]["pricing"]?["completion_nanoton_per_mtok"]?.string == "160000000")
    }

    private func expectPreviews(
        _ client: TestClient,
        _ app: Scenario.Party,
        _ worker: Scenario.Party
    ) throws {
        let wish = """
            {"requirement":{"model":{"in":["Qwen/Qwen3-32B"]},"tee":{"in":["tdx"]}},\
            "price_nanoton_per_mtok":"21000000","quantity_lots":5}
            """
        let bid = try client.call("POST", "/v1/orders:preview", key: app.key, Self.preview("bid", wish))
        #expect(bid.status == 200 && bid["filled_lots"]?.integer == 3, "\(bid.text)")
        let whyNot = try #require(bid["why_not"])
        #expect(whyNot["eliminates_most"]?.string == "tee")
        #expect(
            whyNot["relaxations"]?.elements?.map { $0["text"]?.string }
                == ["tee:in=none,tdx instead of tee:in=tdx: 2 offers from 20000000"],
            "\(bid.text)"
        )
        // What the preview says to post can be posted, and does what it said.
        var writer = JSONWriter()
        writer.value(try #require(bid["request"]?["body"]))
        let path = try #require(bid["request"]?["path"]?.string)
        let body = String(decoding: writer.finish(), as: UTF8.self)
        let placed = try client.call("POST", path, key: app.key, body)
        #expect(placed["filled_lots"]?.integer == 3 && placed["remaining_lots"]?.integer == 2, "\(placed.text)")
        let offer = #"{"model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"20000000","quantity_lots":2}"#
        usleep(100_000)
        let sale = try client.call("POST", "/v1/orders:preview", key: worker.key, Self.preview("offer", offer))
        #expect(
            sale["why_not"]?["relaxations"]?.elements?.compactMap { $0["to"]?.string }
                == ["tee=tdx", "price_nanoton_per_mtok=1000000"],
            "\(sale.text)"
        )
    }

    @Test func `An offer that does not sell to all is in no index, and is explained to those it does not sell to`()
        throws
    {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let client = scenario.client
        let worker = try scenario.party("worker")
        let friend = try scenario.party("friend", deposit: 1_000_000_000)
        let other = try scenario.party("other", deposit: 1_000_000)
        var placed: Int64 = 0
        func offer(_ price: Int64, _ buyers: String) throws {
            let body = Scenario.offer(price: price, lots: 5).dropLast() + buyers + "}"
            let answer = try client.call("POST", "/v1/offers", key: worker.key, String(body))
            placed = try #require(answer["sequence"]?.integer, "\(answer.text)")
        }
        try offer(20_000_000, #","buyers":{"allow":["\#(friend.account)"]}"#)
        try offer(21_000_000, #","buyers":{"minimum_deposit_nanoton":"1000000000"}"#)
        try offer(22_000_000, "")
        let bid = Scenario.bid(price: 22_000_000, lots: 10)
        for (party, filled, eliminated) in [(friend, 10, nil), (other, 5, 2)] as [(Scenario.Party, Int64, Int64?)] {
            let ask = { try client.call("POST", "/v1/orders:preview", key: party.key, Self.preview("bid", bid)) }
            var answer = try ask()
            // An explanation is over what was published last.
            let deadline = ContinuousClock.now + .seconds(20)
            while answer["why_not"]?["as_of_sequence"]?.integer ?? 0 < placed, ContinuousClock.now < deadline {
                usleep(10_000)
                answer = try ask()
            }
            #expect(answer["filled_lots"]?.integer == filled, "\(answer.text)")
            let whyNot = try #require(answer["why_not"])
            #expect(whyNot["is_filled"]?.boolean == (filled == 10))
            let step = whyNot["steps"]?.elements?.first { $0["constraint"]?.string == "buyers" }
            #expect(step?["eliminates_count"]?.integer == eliminated, "\(answer.text)")
        }
        let traded = try client.call("POST", "/v1/bids", key: friend.key, Scenario.bid(price: 20_000_000, lots: 5))
        #expect(traded["state"]?.string == "filled", "\(traded.text)")
        let open = try client.call("POST", "/v1/bids", key: other.key, Scenario.bid(price: 22_000_000, lots: 1))
        let sequence = try #require(open["sequence"]?.integer)
        let index = try get(client, "/v1/index?model=Qwen/Qwen3-32B&window=1h", from: sequence)
        let tier = try #require(index["tiers"]?["unattested"], "\(index.text)")
        #expect(tier["trade_count"]?.integer == 1 && tier["volume_lots"]?.integer == 1, "\(index.text)")
        #expect(tier["offer_class_count"]?.integer == 1)
        #expect(tier["best_offer_nanoton_per_mtok"]?.string == "22000000")
        #expect(server.terminate() == 0)
    }
}
