import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// `/docs` as programs and a browser get it from a real server.
@Suite(.serialized) struct DocumentationTests {
    /// Swagger UI as `Deploy/test` fetched it.
    private static let bundle = Shell.root + "/.build/data/swagger-ui"

    @Test func `A page is the same over TLS and in the clear, has no body for HEAD, and is not sent twice`() throws {
        let server = try TestServer(arguments: ["--data-dir", Shell.root + "/.build/data"])
        defer { server.remove() }
        let script = try Data(contentsOf: URL(fileURLWithPath: Self.bundle + "/swagger-ui-bundle.js"))
        for client in [try server.connect(), try server.connect(tls: true)] {
            let path = "/docs/swagger-ui-bundle.js"
            let whole = try client.connection.request(TestClient.request("GET", path))
            #expect(whole.status == 200)
            #expect(whole.body == Array(script))
            let page = try client.call("HEAD", path)
            #expect(page.status == 200 && page.text.isEmpty)
            #expect(page.field("content-length") == "\(script.count)")
            #expect(page.field("content-type") == "text/javascript; charset=utf-8")
            let tag = try #require(page.field("etag"))
            let again = try client.call("GET", path, fields: [("if-none-match", tag)])
            #expect(again.status == 304 && again.text.isEmpty && again.field("etag") == tag)
            #expect(try client.call("GET", "/problems/not_ready").text.contains("<h1>"))
            let json = try client.call("GET", "/problems/not_ready", fields: [("accept", "application/json")])
            #expect(json["retryable"]?.boolean == true)
            for path in ["/docs/../serve.json", "/docs/%2e%2e/serve.json", "/docs/LICENSE", "/docs//etc/passwd"] {
                #expect(try client.call("GET", path).status == 404, "\(path)")
            }
        }
        let folder = try ScratchFolder()
        let url = "http://\(server.http)/docs/swagger-ui-bundle.js"
        let curl = try Shell(["curl", "-sS", "--http1.1", "--limit-rate", "4M", "-o", "got.js", url], in: folder.path)
        #expect(curl.status == 0, "\(curl.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/got.js")) == script)
    }

    @Test func `A folder that was named must have the whole bundle`() throws {
        let folder = try ScratchFolder()
        let refused = try Shell(
            [TestServer.executable, "serve", "--state-dir", folder.path + "/state", "--data-dir", folder.path],
            in: folder.path
        )
        #expect(refused.status == 1)
        #expect(refused.errors.contains("--data-dir: \(folder.path)/swagger-ui/swagger-ui-bundle.js cannot be read"))
    }

    @Test(arguments: [(1_280, 1_000), (500, 900)])
    func `A browser shows the operations over HTTP/2 and TLS, and asks nobody else`(width: Int, height: Int) throws {
        let server = try TestServer(arguments: ["--data-dir", Shell.root + "/.build/data"])
        defer { server.remove() }
        let folder = try ScratchFolder()
        // The browser trusts this one certificate and no other.
        let pin = try Shell(
            [
                "bash", "-c",
                "openssl x509 -in \"$0\" -pubkey -noout | openssl pkey -pubin -outform der "
                    + "| openssl dgst -sha256 -binary | base64",
                server.certificate,
            ],
            in: folder.path
        )
        let origin = "https://\(server.https)"
        let browser = try Shell(
            [
                "timeout", "--kill-after=5", "60", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
                "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--user-data-dir=\(folder.path)/profile",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--ignore-certificate-errors-spki-list=\(pin.output.trimmingCharacters(in: .whitespacesAndNewlines))",
                "--enable-logging=stderr", "--log-net-log=\(folder.path)/net.json", "--virtual-time-budget=8000",
                "--window-size=\(width),\(height)", "--screenshot=\(folder.path)/page.png", "--dump-dom",
                origin + "/docs",
            ],
            in: folder.path
        )
        #expect(browser.status == 0, "\(browser.errors)")
        #expect(!browser.errors.contains(":CONSOLE:"), "\(browser.errors)")
        for operation in ["placeOffer", "placeBid", "cancelOrder", "getBook", "listAccounts"] {
            #expect(browser.output.contains(">\(operation)<"), "\(operation) is not shown")
        }
        let urls = try Self.urlsRequested(by: origin, folder.path + "/net.json")
        #expect(urls.contains(origin + "/openapi.yaml"), "\(urls)")
        #expect(urls.contains(origin + "/docs/swagger-ui-bundle.js"))
        #expect(urls.allSatisfy { $0.hasPrefix(origin + "/") || $0.hasPrefix("data:") }, "\(urls)")
        let log = try String(contentsOfFile: folder.path + "/net.json", encoding: .utf8)
        #expect(log.contains(#""next_proto":"h2""#), "HTTP/2 was chosen")
        if let kept = ProcessInfo.processInfo.environment["BOMBYX_SCREENSHOTS"] {
            try? FileManager.default.copyItem(atPath: folder.path + "/page.png", toPath: "\(kept)/docs-\(width).png")
        }
        let share = try Self.inkShare(folder)
        #expect(share > 0.01, "the picture is blank")
    }

    /// Addresses that the page asked for; the browser's own errands have another initiator.
    private static func urlsRequested(by origin: String, _ file: String) throws -> Set<String> {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let requests = text.components(separatedBy: "\"initiator\":\"\(origin)\"").dropFirst()
        return Set(
            requests.compactMap { request in
                let rest = request.components(separatedBy: "\"url\":\"").dropFirst().first
                return rest?.split(separator: "\"", maxSplits: 1).first.map(String.init)
            }
        )
    }

    /// Part of the picture's bytes that differ from their neighbours: of one colour, it is 0.
    private static func inkShare(_ folder: ScratchFolder) throws -> Double {
        let script = """
            import struct, sys, zlib
            data = open("page.png", "rb").read()
            pixels, place = b"", 8
            while place < len(data):
                size, = struct.unpack(">I", data[place:place + 4])
                if data[place + 4:place + 8] == b"IDAT": pixels += data[place + 8:place + 8 + size]
                place += size + 12
            pixels = zlib.decompress(pixels)
            print(1 - pixels.count(0) / len(pixels))
            """
        let python = try Shell(["python3", "-c", script], in: folder.path)
        return try #require(Double(python.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(python.errors)")
    }
}
