import Cryptography
import Foundation
import JSON
import ProgramTesting
import Provenance
import TON
import Testing

/// The log's root on a chain that `bombyx chain serve` serves, from the first receipt to the auditor.
@Suite(.serialized) struct AnchorTests {
    private struct Scene {
        let town: ChainTown
        let desk: LeaseDesk
        /// After the server was started anew, another than the desk's.
        var client: TestClient
        private let logKey: String

        init() throws {
            town = try ChainTown(nanoTON: 20_000_000_000)
            desk = try LeaseDesk(town.server)
            client = desk.client
            logKey = try desk.logKey().text
        }

        /// The anchors, newest first.
        func anchors() throws -> [JSONValue] {
            try client.call("GET", "/v1/log/anchors")["data"]?.elements ?? []
        }

        /// Waits until so many anchors are confirmed, and gives the newest.
        func confirmed(_ count: Int) throws -> JSONValue {
            try town.chain.waitUntil { try anchors().count { $0["state"]?.string == "confirmed" } == count }
            return try anchors()[0]
        }

        func admin(_ arguments: String...) throws -> Shell {
            let command = [TestServer.executable, "admin", "settlement", "anchor"] + arguments
            return try Shell(command + ["--state-dir", town.server.folder], in: town.server.folder)
        }

        /// What `bombyx bundle verify` says of a receipt's bundle.
        func verify(_ receipt: Receipt) throws -> (shell: Shell, bundle: JSONValue) {
            let answer = try client.call("GET", "/v1/receipts/\(receipt.hash.hex)/bundle", key: desk.app.key)
            guard answer.status == 200 else { throw TestServer.Failure(answer.text) }
            let folder = try ScratchFolder()
            try folder.write(answer.text, to: "bundle.json")
            let command = [TestServer.executable, "bundle", "verify", "bundle.json", "--key", logKey]
            return (try Shell(command, in: folder.path), try JSONValue(Array(answer.text.utf8)))
        }
    }

    @Test func `A receipt's place in the log is shown by the chain, though the server is killed`() throws {
        var scene = try Scene()
        defer { scene.town.remove() }
        let server = scene.town.server
        let lease = try scene.desk.open()
        let first = scene.desk.receipt(of: lease, 1, prompt: 10)
        #expect(try scene.desk.record(scene.desk.signed(first)).status == 200)
        let anchor = try scene.confirmed(1)
        let checkpoint = try scene.desk.checkpoint()
        #expect(anchor["size"]?.integer == checkpoint.size && anchor["root_sha256"]?.string == checkpoint.root.hex)
        try expectOnChain(anchor, checkpoint, scene)

        let (shown, bundle) = try scene.verify(first)
        #expect(shown.status == 0 && shown.errors.isEmpty, "\(shown.errors)")
        #expect(shown.output.contains("passed: the anchor covers the entry among its \(checkpoint.size)"))
        let hash = try #require(anchor["transaction"]?["hash"]?.string)
        #expect(shown.output.contains("takes the chain to see: transaction \(hash)"), "\(shown.output)")
        #expect(bundle["ton"]?["consistency"]?.elements == [])

        // What came later is in no anchor yet, until the operator asks.
        let second = scene.desk.receipt(of: lease, 2, prompt: 20, after: first)
        #expect(try scene.desk.record(scene.desk.signed(second)).status == 200)
        #expect(try scene.verify(second).shell.output.contains("skipped: the bundle names no anchor on TON"))
        #expect(try scene.admin("now").status == 0)
        server.kill()
        try server.start()
        scene.client = try server.connect()
        try scene.town.chain.waitUntil { try scene.client.call("GET", "/readyz").status == 200 }
        let next = try scene.confirmed(2)
        #expect(try scene.anchors().allSatisfy { ["confirmed", "lost"].contains($0["state"]?.string) })
        #expect(next["size"]?.integer == checkpoint.size + 1)
        let later = try scene.verify(second)
        #expect(later.shell.status == 0 && later.bundle["ton"]?["message_hash"] == next["message_hash"])
        // The first receipt's bundle still names the first anchor, from which the log has grown.
        let earlier = try scene.verify(first)
        #expect(earlier.shell.status == 0, "\(earlier.shell.errors)")
        #expect(earlier.bundle["ton"]?["message_hash"] == anchor["message_hash"])
        #expect(earlier.bundle["ton"]?["consistency"]?.elements?.isEmpty == false)
        try expectFigures(scene, size: checkpoint.size + 1)

        let refused = try scene.admin("now")
        #expect(refused.status != 0 && refused.errors.contains("has not grown"), "\(refused.errors)")
        #expect(try server.psql("SELECT difference FROM settlement.reconciliation") == "0")
        #expect(try server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
        #expect(try server.psql("SELECT count(*) FROM settlement.suspense") == "0", "no anchor is a deposit")
        #expect(server.terminate() == 0)
        try TestServer.run(["verify", "--state-dir", server.folder])
    }

