import Cryptography
import JSON
import Provenance
import Testing
import Units

@Suite struct NoteTests {
    private static let origin = "exchange.example/log"

    /// By their names in the vectors.
    private static let reasons: [String: NoteError] = [
        "tooLarge": .tooLarge, "malformedText": .malformedText, "malformedSignature": .malformedSignature,
        "unsigned": .unsigned, "tooManySignatures": .tooManySignatures, "unknownKey": .unknownKey,
        "invalidSignature": .invalidSignature,
    ]

    @Test func `Notes of other implementations are read, written and verified`() throws {
        for row in try vectors.list("notes") {
            let name = try row.text("name")
            let note = try SignedNote(try row.text("note"))
            #expect(note.text == (try row.text("text")), "\(name)")
            #expect(note.encoded == (try row.text("note")), "\(name)")
            let key = try #require(NoteKey(text: try row.text("key")), "\(name)")
            #expect(key.text == (try row.text("key")))
            #expect(throws: Never.self, "\(name)") { try note.verify(keys: [key]) }
        }
    }

    @Test func `A checkpoint is the same note each time, and the one of another implementation`() throws {
        let exchange = try key("exchange")
        let row = try #require(try vectors.list("notes").first { $0["name"]?.string == "a checkpoint" })
        let root = try #require(vectors["roots"]).digest("1000")
        let checkpoint = Checkpoint(origin: Self.origin, size: 1_000, root: root)
        #expect(try checkpoint.signed(by: exchange).encoded == (try row.text("note")))
        #expect(try checkpoint.signed(by: exchange).encoded == (try row.text("note")))
        let logKey = try #require(NoteKey(name: Self.origin, publicKey: exchange.publicKey))
        #expect(logKey.text == (try row.text("key")))
        #expect(try Checkpoint(try SignedNote(try row.text("note")), signedBy: logKey) == checkpoint)
        let empty = Checkpoint(origin: Self.origin, size: 0, root: MerkleHash.empty)
        #expect(Checkpoint(text: empty.text) == empty)
        #expect(Checkpoint(text: empty.text + "an extension\n") == empty)
    }

    @Test func `What is not a note, or not by the key, is refused with its reason`() throws {
        let logKey = try #require(NoteKey(name: Self.origin, publicKey: try key("exchange").publicKey))
        var reasons: Set<NoteError> = []
        for row in try vectors.list("malformed_notes") {
            let why = try row.text("why")
            let error = #expect(throws: NoteError.self, "\(why)") {
                try SignedNote(try row.text("note")).verify(keys: [logKey])
            }
            guard let error else { continue }
            #expect(error == Self.reasons[try row.text("error")], "\(why): \(error)")
            reasons.insert(error)
        }
        #expect(throws: NoteError.malformedText) { try SignedNote(text: "a", name: "b", signedBy: .random()) }
        #expect(throws: NoteError.malformedName) { try SignedNote(text: "a\n", name: "b c", signedBy: .random()) }
        reasons.insert(.malformedName)
        #expect(reasons == Set(NoteError.allCases), "every reason is shown")
    }

    @Test func `Signatures of unknown keys are passed over, wrong ones of known keys are not`() throws {
        let row = try #require(try vectors.list("notes").first { $0["name"]?.string == "a witness second" })
        let note = try SignedNote(try row.text("note"))
        let logKey = try #require(NoteKey(name: Self.origin, publicKey: try key("exchange").publicKey))
        let witness = try #require(NoteKey(name: "witness.example", publicKey: try key("other").publicKey))
        let stranger = try #require(NoteKey(name: "witness.example", publicKey: try key("app").publicKey))
        #expect(throws: Never.self) { try note.verify(keys: [logKey]) }
        #expect(throws: Never.self) { try note.verify(keys: [witness, logKey, stranger]) }
        #expect(throws: NoteError.unknownKey) { try note.verify(keys: [stranger]) }
        #expect(throws: NoteError.unknownKey) { try note.verify(keys: []) }
        let signature = note.signatures[1]
        let spoiled = SignedNote.Signature(
            name: signature.name,
            keyID: signature.keyID,
            bytes: [signature.bytes[0] ^ 1] + signature.bytes.dropFirst()
        )
        let many = SignedNote(
            text: note.text,
            signatures: [SignedNote.Signature](repeating: note.signatures[0], count: Limits.noteSignaturesMax)
        )
        #expect(try SignedNote(many.encoded) == many)
        let mixed = SignedNote(text: note.text, signatures: [note.signatures[0], spoiled])
        #expect(throws: Never.self) { try mixed.verify(keys: [logKey]) }
        #expect(throws: NoteError.invalidSignature) { try mixed.verify(keys: [logKey, witness]) }
    }

    @Test func `Texts that are no checkpoints are refused, though they are signed`() throws {
        let exchange = try key("exchange")
        let logKey = try #require(NoteKey(name: Self.origin, publicKey: exchange.publicKey))
        for text in try vectors.list("malformed_checkpoints").compactMap(\.string) {
            #expect(Checkpoint(text: text) == nil, "\(text)")
            guard let note = try? SignedNote(text: text, name: Self.origin, signedBy: exchange) else { continue }
            #expect(throws: CheckpointError.notACheckpoint, "\(text)") { try Checkpoint(note, signedBy: logKey) }
        }
        let foreign = Checkpoint(origin: "another.example/log", size: 1, root: .zero)
        let note = try SignedNote(text: foreign.text, name: Self.origin, signedBy: exchange)
        #expect(throws: CheckpointError.foreignOrigin) { try Checkpoint(note, signedBy: logKey) }
    }

    @Test(arguments: ["", "a b", "a+b", "a\nb", "a\u{A0}b", "a\u{2003}", "\u{7F}", String(repeating: "a", count: 256)])
    func `A name that cannot stand in a note is refused`(name: String) {
        #expect(NoteKey(name: name, publicKey: [UInt8](repeating: 1, count: 32)) == nil)
    }

    @Test func `A key's text is that of its name and bytes only`() throws {
        let key = try #require(NoteKey(name: "a", publicKey: [UInt8](repeating: 1, count: 32)))
        #expect(NoteKey(text: key.text) == key)
        for text in ["", "a", "a+", "a++", "b" + key.text.dropFirst(), key.text + "A", key.text.uppercased()] {
            #expect(NoteKey(text: text) == nil, "\(text)")
        }
        #expect(NoteKey(name: "a", publicKey: [1]) == nil)
        let longest = String(repeating: "a", count: Limits.noteNameBytesMax)
        #expect(NoteKey(name: longest, publicKey: key.publicKey) != nil)
    }
}
