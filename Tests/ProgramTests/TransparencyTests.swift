import Cryptography
import Foundation
import HTTP2
import JSON
import ProgramTesting
import Provenance
import Testing
import Units

/// The log of what was recorded, as an auditor finds it at a real server.
@Suite(.serialized) struct TransparencyTests {
    @Test func `Every receipt is in the log, and a checkpoint continues the one before, whatever is killed`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        #expect(try desk.checkpoint().size == 0)
        let id = try desk.open()
        var checkpoints: [Checkpoint] = []
        var last: Receipt?
        for number in 1...8 as ClosedRange<UInt32> {
            let receipt = desk.receipt(of: id, number, prompt: Int64(number) * 10, after: last)
            #expect(try desk.record(desk.signed(receipt)).status == 200)
            last = receipt
            checkpoints.append(try desk.checkpoint())
        }
        let key = try desk.logKey()
        for round in 0..<2 {
            server.kill()
            try server.start()
            let client = try server.connect()
            for _ in 0..<100 where try client.call("GET", "/readyz").status != 200 { usleep(100_000) }
            let note = try client.call("GET", "/log/checkpoint").text
            checkpoints.append(try Checkpoint(try SignedNote(note), signedBy: key))
            #expect(checkpoints.last?.size == 8, "round \(round)")
        }
        let client = try server.connect()
        let latest = try #require(checkpoints.last)
        #expect(latest.size == 8)
        for earlier in checkpoints where earlier.size > 0 {
            let path = "/v1/log/proof/consistency?from=\(earlier.size)&to=\(latest.size)"
            let answer = try client.call("GET", path)
            #expect(
                MerkleVerifier.isConsistent(
                    from: earlier.size,
                    root: earlier.root,
                    to: latest.size,
                    root: latest.root,
                    proof: answer.hashes("proof")
                ),
                "\(answer.text)"
            )
        }
        try Self.checkEntries(client, latest)
        try Self.checkTiles(client, latest)
    }

    /// Each entry is proven to be in the tree of the checkpoint.
    private static func checkEntries(_ client: TestClient, _ checkpoint: Checkpoint) throws {
        let entries = try client.call("GET", "/v1/log/entries?start=0&end=999")["data"]?.elements ?? []
        #expect(entries.count == 8)
        for (index, entry) in entries.enumerated() {
            let bytes = try #require(entry["entry"]?.string.flatMap { Base64URL.decode($0) })
            let leaf = MerkleHash.leaf(bytes)
            #expect(entry["leaf_sha256"]?.string == leaf.hex)
            let path = "/v1/log/proof/inclusion?leaf_hash=\(leaf.hex)&size=\(checkpoint.size)"
            let answer = try client.call("GET", path)
            #expect(answer["index"]?.integer == Int64(index), "\(answer.text)")
            #expect(
                MerkleVerifier.isIncluded(
                    leaf,
                    at: Int64(index),
                    in: checkpoint.size,
                    root: checkpoint.root,
                    proof: answer.hashes("proof")
                ),
                "\(answer.text)"
            )
        }
    }

    /// The tiles hold the leaves of the entries, and nothing that is not there yet.
    private static func checkTiles(_ client: TestClient, _ checkpoint: Checkpoint) throws {
        let bundle = try client.connection.request(TestClient.request("GET", "/log/tile/entries/000.p/8"))
        let hashes = try client.connection.request(TestClient.request("GET", "/log/tile/0/000.p/8"))
        let entries = try #require(EntryBundle.decode(bundle.body))
        #expect(entries.flatMap { MerkleHash.leaf($0).bytes } == hashes.body)
        var frontier = LogFrontier()
        for entry in entries { frontier.append(MerkleHash.leaf(entry)) }
        #expect(frontier.root == checkpoint.root)
        for path in ["/log/tile/0/000", "/log/tile/0/000.p/9", "/log/tile/1/000.p/1", "/log/tile/0/001.p/1"] {
            #expect(try client.call("GET", path).status == 404, "\(path)")
        }
        for (path, status, code) in [
            ("/v1/log/proof/inclusion?index=8", 404, "log_entry_not_found"),
            ("/v1/log/proof/inclusion?index=0&size=9", 422, "invalid_fields"),
            ("/v1/log/proof/inclusion", 422, "invalid_fields"),
            ("/v1/log/proof/consistency?from=9", 422, "invalid_fields"),
            ("/v1/log/proof/consistency?from=0", 422, "invalid_fields"),
        ] {
            let answer = try client.call("GET", path)
            #expect(answer.status == status && answer.code == code, "\(path): \(answer.text)")
        }
    }

    @Test func `A bundle proves a receipt offline, only its parties get it, and a changed one proves nothing`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let id = try desk.open()
        let receipt = desk.receipt(of: id, 1, prompt: 34, completion: 100)
        #expect(try desk.record(desk.signed(receipt)).status == 200)
        let path = "/v1/receipts/\(receipt.hash.hex)/bundle"
        let bundle = try desk.client.call("GET", path, key: desk.app.key)
        #expect(bundle.status == 200, "\(bundle.text)")
        let other = try desk.scenario.party("other")
        #expect(try desk.client.call("GET", path, key: other.key).code == "receipt_not_found")
        let found = try desk.client.call(
            "GET",
            "/v1/receipts?response_sha256=\(receipt.response.hex)",
            key: desk.app.key
        )
        #expect(found["data"]?.elements?.first?["receipt_sha256"]?.string == receipt.hash.hex, "\(found.text)")
        let folder = try ScratchFolder()
        let key = try desk.logKey().text
        try folder.write(bundle.text, to: "bundle.json")
        let said = try TestServer.run(["bundle", "verify", folder.path + "/bundle.json", "--key", key])
        #expect(!said.isEmpty)
        let salt = try #require(bundle["salt"]?.string)
        let changed = (salt.first == "A" ? "B" : "A") + salt.dropFirst()
        try folder.write(bundle.text.replacingOccurrences(of: salt, with: changed), to: "changed.json")
        #expect(throws: (any Error).self) {
            try TestServer.run(["bundle", "verify", folder.path + "/changed.json", "--key", key])
        }
    }

    /// The walk of `Deploy/audit-walk.md`, as it stands there.
    @Test func `An auditor goes from an answer to the log, and from the log to an older one`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let id = try desk.open()
        let before = desk.receipt(of: id, 1, prompt: 34, answer: "an earlier answer")
        #expect(try desk.record(desk.signed(before)).status == 200)
        let folder = try ScratchFolder()
        try folder.write(try desk.client.call("GET", "/log/checkpoint").text, to: "older.checkpoint")
        let receipt = desk.receipt(of: id, 2, prompt: 34, completion: 100, after: before)
        #expect(try desk.record(desk.signed(receipt)).status == 200)
        try folder.write("answer", to: "answer.txt")
        try folder.write("authorization: Bearer \(desk.app.key)\n", to: "app.header")
        let text = try String(contentsOfFile: Shell.root + "/Deploy/audit-walk.md", encoding: .utf8)
        let steps = text.components(separatedBy: "```sh\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first
        }
        #expect(steps.count >= 5)
        try folder.write("set -euo pipefail\n" + steps.joined(separator: "\n") + "\n", to: "walk.sh")
        let program = URL(fileURLWithPath: TestServer.executable).deletingLastPathComponent().path
        let walk = try Shell(
            ["bash", "walk.sh"],
            in: folder.path,
            environment: [
                "BOMBYX_URL": "https://\(server.https)", "CURL_CA_BUNDLE": server.certificate,
                "PATH": "\(program):/usr/bin:/bin",
            ]
        )
        #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
        #expect(walk.output.contains("the older log is the beginning of this one"), "\(walk.output)")
    }
}
