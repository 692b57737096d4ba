/// One event of a stream (HTML, section 9.2.6).
package struct ServerSentEvent: Hashable, Sendable {
    /// The value of `event`; `message` when there is none.
    package var name: String
    /// The lines of `data`, with line ends between them.
    package var data: [UInt8]
    /// The newest `id` so far, this event's own or that of one before it; `nil` when there was none.
    package var lastID: String?
}

/// Reads a stream of events as it comes in, in pieces of any length. Only the line ends that our server writes (LF) are
/// known.
package struct ServerSentEventReader: Sendable {
    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8] = []
    private var hasData = false
    /// The newest `id`, also of an event that has not ended.
    private var id: String?
    /// The newest `id` of an event that has ended: where a client resumes.
    package private(set) var lastID: String?
    /// Comments so far: heartbeats.
    package private(set) var commentCount = 0
    /// The newest comment.
    package private(set) var lastComment = ""

    /// A reader of a new stream, which has seen the event `lastID` of another one.
    package init(lastID: String? = nil) {
        self.lastID = lastID
        id = lastID
    }

    /// Takes what has come; gives the events that are complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if line.isEmpty { end(&events) } else { take(line: line) }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    private mutating func end(_ events: inout [ServerSentEvent]) {
        lastID = id
        if hasData {
            events.append(ServerSentEvent(name: name.isEmpty ? "message" : name, data: data, lastID: lastID))
        }
        name = ""
        data = []
        hasData = false
    }

    private mutating func take(line: [UInt8]) {
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "":
            commentCount += 1
            lastComment = String(decoding: value, as: UTF8.self)
        case "event": name = String(decoding: value, as: UTF8.self)
        case "id": id = String(decoding: value, as: UTF8.self)
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            data += value
            hasData = true
        default: break
        }
    }
}
