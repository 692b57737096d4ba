import Cryptography
import Testing

@Suite struct EncodingTests {
    /// RFC 4648, section 10.
    @Test(
        arguments: [
            ("", "", ""), ("f", "Zg", "66"), ("fo", "Zm8", "666f"), ("foo", "Zm9v", "666f6f"),
            ("foob", "Zm9vYg", "666f6f62"), ("fooba", "Zm9vYmE", "666f6f6261"), ("foobar", "Zm9vYmFy", "666f6f626172"),
        ]
    )
    func `Encodings are those of the standard`(text: String, base64: String, hex: String) {
        let bytes = Array(text.utf8)
        #expect(Base64URL.encode(bytes) == base64)
        #expect(Base64URL.decode(base64) == bytes)
        #expect(Hex.encode(bytes) == hex)
        #expect(Hex.decode(hex) == bytes)
        #expect(Hex.decode(hex.uppercased()) == bytes)
    }

    @Test func `The two characters for URLs stand for 62 and 63`() {
        #expect(Base64URL.encode([0xFB, 0xEF, 0xFF]) == "--__")
        #expect(Base64URL.decode("--__") == [0xFB, 0xEF, 0xFF])
    }

    @Test(arguments: ["A", "AAAAA", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9v ", "Zm 9v", "Zm9+", "Zm9/", "Zm9é", "\n"])
    func `A byte string has one form: others are refused`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test(
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func `Base 64 with padding is that of the standard`(text: String, base64: String) {
        #expect(Base64.decode(base64) == Array(text.utf8))
    }

    @Test(
        arguments: [
            "Zg", "Zg=", "Zg===", "====", "A===", "AAAAA===", "=AAA", "A=AA", "Zm9v====", "Zh==", "Zm9=", "Zm8=Zm8=",
            "--__", "Zm9v\n", " Zg=", "Zm9é",
        ]
    )
    func `Base 64 without its padding, or with other characters, is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func `The two characters of base 64 stand for 62 and 63`() {
        #expect(Base64.decode("++//") == [0xFB, 0xEF, 0xFF])
    }

    @Test(arguments: ["0", "000", "0g", "0x", " 00", "00 ", "é"])
    func `What is not pairs of hexadecimal digits is refused`(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test func `All byte strings up to two bytes come back, and no two share a form`() {
        var forms: Set<String> = []
        for first in 0..<256 {
            for second in 0..<256 {
                let bytes = [UInt8(first), UInt8(second)]
                let text = Base64URL.encode(bytes)
                forms.insert(text)
                #expect(Base64URL.decode(text) == bytes)
            }
        }
        #expect(forms.count == 65_536)
    }
}
