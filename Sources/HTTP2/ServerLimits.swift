/// What one server grants to its clients. Every limit bounds memory, work or time that a client can take.
package struct ServerLimits: Sendable {
    // MARK: What a connection may ask for

    /// Requests that a client may have under way on one connection (SETTINGS_MAX_CONCURRENT_STREAMS).
    ///
    /// RFC 9113, section 6.5.2, advises at least 100; a power of two above it.
    package var concurrentStreamsMax: UInt32 = 128

    /// Bytes of a request's body that are kept; a longer one is told to the service as
    /// ``Request/isBodyTooLarge`` and not read on. An order takes less than 1 KiB, so 64 KiB is ample.
    package var bodyBytesMax = 65_536

    /// The paths, without a query, whose requests may have bodies of ``largeBodyBytesMax``.
    package var largeBodyPaths: [[UInt8]] = []
    /// See ``largeBodyPaths``. While a loop keeps ``bodyBytesPerLoopMax``, such a body is refused like a second one of
    /// a connection; the client may repeat it.
    package var largeBodyBytesMax = 65_536

    /// Bytes of bodies that one connection may have sent without completing their requests. As much as all its
    /// streams with the usual body, since clients interleave what they send; never less than two whole bodies. Beyond
    /// it the newest incomplete request is refused (REFUSED_STREAM), which a client may repeat.
    package var bodyBytesPerConnectionMax = 8_388_608

    /// The same for all connections of one loop. Beyond it a connection keeps one body, so that those who send
    /// little are not refused because of those who send much. A quarter of a small machine's memory for two loops.
    package var bodyBytesPerLoopMax = 134_217_728

    /// Bytes of a request's fields, each with 32 bytes of overhead (RFC 9113, section 6.5.2). Two pages of
    /// fields are usual for a browser with cookies; four are allowed. Beyond it the connection ends, because a
    /// client that is only refused makes the server decode on and on (HPACK bomb).
    package var headerBytesMax = 16_384

    /// Fields of a request. Browsers send about 20. Beyond it the connection ends.
    package var headerFieldsMax = 100

    /// Bytes of fields from which a request is told to the service as ``Request/isHeaderTooLarge``, while the
    /// connection goes on: the client's mistake is told in words (431) before it is an attack.
    package var headerBytesServed = 12_288

    /// CONTINUATION frames of one header block. Two frames hold all that ``headerBytesMax`` allows; libraries that
    /// cut more finely get eight.
    package var continuationFramesMax = 8

    // MARK: What a connection may waste

    /// Frames that bring no request and no answer forward, at once, and per second in the long run: PING, PRIORITY,
    /// SETTINGS, unknown ones, tiny DATA and CONTINUATION, and WINDOW_UPDATE beyond what the server's own DATA
    /// explains. Clients send a few of them in a minute; beyond this the connection ends.
    package var idleFrameBurst = 1_000
    /// See ``idleFrameBurst``.
    package var idleFramesPerSecond = 200

    /// Streams that a client may cancel at once, and per second in the long run (CVE-2023-44487, rapid reset);
    /// beyond it the connection ends.
    package var resetBurst: UInt64 = 200
    /// See ``resetBurst``.
    package var resetsPerSecond: UInt64 = 20

    /// Streams that a client may make the server reset, by errors of its own, at once and per minute
    /// (CVE-2025-8671, made you reset). A client without an error causes none.
    package var errorResetBurst = 100

    /// Streams that a client may open beyond ``concurrentStreamsMax`` in a connection's life. A client that has
    /// not yet read the server's SETTINGS may send some; then it knows.
    package var refusedStreamsMax = 200

    /// Frames that may wait in a session before its connection is not read any more: a client that makes the
    /// server answer (PING, SETTINGS, RST_STREAM) and does not read is stopped by this, not by memory. Above
    /// what 128 requests need, and about 100 KiB.
    package var queuedFramesMax = 1_000

    // MARK: Connections and turns

    /// Connections of all loops: what 20,000 descriptors allow, less some for files and the database. The kernel
    /// spreads them over the loops.
    package var connectionsMax = 19_000

    /// Connections of one address (IPv4) or one network of 64 bits (IPv6). Half of all, so that nobody can take
    /// every place alone, and a proxy in front of the server can still carry thousands.
    package var connectionsPerAddressMax = 9_500

    /// Bytes that are read from one connection before the others are looked at.
    package var readBytesPerTurn = 65_536

    /// The same while a loop is crowded: twenty requests or so. Who sends that much at once waits in line from then on,
    /// so that who asks for little does not wait for all that the others may have under way.
    package var readBytesCrowded = 4_096

    /// Who has waited in line and had less to say than that, a hundred requests or so, waits no more: a client that
    /// asks steadily and got into line once would else never get out of it, since its requests gather while it waits.
    package var readBytesForgiven = 16_384

    /// Connections that are read in one turn, or wait to be, above which a loop is crowded. Fewer take some
    /// milliseconds, unless all of them have all under way that they may.
    package var readsPerTurnCalm = 32

    /// Requests of one loop that wait for their answers, above which it is full: as many as keep the service busy. More
    /// would only take memory, and time with it, and wait no shorter. What is not read waits with its client.
    package var waitingRequestsCalm = 2_048

    /// Waiting requests of one connection from which it waits in line, too, while a loop is crowded or full.
    package var waitingRequestsOutOfLine = 64

    /// Bytes of output that are prepared for one connection in one turn. While the kernel has not taken all of
    /// them no more are prepared, and nothing is read if that many wait.
    package var outputBytesMax = 262_144

    /// Bytes of one answer that goes on (a stream of events) which may wait for its reader: some hundred messages. Over
    /// HTTP/2 streams share the pieces that are written to several of them, so that memory holds each once.
    package var streamBytesMax = 262_144

    // MARK: Time

    /// Time for the TLS handshake, the preface and the first SETTINGS.
    package var handshakeMilliseconds: UInt64 = 10_000

    /// Time without any request after which a connection is closed with GOAWAY.
    package var idleMilliseconds: UInt64 = 180_000

    /// Time for a header block from its first frame to its last.
    package var headerMilliseconds: UInt64 = 10_000

    /// Time for a request from its first frame to its end, to which ``bytesPerSecondMin`` adds for each byte of
    /// its body that has come. Beyond it the request is cut off.
    package var requestMilliseconds: UInt64 = 20_000

    /// Time in which a client that has begun a request must send some of it; also the time for any frame from its
    /// first byte to its last, to which ``bytesPerSecondMin`` adds for each byte that has come.
    package var requestStallMilliseconds: UInt64 = 30_000

    /// Time in which a client that has an answer to take must take some of it.
    package var writeStallMilliseconds: UInt64 = 30_000

    /// The least rate, after the time above, at which a body must come and an answer must go: that of a modem of
    /// 1990. It bounds the time for which a client that dribbles holds memory.
    package var bytesPerSecondMin: UInt64 = 1_024

    /// Time for which input of HTTP/2 is read and dropped after GOAWAY or an alert of TLS: a close while bytes are
    /// under way resets the connection, and the client may lose what it was told. Also the time that a TLS handshake
    /// is given when the server stops.
    package var goodbyeMilliseconds: UInt64 = 2_000

    /// Time without any input after which there is no need to wait on: a long way there and back.
    package var goodbyeIdleMilliseconds: UInt64 = 500

    /// Bytes that are dropped at the most so, for a client that is at fault; for others it is as in HTTP/1.
    package var goodbyeBytesMax = 1_048_576

    /// What holds for HTTP/1 only.
    package var http1 = HTTP1Limits()

    /// The defaults.
    package init() {}
}

// What follows from the limits.
extension ServerLimits {
    /// The window of a stream: one byte more than a body may have, so that flow control stops a client that
    /// sends more, and the one byte shows that it does. Never below the protocol's default.
    var streamWindow: UInt32 { UInt32(clamping: max(65_535, min(bodyBytesMax + 1, Int(Int32.max)))) }

    /// Bytes of a body that are kept for a request to this path.
    func bodyBytesMax(for path: some Collection<UInt8>) -> Int {
        largeBodyPaths.contains { path.elementsEqual($0) } ? largeBodyBytesMax : bodyBytesMax
    }

    /// Bytes that a connection's incomplete bodies may take: at least two whole ones.
    var keptBodyBytesMax: Int { max(bodyBytesPerConnectionMax, 2 * min(bodyBytesMax, Int(Int32.max) / 4)) }

    /// The window of a connection: twice what incomplete bodies may take. nghttp2 tells the client of free space
    /// when half of a window is free, so that half must always become free.
    var connectionWindow: Int32 { Int32(clamping: 2 * keptBodyBytesMax) }
}
