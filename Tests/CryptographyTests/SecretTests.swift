import Cryptography
import Testing

@Suite struct SecretTests {
    @Test func `A key is bx_ and 43 characters, and no two are the same`() throws {
        var seen: Set<String> = []
        for _ in 0..<1_000 {
            let key = APIKey.random()
            #expect(key.secret.utf8.count == APIKey.characterCount)
            #expect(key.secret.hasPrefix("bx_"))
            #expect(Base64URL.decode(String(key.secret.dropFirst(3)))?.count == 32)
            #expect(try #require(APIKey(key.secret)).secret == key.secret)
            seen.insert(key.secret)
        }
        #expect(seen.count == 1_000)
    }

    @Test(
        arguments: [
            "", "bx_", "bx_" + String(repeating: "A", count: 42), "bx_" + String(repeating: "A", count: 44),
            "BX_" + String(repeating: "A", count: 43), "by_" + String(repeating: "A", count: 43),
            "bx_" + String(repeating: "A", count: 42) + "B", "bx_" + String(repeating: "A", count: 42) + "=",
            "bx_" + String(repeating: "é", count: 21) + "A", " bx_" + String(repeating: "A", count: 42),
        ]
    )
    func `What has not the form of a key is none`(text: String) {
        #expect(APIKey(text) == nil)
    }

    @Test func `The digest of a key is the SHA-256 of its characters`() throws {
        let key = try #require(APIKey("bx_" + String(repeating: "A", count: 43)))
        // printf 'bx_AAA…' | sha256sum
        #expect(key.digest.hex == "9c87824e7b9e0f4436b276fd84e608ec545776777793147ccae1f170ea7c0654")
        let digest = APIKey.hash(of: Array(key.secret.utf8).span)
        #expect(digest == key.digest)
    }

    @Test func `A key does not show itself`() {
        let key = APIKey.random()
        var dumped = ""
        dump(key, to: &dumped)
        dump([key], to: &dumped)
        for shown in ["\(key)", String(reflecting: key), "\([key])", dumped] {
            #expect(!shown.contains(key.secret.dropFirst(3)))
        }
    }

    @Test(
        arguments: [
            ([], [], true), ([1], [1], true), ([1], [2], false), ([1], [], false), ([], [1], false),
            ([1], [1, 2], false), ([1, 2], [1], false),
            ([1, 2, 3], [1, 2, 3], true), ([1, 2, 3], [1, 2, 4], false), ([0, 2, 3], [1, 2, 3], false),
        ] as [([UInt8], [UInt8], Bool)]
    )
    func `Comparison in constant time is comparison`(left: [UInt8], right: [UInt8], isEqual: Bool) {
        let answer = constantTimeEquals(left.span, right.span)
        #expect(answer == isEqual)
    }

    @Test func `Digests compare in constant time`() {
        let digest = SHA256.hash([1])
        #expect(constantTimeEquals(digest, SHA256.hash([1])))
        #expect(!constantTimeEquals(digest, SHA256.hash([2])))
    }

    @Test func `Random bytes have the count asked for and every value`() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(Set(SecureRandom.bytes(65_536)).count == 256)
        #expect(Set((0..<1_000).map { _ in SecureRandom.uint64() }).count == 1_000)
    }
}
