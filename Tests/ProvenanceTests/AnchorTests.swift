import Cryptography
import JSON
import Provenance
import Testing

@Suite struct AnchorTests {
    @Test func `Anchors are those of another implementation, and what is none is refused`() throws {
        for row in try vectors.list("anchors") {
            let hash = LogAnchor.originHash(of: try row.text("origin"))
            let (size, root) = (try row.integer("size"), try row.digest("root"))
            let anchor = try #require(LogAnchor(originHash: hash, size: size, root: root))
            #expect(anchor.bytes == (try row.hex("bytes")) && anchor.bytes.count == LogAnchor.byteCount)
            #expect(LogAnchor(bytes: anchor.bytes) == anchor)
            for bit in 0..<anchor.bytes.count * 8 {
                var changed = anchor.bytes
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                let other = LogAnchor(bytes: changed)
                #expect(other == nil || other?.bytes == changed && other != anchor, "bit \(bit)")
                if bit < 64 { #expect(other == nil, "the first eight bytes say what it is") }
            }
            #expect(LogAnchor(bytes: Array(anchor.bytes.dropLast())) == nil)
            #expect(LogAnchor(bytes: anchor.bytes + [0]) == nil)
            #expect(LogAnchor(originHash: hash, size: 0, root: root) == nil)
        }
    }

    private func document(_ name: String) throws -> JSONValue {
        try #require(try vectors.list("bundles").first { $0["name"]?.string == name }?["bundle"])
    }

    /// The bundle with a member of `ton` replaced, or without it.
    private func changed(_ document: JSONValue, _ name: String, _ value: JSONValue?) -> JSONValue {
        var members = document["ton"]?.members ?? []
        members.removeAll { $0.key == name }
        if let value { members.append(JSONValue.Member(name, value)) }
        let others = (document.members ?? []).filter { $0.key != "ton" }
        return .object(others + [JSONValue.Member("ton", .object(members))])
    }

    @Test func `An anchor that is not of the log, or does not cover the entry, fails the bundle`() throws {
        let publicKey = try key("exchange").publicKey
        let good = try document("anchored")
        let original = try ProofBundle(json: good.bytes)
        let ton = try #require(original.ton)
        func said(_ anchor: LogAnchor?) -> JSONValue { .string(Base64URL.encode(anchor?.bytes ?? [])) }
        let foreign = LogAnchor(originHash: .zero, size: ton.anchor.size, root: ton.anchor.root)
        let early = LogAnchor(originHash: ton.anchor.originHash, size: 41, root: ton.anchor.root)
        let longer = LogAnchor(originHash: ton.anchor.originHash, size: 101, root: ton.anchor.root)
        let other = LogAnchor(originHash: ton.anchor.originHash, size: ton.anchor.size, root: .zero)
        let whole = try #require(try document("anchored as it is")["ton"]?["anchor"])
        let cases: [(String, JSONValue, String)] = [
            ("anchor", said(foreign), "another log"), ("anchor", said(early), "does not cover number 41"),
            ("anchor", said(other), "does not begin"), ("anchor", said(longer), "does not begin"),
            ("anchor", whole, "does not begin"), ("consistency", .array([]), "does not begin"),
        ]
        for (member, value, words) in cases {
            let report = try ProofBundle(json: changed(good, member, value).bytes).verify(publicKey: publicKey)
            #expect(report.failure?.name == .anchor && report.failure?.finding.contains(words) == true, "\(report)")
        }
        let finding = try #require(original.verify(publicKey: publicKey).checks.last?.finding)
        #expect(finding.contains("takes the chain to see") && finding.contains("49000001000003"))
        #expect(finding.contains(Hex.encode(ton.anchor.bytes)), "what to look for on the chain")
        // Where it is on the chain is nothing that the bundle can show.
        let elsewhere = try ProofBundle(json: changed(good, "transaction_lt", .string("7")).bytes)
        #expect(elsewhere.verify(publicKey: publicKey).isValid && elsewhere.ton?.logicalTime == 7)
    }

    @Test func `A member of ton that is none is refused by its name`() throws {
        let good = try document("anchored")
        for member in try #require(good["ton"]?.members) {
            for value in [nil, JSONValue.null, .integer(-1), .string("?"), .array([.string("00")]), .object([])] {
                let error = #expect(throws: ProofBundleError.self, "\(member.key)") {
                    try ProofBundle(json: changed(good, member.key, value).bytes)
                }
                #expect(error?.member == "ton.\(member.key)")
            }
        }
        for (member, value) in [
            ("wallet", "1:" + String(repeating: "0", count: 64)), ("wallet", "0:" + String(repeating: "A", count: 64)),
            ("transaction_lt", "0"), ("transaction_lt", "01"), ("transaction_lt", "+1"), ("transaction_lt", "-1"),
            ("transaction_hash", String(repeating: "A", count: 64)),
            ("anchor", Base64URL.encode([UInt8](repeating: 0, count: 80))),
        ] {
            let error = #expect(throws: ProofBundleError.self, "\(member) \(value)") {
                try ProofBundle(json: changed(good, member, .string(value)).bytes)
            }
            #expect(error?.member == "ton.\(member)")
        }
        let error = #expect(throws: ProofBundleError.self) {
            try ProofBundle(json: changed(good, "block", .integer(1)).bytes)
        }
        #expect(error?.description == "ton.block is not known")
    }
}
