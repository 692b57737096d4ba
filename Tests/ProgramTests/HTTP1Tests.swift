import Foundation
import HTTP2
import JSON
import ProgramTesting
import Sockets
import Testing

/// Clients that speak HTTP/1.1, as the world has them, against the real server.
@Suite(.serialized) struct HTTP1Tests {
    @Test func `An order that is placed over HTTP1 is the same order over every port and protocol`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("a worker")
        let offer = Scenario.offer(price: 20_000_000, lots: 7)
        func post(_ url: String, _ idempotencyKey: String, _ body: String) throws -> HTTP1Answer {
            try curl(
                server,
                ["--http1.1", url + "/v1/offers", "-H", "Idempotency-Key: \(idempotencyKey)", "-d", "@-"],
                fields: ["authorization: Bearer \(worker.key)", "content-type: application/json"],
                input: body
            )
        }
        let (clear, secure) = ("http://\(server.http)", "https://\(server.https)")
        for (first, second, key) in [(clear, secure, "one"), (secure, clear, "two")] {
            let placed = try post(first, key, offer)
            #expect(placed.version == "HTTP/1.1" && placed.status == 201, "\(placed)")
            #expect(placed["idempotency-replayed"] == nil && placed["connection"] == "close")
            let id = try #require(placed.json["id"]?.string)
            #expect(placed["location"] == "/v1/orders/\(id)")

            let again = try post(second, key, offer)
            #expect(again.status == 201 && again["idempotency-replayed"] == "true", "\(again)")
            #expect(again.json["id"]?.string == id)
            let overHTTP2 = try scenario.client.call(
                "POST",
                "/v1/offers",
                key: worker.key,
                offer,
                fields: [("idempotency-key", key)]
            )
            #expect(overHTTP2.status == 201 && overHTTP2.field("idempotency-replayed") == "true")
            #expect(overHTTP2["id"]?.string == id)

            let other = try post(second, key, Scenario.offer(price: 30_000_000, lots: 7))
            #expect(other.status == 422 && other.json["code"]?.string == "idempotency_key_reused")
            let read = try curl(
                server,
                ["--http1.1", second + "/v1/orders/\(id)"],
                fields: ["authorization: Bearer \(worker.key)"]
            )
            #expect(read.status == 200 && read.json["remaining_lots"]?.integer == 7, "\(read)")
        }
        #expect(try server.psql("SELECT count(*) FROM market.orders") == "2")
    }

    @Test func `curl, Python, probes and scrapers are served on both ports`() throws {
        let server = try TestServer()
        defer { server.remove() }
        for url in ["http://\(server.http)", "https://\(server.https)"] {
            for options in [["--http1.1"], ["--http1.0", "--no-alpn"], [], ["--http2"]] {
                let answer = try curl(server, options + [url + "/readyz"])
                #expect(answer.status == 200, "\(options) \(url): \(answer)")
                let isHTTP2 = url.hasPrefix("https") && options.first?.hasPrefix("--http1") != true
                #expect(answer.version == (isHTTP2 ? "HTTP/2" : "HTTP/1.1"))
            }
            let head = try curl(server, ["--http1.1", "--head", url + "/healthz"])
            #expect(head.status == 200 && head.body.isEmpty && Int(head["content-length"] ?? "") ?? 0 > 0)
            // As Prometheus and Kubernetes ask.
            let scrape = try curl(
                server,
                ["--http1.1", url + "/metrics"],
                fields: [
                    "user-agent: Prometheus/2.53.0", "accept-encoding: gzip",
                    "accept: application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                    "x-prometheus-scrape-timeout-seconds: 10",
                ]
            )
            #expect(scrape.status == 200 && scrape.body.contains("# TYPE "), "\(scrape)")
            #expect(scrape["content-type"]?.hasPrefix("text/plain") == true)
            let fields = ["user-agent: kube-probe/1.29", "accept: */*", "connection: close"]
            #expect(try curl(server, ["--http1.1", url + "/readyz"], fields: fields).status == 200)
            try expectPython(url, server)
        }
    }

    private func expectPython(_ url: String, _ server: TestServer) throws {
        let script = """
            import http.client, json, ssl, sys, urllib.error, urllib.parse, urllib.request
            url, certificate = sys.argv[1:3]
            context = ssl.create_default_context(cafile=certificate) if url.startswith("https") else None
            where = urllib.parse.urlsplit(url)
            def connection():
                if context: return http.client.HTTPSConnection(where.netloc, context=context, timeout=30)
                return http.client.HTTPConnection(where.netloc, timeout=30)
            answer = urllib.request.urlopen(url + "/v1/models", context=context, timeout=30)
            assert answer.status == 200 and "data" in json.load(answer), answer
            # The connection is closed after each answer, and the library opens the next one by itself.
            client = connection()
            for path in ["/readyz", "/healthz", "/metrics"]:
                client.request("GET", path)
                answer = client.getresponse()
                assert answer.status == 200 and answer.read() and answer.version == 11, path
            # It sends all before it looks for the answer.
            client = connection()
            client.request("POST", "/v1/offers", b"x" * 3000000, {"content-type": "application/json"})
            answer = client.getresponse()
            assert answer.status == 413 and json.load(answer)["code"] == "body_too_large", answer.status
            # An iterable goes out in chunks.
            client = connection()
            client.request("POST", "/v1/offers", iter([b"a", b"b"]), {"content-type": "application/json"})
            answer = client.getresponse()
            assert answer.status == 501 and json.load(answer)["code"] == "not_implemented", answer.status
            try:
                urllib.request.urlopen(url + "/nowhere", context=context, timeout=30)
                raise AssertionError("404")
            except urllib.error.HTTPError as error:
                assert error.code == 404 and json.load(error)["code"] == "not_found", error
            try:
                import requests
            except ImportError:
                requests = None
            if requests:
                with requests.Session() as session:
                    session.trust_env = False
                    session.verify = certificate
                    for path in ["/readyz", "/v1/trades", "/v1/fees"]:
                        answer = session.get(url + path, timeout=30)
                        assert answer.status_code == 200, (path, answer.status_code, answer.text)
            print("all is well")
            """
        let python = try run("python3", ["-c", script, url, server.certificate], input: "")
        #expect(python.output.hasSuffix("all is well\n"), "\(url): \(python)")
    }

    @Test func `What is refused is a problem that names the rule`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let long = String(repeating: "a", count: 20_000)
        let rows: [(request: String, status: Int64, code: String, word: String)] = [
            ("GET / HTTP/1.1\r\n\r\n", 400, "malformed_request", "Host"),
            ("GET / HTTP/1.1\nHost: x\n\n", 400, "malformed_request", "line feed"),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400,
                "malformed_request", "Content-Length"
            ),
            ("GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformed_request", "authority"),
            (
                "POST /v1/offers HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501,
                "not_implemented", "Transfer-Encoding"
            ),
            ("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 501, "not_implemented", "CONNECT"),
            ("GET / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n", 417, "expectation_failed", "Expect"),
            ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505, "http_version_not_supported", "version"),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: \(long)\r\n\r\n", 431, "header_fields_too_large", "bytes"),
            ("GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n", 414, "target_too_long", "request line"),
            // These come from the interface, as over HTTP/2.
            ("POST /v1/offers HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n", 413, "body_too_large", ""),
            ("TRACE /v1/offers HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed", ""),
            ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404, "not_found", ""),
            ("GET /v1/account HTTP/1.1\r\nHost: x\r\n\r\n", 401, "authentication_required", ""),
        ]
        for row in rows {
            let answer = try HTTP1Answer(exchange(row.request, with: server))
            let name = row.request.prefix(60)
            #expect(Int64(answer.status) == row.status && answer.json["status"]?.integer == row.status, "\(name)")
            #expect(answer.json["code"]?.string == row.code, "\(name)")
            #expect(row.word.isEmpty || answer.json["detail"]?.string?.contains(row.word) == true, "\(answer.body)")
            #expect(answer["content-type"] == "application/problem+json")
            #expect(answer["connection"] == "close" && answer["date"] != nil)
            #expect(answer.json["request_id"]?.string?.count == 16)
            if row.status == 405 { #expect(answer["allow"] == "POST") }
        }
        #expect(try server.connect().call("GET", "/readyz").status == 200)
    }

    @Test func `The server says what it speaks`() throws {
        let server = try TestServer()
        defer { server.remove() }
        #expect(server.logText.contains("http://\(server.http) (HTTP/1.1 and HTTP/2)"))
        #expect(server.logText.contains("https://\(server.https) (HTTP/1.1 and HTTP/2, TLS)"))
    }

    /// Sends the bytes in the clear and reads to the end.
    private func exchange(_ request: String, with server: TestServer) throws -> String {
        let deadline = MonotonicClock.milliseconds() + 20_000
        let socket = try FileDescriptor(connectingTo: try #require(SocketAddress(server.http)), deadline: deadline)
        _ = try socket.send(Array(request.utf8).span)
        return try TestClient.readToEnd(socket, deadline: deadline)
    }

    /// One request by curl. Fields and content go in by a file, so that no key is in a list of processes.
    private func curl(
        _ server: TestServer,
        _ arguments: [String],
        fields: [String] = [],
        input: String = ""
    ) throws -> HTTP1Answer {
        let file = server.folder + "/fields-\(UUID().uuidString.prefix(8))"
        try Data(fields.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let common = ["-q", "-sS", "-i", "--noproxy", "*", "--max-time", "60", "--cacert", server.certificate]
        let result = try run("curl", common + ["-H", "@" + file] + arguments, input: input)
        try #require(result.status == 0, "curl \(arguments): \(result)")
        return try HTTP1Answer(result.output)
    }

    private func run(
        _ tool: String,
        _ arguments: [String],
        input: String
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        let (standardInput, standardOutput) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = standardOutput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let output = standardOutput.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// An answer as curl shows it, or as it came.
struct HTTP1Answer: CustomStringConvertible {
    let version: String
    let status: Int
    let body: String
    let description: String
    private let fields: [(name: String, value: String)]

    init(_ text: String) throws {
        description = text
        let end = try #require(text.firstRange(of: "\r\n\r\n"), "\(text)")
        body = String(text[end.upperBound...])
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = try #require(lines.first).split(separator: " ")
        version = String(words[0])
        status = try #require(words.count > 1 ? Int(words[1]) : nil)
        fields = try lines.dropFirst().map { line in
            let colon = try #require(line.firstRange(of: ": "))
            return (line[..<colon.lowerBound].lowercased(), String(line[colon.upperBound...]))
        }
    }

    var json: JSONValue {
        (try? JSONValue(Array(body.utf8), limits: JSONLimits(depthMax: 32, bytesMax: 1 << 24))) ?? .null
    }

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}
