import Foundation
import HTTP2
import JSON
import ProgramTesting
import Sockets
import Testing

/// A reader that loses its connection again and again, while others trade and servers die.
@Suite(.serialized) struct StreamResumeTests {
    /// How often the reader is cut off.
    private static let cuts = 100

    /// An owner that trades with itself for its life: one account offers, the other bids; every order may be repeated.
    private final class Trader: Sendable {
        private let state = Lock<(isStopping: Bool, address: String, placed: Int)>((false, "", 0))

        var address: String {
            get { state.withLock { $0.address } }
            set { state.withLock { $0.address = newValue } }
        }
        var placed: Int { state.withLock { $0.placed } }
        func stop() { state.withLock { $0.isStopping = true } }

        func run(_ worker: Scenario.Party, _ app: Scenario.Party) {
            var client: TestClient?
            var number = 0
            var open: [(id: String, key: String)] = []
            var random = SystemRandomNumberGenerator()
            while !state.withLock({ $0.isStopping }) {
                do {
                    let current = try client ?? TestClient(address)
                    client = current
                    let isOffer = Bool.random(using: &random)
                    let party = isOffer ? worker : app
                    if open.count > 40 || Int.random(in: 0..<4, using: &random) == 0, !open.isEmpty {
                        let order = open.remove(at: Int.random(in: 0..<open.count, using: &random))
                        _ = try current.call("DELETE", "/v1/orders/\(order.id)", key: order.key)
                        continue
                    }
                    number += 1
                    let price = Int64.random(in: 20...30, using: &random) * 1_000_000
                    let lots = Int64.random(in: 1...9, using: &random)
                    let name = "order-\(number)"
                    let answer = try current.call(
                        "POST",
                        isOffer ? "/v1/offers" : "/v1/bids",
                        key: party.key,
                        isOffer
                            ? Scenario.offer(price: price, lots: lots, clientOrderID: name)
                            : Scenario.bid(price: price, lots: lots, clientOrderID: name)
                    )
                    if answer.status == 201, let id = answer["id"]?.string {
                        state.withLock { $0.placed += 1 }
                        if answer["state"]?.string == "open" { open.append((id, party.key)) }
                    } else if answer.status == 503 {
                        usleep(20_000)
                    }
                } catch {
                    client = nil
                    usleep(20_000)
                }
            }
        }
    }

    /// The reader: its picture of the market and where it stands.
    private final class Reader {
        var replica = StreamReplica()
        var lastID: String?
        var resets = 0
        var resumes = 0
        let key: String
        static let channels = "channels=book,trades,orders,balances&depth=100&requirement=model:in=Qwen/Qwen3-32B"

        init(key: String) { self.key = key }

        /// Connects, reads for a while, and is cut off. False when there was no stream.
        func read(
            _ server: TestServer,
            seconds: Double,
            until isLast: ((String, JSONValue) -> Bool)? = nil
        ) throws -> Bool {
            let client = try server.connect()
            let stream = try StreamClient(client, Reader.channels, key: key, lastID: lastID)
            let since = lastID ?? "0"
            var deadline = Date().addingTimeInterval(20)
            var isFirst = true
            while Date() < deadline, !stream.hasEnded {
                let events = try stream.take(timeoutMilliseconds: 20)
                for event in events {
                    if isFirst, lastID != nil { if event.name == "reset" { resets += 1 } else { resumes += 1 } }
                    if isFirst { deadline = Date().addingTimeInterval(seconds) }
                    isFirst = false
                    if event.name == "open" || event.name == "reset" { try fill(server, since: since) }
                    replica.take(event.name, event.json)
                }
                if let id = stream.lastID { lastID = id }
                if let isLast, events.contains(where: { isLast($0.name, $0.json) }) { break }
            }
            return !isFirst
        }

        /// What was missed, by the lists that are for that.
        private func fill(_ server: TestServer, since: String) throws {
            let client = try server.connect()
            for list in ["/v1/orders?changed_since_sequence=\(since)", "/v1/trades?since_sequence=\(since)"] {
                var cursor: String?
                repeat {
                    let path = list + "&limit=7" + (cursor.map { "&cursor=\($0)" } ?? "")
                    let page = try client.call("GET", path, key: key)
                    guard page.status == 200 else { throw TestServer.Failure(page.text) }
                    let rows = page["data"]?.elements ?? []
                    if list.hasPrefix("/v1/orders") { replica.take(orders: rows) } else { replica.take(trades: rows) }
                    cursor = page["next_cursor"]?.string
                } while cursor != nil
            }
        }
    }

