import Cryptography
import Foundation
import JSON
import ProgramTesting
import Provenance
import Testing
import Units

/// `bombyx ticket verify` and `bombyx bundle verify`, which ask nobody.
@Suite struct ProofTests {
    private let exchange = Ed25519.SigningKey.random()
    private let worker = Ed25519.SigningKey.random()
    private let app = Ed25519.SigningKey.random()

    private func ticket() -> Ticket {
        Ticket(
            lease: LeaseID(7),
            trade: TradeID(7),
            bid: OrderID(12),
            offer: OrderID(11),
            worker: AccountID(2),
            app: AccountID(3),
            model: "Qwen/Qwen3-32B",
            weights: TokenWeights(.standard),
            price: Price(nanoTONPerMTok: 20_000_000),
            lots: Lots(120),
            appFee: BasisPoints(30),
            workerFee: BasisPoints(0),
            openedAt: 1_764_000_000_000,
            deadline: 1_764_003_600_000,
            step: AdjustedTokens(1_000),
            disputeWindow: 600_000
        )
    }

    /// A receipt of the worker, countersigned, as the third of five entries of a log.
    private func bundle() throws -> ProofBundle {
        let usage = TokenUsage(prompt: 34, completion: 100, cached: 11, reasoning: 10)
        let adjusted = usage.adjusted(by: TokenWeights(.standard))
        let price = Price(nanoTONPerMTok: 20_000_000)
        let receipt = Receipt(
            lease: LeaseID(7),
            worker: PartyID(receiptKey: worker.publicKey),
            app: PartyID(receiptKey: app.publicKey),
            response: SHA256.hash(Array("an answer".utf8)),
            sequence: 1,
            usage: usage,
            price: price,
            adjusted: adjusted,
            amount: price.cost(of: adjusted),
            startedAt: 1_764_000_000_000,
            endedAt: 1_764_000_001_250
        )
        let signed = SignedReceipt(receipt, signedBy: worker).countersigned(by: app)
        let salt = SecureRandom.bytes(32)
        let entry = try #require(
            LogEntry(kind: .receipt, milliseconds: 1_764_000_002_000, salt: salt, payload: signed.payloadHash)
        )
        var log = LogTiles()
        for number in 0..<5 { log.append(number == 2 ? entry.leafHash : MerkleHash.leaf([UInt8(number)])) }
        let head = Checkpoint(origin: "exchange.example/log", size: 5, root: log.tree.root(of: 5))
        return ProofBundle(
            signed: signed,
            workerKey: worker.publicKey,
            appKey: app.publicKey,
            salt: salt,
            entry: entry,
            index: 2,
            inclusion: try #require(log.tree.inclusionProof(of: 2, in: 5)),
            checkpoint: try head.signed(by: exchange),
            logKey: try #require(NoteKey(name: "exchange.example/log", publicKey: exchange.publicKey))
        )
    }

    private func verify(_ arguments: [String], in folder: ScratchFolder) throws -> Shell {
        try Shell([TestServer.executable] + arguments, in: folder.path)
    }

    @Test func `A worker is told what a ticket grants, or why it is none`() throws {
        let folder = try ScratchFolder()
        let text = ticket().signed(by: exchange)
        try folder.write(text + "\n", to: "ticket.txt")
        let (hex, base64) = (Hex.encode(exchange.publicKey), Base64URL.encode(exchange.publicKey))
        let other = Hex.encode(worker.publicKey)
        let good = try verify(["ticket", "verify", "ticket.txt", "--key", other, "--key", hex], in: folder)
        #expect(good.status == 0 && good.errors.isEmpty, "\(good.errors)")
        for part in [
            "The ticket is good", "l7, of trade t7 between bid o12 and offer o11", "Qwen/Qwen3-32B",
            "120 lots: 120000 adjusted tokens", "20000000 nanoTON", "2025-11-24T16:00:00.000Z",
            "disputes within 600000 ms",
        ] {
            #expect(good.output.contains(part), "\(part): \(good.output)")
        }
        let json = try verify(["ticket", "verify", "ticket.txt", "--key", base64, "--json"], in: folder)
        #expect(json.status == 0)
        let document = try JSONValue(Array(json.output.utf8))
        #expect(document["valid"]?.boolean == true && document["ticket"]?["lease_id"]?.string == "l7")
        #expect(document["ticket"]?["price_nanoton_per_mtok"]?.string == "20000000")
        #expect(document["ticket"]?["endpoint"] == .null)
        let piped = try Shell(
            ["bash", "-c", "'\(TestServer.executable)' ticket verify - --key \(hex) < ticket.txt"],
            in: folder.path
        )
        #expect(piped.status == 0, "\(piped.errors)")

        let unknown = try verify(["ticket", "verify", "ticket.txt", "--key", other], in: folder)
        #expect(unknown.status == 1 && unknown.output.isEmpty)
        #expect(unknown.errors.contains("which is not among the given ones"), "\(unknown.errors)")
        try folder.write(String(repeating: "x", count: 1 << 20), to: "long.txt")
        try folder.write("bxt1." + text.dropFirst(6), to: "changed.txt")
        for file in ["long.txt", "changed.txt", "/dev/zero"] {
            let bad = try verify(["ticket", "verify", file, "--key", hex, "--json"], in: folder)
            #expect(bad.status == 1, "\(file)")
            let answer = try JSONValue(Array(bad.output.utf8))
            #expect(answer["valid"]?.boolean == false && answer["reason"]?.string?.isEmpty == false, "\(file)")
        }
        #expect(try verify(["ticket", "verify", "none.txt", "--key", hex], in: folder).status == 2)
        #expect(try verify(["ticket", "verify", ".", "--key", hex], in: folder).status == 2)
        #expect(try verify(["ticket", "verify", "ticket.txt", "--key", "x"], in: folder).status == 64)
        #expect(try verify(["ticket", "verify", "ticket.txt"], in: folder).status == 64)
    }

    @Test func `An auditor is told what a bundle proves, or the first thing that is wrong`() throws {
        let folder = try ScratchFolder()
        let bundle = try bundle()
        let text = String(decoding: bundle.json, as: UTF8.self)
        try folder.write(text, to: "bundle.json")
        let good = try verify(["bundle", "verify", "bundle.json", "--key", bundle.logKey.text], in: folder)
        #expect(good.status == 0 && good.errors.isEmpty, "\(good.errors)")
        for part in [
            "passed: the worker has signed receipt 1 of lease l7", "passed: the app has countersigned",
            "passed: 824 adjusted tokens cost 16480 nanoTON",
            "passed: the entry is number 2 of the 5 in the log, counted from 0",
            "skipped: the bundle names no older checkpoint", "The bundle is good.",
            SHA256.hash(Array("an answer".utf8)).hex,
        ] {
            #expect(good.output.contains(part), "\(part): \(good.output)")
        }
        let foreign = Hex.encode(worker.publicKey)
        let bad = try verify(["bundle", "verify", "bundle.json", "--key", foreign], in: folder)
        #expect(bad.status == 1)
        #expect(bad.errors == "bombyx bundle verify: the bundle is of another log: its key is not the given one\n")
        #expect(!bad.output.contains("good"))
        try folder.write(text.replacing("\"index\":2", with: "\"index\":3"), to: "moved.json")
        let key = Hex.encode(exchange.publicKey)
        let moved = try verify(["bundle", "verify", "moved.json", "--key", key, "--json"], in: folder)
        #expect(moved.status == 1)
        let report = try JSONValue(Array(moved.output.utf8))
        #expect(report["valid"]?.boolean == false)
        #expect(report["reason"]?.string == "the entry is not number 3 of the 5 in the log")
        #expect(report["checks"]?.elements?.last?["check"]?.string == "inclusion")
        try folder.write(text.replacing("\"salt\"", with: "\"pepper\""), to: "member.json")
        let member = try verify(["bundle", "verify", "member.json", "--key", key], in: folder)
        #expect(member.status == 1 && member.errors == "bombyx bundle verify: pepper is not known\n")
        #expect(try verify(["bundle", "verify", "/dev/zero", "--key", key], in: folder).status == 1, "it ends")
        #expect(try verify(["bundle", "verify", "none.json", "--key", key], in: folder).status == 2)
        #expect(try verify(["bundle", "verify", "bundle.json", "--key", ""], in: folder).status == 64)
    }
}
