internal import Cryptography
internal import Foundation
internal import JSON
internal import TON

/// A TON wallet whose owner signs for tests, and the data of a Mini App that a bot signs.
package struct TestWallet: Sendable {
    /// Raw form.
    package let address: String
    private let stateInit: String
    private let key: Ed25519.SigningKey

    /// Two wallets of one owner, whose key everybody knows: a v5r1 and a v4r2.
    package static func two() throws -> [TestWallet] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "APITests/Vectors/logins.json")
        let limits = JSONLimits(depthMax: 8, bytesMax: 1 << 22)
        let vectors = try JSONValue(Array(try Data(contentsOf: file)), limits: limits)
        return try (vectors["proofs"]?.elements ?? []).prefix(2).map { vector in
            guard let address = vector["address_raw"]?.string, let stateInit = vector["state_init_boc_b64"]?.string,
                let key = Ed25519.SigningKey(seed: Array(0..<32))
            else { throw TestServer.Failure("no wallets in \(file.path)") }
            return TestWallet(address: address, stateInit: stateInit, key: key)
        }
    }

    private init(address: String, stateInit: String, key: Ed25519.SigningKey) {
        self.address = address
        self.stateInit = stateInit
        self.key = key
    }

    /// The body of `POST /v1/login/ton`; `age` is in seconds.
    package func proof(
        _ payload: String,
        domain: String = "market.example.com",
        network: String = "-239",
        age: Int64 = 0
    ) throws -> String {
        guard let raw = Address(raw: address) else { throw TestServer.Failure("\(address) is no address") }
        let timestamp = Int64(Date().timeIntervalSince1970) - age
        let proof = TONProof(
            address: raw,
            timestamp: UInt64(timestamp),
            domain: domain,
            payload: payload,
            signature: [],
            stateInit: []
        )
        let signature = key.sign(proof.signedHash)
        return """
            {"address":"\(address)","network":"\(network)","timestamp":\(timestamp),"domain":"\(domain)",\
            "payload":"\(payload)","signature":"\(Data(signature).base64EncodedString())","state_init":"\(stateInit)"}
            """
    }

    /// The body of `POST /v1/login/telegram` for a user, signed with the token of a bot; `age` is in seconds.
    package static func miniApp(user: Int64, token: String, age: Int64 = 0) -> String {
        let date = Int64(Date().timeIntervalSince1970) - age
        let text = "auth_date=\(date)\nquery_id=AAHd\nuser={\"id\":\(user),\"first_name\":\"Anna\"}"
        let key = HMACSHA256.code(Array(token.utf8), key: Array("WebAppData".utf8))
        let hash = HMACSHA256.code(Array(text.utf8), key: key.bytes)
        return """
            {"init_data":"user=%7B%22id%22%3A\(user)%2C%22first_name%22%3A%22Anna%22%7D&query_id=AAHd\
            &auth_date=\(date)&hash=\(hash.hex)"}
            """
    }
}
