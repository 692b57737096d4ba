package import Cryptography

/// Everything that shows that a receipt was given and recorded, in one file that can be checked without asking anybody
/// (``verify(publicKey:)``).
///
/// It is a JSON object. `receipt`, the signatures, the keys, `salt` and `entry` are in base64url, hashes in
/// hexadecimal:
///
/// | member | content |
/// |---|---|
/// | `format` | `bombyx-proof-bundle/v1` |
/// | `receipt` | the 312 bytes (``Receipt``) |
/// | `worker_signature`, `worker_key` | 64 and 32 bytes |
/// | `app_signature`, `app_key` | 64 and 32 bytes; absent when the app has not countersigned |
/// | `salt` | the 32 bytes that the entry's commitment is salted with |
/// | `entry` | the 51 bytes of the log's entry (``LogEntry``) |
/// | `index` | the entry's place in the log |
/// | `inclusion` | the hashes of the inclusion proof |
/// | `checkpoint` | a signed note (``Checkpoint``) |
/// | `log_key` | the key that signed it, with its name (``NoteKey/text``) |
/// | `consistency` | optional: `checkpoint`, an older signed note, and `proof`, hashes from it to the newer one |
/// | `ton` | optional: where a root of the log that covers the entry is anchored on TON (``Anchor``) |
package struct ProofBundle: Equatable, Sendable {
    package let signed: SignedReceipt
    /// 32 bytes.
    package let workerKey: [UInt8]
    /// 32 bytes; there is one if and only if there is a countersignature.
    package let appKey: [UInt8]?
    /// 32 bytes.
    package let salt: [UInt8]
    package let entry: LogEntry
    package let index: Int64
    package let inclusion: [Digest256]
    package let checkpoint: SignedNote
    package let logKey: NoteKey
    package let consistency: Consistency?
    /// Where the log's root is anchored.
    package let ton: Anchor?

    /// An older checkpoint, and why the log has only grown since.
    package struct Consistency: Equatable, Sendable {
        package let checkpoint: SignedNote
        package let proof: [Digest256]

        package init(checkpoint: SignedNote, proof: [Digest256]) {
            self.checkpoint = checkpoint
            self.proof = proof
        }
    }

    package init(
        signed: SignedReceipt,
        workerKey: [UInt8],
        appKey: [UInt8]?,
        salt: [UInt8],
        entry: LogEntry,
        index: Int64,
        inclusion: [Digest256],
        checkpoint: SignedNote,
        logKey: NoteKey,
        consistency: Consistency? = nil,
        ton: Anchor? = nil
    ) {
        self.signed = signed
        self.workerKey = workerKey
        self.appKey = appKey
        self.salt = salt
        self.entry = entry
        self.index = index
        self.inclusion = inclusion
        self.checkpoint = checkpoint
        self.logKey = logKey
        self.consistency = consistency
        self.ton = ton
    }
}