    /// The chain's transaction received the message that the exchange tells, and nobody else sent it.
    private func expectOnChain(_ anchor: JSONValue, _ checkpoint: Checkpoint, _ scene: Scene) throws {
        let said = LogAnchor(
            originHash: LogAnchor.originHash(of: checkpoint.origin),
            size: checkpoint.size,
            root: checkpoint.root
        )
        #expect(anchor["message"]?.string == said.map { Hex.encode($0.bytes) })
        let history = try scene.town.chain.ask(
            "/api/v3/transactions?account=\(scene.town.address)&sort=asc&limit=100"
        )
        let hash = try #require(anchor["transaction"]?["hash"]?.string.flatMap { Hex.decode($0) })
        let found = history["transactions"]?.elements?.filter { $0["hash"]?.string == Base64.encode(hash) } ?? []
        let transaction = try #require(found.first)
        #expect(found.count == 1 && transaction["lt"]?.string == anchor["transaction"]?["lt"]?.string)
        let message = try #require(transaction["in_msg"])
        let messageHash = try #require(anchor["message_hash"]?.string.flatMap { Hex.decode($0) })
        #expect(message["hash"]?.string == Base64.encode(messageHash))
        #expect(message["source"]?.string == message["destination"]?.string, "\(message)")
        let body = try #require(message["message_content"]?["body"]?.string.flatMap { Base64.decode($0) })
        var slice = try CellSlice(try BagOfCells.read(body))
        #expect(try slice.bytes(LogAnchor.byteCount) == said?.bytes && slice.bitsLeft == 0)
    }

    private func expectFigures(_ scene: Scene, size: Int64) throws {
        try scene.town.chain.waitUntil {
            let text = try PrometheusText(try scene.client.call("GET", "/metrics").text)
            let figures = text.families.values.flatMap(\.samples)
            let age = figures.first { $0.name == "bombyx_anchor_age_seconds" }?.value ?? .nan
            return figures.contains { $0.name == "bombyx_anchor_log_entries" && $0.value == Double(size) }
                && age >= 0 && age < 120
        }
    }

    @Test func `The operator says how often, and nothing is anchored while that is off`() throws {
        let scene = try Scene()
        defer { scene.town.remove() }
        let changed = try scene.admin("policy", "--enabled", "false", "--interval", "60", "--amount", "0.02TON")
        #expect(changed.status == 0, "\(changed.errors)")
        let policy = try scene.client.call("GET", "/v1/settlement/anchor-policy")
        #expect(policy["is_enabled"]?.boolean == false && policy["interval_s"]?.integer == 60, "\(policy.text)")
        #expect(policy["amount_nanoton"]?.string == "20000000" && policy["anchored_size"]?.integer == 0)
        #expect(try scene.admin("policy").output.contains("60 s"))
        let body = #"{"amount_nanoton":"999999"}"#
        let operatorKey = scene.desk.scenario.operatorKey
        let low = try scene.client.call("PUT", "/v1/settlement/anchor-policy", key: operatorKey, body)
        #expect(low.status == 422 && low["errors"]?[0]?["pointer"]?.string == "#/amount_nanoton", "\(low.text)")
        try scene.town.waitForWallet(scene.desk.scenario, scene.desk.app.key)
        let early = try scene.client.call("POST", "/v1/settlement:anchor", key: operatorKey, "{}")
        #expect(early.code == "nothing_to_anchor", "\(early.text)")
        try scene.desk.setPolicy(#"{"step_tokens":2000}"#)
        sleep(3)
        #expect(try scene.anchors().isEmpty)
        let asked = try scene.client.call("POST", "/v1/settlement:anchor", key: operatorKey, "{}")
        #expect(asked.status == 200 && asked["is_requested"]?.boolean == true, "\(asked.text)")
        #expect(try scene.confirmed(1)["size"]?.integer == 1)
        #expect(try scene.admin("list").output.contains("confirmed"))
        let stranger = try scene.client.call("POST", "/v1/settlement:anchor", key: scene.desk.app.key, "{}")
        #expect(stranger.code == "missing_scope")
    }
}
