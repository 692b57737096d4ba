import Cryptography
import Foundation
import JSON
import Testing

@testable import TON

/// Vectors that other implementations made: Python's pytoniq-core, and the node's own code where it writes bags of
/// cells and dictionaries. They are without the code of contracts.
let vectors = file("ton")

/// The same, of addresses, dictionaries, exotic cells, keys and the messages of wallets.
let messageVectors = file("messages")

private func file(_ name: String) -> JSONValue {
    guard let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Vectors"),
        let data = try? Data(contentsOf: url),
        let json = try? JSONValue(Array(data), limits: JSONLimits(depthMax: 8, bytesMax: 1 << 22))
    else { preconditionFailure("the vectors are beside the tests") }
    return json
}

extension JSONValue {
    func text(_ key: String) throws -> String { try #require(self[key]?.string) }
    func number(_ key: String) throws -> Int64 { try #require(self[key]?.integer) }
    func base64(_ key: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: try text(key)))) }
    func hex(_ key: String) throws -> [UInt8] { try #require(Hex.decode(try text(key))) }
    func list(_ key: String) throws -> [JSONValue] { try #require(self[key]?.elements) }
    func object(_ key: String) throws -> JSONValue { try #require(self[key]) }
    func cell(_ key: String, allowsExotic: Bool = false) throws -> Cell {
        try BagOfCells.read(try base64(key), allowsExotic: allowsExotic)
    }
    func address(_ key: String) throws -> Address { try #require(Address(raw: try text(key))) }
    func signingKey(_ key: String) throws -> SigningKey {
        let seed = try hex(key)
        return try SigningKey(seed: seed.span)
    }
    func coins(_ key: String) throws -> Coins { Coins(try #require(UInt64(try text(key)))) }

    func proof() throws -> TONProof {
        TONProof(
            address: try address("address_raw"),
            timestamp: UInt64(try number("timestamp")),
            domain: try text("domain"),
            payload: try text("payload"),
            signature: try base64("signature_b64"),
            stateInit: try base64("state_init_boc_b64")
        )
    }
}

extension Cell {
    var hex: String { Hex.encode(hash) }
}

/// Numbers that a seed gives, the same each time (SplitMix64).
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var number = state
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
    }

    /// A tree of at most `depth`, with cells that are referred to more than once.
    mutating func tree(_ depth: Int) throws -> Cell {
        var builder = CellBuilder()
        let bits = Int.random(in: 0...(Bool.random(using: &self) ? 1_023 : 40), using: &self)
        for _ in 0..<bits { builder.store(Bool.random(using: &self)) }
        var last: Cell?
        for _ in 0..<(depth == 0 ? 0 : Int.random(in: 0...4, using: &self)) {
            let cell = try last.flatMap { Bool.random(using: &self) ? $0 : nil } ?? tree(depth - 1)
            builder.store(reference: cell)
            last = cell
        }
        return try builder.cell()
    }
}
