import HTTP2
import Testing

@Suite struct ServerSentEventTests {
    private let text = """
        : a comment
        event: book
        data: {"a":1}
        id: 17

        data: one
        data:two

        event: nothing

        event: cut
        data: off
        """

    @Test(arguments: [1, 2, 7, 1_000])
    func `Events are the same in whichever pieces they come`(size: Int) {
        var reader = ServerSentEventReader(lastID: "3")
        var events: [ServerSentEvent] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            events += reader.take(bytes[start..<min(start + size, bytes.count)])
        }
        #expect(events.map(\.name) == ["book", "message"])
        #expect(events.map { String(decoding: $0.data, as: UTF8.self) } == [#"{"a":1}"#, "one\ntwo"])
        #expect(events.map(\.lastID) == ["17", "17"])
        #expect(reader.lastID == "17" && reader.commentCount == 1 && reader.lastComment == "a comment")
    }

    @Test func `An event that does not end does not move the place to resume`() {
        var reader = ServerSentEventReader()
        #expect(reader.take(Array("data: x\nid: 5\n".utf8)).isEmpty)
        #expect(reader.lastID == nil)
        #expect(reader.take(Array("\n".utf8)).first?.lastID == "5")
    }
}
