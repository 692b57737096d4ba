/// What one server grants to its clients. Every limit bounds memory, work or time that a client can take.
package struct ServerLimits: Sendable {
    /// Requests that a client may have under way on one connection (SETTINGS_MAX_CONCURRENT_STREAMS).
    ///
    /// RFC 9113, section 6.5.2, advises at least 100; a power of two above it.
    package var concurrentStreamsMax: UInt32 = 128

    /// Bytes of a request's body that are kept; a longer one is told to the service as
    /// ``Request/isBodyTooLarge`` and not read on. An order takes less than 1 KiB, so 64 KiB is ample.
    package var bodyBytesMax = 65_536

    /// Bytes of a request's fields, each with 32 bytes of overhead (RFC 9113, section 6.5.2). Two pages of
    /// fields are usual for a browser with cookies; four are allowed.
    package var headerBytesMax = 16_384

    /// Fields of a request. Browsers send about 20.
    package var headerFieldsMax = 100

    /// Connections of one loop. A process may have 20,000 descriptors by default on servers; half of them for
    /// each of two loops, less some for files and the database.
    package var connectionsPerLoopMax = 9_500

    /// Bytes that are read from one connection before the others are looked at.
    package var readBytesPerTurn = 65_536

    /// Bytes of output that are prepared for one connection in one turn. While the kernel has not taken all of
    /// them no more are prepared, and nothing is read if that many wait.
    package var outputBytesMax = 262_144

    /// Frames that may wait in a session before its connection is not read any more: a client that makes the
    /// server answer (PING, SETTINGS, RST_STREAM) and does not read is stopped by this, not by memory. Above
    /// what 128 requests need, and about 100 KiB.
    package var queuedFramesMax = 1_000

    /// Time for the TLS handshake, the preface and the first SETTINGS.
    package var handshakeMilliseconds: UInt64 = 10_000

    /// Time without any request after which a connection is closed with GOAWAY.
    package var idleMilliseconds: UInt64 = 180_000

    /// Time in which a client that has begun a request must send some of it.
    package var requestStallMilliseconds: UInt64 = 30_000

    /// Time in which a client that has an answer to take must take some of it.
    package var writeStallMilliseconds: UInt64 = 30_000

    /// Streams that a client may cancel at once, and per second in the long run (CVE-2023-44487, rapid reset);
    /// beyond it the connection ends.
    package var resetBurst: UInt64 = 200
    /// See ``resetBurst``.
    package var resetsPerSecond: UInt64 = 20

    /// What holds for HTTP/1 only.
    package var http1 = HTTP1Limits()

    /// The defaults.
    package init() {}

    /// The window of a stream: one byte more than a body may have, so that flow control stops a client that
    /// sends more, and the one byte shows that it does. Never below the protocol's default.
    var streamWindow: UInt32 { UInt32(clamping: max(65_535, min(bodyBytesMax + 1, Int(Int32.max)))) }

    /// The window of a connection, shared by its streams; given back as soon as bytes have been kept.
    static let connectionWindow: Int32 = 1_048_576
}
