internal import Cryptography

/// The proof of TON Connect (`ton_proof`) that whoever asks owns a wallet.
package struct TONProof: Hashable, Sendable {
    package var address: Address
    /// Seconds since 1970, by the wallet's clock.
    package var timestamp: UInt64
    /// What the wallet showed its owner.
    package var domain: String
    /// What we gave out, so that a proof is good once.
    package var payload: String
    /// 64 bytes.
    package var signature: [UInt8]
    /// A bag of cells: the wallet's first state.
    package var stateInit: [UInt8]

    package init(
        address: Address,
        timestamp: UInt64,
        domain: String,
        payload: String,
        signature: [UInt8],
        stateInit: [UInt8]
    ) {
        self.address = address
        self.timestamp = timestamp
        self.domain = domain
        self.payload = payload
        self.signature = signature
        self.stateInit = stateInit
    }

    /// Why a proof proves nothing.
    package enum Refusal: Error, Hashable, Sendable {
        case domain
        /// Too old, or from the future.
        case time
        /// Not a first state of a known wallet, or not the one of this address.
        case stateInit
        case signature
    }

    /// Seconds by which a proof may be old.
    package static let ageMax: UInt64 = 900
    /// Seconds by which a wallet's clock may be ahead.
    package static let aheadMax: UInt64 = 60

    /// Throws unless the owner of the wallet has signed this for one of `domains`; `now` is in seconds since 1970.
    /// That the payload is one of ours, and new, is for the caller to see.
    package func check(domains: Set<String>, now: UInt64) throws(Refusal) {
        guard domains.contains(domain) else { throw .domain }
        let (latest, isLate) = now.addingReportingOverflow(Self.aheadMax)
        guard isLate || timestamp <= latest, now <= Self.ageMax || timestamp >= now - Self.ageMax else { throw .time }
        guard let cell = try? BagOfCells.read(stateInit),
            let key = Wallet.publicKey(of: address, stateInit: cell)
        else { throw .stateInit }
        guard Ed25519.isValid(signature, of: signedHash, by: key) else { throw .signature }
    }

    /// What the wallet hashes: its address, and lengths and times little-endian.
    package var message: [UInt8] {
        var bytes = Array("ton-proof-item-v2/".utf8)
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: address.workchain >> Int32(shift)))
        }
        bytes += address.hash
        for shift in stride(from: 0, through: 24, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: domain.utf8.count >> shift))
        }
        bytes += domain.utf8
        for shift in stride(from: 0, through: 56, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: timestamp >> UInt64(shift)))
        }
        return bytes + payload.utf8
    }

    /// What the wallet signs.
    package var signedHash: [UInt8] {
        SHA256.hash([0xFF, 0xFF] + Array("ton-connect".utf8) + SHA256.hash(message).bytes).bytes
    }
}
