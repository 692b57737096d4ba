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
