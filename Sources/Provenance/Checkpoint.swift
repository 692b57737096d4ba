package import Cryptography

/// How large a log is and which root it has: what a log signs (C2SP tlog-checkpoint).
package struct Checkpoint: Hashable, Sendable {
    /// The log's name, which is also the name of the key that signs.
    package let origin: String
    /// How many leaves the log has.
    package let size: Int64
    package let root: Digest256

    package init(origin: String, size: Int64, root: Digest256) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// What is signed: three lines of the origin, the size and the root in base 64.
    package var text: String { "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n" }

    /// Reads ``text``. Lines that may follow it (extensions) are passed over, as the format demands; they are signed,
    /// but say nothing about the tree.
    package init?(text: String) {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 4, lines.last == "", !lines.dropLast().contains(""), NoteKey.isName(lines[0]),
            let size = Int64(lines[1]), size >= 0, String(size) == lines[1],
            let root = Base64.decode(lines[2]).flatMap({ Digest256($0) })
        else { return nil }
        self.init(origin: lines[0], size: size, root: root)
    }

    /// The checkpoint signed by the log's key under the origin's name. The same note each time.
    package func signed(by key: Ed25519.SigningKey) throws(NoteError) -> SignedNote {
        try SignedNote(text: text, name: origin, signedBy: key)
    }

    /// The checkpoint of a note that `key`, the key of its log, has signed.
    package init(_ note: SignedNote, signedBy key: NoteKey) throws(CheckpointError) {
        do { try note.verify(keys: [key]) } catch { throw .note(error) }
        guard let checkpoint = Checkpoint(text: note.text) else { throw .notACheckpoint }
        guard checkpoint.origin.utf8.elementsEqual(key.name.utf8) else { throw .foreignOrigin }
        self = checkpoint
    }
}

/// Why a note is not a checkpoint of a log.
package enum CheckpointError: Error, Hashable, Sendable {
    case note(NoteError)
    case notACheckpoint
    case foreignOrigin
}

extension CheckpointError: CustomStringConvertible {
    /// A clause for people.
    package var description: String {
        switch self {
        case .note(let error): error.description
        case .notACheckpoint: "the note is not an origin, a size and a root"
        case .foreignOrigin: "the checkpoint is of another log than the key"
        }
    }
}
