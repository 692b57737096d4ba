// RFC 9113: the frames (section 6), but for flow control, and error codes (section 7).
extension Conformance {
    private static let get = Frames.headers()
    private static let ping = Frames.ping(zeros(8))
    private static let pong = Expectation.pingAck(zeros(8))
    private static let h2spec = Expectation.pingAck(Frames.pingPayload)
    private static let protocolError = Expectation.connectionError([.protocolError])
    private static let frameSize = Expectation.connectionError([.frameSize])
    private static let dummy = FieldBlocks.long(1)
    private static let openBlock = Frames.headers(flags: Frames.endStream)
    /// A request without the end of its header block and of its body.
    private static let begun = Frames.headers(flags: 0)

    static let frames = frameForms + settingsAndPing + continuations

    private static let frameForms: [ConformanceCase] = [
        .init(
            .http2,
            "6.1",
            1,
            "Sends a DATA frame with 0x0 stream identifier",
            Frames.data(stream: 0),
            protocolError
        ),
        .init(
            .http2,
            "6.1",
            2,
            "Sends a DATA frame on the stream that is not in \"open\" or \"half-closed (local)\" state",
            Frames.headers(FieldBlocks.post) + Frames.data(),
            .streamError([.streamClosed])
        ),
        .init(
            .http2,
            "6.1",
            3,
            "Sends a DATA frame with invalid pad length",
            Frames.post(FieldBlocks.literal(("content-length", "4")))
                + Frames.data([6] + Array("Test".utf8), flags: Frames.padded | Frames.endStream),
            protocolError
        ),
        .init(
            .http2,
            "6.2",
            1,
            "Sends a HEADERS frame without the END_HEADERS flag, and a PRIORITY frame",
            begun + Frames.priority(1) + Frames.continuation(dummy),
            protocolError
        ),
        .init(
            .http2,
            "6.2",
            2,
            "Sends a HEADERS frame to another stream while sending a HEADERS frame",
            begun + Frames.headers(stream: 3) + Frames.continuation(dummy),
            protocolError
        ),
        .init(
            .http2,
            "6.2",
            3,
            "Sends a HEADERS frame with 0x0 stream identifier",
            Frames.headers(stream: 0),
            protocolError
        ),
        .init(
            .http2,
            "6.2",
            4,
            "Sends a HEADERS frame with invalid pad length",
            Frames.headers([UInt8(FieldBlocks.get.count + 2)] + FieldBlocks.get, flags: whole | Frames.padded),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "6.3",
            1,
            "Sends a PRIORITY frame with 0x0 stream identifier",
            Frames.priority(0),
            protocolError
        ),
        .init(
            .http2,
            "6.3",
            2,
            "Sends a PRIORITY frame with a length other than 5 octets",
            get + Frames.frame(type: 2, stream: 1, [0x80, 0, 0, 1]),
            .streamError([.frameSize])
        ),
        .init(
            .http2,
            "6.4",
            1,
            "Sends a RST_STREAM frame with 0x0 stream identifier",
            Frames.reset(stream: 0),
            protocolError
        ),
        .init(.http2, "6.4", 2, "Sends a RST_STREAM frame on a idle stream", Frames.reset(stream: 1), protocolError),
        .init(
            .http2,
            "6.4",
            3,
            "Sends a RST_STREAM frame with a length other than 4 octets",
            get + Frames.frame(type: 3, stream: 1, [0, 0, 0]),
            .streamError([.frameSize])
        ),
        .init(
            .http2,
            "6.8",
            1,
            "Sends a GOAWAY frame with a stream identifier other than 0x0",
            Frames.goaway(0, stream: 1),
            protocolError
        ),
    ]

