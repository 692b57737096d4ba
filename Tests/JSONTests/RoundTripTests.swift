import JSON
import Testing

/// A small generator of random numbers (SplitMix64), so that a seed gives the same documents everywhere.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct RoundTripTests {
    private func value(_ random: inout Generator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &random))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 3: return .integer(Int64.random(in: -20...20, using: &random))
        case 4:
            return .number(["1.5", "-2e10", "9223372036854775808", "0.25E-3"].randomElement(using: &random) ?? "0.5")
        case 5: return .string(text(&random))
        case 6: return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth - 1) })
        default:
            return .object(
                (0..<Int.random(in: 0...4, using: &random)).map { index in
                    JSONValue.Member("\(index)" + text(&random), value(&random, depth: depth - 1))
                }
            )
        }
    }

    private func text(_ random: inout Generator) -> String {
        let scalars: [ClosedRange<UInt32>] = [0x20...0x7E, 0...0x1F, 0x80...0x7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF]
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let range = scalars[Int.random(in: 0..<scalars.count, using: &random)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private func written(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter(capacity: 16)
        writer.value(value)
        return writer.finish()
    }

    @Test(arguments: [1, UInt64.random(in: .min ... .max)])
    func `What is written is read back the same`(seed: UInt64) throws {
        var random = Generator(state: seed)
        for _ in 0..<2_000 {
            let value = value(&random, depth: 5)
            #expect(try JSONValue(written(value)) == value, "seed \(seed)")
        }
    }

    @Test(arguments: [2, UInt64.random(in: .min ... .max)])
    func `A document cut at any byte is refused, and a changed byte never crashes`(seed: UInt64) throws {
        var random = Generator(state: seed)
        for _ in 0..<300 {
            let document = written(.array([value(&random, depth: 4)]))
            for length in document.indices {
                #expect(throws: JSONError.self, "seed \(seed)") { try JSONValue(Array(document[..<length])) }
            }
            for _ in 0..<20 {
                var changed = document
                changed[Int.random(in: changed.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                _ = try? JSONValue(changed)
            }
        }
    }

    @Test(arguments: [3, UInt64.random(in: .min ... .max)])
    func `Random bytes never crash the reader`(seed: UInt64) throws {
        var random = Generator(state: seed)
        let alphabet = Array("{}[]\",:\\u0dD8-+.eE19 tfn\u{1}é".utf8) + [0x80, 0xED, 0xA0, 0xF4, 0xFF]
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...24, using: &random)
            let document = (0..<length).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] }
            _ = try? JSONValue(document)
        }
    }
}
