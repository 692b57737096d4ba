// RFC 9113: flow control (section 6.9).
extension Conformance {
    private static let get = Frames.headers()
    private static let protocolError = Expectation.connectionError([.protocolError])
    private static let openGet = Frames.headers(flags: Frames.endHeaders)
    private static let most: UInt32 = 0x7FFF_FFFF

    static let flow: [ConformanceCase] = [
        .init(
            .http2,
            "6.9",
            1,
            "Sends a WINDOW_UPDATE frame with a flow control window increment of 0",
            Frames.windowUpdate(0, 0),
            protocolError
        ),
        .init(
            .http2,
            "6.9",
            2,
            "Sends a WINDOW_UPDATE frame with a flow control window increment of 0 on a stream",
            openGet + Frames.windowUpdate(1, 0),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "6.9",
            3,
            "Sends a WINDOW_UPDATE frame with a length other than 4 octets",
            Frames.frame(type: 8, [0, 0, 1]),
            .connectionError([.frameSize])
        ),
        .init(
            .http2,
            "6.9.1",
            1,
            "Sends SETTINGS frame to set the initial window size to 1 and sends HEADERS frame",
            [.handshake, .send(Frames.settings((4, 1))), .expect(.settingsAck), .send(get), .expect(.data(length: 1))]
        ),
        .init(
            .http2,
            "6.9.1",
            2,
            "Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1",
            Frames.windowUpdate(0, most) + Frames.windowUpdate(0, most),
            .goaway(.flowControl)
        ),
        .init(
            .http2,
            "6.9.1",
            3,
            "Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream",
            openGet + Frames.windowUpdate(1, most) + Frames.windowUpdate(1, most),
            .reset(1, .flowControl)
        ),
        .init(
            .http2,
            "6.9.2",
            1,
            "Changes SETTINGS_INITIAL_WINDOW_SIZE after sending HEADERS frame",
            [
                .handshake, .send(Frames.settings((4, 0))), .expect(.settingsAck), .send(get + Frames.settings((4, 1))),
                .expect(.settingsAck), .expect(.data(length: 1)),
            ]
        ),
        .init(
            .http2,
            "6.9.2",
            2,
            "Sends a SETTINGS frame for window size to be negative",
            [
                .handshake, .send(Frames.settings((4, 3))), .expect(.settingsAck), .send(get),
                .expect(.data(length: 3)), .send(Frames.settings((4, 2))), .expect(.settingsAck),
                .send(Frames.windowUpdate(1, 2)), .expect(.data(length: 1)),
            ]
        ),
        .init(
            .http2,
            "6.9.2",
            3,
            "Sends a SETTINGS_INITIAL_WINDOW_SIZE settings with an exceeded maximum window size value",
            Frames.settings((4, 1 << 31)),
            .connectionError([.flowControl])
        ),
    ]
}
