/// An error code of RFC 9113, section 7.
enum ErrorCode: UInt32, Sendable {
    case noError, protocolError, internalError, flowControl, settingsTimeout, streamClosed, frameSize
    case refusedStream, cancel, compression, connect, enhanceYourCalm
}

/// What a case waits for. Frames that are not meant are passed over.
enum Expectation: Sendable {
    /// SETTINGS of the server, not an acknowledgement.
    case settings
    /// SETTINGS with ACK.
    case settingsAck
    /// PING with ACK and this payload.
    case pingAck([UInt8])
    /// HEADERS on this stream.
    case headers(UInt32)
    /// The next DATA frame has this length; `nil`: any.
    case data(length: Int?)
    /// END_STREAM of the server.
    case streamEnd
    /// The connection is closed.
    case closed
    /// PING with ACK and this payload, or the connection is closed.
    case pingAckOrClosed([UInt8])
    /// GOAWAY with this code.
    case goaway(ErrorCode)
    /// RST_STREAM on this stream with this code.
    case reset(UInt32, ErrorCode)
    /// GOAWAY with one of these codes, or the connection is closed.
    case connectionError([ErrorCode])
    /// RST_STREAM or GOAWAY with one of these codes, or the connection is closed.
    case streamError([ErrorCode])
}

/// One move of a case.
enum ConformanceStep: Sendable {
    /// The client's preface and SETTINGS; then both sides' SETTINGS are acknowledged.
    case handshake
    /// Bytes of the client.
    case send([UInt8])
    /// Something of the server.
    case expect(Expectation)
}

/// One case: what a client sends, and what the server may do about it.
struct ConformanceCase: Sendable, CustomStringConvertible {
    /// The part of h2spec: generic behaviour, HTTP/2, or HPACK. `own` are ours.
    enum Part: String, Sendable { case generic, http2, hpack, own }

    let part: Part
    let section: String
    let number: Int
    let title: String
    let steps: [ConformanceStep]
    /// RFC 9113 only recommends it (SHOULD).
    var isStrict = false

    /// A case that begins with the handshake, sends `frames` and expects one end.
    init(_ part: Part, _ section: String, _ number: Int, _ title: String, _ frames: [UInt8], _ end: Expectation) {
        self.init(part, section, number, title, [.handshake, .send(frames), .expect(end)])
    }

    init(_ part: Part, _ section: String, _ number: Int, _ title: String, _ steps: [ConformanceStep]) {
        self.part = part
        self.section = section
        self.number = number
        self.title = title
        self.steps = steps
    }

    /// The name under which h2spec reports it.
    var name: String { "\(part.rawValue)/\(section)/\(number)" }

    var description: String { "\(name) \(title)" }
}

/// All cases of h2spec 2.6.0 for servers, 146 and a strict one: sections (those of RFC 7540), numbers, titles, frames
/// in their order, and ends are those of its source in the newest revision of each file that could be read. Requests
/// have the same fields, and may be written with other representations of HPACK where the case does not speak of those.
///
/// ``own`` are ours, and not counted there.
enum Conformance {
    static let cases = generic + genericHPACK + starting + states + frames + flow + messages + hpack
}
