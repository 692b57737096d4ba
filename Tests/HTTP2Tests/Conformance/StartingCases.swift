// RFC 9113: starting, frames, streams (sections 3 to 5).
extension Conformance {
    private static let get = Frames.headers()
    private static let openGet = Frames.headers(flags: Frames.endHeaders)
    private static let ping = Frames.ping(zeros(8))
    private static let pong = Expectation.pingAck(zeros(8))
    /// A request without the end of its header block and of its body.
    private static let begun = Frames.headers(flags: 0)
    private static let dummy = Frames.continuation(FieldBlocks.long(1))
    private static let unknown = Frames.frame(type: 0x16, zeros(8))
    private static let protocolError = Expectation.connectionError([.protocolError])
    private static let closedOrProtocol: [ErrorCode] = [.streamClosed, .protocolError]

    static let starting: [ConformanceCase] = [
        .init(
            .http2,
            "3.5",
            1,
            "Sends client connection preface",
            [.send(Frames.preface + Frames.settings((4, 65_535))), .expect(.settings)]
        ),
        .init(
            .http2,
            "3.5",
            2,
            "Sends invalid connection preface",
            [.send(Array("INVALID CONNECTION PREFACE\r\n\r\n".utf8)), .expect(.closed)]
        ),
        .init(
            .http2,
            "4.1",
            1,
            "Sends a frame with unknown type",
            unknown + ping,
            pong
        ),
        .init(.http2, "4.1", 2, "Sends a frame with undefined flag", Frames.ping(zeros(8), flags: 0x16), pong),
        .init(
            .http2,
            "4.1",
            3,
            "Sends a frame with reserved field bit",
            Frames.frame(type: 6, flags: 0x16, stream: 0x8000_0000, zeros(8)),
            pong
        ),
        .init(
            .http2,
            "4.2",
            1,
            "Sends a DATA frame with 2^14 octets in length",
            Frames.post() + Frames.data(letters(16_384)),
            .headers(1)
        ),
        .init(
            .http2,
            "4.2",
            2,
            "Sends a large size DATA frame that exceeds the SETTINGS_MAX_FRAME_SIZE",
            Frames.post() + Frames.data(letters(16_385)),
            .streamError([.frameSize])
        ),
        .init(
            .http2,
            "4.2",
            3,
            "Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE",
            Frames.headers(FieldBlocks.get + FieldBlocks.long(5)),
            .connectionError([.frameSize])
        ),
        .init(
            .http2,
            "4.3",
            1,
            "Sends invalid header block fragment",
            Frames.headers([0x40]),
            .connectionError([.compression])
        ),
        .init(
            .http2,
            "4.3",
            2,
            "Sends a PRIORITY frame while sending the header blocks",
            begun + Frames.priority(1) + dummy,
            protocolError
        ),
        .init(
            .http2,
            "4.3",
            3,
            "Sends a HEADERS frame to another stream while sending the header blocks",
            begun + Frames.headers(stream: 3) + dummy,
            protocolError
        ),
    ]

