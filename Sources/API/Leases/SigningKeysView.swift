internal import Cryptography
internal import JSON
package import Units

/// One of the exchange's own keys, as everybody may know it.
package struct PublicSigningKey: Hashable, Sendable {
    /// The first 8 bytes of SHA-256 of the key, in hexadecimal: how tickets name it.
    package let id: String
    /// The 32 bytes of Ed25519.
    package let publicKey: [UInt8]
    /// From when it signs what is new.
    package let from: LogicalTime
    /// From when the next one does; ``LogicalTime/never`` for the newest. What it has signed stays valid.
    package let until: LogicalTime

    package init(id: String, publicKey: [UInt8], from: LogicalTime, until: LogicalTime) {
        self.id = id
        self.publicKey = publicKey
        self.from = from
        self.until = until
    }
}

/// All of the exchange's keys, the oldest first, and the name under which the log is signed.
package struct SigningKeyList: Hashable, Sendable {
    package let origin: String
    package let keys: [Entry]

    /// A key in both of its forms.
    package struct Entry: Hashable, Sendable {
        package let key: PublicSigningKey
        /// The key as verifiers of C2SP notes take it: `NAME+HASH+KEY`.
        package let verifierKey: String

        package init(key: PublicSigningKey, verifierKey: String) {
            self.key = key
            self.verifierKey = verifierKey
        }
    }

    package init(origin: String, keys: [Entry]) {
        self.origin = origin
        self.keys = keys
    }
}

extension View {
    /// `GET /v1/keys`.
    package static func signingKeys(_ list: SigningKeyList) -> APIResponse {
        var writer = JSONWriter(capacity: 128 + 384 * list.keys.count)
        writer.beginObject()
        writer.member("log_origin", list.origin)
        writer.key("data")
        writer.beginArray()
        for entry in list.keys {
            writer.beginObject()
            writer.member("id", entry.key.id)
            writer.member("algorithm", word: "ed25519")
            writer.member("public_key", Base64URL.encode(entry.key.publicKey))
            writer.member("verifier_key", entry.verifierKey)
            writer.names("purposes", ["tickets", "log"])
            writer.time("from", entry.key.from)
            writer.time("until", entry.key.until)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return APIResponse(status: 200, body: writer.finish())
    }
}

extension View {
    /// `GET /v1/leases/{id}/ticket`.
    package static func ticket(_ text: String, of lease: LeaseID, keyID: String) -> APIResponse {
        var writer = JSONWriter(capacity: 256 + text.utf8.count)
        writer.beginObject()
        writer.member("lease_id", "l", lease.rawValue)
        writer.member("ticket", text)
        writer.member("signing_key_id", keyID)
        writer.endObject()
        return APIResponse(status: 200, body: writer.finish())
    }
}
