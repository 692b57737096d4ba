internal import Glibc
package import TON

/// Where a provider's interface is: what stands before `/transactions` and the other calls.
package struct ProviderEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at its end.
    package let text: String

    /// Why a text is no endpoint.
    package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case form
        case scheme
        case plain

        package var description: String {
            switch self {
            case .form:
                "an endpoint is a URL like https://toncenter.com/api/v3, without user, password, query or fragment"
            case .scheme: "the URL of an endpoint begins with https:// or http://"
            case .plain: "an endpoint without TLS must be on the loopback interface"
            }
        }
    }

    /// Takes `https` everywhere and `http` on the loopback interface: whoever stands in between could say what is paid.
    package init(_ text: String) throws(Problem) {
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), text.contains("://"),
            let parts = Self.parts(text), parts.rest.isEmpty
        else { throw .form }
        guard parts.scheme == "https" || parts.scheme == "http" else { throw .scheme }
        guard parts.scheme == "https" || ["localhost", "127.0.0.1", "[::1]"].contains(parts.host) else { throw .plain }
        var end = text[...]
        while end.last == "/" { end = end.dropLast() }
        self.text = String(end)
    }

    package var description: String { text }
}

/// What a provider knows us by. No description shows it.
package struct ProviderKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let secret: String

    package static let bytesMax = 512

    /// Takes what stands in a file, with white space around it; `nil` unless it is 1…512 visible characters of ASCII.
    package init?(_ bytes: [UInt8]) {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let text = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard (1...Self.bytesMax).contains(text.count), text.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        secret = String(decoding: text, as: UTF8.self)
    }

    package var description: String { "(key)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// How a provider is asked.
package struct ToncenterSettings: Sendable {
    package let endpoint: ProviderEndpoint
    /// What the provider must serve: its `global_id` is compared before anything else is read or sent.
    package let network: Network
    package var key: ProviderKey?
    /// Certificates (PEM) to trust instead of the system's.
    package var certificateFile: String?
    /// Requests of a second, and how many may follow each other at once.
    package var requestsPerSecond: UInt64 = 1
    package var burst: UInt64 = 1
    /// Milliseconds until a connection is there, until a request is answered, and for a call with all its tries.
    package var connectMilliseconds: UInt64 = 5_000
    package var requestMilliseconds: UInt64 = 20_000
    package var callMilliseconds: UInt64 = 60_000
    /// Requests that a call makes at most for one answer.
    package var triesMax = 5
    package var retry = RetryDelay()
    /// Bytes of an answer.
    package var answerBytesMax = 16 << 20
    /// Transactions that are asked for at once: 1…1000.
    package var pageMax = 100
    /// Whether the call shall be given up: it is asked at least once a second.
    package var isCancelled: @Sendable () -> Bool = { false }
    /// Milliseconds of a clock that does not jump.
    package var clock: @Sendable () -> UInt64 = ToncenterSettings.monotonicMilliseconds
    /// Waits for so many milliseconds.
    package var sleep: @Sendable (UInt64) -> Void = ToncenterSettings.sleepMilliseconds

    package init(_ endpoint: ProviderEndpoint, network: Network) {
        self.endpoint = endpoint
        self.network = network
    }

    private static let monotonicMilliseconds: @Sendable () -> UInt64 = {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(clamping: time.tv_sec) * 1_000 + UInt64(clamping: time.tv_nsec) / 1_000_000
    }

    private static let sleepMilliseconds: @Sendable (UInt64) -> Void = { milliseconds in
        let time = timespec(tv_sec: Int(milliseconds / 1_000), tv_nsec: Int(milliseconds % 1_000) * 1_000_000)
        _ = unsafe withUnsafePointer(to: time) { unsafe nanosleep($0, nil) }
    }
}
