import Cryptography
import Testing

@Suite struct HashTests {
    /// FIPS 180-4: the examples that NIST publishes with it.
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ]
    )
    func `Digests are those of the standard`(message: String, digest: String) {
        #expect(SHA256.hash(Array(message.utf8)).hex == digest)
    }

    /// RFC 4231: cases 1, 2, 6 and 7.
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                "This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ] as [([UInt8], String, String)]
    )
    func `Codes with a key are those of the standard`(key: [UInt8], message: String, code: String) {
        #expect(HMACSHA256.code(Array(message.utf8), key: key).hex == code)
        #expect(HMACSHA256.code(Array((message + "x").utf8), key: key).hex != code)
    }

    @Test func `A million bytes give the digest of the standard, in pieces of any size`() {
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        let message = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(SHA256.hash(message).hex == expected)
        var hasher = SHA256()
        for size in [1, 63, 64, 65, 1_000, 65_536] {
            for start in stride(from: 0, to: message.count, by: size) {
                hasher.update(message.span.extracting(start..<min(start + size, message.count)))
            }
            let digest = hasher.finish()
            #expect(digest.hex == expected, "pieces of \(size)")
        }
    }

    @Test func `A hasher starts anew after each digest`() {
        var hasher = SHA256()
        let first = hasher.hash(Array("abc".utf8).span)
        let second = hasher.hash(Array("abc".utf8).span)
        let empty = hasher.finish()
        #expect(first == second)
        #expect(first == SHA256.hash(Array("abc".utf8)))
        #expect(empty == SHA256.hash([]))
    }

    @Test func `Threads hash at the same time without disturbing each other`() async {
        let messages = (0..<64).map { [UInt8](repeating: UInt8($0), count: 1_000 + $0) }
        let alone = messages.map { SHA256.hash($0) }
        await withTaskGroup(of: (Int, Bool).self) { group in
            for (index, message) in messages.enumerated() {
                group.addTask { (index, (0..<100).allSatisfy { _ in SHA256.hash(message) == alone[index] }) }
            }
            for await (index, isSame) in group { #expect(isSame, "message \(index)") }
        }
    }

    @Test func `A digest is 32 bytes, and its forms agree`() throws {
        let bytes = (0..<32).map { UInt8($0) }
        let digest = try #require(Digest256(bytes))
        #expect(digest.bytes == bytes)
        #expect(digest.hex == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
        #expect(Digest256(hex: digest.hex) == digest)
        #expect(digest.prefix == 0x0001_0203_0405_0607)
        #expect(Digest256(Array(bytes.dropLast())) == nil)
        #expect(Digest256(bytes + [0]) == nil)
        #expect(Digest256(hex: String(digest.hex.dropLast())) == nil)
        #expect(Digest256.zero.bytes == [UInt8](repeating: 0, count: 32))
        var joined: [UInt8] = [9]
        digest.append(to: &joined)
        #expect(joined == [9] + bytes)
    }
}
