import Cryptography
import JSON
import ProgramTesting
import Testing

/// Cursors that no list has given, with a check that is right: anybody can compute it.
@Suite(.serialized) struct ForgedCursorTests {
    private static let positions: [Int64] = [
        .min, -1_000_000_000_000_000_000, -1, 0, 1, 253_402_300_799_999_999, 1_000_000_000_000_000_000, .max,
    ]

    /// Those of an account first: they wait for what it has done, which the others then show.
    private static let lists = [
        "/v1/orders?", "/v1/orders?state=open", "/v1/account/transfers?", "/v1/leases?", "/v1/trades?",
        "/v1/candles?model=Qwen/Qwen3-32B&interval=1m",
    ]

    /// The list's own cursor with other positions: version, list and filters are its first ten bytes.
    private func forge(_ cursor: [UInt8], _ first: Int64, _ second: Int64) -> String {
        var bytes = Array(cursor.prefix(10))
        for number in [first, second] {
            for shift in stride(from: Int64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        return Base64URL.encode(bytes + SHA256.hash(bytes).bytes.prefix(4))
    }

    /// A cursor that the list gives; where its few rows fill no page, one of the list of candles of the first model.
    private func cursor(_ list: String, _ scenario: Scenario, _ party: Scenario.Party) throws -> [UInt8] {
        let page = try scenario.client.call("GET", "\(list)&limit=1", key: party.key)
        if let text = page["next_cursor"]?.string, let bytes = Base64URL.decode(Array(text.utf8).span) { return bytes }
        try #require(list.contains("candles"), "\(page.text)")
        return [1, 6] + SHA256.hash(Array("m1 1m".utf8)).bytes.prefix(8)
    }

    @Test func `A forged cursor is refused or answered, and holds nobody else up`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let party = try scenario.party("party", deposit: 5_000_000_000)
        let seller = try scenario.party("seller")
        for _ in 1...3 {
            let offer = Scenario.offer(price: 20_000_000, lots: 1)
            for path in ["/v1/offers", "/v1/bids"] {
                let isBid = path == "/v1/bids"
                let body = isBid ? Scenario.bid(price: 20_000_000, lots: 1) : offer
                let answer = try scenario.client.call("POST", path, key: isBid ? party.key : seller.key, body)
                try #require(answer.status == 201, "\(answer.text)")
            }
            _ = try scenario.client.call("POST", "/v1/bids", key: party.key, Scenario.bid(price: 10_000_000, lots: 1))
        }
        for list in Self.lists {
            let cursor = try cursor(list, scenario, party)
            for position in 0..<3 * Self.positions.count {
                let (first, second) = (Self.positions[position / 3], [0, Int64.max, -1][position % 3])
                let forged = forge(cursor, first, second)
                let answer = try scenario.client.call("GET", "\(list)&cursor=\(forged)", key: party.key)
                let isPosition = first >= 0 && second >= 0
                #expect(answer.status == (isPosition ? 200 : 400), "\(list) \(first) \(second): \(answer.text)")
            }
            let next = try scenario.client.call("GET", "/v1/trades?limit=1", key: party.key)
            #expect(next.status == 200, "behind \(list): \(next.text)")
        }
    }
}
