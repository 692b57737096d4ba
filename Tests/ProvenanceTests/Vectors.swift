import Cryptography
import Foundation
import JSON
import Provenance
import Testing
import Units

/// What `make_vectors.py` wrote: another language, another library.
let vectors: JSONValue = {
    guard let url = Bundle.module.url(forResource: "provenance", withExtension: "json", subdirectory: "Vectors"),
        let data = try? Data(contentsOf: url),
        let json = try? JSONValue(Array(data), limits: JSONLimits(depthMax: 8, bytesMax: 1 << 20))
    else { preconditionFailure("the vectors are beside the tests") }
    return json
}()

extension JSONValue {
    func text(_ key: String) throws -> String { try #require(self[key]?.string, "\(key)") }
    func integer(_ key: String) throws -> Int64 { try #require(self[key]?.integer, "\(key)") }
    func list(_ key: String) throws -> [JSONValue] { try #require(self[key]?.elements, "\(key)") }
    func hex(_ key: String) throws -> [UInt8] { try #require(Hex.decode(try text(key)), "\(key)") }
    func digest(_ key: String) throws -> Digest256 { try #require(Digest256(try hex(key)), "\(key)") }
    /// The hashes of a list; `nil` if something in it has not 32 bytes.
    func hashes(_ key: String) throws -> [Digest256]? {
        let hashes = try list(key).map { Digest256(hex: $0.string ?? "") }
        return hashes.contains(nil) ? nil : hashes.compactMap { $0 }
    }

    /// The document as it is written.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.finish()
    }
}

/// A key of the vectors.
func key(_ name: String) throws -> Ed25519.SigningKey {
    let row = try #require(vectors["keys"]?[name])
    let key = try #require(Ed25519.SigningKey(seed: try row.hex("seed")))
    #expect(key.publicKey == (try row.hex("public")))
    return key
}

/// Random numbers from a seed, which a failure prints.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
