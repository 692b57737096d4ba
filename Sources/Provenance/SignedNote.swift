package import Cryptography
internal import Units

/// A text with signatures that people can read and programs check (C2SP signed-note).
package struct SignedNote: Hashable, Sendable {
    /// What is signed: UTF-8 that ends in a line feed and has no other control character.
    package let text: String
    package let signatures: [Signature]

    /// One line below the text.
    package struct Signature: Hashable, Sendable {
        package let name: String
        /// Names the key among those of the name; see ``NoteKey/id``.
        package let keyID: UInt32
        package let bytes: [UInt8]

        package init(name: String, keyID: UInt32, bytes: [UInt8]) {
            self.name = name
            self.keyID = keyID
            self.bytes = bytes
        }
    }

    /// A note with signatures that were made elsewhere; their number is at most ``Limits/noteSignaturesMax``.
    package init(text: String, signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    /// A note signed by `key` under the name `name`. The same note each time.
    package init(text: String, name: String, signedBy key: Ed25519.SigningKey) throws(NoteError) {
        guard Self.isWellFormed(text) else { throw .malformedText }
        guard let noteKey = NoteKey(name: name, publicKey: key.publicKey) else { throw .malformedName }
        let bytes = key.sign(Array(text.utf8))
        self.init(text: text, signatures: [Signature(name: name, keyID: noteKey.id, bytes: bytes)])
    }

    /// The note as it is served: the text, an empty line and a line for each signature.
    package var encoded: String {
        text + "\n"
            + signatures.map { signature in
                var bytes: [UInt8] = []
                bytes.append(UInt64(signature.keyID), byteCount: 4)
                return "— \(signature.name) \(Base64.encode(bytes + signature.bytes))\n"
            }.joined()
    }

    /// Reads a note as it is served. Nothing of it may be believed before ``verify(keys:)``.
    package init(_ encoded: String) throws(NoteError) {
        guard encoded.utf8.count <= Limits.noteBytesMax else { throw .tooLarge }
        // Lines of scalars: an em dash may be followed by a mark that would join it to one character.
        let lines = encoded.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        guard let last = lines.last, last.isEmpty, let gap = lines.dropLast().lastIndex(where: \.isEmpty), gap > 0
        else { throw .malformedText }
        text = lines[..<gap].map { String($0) + "\n" }.joined()
        guard Self.isWellFormed(text) else { throw .malformedText }
        let signed = lines[(gap + 1)...].dropLast()
        guard !signed.isEmpty else { throw .unsigned }
        guard signed.count <= Limits.noteSignaturesMax else { throw .tooManySignatures }
        var signatures: [Signature] = []
        for line in signed {
            guard let signature = Signature(line: String(line)) else { throw .malformedSignature }
            signatures.append(signature)
        }
        self.signatures = signatures
    }

    /// Checks the signatures by `keys`; those of others are passed over. Throws unless one at least is by a known key,
    /// and all that are by known keys are right.
    package func verify(keys: [NoteKey]) throws(NoteError) {
        let message = Array(text.utf8)
        var isSigned = false
        for signature in signatures {
            for key in keys where key.id == signature.keyID && key.name.utf8.elementsEqual(signature.name.utf8) {
                guard Ed25519.isValid(signature.bytes, of: message, by: key.publicKey) else { throw .invalidSignature }
                isSigned = true
            }
        }
        guard isSigned else { throw .unknownKey }
    }

    private static func isWellFormed(_ text: String) -> Bool {
        text.utf8.last == UInt8(ascii: "\n") && text.utf8.allSatisfy { $0 >= 0x20 || $0 == UInt8(ascii: "\n") }
    }
}

extension SignedNote.Signature {
    fileprivate init?(line: String) {
        let parts = line.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, String(parts[0]).utf8.elementsEqual("—".utf8), NoteKey.isName(String(parts[1])),
            let bytes = Base64.decode(String(parts[2])), bytes.count > 4
        else { return nil }
        name = String(parts[1])
        keyID = bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) }
        self.bytes = Array(bytes[4...])
    }
}

/// A key that signs notes, with the name under which it does (C2SP signed-note).
package struct NoteKey: Hashable, Sendable {
    package let name: String
    /// 32 bytes: an Ed25519 public key (RFC 8032).
    package let publicKey: [UInt8]

    /// The signature type of Ed25519.
    private static let type: UInt8 = 1

    /// `nil` if the name is empty or too long or has spaces, control characters or `+`, or the key has not 32 bytes.
    package init?(name: String, publicKey: [UInt8]) {
        guard Self.isName(name), publicKey.count == Ed25519.publicKeyByteCount else { return nil }
        self.name = name
        self.publicKey = publicKey
    }

    /// The first four bytes of the SHA-256 of the name, a line feed, the byte 1 and the public key.
    package var id: UInt32 {
        let hash = SHA256.hash(Array(name.utf8) + [UInt8(ascii: "\n"), Self.type] + publicKey)
        return UInt32(truncatingIfNeeded: hash.prefix >> 32)
    }

    /// The key in one word, as tools for logs take it: the name, the id in hexadecimal and the base 64 of the byte 1
    /// and the public key, with `+` between them.
    package var text: String {
        var bytes: [UInt8] = []
        bytes.append(UInt64(id), byteCount: 4)
        return "\(name)+\(Hex.encode(bytes))+\(Base64.encode([Self.type] + publicKey))"
    }

    /// Reads ``text``; `nil` if it is none or the id is not that of the name and the key.
    package init?(text: String) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.decode(String(parts[2])), bytes.first == Self.type,
            let key = NoteKey(name: String(parts[0]), publicKey: Array(bytes.dropFirst())),
            key.text.utf8.elementsEqual(text.utf8)
        else { return nil }
        self = key
    }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= Limits.noteNameBytesMax
            && name.unicodeScalars.allSatisfy { scalar in
                scalar != "+" && scalar.value > 0x20 && scalar.value != 0x7F && !scalar.properties.isWhitespace
            }
    }
}

/// Why a text is not a note, or not one to be believed.
package enum NoteError: String, Error, CaseIterable, Sendable {
    case tooLarge = "the note has too many bytes"
    case malformedText = "the note is not a text, an empty line and signatures"
    case malformedName = "a name in a note is not empty and has no spaces and no +"
    case malformedSignature = "a line below the text is not a dash, a name and a signature in base 64"
    case unsigned = "the note has no signature"
    case tooManySignatures = "the note has too many signatures"
    case unknownKey = "no signature is by the key that should have signed"
    case invalidSignature = "the signature is not by the key that it names"
}

extension NoteError: CustomStringConvertible {
    /// A clause for people.
    package var description: String { rawValue }
}
