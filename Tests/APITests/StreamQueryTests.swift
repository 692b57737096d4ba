import Cryptography
import Engine
import Exchange
import Testing
import Units

@testable import API

/// What `GET /v1/stream` takes and what it refuses.
@Suite struct StreamQueryTests {
    private let directory: Directory

    init() {
        var state = EngineState()
        state.models = [
            ModelRecord(id: ModelID(1), version: 1, terms: ModelTerms(name: "a/b"), createdAt: .zero)
        ]
        directory = Directory(state)
    }

    private func admit(_ query: String, scopes: Scopes? = nil, lastEventID: String? = nil) -> Admission {
        let principal = scopes.map { Principal(account: AccountID(2), key: KeyID(7), scopes: $0) }
        let context = RequestContext(directory: directory, now: .zero, requestID: 1, principal: principal)
        let head = RequestHead(
            method: .get,
            target: Array("/v1/stream?\(query)".utf8)[...],
            lastEventID: lastEventID.map { Array($0.utf8)[...] }
        )
        return API.admit(head, body: [], in: context, newKey: { .random() })
    }

    private func stream(_ query: String, scopes: Scopes? = nil, lastEventID: String? = nil) throws -> StreamQuery {
        let admission = admit(query, scopes: scopes, lastEventID: lastEventID)
        guard case .stream(let query) = admission else {
            Issue.record("\(query): \(admission)")
            return StreamQuery(channels: [])
        }
        return query
    }

    @Test func `Channels, requirement, depth and place`() throws {
        let query = try stream(
            "channels=trades,book&requirement=model:in=a/b;quality:gte=5&depth=7&model=a/b",
            lastEventID: "17"
        )
        #expect(query.channels == [.book, .trades])
        #expect(query.book.depth == 7 && query.book.requirement.models.array == [ModelID(1)])
        #expect(query.book.requirement.qualityAtLeast == 5)
        #expect(query.model == ModelID(1) && query.account == nil && query.key == nil)
        #expect(query.lastEventID == SequenceNumber(17))
        #expect(try stream("channels=ticker").book.requirement == Requirement())
        #expect(try stream("channels=ticker", lastEventID: "").lastEventID == nil)
    }

    @Test func `Private channels are the key's own, or for who may see all`() throws {
        #expect(try stream("channels=orders,balances", scopes: .read).account == AccountID(2))
        #expect(try stream("channels=orders&account=a5", scopes: .auditor).account == AccountID(5))
        let withKey = try stream("channels=trades", scopes: .read)
        #expect(withKey.account == nil && withKey.key == KeyID(7), "the key counts the stream")
        #expect(
            try stream("channels=trades&cancel_on_disconnect=true", scopes: .bid).cancelsOnDisconnect == AccountID(2)
        )
    }

    @Test(arguments: [
        ("", 422), ("channels=", 422), ("channels=book,", 422), ("channels=book,book", 422), ("channels=fills", 422),
        ("channels=book&depth=0", 422), ("channels=book&depth=101", 422), ("channels=trades&depth=5", 422),
        ("channels=trades&requirement=quality:gte=5", 422), ("channels=book&model=a/b", 422),
        ("channels=book&requirement=model:in=no/such", 422), ("channels=trades&model=no/such", 422),
        ("channels=book&what=1", 422), ("channels=book&cancel_on_disconnect=yes", 422),
        ("channels=orders", 401), ("channels=balances", 401), ("channels=book&cancel_on_disconnect=true", 401),
    ])
    func `What breaks a rule is refused`(query: String, status: Int) {
        guard case .answer(let response) = admit(query) else {
            Issue.record("\(query) was taken")
            return
        }
        #expect(response.status == status, "\(query): \(String(decoding: response.body, as: UTF8.self))")
    }

    @Test func `A key must have the scope, and an id must be one of ours`() {
        func status(_ admission: Admission) -> Int {
            guard case .answer(let response) = admission else { return 0 }
            return response.status
        }
        #expect(status(admit("channels=orders", scopes: .bid)) == 403)
        #expect(status(admit("channels=orders&account=a5", scopes: .read)) == 403)
        #expect(status(admit("channels=book&cancel_on_disconnect=true", scopes: .read)) == 403)
        for id in ["x", "-1", "1 ", "01", "99999999999999999999"] {
            #expect(status(admit("channels=trades", lastEventID: id)) == 400, "\(id)")
        }
    }

    @Test func `What changes a book makes the new one of the old one`() {
        func level(_ price: Int64, _ lots: Int64) -> BookView.Level {
            BookView.Level(price: Price(nanoTONPerMTok: price), lots: lots, orders: 1)
        }
        var random = SystemRandomNumberGenerator()
        var book = BookView()
        var mirror = BookView()
        for _ in 0..<500 {
            let prices = (1...8).filter { _ in Bool.random(using: &random) }.map(Int64.init)
            let levels = prices.map { level($0 * 1_000, Int64.random(in: 1...3, using: &random)) }
            let half = levels.count / 2
            let next = BookView(bestOffers: Array(levels[half...]), bestBids: levels[..<half].reversed())
            let changes = next.changes(since: book)
            mirror.apply(changes)
            book = next
            #expect(mirror == book && mirror.checksum == book.checksum)
            #expect(book.changes(since: book) == BookView())
        }
    }
}