    @Test func `A reader that is cut off a hundred times has the exact book, orders, money and trades`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let app = try scenario.party("app", deposit: 100_000_000_000)
        let trader = Trader()
        trader.address = server.http
        let thread = try SharedThread(named: "trader") { trader.run(worker, app) }
        let reader = Reader(key: app.key)
        for cut in 1...Self.cuts {
            // The server's turn to go: by a proper stop, and as by a power failure; and its database's.
            if cut % 20 == 10 { try server.killPostgres() }
            if cut % 20 == 0 {
                if cut % 40 == 0 { server.kill() } else { server.terminate() }
                try server.start()
                trader.address = server.http
            }
            let deadline = Date().addingTimeInterval(60)
            while Date() < deadline {
                do {
                    if try reader.read(server, seconds: Double.random(in: 0.02...0.2)) { break }
                } catch let failure as TestServer.Failure {
                    // A server that has just started, or whose database is away, answers 503 until it is ready.
                    guard failure.description.contains(#""status":503"#) else { throw failure }
                }
                usleep(20_000)
            }
        }
        trader.stop()
        thread.join()
        #expect(trader.placed > 200, "\(trader.placed) orders")
        #expect(reader.resumes > 50 && reader.resets >= 1, "\(reader.resumes) resumed, \(reader.resets) reset")

        let client = try server.connect()
        let last = try client.call(
            "POST",
            "/v1/bids",
            key: app.key,
            Scenario.bid(price: 1_000_000, lots: 1, clientOrderID: "the-last")
        )
        let end = try #require(last["sequence"]?.integer, "\(last.text)")
        _ = try reader.read(server, seconds: 20) { name, json in
            name == "book" && json["sequence"]?.integer ?? 0 >= end
        }
        try expectExact(reader.replica, client, app)
        #expect(server.terminate() == 0)
    }

    private func expectExact(_ replica: StreamReplica, _ client: TestClient, _ app: Scenario.Party) throws {
        #expect(replica.faults.isEmpty, "\(replica.faults.prefix(5))")
        #expect(replica.checkedBooks > 50)
        let book = try client.call("GET", "/v1/book?depth=100&requirement=model:in=Qwen/Qwen3-32B")
        for (side, mine) in [("offers", replica.offers), ("bids", replica.bids)] {
            let levels = (book[side]?.elements ?? []).map { level in
                (
                    Int64(level["price_nanoton_per_mtok"]?.string ?? "") ?? -1,
                    [level["quantity_lots"]?.integer ?? -1, level["order_count"]?.integer ?? -1]
                )
            }
            #expect(Dictionary(uniqueKeysWithValues: levels) == mine, "\(side)")
        }
        var orders: [String: Int64] = [:]
        for row in try all(client, "/v1/orders?limit=1000", app.key) where row["state"]?.string == "open" {
            orders[row["id"]?.string ?? ""] = row["remaining_lots"]?.integer
        }
        #expect(replica.orders.filter(\.value.isOpen).mapValues(\.remaining) == orders)
        let trades = try all(client, "/v1/trades?limit=1000", nil).compactMap { $0["id"]?.string }
        #expect(Set(replica.trades.keys) == Set(trades), "\(replica.trades.count) of \(trades.count)")
        #expect(replica.trades.count > 50)
        let account = try client.call("GET", "/v1/account", key: app.key)
        for balance in account["balances"]?.members ?? [] {
            #expect(replica.balances[balance.key] == balance.value.string, "\(balance.key)")
        }
    }

    private func all(_ client: TestClient, _ list: String, _ key: String?) throws -> [JSONValue] {
        var rows: [JSONValue] = []
        var cursor: String?
        repeat {
            let page = try client.call("GET", list + (cursor.map { "&cursor=\($0)" } ?? ""), key: key)
            guard page.status == 200 else { throw TestServer.Failure(page.text) }
            rows += page["data"]?.elements ?? []
            cursor = page["next_cursor"]?.string
        } while cursor != nil
        return rows
    }
}