    private static let settingsAndPing: [ConformanceCase] = [
        .init(
            .http2,
            "6.5",
            1,
            "Sends a SETTINGS frame with ACK flag and payload",
            Frames.frame(type: 4, flags: Frames.ack, [0]),
            frameSize
        ),
        .init(
            .http2,
            "6.5",
            2,
            "Sends a SETTINGS frame with a stream identifier other than 0x0",
            Frames.frame(type: 4, stream: 1, [0, 3, 0, 0, 0, 100]),
            protocolError
        ),
        .init(
            .http2,
            "6.5",
            3,
            "Sends a SETTINGS frame with a length other than a multiple of 6 octets",
            Frames.frame(type: 4, [0, 3, 0]),
            .streamError([.protocolError, .frameSize])
        ),
        .init(
            .http2,
            "6.5.2",
            1,
            "SETTINGS_ENABLE_PUSH (0x2): Sends the value other than 0 or 1",
            Frames.settings((2, 2)),
            protocolError
        ),
        .init(
            .http2,
            "6.5.2",
            2,
            "SETTINGS_INITIAL_WINDOW_SIZE (0x4): Sends the value above the maximum flow control window size",
            Frames.settings((4, 1 << 31)),
            .connectionError([.flowControl])
        ),
        .init(
            .http2,
            "6.5.2",
            3,
            "SETTINGS_MAX_FRAME_SIZE (0x5): Sends the value below the initial value",
            Frames.settings((5, 16_383)),
            protocolError
        ),
        .init(
            .http2,
            "6.5.2",
            4,
            "SETTINGS_MAX_FRAME_SIZE (0x5): Sends the value above the maximum allowed frame size",
            Frames.settings((5, 1 << 24)),
            protocolError
        ),
        .init(
            .http2,
            "6.5.2",
            5,
            "Sends a SETTINGS frame with unknown identifier",
            Frames.settings((0xFF, 1)) + ping,
            pong
        ),
        .init(
            .http2,
            "6.5.3",
            1,
            "Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE",
            [
                .handshake, .send(Frames.settings((4, 100), (4, 1))), .expect(.settingsAck), .send(get),
                .expect(.data(length: 1)),
            ]
        ),
        .init(.http2, "6.5.3", 2, "Sends a SETTINGS frame without ACK flag", Frames.settings((2, 0)), .settingsAck),
        .init(.http2, "6.7", 1, "Sends a PING frame", Frames.ping(), h2spec),
        .init(
            .http2,
            "6.7",
            2,
            "Sends a PING frame with ACK",
            Frames.ping(Array("invalid\0".utf8), flags: Frames.ack) + Frames.ping(),
            h2spec
        ),
        .init(
            .http2,
            "6.7",
            3,
            "Sends a PING frame with a stream identifier field value other than 0x0",
            Frames.frame(type: 6, stream: 1, zeros(8)),
            protocolError
        ),
        .init(
            .http2,
            "6.7",
            4,
            "Sends a PING frame with a length field value other than 8",
            Frames.frame(type: 6, zeros(6)),
            frameSize
        ),
    ]

    private static let continuations: [ConformanceCase] = [
        .init(
            .http2,
            "6.10",
            1,
            "Sends multiple CONTINUATION frames preceded by a HEADERS frame",
            openBlock + Frames.continuation(dummy, flags: 0) + Frames.continuation(dummy),
            .headers(1)
        ),
        .init(
            .http2,
            "6.10",
            2,
            "Sends a CONTINUATION frame followed by any frame other than CONTINUATION",
            Frames.headers(FieldBlocks.post, flags: 0) + Frames.continuation(dummy, flags: 0) + Frames.data(),
            protocolError
        ),
        .init(
            .http2,
            "6.10",
            3,
            "Sends a CONTINUATION frame with 0x0 stream identifier",
            openBlock + Frames.continuation(dummy, stream: 0),
            protocolError
        ),
        .init(
            .http2,
            "6.10",
            4,
            "Sends a CONTINUATION frame preceded by a HEADERS frame with END_HEADERS flag",
            get + Frames.continuation(dummy),
            protocolError
        ),
        .init(
            .http2,
            "6.10",
            5,
            "Sends a CONTINUATION frame preceded by a CONTINUATION frame with END_HEADERS flag",
            openBlock + Frames.continuation(dummy) + Frames.continuation(dummy),
            protocolError
        ),
        .init(
            .http2,
            "6.10",
            6,
            "Sends a CONTINUATION frame preceded by a DATA frame",
            Frames.headers(FieldBlocks.post, flags: 0) + Frames.data() + Frames.continuation(dummy, flags: 0)
                + Frames.continuation(dummy, stream: 0),
            protocolError
        ),
        .init(
            .http2,
            "7",
            1,
            "Sends a GOAWAY frame with unknown error code",
            Frames.goaway(0xFF) + Frames.ping(),
            .pingAckOrClosed(Frames.pingPayload)
        ),
        .init(
            .http2,
            "7",
            2,
            "Sends a RST_STREAM frame with unknown error code",
            Frames.post() + Frames.reset(stream: 1, code: 0xFF) + ping,
            pong
        ),
    ]
}
