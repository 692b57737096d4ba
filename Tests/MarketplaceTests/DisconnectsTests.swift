import API
import Engine
import HTTP2
import Testing
import Units

@testable import Marketplace

/// What the engine is told of streams whose end cancels orders.
@Suite struct DisconnectsTests {
    private let inbox = Inbox()
    private let standing = Standing()
    private let disconnects: Disconnects
    private static let account = AccountID(2)

    init() {
        disconnects = Disconnects(inbox, standing)
        standing.joined(7)
    }

    private func lead() {
        inbox.apply(.tookLeadership)
        inbox.apply(.rebuilt)
    }

    private func request(_ number: Int) -> StreamRequest {
        var query = StreamQuery(channels: [.orders], account: Self.account, key: KeyID(3))
        query.cancelsOnDisconnect = Self.account
        return StreamRequest(stream: .none, requestID: UInt64(number), query: query)
    }

    private func armed(_ number: Int) -> StreamRequest? {
        var request = request(number)
        guard case .armed(let epoch) = disconnects.arm(request) else { return nil }
        request.armedIn = epoch
        return request
    }

    /// What the engine's thread would carry out next, each with who gives it.
    private func told() -> [Command.Action] {
        inbox.next(deadline: .now).submissions.flatMap { submission in
            submission.ownCommands.map(\.action)
                + submission.items.map { item in
                    guard case .command(let command, _) = item.work else { return .tick }
                    #expect(command.account == Self.account && command.key == KeyID(3))
                    return command.action
                }
        }
    }

    @Test func `The end of a stream cancels; while others go on it is armed again`() throws {
        lead()
        let (first, second) = (try #require(armed(1)), try #require(armed(3)))
        #expect(told() == [.setCancelOnDisconnect(true), .setCancelOnDisconnect(true)])
        disconnects.end(first, cancels: true)
        #expect(told() == [.disconnected(Self.account), .setCancelOnDisconnect(true)])
        disconnects.end(second, cancels: true)
        #expect(told() == [.disconnected(Self.account)])
        disconnects.end(second, cancels: true)
        #expect(told() == [], "nothing ends twice")
    }

    @Test func `A stream that does not begin cancels nothing, and is armed no longer`() throws {
        lead()
        let (first, second) = (try #require(armed(1)), try #require(armed(3)))
        _ = told()
        disconnects.end(first, cancels: false)
        #expect(told() == [], "the other one is there")
        disconnects.end(second, cancels: false)
        #expect(told() == [.setCancelOnDisconnect(false)])
    }

    @Test func `Who is not armed has no stream, and nothing to end`() {
        guard case .refused(.rebuilding) = disconnects.arm(request(1)) else {
            Issue.record("nobody leads")
            return
        }
        lead()
        disconnects.end(request(1), cancels: true)
        #expect(told() == [])
    }

    @Test func `What a leadership before had ends with it`() throws {
        lead()
        let old = try #require(armed(1))
        _ = told()
        standing.joined(8)
        let new = try #require(armed(3))
        _ = told()
        disconnects.end(old, cancels: true)
        #expect(told() == [])
        disconnects.end(new, cancels: true)
        #expect(told() == [.disconnected(Self.account)])
    }

    @Test func `An end for which there is no room waits, and comes before what is armed later`() throws {
        lead()
        let first = try #require(armed(1))
        _ = told()
        let bytes = BatchLimits.waiting.withReserve.bytes
        #expect(inbox.post(.cancels(1, bytes: bytes), cancelsOnly: true) == nil)
        disconnects.end(first, cancels: true)
        guard case .refused(.overloaded) = disconnects.arm(request(3)) else {
            Issue.record("there is no room")
            return
        }
        #expect(inbox.next().submissions.count == 1)
        _ = try #require(armed(5))
        #expect(told() == [.disconnected(Self.account), .setCancelOnDisconnect(true)])
    }
}
