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

/// A ticket that was signed, and by which key.
package struct SignedTicketText: Hashable, Sendable {
    package let text: String
    package let lease: LeaseID
    package let keyID: String

    package init(_ text: String, of lease: LeaseID, keyID: String) {
        self.text = text
        self.lease = lease
        self.keyID = keyID
    }
}

extension JSONWriter {
    fileprivate mutating func ticket(_ ticket: SignedTicketText) {
        beginObject()
        member("lease_id", "l", ticket.lease.rawValue)
        member("ticket", ticket.text)
        member("signing_key_id", ticket.keyID)
        endObject()
    }
}

extension View {
    /// `GET /v1/leases/{id}/ticket`.
    package static func ticket(_ text: String, of lease: LeaseID, keyID: String) -> APIResponse {
        var writer = JSONWriter(capacity: 256 + text.utf8.count)
        writer.ticket(SignedTicketText(text, of: lease, keyID: keyID))
        return APIResponse(status: 200, body: writer.finish())
    }

    /// The answer to a bid that traded at once, with the tickets of its leases.
    package static func placed(_ answer: APIResponse, with tickets: [SignedTicketText]) -> APIResponse {
        guard answer.body.last == UInt8(ascii: "}") else { return answer }
        var writer = JSONWriter(capacity: 64 + tickets.reduce(0) { $0 + 128 + $1.text.utf8.count })
        writer.beginArray()
        for ticket in tickets { writer.ticket(ticket) }
        writer.endArray()
        var response = answer
        response.body.removeLast()
        response.body += Array(#","tickets":"#.utf8) + writer.finish() + [UInt8(ascii: "}")]
        response.hasTickets = true
        return response
    }
}
