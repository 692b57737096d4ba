import API
import Engine
import Units

extension FuzzTarget {
    /// The inputs from which a corpus begins: what our own encoders write, and what the tests know to be difficult.
    package var seeds: [[UInt8]] {
        switch self {
        case .http2: Seeds.http2
        case .http1: Seeds.http1.map { Array($0.utf8) }
        case .json: Seeds.json.map { Array($0.utf8) }
        case .requirement: Seeds.requirements.map { Array($0.utf8) }
        case .cursor: Seeds.cursors
        case .command: Seeds.commands
        case .receipt: ProvenanceSeeds.receipts
        case .ticket: ProvenanceSeeds.tickets
        case .note: ProvenanceSeeds.notes.map { Array($0.utf8) }
        case .bundle: ProvenanceSeeds.bundleTexts
        case .bag: Seeds.bags
        case .request: RequestSeeds.all.map { Array($0.utf8) }
        }
    }
}

enum Seeds {
    static let json = [
        "0", "-0.5e+10", "9223372036854775807", "9223372036854775808", "true", "null", "\"\\u00e9\\ud834\\udd1e\\n\"",
        "[]", "[1,[2,{}],\"a\"]", #"{"a":1,"b":{"c":[null,false]},"é":"é"}"#, " [ 1 , 2 ]\n", "{\"a\":1,\"a\":2}",
        "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "1e400", "\"\u{0}\"", "\u{FEFF}[]",
        #"{"model":"tiny","price_nanoton_per_mtok":"20123000","quantity_lots":5,"capability":{"tee":"tdx"}}"#,
    ]

    static let http1 = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /v1/book?requirement=quality:gte=1 HTTP/1.0\r\n\r\n",
        "POST /v1/bids HTTP/1.1\r\nHost: [::1]:80\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        "POST / HTTP/1.1\r\nhost: a\r\nContent-Length: 300\r\n\r\n" + String(repeating: "b", count: 300),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n", "\r\nGET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\nGET / HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/1.1\r\n\r\n", "GET /%00 HTTP/2.0\r\nx: \u{7F}\r\n\r\n",
        "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 20) + "Host: a\r\n\r\n",
        "GET /" + String(repeating: "a", count: 1_100) + " HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    static let requirements = [
        "model:in=Qwen/Qwen3-32B,a/b;quality:gte=40", "features:all=tools;tee:in=tdx,sev-snp;region:in=eu,us",
        "context_length:gte=32768;quantization:in=fp8,bf16", "quality:gte=0", "model:in=unknown/model", "",
        #"{"model":{"in":["Qwen/Qwen3-32B","tiny"]},"quality":{"gte":50}}"#,
        #"{"features":{"all":["tools"]},"tee":{"in":["tdx+nvcc"]},"region":{"in":["de","eu"]}}"#,
        #"{"context_length":{"gte":1},"quantization":{"in":["int4"]}}"#, "{}",
        "model:notin=tiny;model:in=tiny,a/b;region:notin=us", "quality:gte=4;quality:lte=60;gpu_count:eq=8",
        "tee:notin=none;tcb_status:eq=UpToDate;attestation_age_s:lte=3600;trains_on_data:eq=false",
        "throughput_tps:gte=40;ttft_ms:lte=500;uptime_bp:gte=9900;input_modalities:all=image;gpu_model:notin=a100",
        "revision:in=" + String(repeating: "0a", count: 20) + ";data_retention:in=none,transient;moderated:eq=true",
        #"{"quality":{"gte":50,"lte":50},"data_retention":{"notin":["unlimited"]},"trains_on_data":{"eq":false}}"#,
        #"{"vram_gb":{"gte":80},"output_modalities":{"all":["text"]},"weights_sha256":{"notin":["00"]}}"#,
    ]

    static let cursors: [[UInt8]] =
        Cursor.List.allCases.flatMap { list in
            [Int64.min, -1, 0, 17, Int64.max].map { number in
                Array(Cursor(list: list, filters: Cursor.filters("a2"), first: number, second: 3).text.utf8)
            }
        } + [Array(0..<27), [UInt8](repeating: 0xFF, count: 27)]

    /// One by one, two by two, and all.
    static let commands: [[UInt8]] = {
        let all = (CommandDriver.opening + CommandDriver.others).map { command in
            var bytes: [UInt8] = []
            command.encode(into: &bytes)
            return bytes
        }
        return all + zip(all, all.dropFirst()).map { $0 + $1 } + [all.flatMap(\.self)]
    }()

    static let http2: [[UInt8]] = {
        let fields = block(["content-type": "application/json", "authorization": "Bearer bx_1"])
        let post = frame(1, flags: 4, stream: 1, request("POST", "/v1/bids") + fields)
        let get = frame(1, flags: 5, stream: 1, request("GET", "/v1/book?requirement=quality:gte=1"))
        let huffman: [UInt8] = [0x82, 0x86, 0x84, 0x41, 0x8C, 0xF1, 0xE3, 0xC2, 0xE5, 0xF2, 0x3A, 0x6B, 0xA0, 0xAB]
        let second = frame(1, flags: 5, stream: 3, huffman + [0x90, 0xF4, 0xFF])
        let frames: [[UInt8]] = [
            get, post + frame(0, flags: 1, stream: 1, Array("{}".utf8)), get + second, second,
            post + frame(3, stream: 1, [0, 0, 0, 8]), frame(6, stream: 0, Array(0..<8)), frame(4, flags: 1, stream: 0),
            frame(4, stream: 0, [0, 4, 0, 0, 0, 1]) + get, frame(8, stream: 0, [0, 0, 0, 1]),
            frame(1, flags: 1, stream: 1, request("GET", "/")) + frame(9, flags: 4, stream: 1, fields),
            frame(2, stream: 1, [0, 0, 0, 3, 16]), frame(7, stream: 0, [UInt8](repeating: 0, count: 8)),
            post + frame(0, flags: 8, stream: 1, [3, 1, 2, 0, 0, 0]),
            post + frame(0, stream: 1, [UInt8](repeating: 1, count: 600)),
        ]
        let bare = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, stream: 0) + get
        return frames.enumerated().map { [UInt8(truncatingIfNeeded: $0.offset * 22 | 1)] + $0.element } + [[14] + bare]
    }()

    private static func request(_ method: String, _ path: String) -> [UInt8] {
        literal(":method", method) + literal(":scheme", "https") + literal(":path", path) + literal(":authority", "x")
    }

    private static func block(_ fields: KeyValuePairs<String, String>) -> [UInt8] { fields.flatMap(literal) }

    /// A field without compression (RFC 7541, section 6.2.2); both parts are shorter than 127 bytes.
    private static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
    }

    /// A frame (RFC 9113, section 4.1).
    private static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 255), type, flags, 0, 0, 0, stream] + payload
    }
}
