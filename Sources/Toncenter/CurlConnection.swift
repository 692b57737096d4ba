internal import CCurl

/// Why there is no answer over HTTP. None of the texts says a header or a key.
enum TransferError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody answers, or not in time, or not by the rules of HTTP and TLS: libcurl's number and words.
    case failed(code: UInt32, words: String)
    /// More bytes than are taken.
    case tooLarge(bytesMax: Int)
    /// Whoever asked does not want it any more.
    case cancelled

    var description: String {
        switch self {
        case .failed(let code, let words): "\(words) (libcurl \(code))"
        case .tooLarge(let bytesMax): "the answer has more than \(bytesMax) bytes"
        case .cancelled: "cancelled"
        }
    }
}

/// An answer over HTTP, of any status.
struct HTTPAnswer: Sendable {
    var status: Int
    var body: [UInt8]
    /// What `Retry-After` says, in seconds; 0 without one.
    var retryAfter: UInt64
}

/// Requests to one host, one after the other, over a connection that is kept: libcurl's easy interface. Redirects are
/// not followed, so that a header goes nowhere else; certificates and names are checked.
@safe
final class CurlConnection {
    private let curl: OpaquePointer
    private let settings: ToncenterSettings

    private static let isReady = CCurl_global_init() == CURLE_OK

    /// `nil` if there is no memory for it.
    init?(_ settings: ToncenterSettings) {
        guard Self.isReady, let curl = unsafe curl_easy_init() else { return nil }
        unsafe self.curl = OpaquePointer(curl)
        self.settings = settings
    }

    deinit { unsafe curl_easy_cleanup(handle) }

    private var handle: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(curl) }

    /// What an answer is read into.
    private final class Sink {
        var body: [UInt8] = []
        var isTooLarge = false
        let bytesMax: Int
        let isCancelled: @Sendable () -> Bool

        init(bytesMax: Int, isCancelled: @escaping @Sendable () -> Bool) {
            self.bytesMax = bytesMax
            self.isCancelled = isCancelled
        }
    }

    /// GET, or POST with a body of JSON. `path` is what stands behind the endpoint, with its parameters.
    func ask(_ path: String, body: [UInt8]? = nil, within milliseconds: UInt64) throws(TransferError) -> HTTPAnswer {
        let sink = Sink(bytesMax: settings.answerBytesMax, isCancelled: settings.isCancelled)
        unsafe curl_easy_reset(handle)
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { unsafe curl_slist_free_all(headers) }
        for line in ["Accept: application/json", "Content-Type: application/json", "Expect:"] {
            unsafe headers = curl_slist_append(headers, line)
        }
        if let key = settings.key { unsafe headers = curl_slist_append(headers, "X-API-Key: " + key.secret) }
        let code = withExtendedLifetime(sink) {
            let context = unsafe Unmanaged.passUnretained(sink).toOpaque()
            let isSet =
                unsafe prepare(path, milliseconds) && (body.map(set) ?? true)
                && CCurl_set_headers(handle, headers) == CURLE_OK
                && CCurl_set_receiver(handle, Self.receive, context) == CURLE_OK
                && CCurl_set_progress(handle, Self.progress, context) == CURLE_OK
            return isSet ? unsafe curl_easy_perform(handle) : CURLE_OUT_OF_MEMORY
        }
        guard !sink.isTooLarge else { throw .tooLarge(bytesMax: sink.bytesMax) }
        guard code != CURLE_ABORTED_BY_CALLBACK else { throw .cancelled }
        guard code == CURLE_OK else {
            throw .failed(code: code.rawValue, words: unsafe String(cString: curl_easy_strerror(code)))
        }
        return HTTPAnswer(
            status: unsafe CCurl_status(handle),
            body: sink.body,
            retryAfter: UInt64(clamping: unsafe CCurl_retry_after(handle))
        )
    }

    private func prepare(_ path: String, _ milliseconds: UInt64) -> Bool {
        let connect = min(milliseconds, settings.connectMilliseconds)
        let texts: [(CURLoption, String)] = [
            (CURLOPT_URL, settings.endpoint.text + path), (CURLOPT_PROTOCOLS_STR, "http,https"),
            (CURLOPT_USERAGENT, "bombyx"), (CURLOPT_NOPROXY, "localhost,127.0.0.1,::1"),
        ]
        let numbers: [(CURLoption, UInt64)] = [
            (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_NOSIGNAL, 1), (CURLOPT_SSL_VERIFYPEER, 1),
            (CURLOPT_SSL_VERIFYHOST, 2), (CURLOPT_TIMEOUT_MS, milliseconds), (CURLOPT_CONNECTTIMEOUT_MS, connect),
        ]
        for (option, text) in texts where unsafe CCurl_set_text(handle, option, text) != CURLE_OK { return false }
        for (option, number) in numbers {
            guard unsafe CCurl_set_number(handle, option, Int(clamping: number)) == CURLE_OK else { return false }
        }
        guard let file = settings.certificateFile else { return true }
        return unsafe CCurl_set_text(handle, CURLOPT_CAINFO, file) == CURLE_OK
    }

    /// libcurl copies the body.
    private func set(_ body: [UInt8]) -> Bool {
        guard unsafe CCurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, Int(body.count)) == CURLE_OK else {
            return false
        }
        return unsafe body.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe CCurl_set_text(handle, CURLOPT_COPYPOSTFIELDS, start) == CURLE_OK
        }
    }

    /// Takes bytes as they come, up to the limit: any other count than what came ends the transfer.
    private static let receive:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
            bytes,
            size,
            count,
            context in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let sink = unsafe Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
            guard size * count <= sink.bytesMax - sink.body.count else {
                sink.isTooLarge = true
                return 0
            }
            unsafe sink.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }

    private static let progress: @convention(c) (UnsafeMutableRawPointer?, Int, Int, Int, Int) -> Int32 = {
        context,
        _,
        _,
        _,
        _ in
        guard let context = unsafe context else { return 0 }
        return unsafe Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue().isCancelled() ? 1 : 0
    }
}

extension ProviderEndpoint {
    /// Reads a URL as libcurl will; see ``ProviderEndpoint/init(_:)``.
    static func parts(_ text: String) -> (scheme: String, host: String, rest: [String])? {
        guard let url = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(url) }
        guard unsafe curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK else { return nil }
        func part(_ which: CURLUPart) -> String? {
            var found: UnsafeMutablePointer<CChar>?
            guard unsafe curl_url_get(url, which, &found, 0) == CURLUE_OK, let found = unsafe found else { return nil }
            defer { unsafe curl_free(found) }
            return unsafe String(cString: found)
        }
        guard let scheme = part(CURLUPART_SCHEME), let host = part(CURLUPART_HOST) else { return nil }
        let foreign = [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT]
        return (scheme, host, foreign.compactMap(part))
    }
}
