import Cryptography
import JSON
import Provenance
import Testing
import Units

@Suite struct BundleTests {
    private func document(_ name: String) throws -> JSONValue {
        try #require(try vectors.list("bundles").first { $0["name"]?.string == name }?["bundle"])
    }

    private func bundle(_ document: JSONValue) throws -> ProofBundle { try ProofBundle(json: document.bytes) }

    @Test func `Bundles of another implementation are read, written and proven`() throws {
        let publicKey = try key("exchange").publicKey
        for row in try vectors.list("bundles") {
            let name = try row.text("name")
            let document = try #require(row["bundle"])
            let bundle = try bundle(document)
            #expect(try ProofBundle(json: bundle.json) == bundle, "\(name)")
            #expect(
                Set(try JSONValue(bundle.json).members?.map(\.key) ?? []) == Set(document.members?.map(\.key) ?? [])
            )
            let report = bundle.verify(publicKey: publicKey)
            #expect(report.isValid && report.failure == nil, "\(name): \(report)")
            #expect(report.checks.map(\.name) == ProofBundle.Name.allCases)
            let skipped = report.checks.filter { $0.outcome == .skipped }.map(\.name)
            let expected: [ProofBundle.Name] =
                switch name {
                case "of the worker only": [.appSignature, .consistency, .anchor]
                case "countersigned": [.consistency, .anchor]
                case "anchored", "anchored as it is": [.consistency]
                default: [.anchor]
                }
            #expect(skipped == expected, "\(name)")
        }
    }

    /// The same document with members replaced, or without those that are `nil`.
    private func changed(_ document: JSONValue, _ changes: [(String, JSONValue?)]) -> JSONValue {
        var members = document.members ?? []
        for (key, value) in changes {
            let place = members.firstIndex { $0.key == key } ?? members.endIndex
            members.removeAll { $0.key == key }
            if let value { members.insert(JSONValue.Member(key, value), at: min(place, members.endIndex)) }
        }
        return .object(members)
    }

    @Test func `Whatever is exchanged for something else, the first check that it breaks says so`() throws {
        let (exchange, other) = (try key("exchange"), try key("other"))
        let good = try document("with an older checkpoint")
        let original = try bundle(good)
        let receipt = original.signed.receipt
        var cheaper = receipt
        cheaper.amount = NanoTON(1)
        let worker = try key("worker")
        let signedCheaper = SignedReceipt(cheaper, signedBy: worker).countersigned(by: try key("app"))
        let origin = original.logKey.name
        let shorter = try Checkpoint(origin: origin, size: 41, root: .zero).signed(by: exchange).encoded
        let foreign = try Checkpoint(origin: origin, size: 100, root: .zero).signed(by: other).encoded
        let otherKey = try #require(NoteKey(name: origin, publicKey: other.publicKey)).text
        func encoded(_ bytes: [UInt8]?) -> JSONValue { .string(Base64URL.encode(bytes ?? [])) }
        let zeros = encoded([UInt8](repeating: 0, count: 64))
        let cases: [([(String, JSONValue?)], ProofBundle.Name)] = [
            ([("worker_signature", zeros)], .workerSignature), ([("worker_key", good["app_key"])], .workerSignature),
            ([("receipt", encoded(cheaper.bytes))], .workerSignature), ([("app_signature", zeros)], .appSignature),
            ([("app_key", good["worker_key"])], .appSignature),
            (
                [
                    ("receipt", encoded(cheaper.bytes)), ("worker_signature", encoded(signedCheaper.workerSignature)),
                    ("app_signature", encoded(signedCheaper.appSignature)),
                ], .amount
            ),
            ([("salt", encoded([UInt8](repeating: 0, count: 32)))], .entry),
            ([("app_signature", nil), ("app_key", nil)], .entry),
            ([("log_key", .string(otherKey))], .logKey), ([("checkpoint", .string(foreign))], .checkpoint),
            ([("index", .integer(40))], .inclusion), ([("index", .integer(.max))], .inclusion),
            ([("inclusion", .array([]))], .inclusion), ([("checkpoint", .string(shorter))], .inclusion),
            (
                [
                    (
                        "consistency",
                        .object([.init("checkpoint", .string(shorter)), .init("proof", .array([]))])
                    )
                ], .consistency
            ),
            (
                [
                    (
                        "consistency",
                        .object([.init("checkpoint", .string(foreign)), .init("proof", .array([]))])
                    )
                ], .consistency
            ),
        ]
        for (changes, name) in cases {
            let report = try bundle(changed(good, changes)).verify(publicKey: exchange.publicKey)
            #expect(report.failure?.name == name, "\(changes.map(\.0)): \(report)")
            #expect(report.checks.last?.name == name, "nothing is checked behind a failure")
        }
        let breakable = Set(ProofBundle.Name.allCases).subtracting([.anchor])
        #expect(Set(cases.map(\.1)) == breakable, "every check is shown to fail, that of anchors in AnchorTests")
        #expect(original.verify(publicKey: other.publicKey).failure?.name == .logKey)
    }

    @Test func `A document that is no bundle is refused by the name of the member`() throws {
        let good = try document("with an older checkpoint")
        for member in good.members ?? [] where member.key != "consistency" {
            for value in [nil, JSONValue.null, .integer(-1), .string("?"), .array([.string("00")]), .object([])] {
                let bad = changed(good, [(member.key, value)])
                let error = #expect(throws: ProofBundleError.self, "\(member.key)") { try bundle(bad) }
                let isNamed = error?.member == member.key || member.key == "app_signature" && error?.member == "app_key"
                #expect(isNamed, "\(member.key): \(error.map { "\($0)" } ?? "")")
            }
        }
        func refusal(_ name: String, _ value: JSONValue) -> String? {
            do { _ = try bundle(changed(good, [(name, value)])) } catch { return "\(error)" }
            return nil
        }
        #expect(refusal("signature", .null) == "signature is not known")
        #expect(refusal("consistency", .object([])) == "consistency.checkpoint is not a string")
        #expect(refusal("consistency", .array([])) == "consistency is not an object")
        #expect(refusal("receipt", .string("AA")) == "receipt is none: a receipt has 312 bytes, not 1")
        #expect(refusal("checkpoint", .string("a\n"))?.hasPrefix("checkpoint is no note: the note is not") == true)
        #expect(
            refusal("inclusion", .array([JSONValue](repeating: .string("00"), count: 129)))?.contains("128") == true
        )
        for text in ["", "{", "[]", "null", "{\"format\":1,\"format\":1}", "{\"format\":\"bombyx-proof-bundle/v2\"}"] {
            #expect(throws: ProofBundleError.self, "\(text)") { try ProofBundle(json: Array(text.utf8)) }
        }
        let long = [UInt8](repeating: 0x20, count: Limits.proofBundleBytesMax + 1)
        let error = #expect(throws: ProofBundleError.self) { try ProofBundle(json: long) }
        #expect(error?.description.contains("too many bytes") == true)
    }

    @Test func `No changed character of a proven bundle leaves it proven, but those that mean the same`() throws {
        let publicKey = try key("exchange").publicKey
        let text = try document("countersigned").bytes
        let original = try ProofBundle(json: text)
        var random = SplitMix64(seed: 20_251_124)
        for _ in 0..<1_500 {
            var changed = text
            let index = Int.random(in: 0..<text.count, using: &random)
            changed[index] ^= 1 << UInt8.random(in: 0..<7, using: &random)
            guard let bundle = try? ProofBundle(json: changed), bundle != original else { continue }
            #expect(!bundle.verify(publicKey: publicKey).isValid, "byte \(index): \(changed[index])")
        }
    }
}
