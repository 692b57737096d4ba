internal import Cryptography
package import Engine
package import Units

/// Who asks: what a key in force stands for. A connection may keep it beside the field that it came from, for as long
/// as the directory's ``Directory/keysVersion`` stays the same; the expiry is checked at every request.
package struct Principal: Hashable, Sendable {
    package let account: AccountID
    package let key: KeyID
    package let scopes: Scopes
    /// ``LogicalTime/never`` for a key without expiry.
    package let expiresAt: LogicalTime
    /// Where its requests may come from; `nil` for everywhere.
    package let networks: [NetworkPrefix]?

    package init(
        account: AccountID,
        key: KeyID,
        scopes: Scopes,
        expiresAt: LogicalTime = .never,
        networks: [NetworkPrefix]? = nil
    ) {
        self.account = account
        self.key = key
        self.scopes = scopes
        self.expiresAt = expiresAt
        self.networks = networks
    }

    /// May see what belongs to any account.
    package var seesAll: Bool { !scopes.isDisjoint(with: [.operator, .auditor]) }
}

/// Bearer keys (RFC 6750, section 2.1).
package enum Authentication {
    /// Whose key the value of the field `authorization` is.
    ///
    /// The directory knows only digests: looking one up by its value tells a guesser nothing about any key.
    package static func principal(
        _ authorization: ArraySlice<UInt8>,
        directory: Directory,
        now: LogicalTime,
        peer: NetworkAddress
    ) throws(Problem) -> Principal {
        guard let token = bearerToken(authorization) else { throw malformed }
        let digest = APIKey.hash(of: token.span)
        guard let hash = KeyHash(bytes: digest.bytes), let principal = directory.principal(of: hash) else {
            // What has not the form of a key is none of those that are known: that is only asked of the others.
            guard APIKey.isWellFormed(token.span) else { throw malformed }
            throw Problem(.invalidKey, "No such API key, or it was revoked.")
        }
        try check(principal, now: now, peer: peer)
        return principal
    }

    /// Throws unless the principal's key is still in force, and may be used from there.
    static func check(_ principal: Principal, now: LogicalTime, peer: NetworkAddress) throws(Problem) {
        guard now < principal.expiresAt else { throw Problem(.keyExpired) }
        guard let networks = principal.networks else { return }
        guard networks.contains(where: { $0.contains(peer) }) else { throw Problem(.addressNotAllowed) }
    }

    private static var malformed: Problem {
        Problem(.invalidKey, "Authorization must be Bearer and an API key, bx_ and 43 characters.")
    }

    /// What stands after `Bearer `, if it is as long as a key.
    private static func bearerToken(_ authorization: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let scheme = "bearer "
        guard authorization.count == scheme.utf8.count + APIKey.characterCount,
            authorization.hasPrefix(ignoringCase: scheme)
        else { return nil }
        return authorization.dropFirst(scheme.utf8.count)
    }
}
