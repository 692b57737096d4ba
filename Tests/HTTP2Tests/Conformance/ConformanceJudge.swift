import Sockets
import Testing

@testable import HTTP2

/// What a driver sees of the server.
enum ServerEvent {
    case frame(ReceivedFrame)
    case closed
    /// Nothing more comes.
    case silence
}

/// What carries a case to a server: a session, or a socket.
protocol ConformanceDriver {
    mutating func send(_ bytes: [UInt8])
    mutating func next() -> ServerEvent
}

/// Plays one case. The answer that every request gets is longer than any window that a case opens.
struct ConformanceJudge<Driver: ConformanceDriver> {
    var driver: Driver
    /// What came while the case waited, for the report.
    private var seen: [String] = []

    init(_ driver: Driver) { self.driver = driver }

    /// Returns what is wrong, if anything is.
    mutating func play(_ testCase: ConformanceCase) -> String? {
        for step in testCase.steps {
            switch step {
            case .handshake: shakeHands()
            case .send(let bytes): driver.send(bytes)
            case .expect(let expectation):
                seen = []
                guard wait(for: expectation) else { return "expected \(expectation), got \(seen)" }
            }
        }
        return nil
    }

    private mutating func shakeHands() {
        driver.send(Frames.preface + Frames.settings((4, 65_535)))
        var (isHeard, isAcknowledged) = (false, false)
        while !isHeard || !isAcknowledged {
            guard case .frame(let frame) = driver.next() else { return }
            if frame.type != 4 { continue }
            if frame.flags & Frames.ack != 0 {
                isAcknowledged = true
            } else {
                isHeard = true
                driver.send(Frames.frame(type: 4, flags: Frames.ack))
            }
        }
    }

    private mutating func wait(for expectation: Expectation) -> Bool {
        while true {
            switch driver.next() {
            case .silence: return false
            case .closed: return expectation.acceptsClosing
            case .frame(let frame):
                if let verdict = expectation.judge(frame) { return verdict }
                seen.append("type \(frame.type) flags \(frame.flags) stream \(frame.stream) \(frame.errorCode ?? 0)")
            }
        }
    }
}

extension Expectation {
    var acceptsClosing: Bool {
        switch self {
        case .closed, .pingAckOrClosed, .connectionError, .streamError: true
        default: false
        }
    }

    /// `nil`: the frame says nothing about it.
    func judge(_ frame: ReceivedFrame) -> Bool? {
        let code = frame.errorCode.flatMap { ErrorCode(rawValue: $0) }
        let isAck = frame.flags & Frames.ack != 0
        switch (self, frame.type) {
        case (.settings, 4): return isAck ? nil : true
        case (.settingsAck, 4): return isAck ? true : nil
        case (.pingAck(let payload), 6), (.pingAckOrClosed(let payload), 6): return isAck && frame.payload == payload
        case (.headers(let stream), 1): return frame.stream == stream
        case (.data(let length), 0): return length == nil || frame.payload.count == length
        case (.streamEnd, 0), (.streamEnd, 1): return frame.flags & Frames.endStream != 0 ? true : nil
        case (.goaway(let expected), 7): return code == expected
        case (.reset(let stream, let expected), 3): return frame.stream == stream && code == expected
        case (.connectionError(let codes), 7): return code.map(codes.contains) == true ? true : nil
        case (.streamError(let codes), 7), (.streamError(let codes), 3):
            return code.map(codes.contains) == true ? true : nil
        default: return nil
        }
    }
}

/// A session without a socket.
struct SessionDriver: ConformanceDriver {
    private let session: Session
    private var frames: [ReceivedFrame] = []
    private var isBroken = false

    init() throws { session = try Session() }

    mutating func send(_ bytes: [UInt8]) {
        if isBroken || session.isFinished { return }
        do { try session.feed(bytes) } catch { isBroken = true }
        session.takeRequests { _, id in session.respond(ConformanceService.answer, on: id) }
    }

    mutating func next() -> ServerEvent {
        if frames.isEmpty { frames = (try? session.frames()) ?? [] }
        if frames.isEmpty { return isBroken || session.isFinished ? .closed : .silence }
        return .frame(frames.removeFirst())
    }
}

/// A connection to a server, with TLS or without.
struct SocketDriver: ConformanceDriver {
    private let transport: ClientTransport
    private var input: [UInt8] = []

    init(_ transport: ClientTransport) { self.transport = transport }

    mutating func send(_ bytes: [UInt8]) {
        // The server may have closed; what it said before is still to be read.
        try? transport.send(bytes)
    }

    mutating func next() -> ServerEvent {
        let deadline = MonotonicClock.milliseconds() + 20_000
        while true {
            if let frame = ReceivedFrame.first(in: &input) { return .frame(frame) }
            do {
                switch try transport.receive(deadline: deadline) {
                case .bytes(let bytes): input += bytes
                case .timedOut: return .silence
                case .endOfFile: return .closed
                }
            } catch {
                return .closed
            }
        }
    }
}

extension ReceivedFrame {
    /// Takes the first whole frame off `bytes`.
    static func first(in bytes: inout [UInt8]) -> ReceivedFrame? {
        guard bytes.count >= 9 else { return nil }
        let end = 9 + Int(number(bytes[0..<3]))
        guard bytes.count >= end else { return nil }
        defer { bytes.removeFirst(end) }
        return all(in: Array(bytes[..<end])).first
    }
}

/// Answers every request with 100 bytes.
final class ConformanceService: Service {
    static let answer = Response(
        status: 200,
        contentType: "text/plain",
        body: [UInt8](repeating: UInt8(ascii: "a"), count: 100)
    )

    func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        server.respond(to: stream, Self.answer)
    }
}
