import Cryptography
import Testing

@Suite struct SigningKeyTests {
    /// RFC 8032, section 7.1, tests 1 to 3.
    @Test(
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
                    + "1cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
                    + "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
                    + "984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ]
    )
    func `Signatures of RFC 8032`(seed: String, publicKey: String, message: String, signature: String) throws {
        let seed = try #require(Hex.decode(seed))
        let key = try SigningKey(seed: seed.span)
        let message = try #require(Hex.decode(message))
        #expect(Hex.encode(key.publicKey) == publicKey)
        #expect(Hex.encode(key.sign(message)) == signature)
        #expect(Ed25519.isValid(key.sign(message), of: message, by: key.publicKey))
    }

    @Test func `A seed has 32 bytes, and random keys differ`() throws {
        for count in [0, 31, 33, 64] {
            let seed = [UInt8](repeating: 1, count: count)
            #expect(throws: SecretError.seedLength(count)) { _ = try SigningKey(seed: seed.span) }
        }
        let first = try SigningKey.random()
        let second = try SigningKey.random()
        #expect(first.publicKey != second.publicKey)
        #expect(!Ed25519.isValid(first.sign([1]), of: [1], by: second.publicKey))
    }

    /// RFC 4231, sections 4.2, 4.3 and 4.7.
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), "Hi There",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274e"
                    + "aea3f4e4be9d914eeb61f1702e696c203a126854"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65"
                    + "f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd221"
                    + "5d6a1e5295e64f73f63f0aec8b915a985d786598"
            ),
        ]
    )
    func `HMAC of RFC 4231`(key: [UInt8], message: String, mac: String) throws {
        let result = try KeyDerivation.hmacSHA512(key: key.span, message: Array(message.utf8).span)
        #expect(result.count == 64)
        #expect(result.withBytes { bytes in Hex.encode(bytes.indices.map { bytes[$0] }) } == mac)
    }

    @Test func `A secret is zeros, then what is written, and random ones differ`() throws {
        var secret = try SecretBytes(count: 40)
        #expect(secret.withBytes { bytes in bytes.indices.allSatisfy { bytes[$0] == 0 } })
        secret.withMutableBytes { $0[39] = 7 }
        #expect(secret.withBytes { $0[39] } == 7)
        let random = try SecretBytes.random(40)
        #expect(random.withBytes { bytes in !bytes.indices.allSatisfy { bytes[$0] == 0 } })
        var bytes: [UInt8] = [1, 2, 3]
        wipe(&bytes)
        #expect(bytes == [0, 0, 0])
    }
}
