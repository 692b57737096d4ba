import HTTP2
import Log
import Testing
import Units

@testable import Marketplace

@Suite struct CheckpointerTests {
    @Test func `Only so many requests wait for the next checkpoint`() {
        let configuration = Marketplace.Configuration(
            database: "",
            holder: "test",
            loops: 1,
            events: EventLog(format: .text, level: .error)
        )
        let checkpointer = Checkpointer(
            configuration,
            inbox: Inbox(),
            loops: LoopMailboxes(count: 1) { _ in },
            progress: ProjectionProgress(),
            lifelines: Lifelines()
        )
        let request = Checkpointer.Request(
            stream: .none,
            requestID: 1,
            account: AccountID(1),
            identity: nil,
            needs: .none
        )
        for _ in 0..<BatchLimits.checkpointRequestsMax { #expect(checkpointer.request(request) == nil) }
        #expect(checkpointer.request(request) == .overloaded)
    }
}
