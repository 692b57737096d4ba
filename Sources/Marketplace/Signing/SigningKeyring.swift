package import API
package import Cryptography
internal import Engine
internal import Provenance
internal import Sockets
internal import Synchronization
package import Units

/// A key with which the exchange signs, and from when it signs what is new.
package struct ExchangeKey: Sendable {
    package let key: Ed25519.SigningKey
    package let from: LogicalTime

    package init(_ key: Ed25519.SigningKey, from: LogicalTime) {
        self.key = key
        self.from = from
    }

    /// How tickets name it.
    package var id: String { KeyName(of: key.publicKey).hex }
}

/// The exchange's own keys. The newest one signs what is new; older ones are kept, so that a ticket has the same bytes
/// whenever it is asked for. What they sign is a function of what is signed: Ed25519 draws no random numbers.
package final class SigningKeyring: Sendable {
    private let keys: Lock<[ExchangeKey]>
    private let changes = Atomic<Int>(0)
    private let name: String

    /// `keys` are at least one, the oldest first. Without a name, the log is called after the oldest key, which all
    /// servers of an exchange have.
    package init(_ keys: [ExchangeKey], origin: String? = nil) {
        precondition(!keys.isEmpty, "an exchange has a key to sign with")
        self.keys = Lock(keys)
        name = origin ?? "bombyx/\(keys[0].id)"
    }

    /// A key that nobody will know when this process has ended.
    package static func temporary() -> SigningKeyring {
        SigningKeyring([ExchangeKey(Ed25519.SigningKey.random(), from: .zero)])
    }

    /// Takes the keys as they are now. Keys that sign already must be among them.
    package func replace(with newer: [ExchangeKey]) {
        keys.withLock { if !newer.isEmpty { $0 = newer } }
        changes.add(1, ordering: .releasing)
    }

    /// Changes with each replacement.
    var version: Int { changes.load(ordering: .acquiring) }

    /// The name of the log: the first line of its checkpoints, and the name of the keys that sign them.
    package var origin: String { name }

    /// The key that signed what was new then; before the first one's time, the first one.
    func key(at time: LogicalTime) -> ExchangeKey {
        keys.withLock { keys in keys.last { $0.from <= time } ?? keys[0] }
    }

    /// The key as verifiers of notes know it.
    func noteKey(_ key: ExchangeKey) -> NoteKey? { NoteKey(name: name, publicKey: key.key.publicKey) }

    /// The key that signs what is new now.
    var newest: ExchangeKey { key(at: LogicalTime(microseconds: wallClockMicroseconds())) }

    /// Those that came after the first, which gives the log its name: each is an entry of the log.
    var rotations: [SigningKeyTerms] {
        keys.withLock { keys in
            keys.dropFirst().map { SigningKeyTerms(publicKey: $0.key.publicKey, from: $0.from) }
        }
    }

    /// What everybody may know of them.
    package var list: SigningKeyList {
        let keys = keys.withLock { $0 }
        let ends = keys.dropFirst().map(\.from) + [.never]
        return SigningKeyList(
            origin: name,
            keys: zip(keys, ends).map { key, end in
                let shown = PublicSigningKey(id: key.id, publicKey: key.key.publicKey, from: key.from, until: end)
                return SigningKeyList.Entry(
                    key: shown,
                    verifierKey: noteKey(key)?.text ?? ""
                )
            }
        )
    }
}