    static let states: [ConformanceCase] =
        idleAndHalfClosed + closed + [
            .init(
                .http2,
                "5.1.1",
                1,
                "Sends even-numbered stream identifier",
                Frames.headers(stream: 2),
                protocolError
            ),
            .init(
                .http2,
                "5.1.1",
                2,
                "Sends stream identifier that is numerically smaller than previous",
                Frames.headers(stream: 5) + Frames.headers(stream: 3),
                protocolError
            ),
            .init(
                .http2,
                "5.1.2",
                1,
                "Sends HEADERS frames that causes their advertised concurrent stream limit to be exceeded",
                Frames.settings((4, 0)) + (0...128).flatMap { Frames.headers(stream: 2 * $0 + 1) },
                .streamError([.protocolError, .refusedStream])
            ),
            .init(
                .http2,
                "5.3.1",
                1,
                "Sends HEADERS frame that depends on itself",
                Frames.headers([0, 0, 0, 1, 255] + FieldBlocks.get, flags: whole | Frames.priority),
                .streamError([.protocolError])
            ),
            .init(
                .http2,
                "5.3.1",
                2,
                "Sends PRIORITY frame that depend on itself",
                Frames.priority(1, on: 1),
                .streamError([.protocolError])
            ),
            .init(
                .http2,
                "5.4.1",
                1,
                "Sends an invalid PING frame for connection close",
                Frames.frame(type: 6, stream: 3, zeros(8)),
                .closed
            ),
            .init(
                .http2,
                "5.4.1",
                2,
                "Sends an invalid PING frame to receive GOAWAY frame",
                Frames.frame(type: 6, stream: 3, zeros(8)),
                .goaway(.protocolError)
            ).strict,
            .init(
                .http2,
                "5.5",
                1,
                "Sends an unknown extension frame",
                unknown + ping,
                pong
            ),
            .init(
                .http2,
                "5.5",
                2,
                "Sends an unknown extension frame in the middle of a header block",
                Frames.headers(flags: Frames.endStream) + unknown,
                protocolError
            ),
        ]

    private static let idleAndHalfClosed: [ConformanceCase] = [
        .init(.http2, "5.1", 1, "idle: Sends a DATA frame", Frames.data(), protocolError),
        .init(.http2, "5.1", 2, "idle: Sends a RST_STREAM frame", Frames.reset(stream: 1), protocolError),
        .init(.http2, "5.1", 3, "idle: Sends a WINDOW_UPDATE frame", Frames.windowUpdate(1, 100), protocolError),
        .init(
            .http2,
            "5.1",
            4,
            "idle: Sends a CONTINUATION frame",
            Frames.continuation(FieldBlocks.get),
            protocolError
        ),
        .init(
            .http2,
            "5.1",
            5,
            "half closed (remote): Sends a DATA frame",
            get + Frames.data(),
            .streamError([.streamClosed])
        ),
        .init(
            .http2,
            "5.1",
            6,
            "half closed (remote): Sends a HEADERS frame",
            get + get,
            .streamError([.streamClosed])
        ),
        .init(
            .http2,
            "5.1",
            7,
            "half closed (remote): Sends a CONTINUATION frame",
            get + Frames.continuation(FieldBlocks.get),
            .streamError(closedOrProtocol)
        ),
    ]

    private static let closed: [ConformanceCase] = [
        .init(
            .http2,
            "5.1",
            8,
            "closed: Sends a DATA frame after sending RST_STREAM frame",
            openGet + Frames.reset(stream: 1) + Frames.data(),
            .streamError([.streamClosed])
        ),
        .init(
            .http2,
            "5.1",
            9,
            "closed: Sends a HEADERS frame after sending RST_STREAM frame",
            openGet + Frames.reset(stream: 1) + get,
            .streamError([.streamClosed])
        ),
        .init(
            .http2,
            "5.1",
            10,
            "closed: Sends a CONTINUATION frame after sending RST_STREAM frame",
            openGet + Frames.reset(stream: 1) + Frames.continuation(FieldBlocks.long(1)),
            .streamError(closedOrProtocol)
        ),
        afterEnd(11, "closed: Sends a DATA frame", Frames.data(), .streamError([.streamClosed])),
        afterEnd(12, "closed: Sends a HEADERS frame", get, .connectionError([.streamClosed])),
        afterEnd(13, "closed: Sends a CONTINUATION frame", dummy, .connectionError(closedOrProtocol)),
    ]

    private static func afterEnd(
        _ number: Int,
        _ title: String,
        _ frames: [UInt8],
        _ end: Expectation
    ) -> ConformanceCase {
        let steps: [ConformanceStep] = [
            .handshake, .send(get), .expect(.streamEnd), .send(frames), .expect(end),
        ]
        return .init(.http2, "5.1", number, title, steps)
    }
}

extension ConformanceCase {
    /// The same case, which only a strict judge asks for.
    var strict: ConformanceCase {
        var strict = self
        strict.isStrict = true
        return strict
    }
}
