import Cryptography
import Foundation
import Testing

/// A search that is blind would let every secret pass.
@Suite struct SecretSearchTests {
    /// A way to write a secret down.
    struct Writing: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let write: @Sendable ([UInt8]) -> [UInt8]

        init(_ name: String, _ write: @escaping @Sendable ([UInt8]) -> [UInt8]) {
            (testDescription, self.write) = (name, write)
        }
    }

    private static let writings = [
        Writing("as it is") { $0 },
        Writing("hexadecimal") { Array(Hex.encode($0).utf8) },
        Writing("hexadecimal in capitals") { Array(Hex.encode($0).uppercased().utf8) },
        Writing("base 64") { Array(Base64.encode($0).utf8) },
        Writing("base 64 for URLs") { Array(Base64URL.encode($0).utf8) },
        Writing("base 64 behind a byte") { Array(Base64.encode([0xFF] + $0 + [0xFF]).utf8) },
        Writing("base 64 behind two bytes") { Array(Base64.encode([0xFF, 0xFF] + $0 + [0xFF, 0xFF]).utf8) },
        Writing("base 64 for URLs behind a byte") { Array(Base64URL.encode([0xFF] + $0).utf8) },
        Writing("base 64 for URLs behind two bytes") { Array(Base64URL.encode([0xFF, 0xFF] + $0).utf8) },
    ]

    /// With every character of base 64 that its two alphabets write differently.
    private static let value = (1...32).map { UInt8(truncatingIfNeeded: 251 * $0) }

    @Test(arguments: writings)
    func `A secret that is planted is found, its text and what that stands for, and no other is`(writing: Writing) {
        let other = Secret("another", text: Base64URL.encode(Self.value.reversed()), value: Self.value.reversed())
        let texts = [Base64URL.encode(Self.value), Base64.encode(Self.value), Hex.encode(Self.value)]
        for text in texts {
            let secrets = [Secret("planted", text: text, value: Self.value), other]
            for planted in [Self.value, Array(text.utf8)] {
                let log = Array(#"{"event":"request","value":""#.utf8) + writing.write(planted) + Array(#""}"#.utf8)
                #expect(secrets.found(in: Data(log)) == ["planted"])
                // Whoever has seen most of it has not seen it.
                let most = writing.write(planted.dropLast(3) + [1, 2, 3])
                #expect(secrets.found(in: Data(most)).isEmpty)
            }
        }
    }
}
