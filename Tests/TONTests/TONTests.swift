import Cryptography
import Foundation
import JSON
import Testing

@testable import TON

@Suite struct BagOfCellsTests {
    @Test func `Every form of a bag gives the same cells`() throws {
        for vector in try vectors.list("cells") {
            let name = try vector.text("name")
            for bag in try vector.list("bags") {
                let bytes = Array(try #require(Data(base64Encoded: bag.string ?? "")))
                let cell = try BagOfCells.read(bytes)
                #expect(Hex.encode(cell.hash) == vector["hash"]?.string, "\(name)")
                #expect(Int64(cell.depth) == vector["depth"]?.integer, "\(name)")
                #expect(Int64(cell.bitCount) == vector["bits"]?.integer, "\(name)")
                #expect(Int64(cell.references.count) == vector["refs"]?.integer, "\(name)")
            }
        }
    }

    @Test func `What is no bag is refused`() throws {
        for vector in try vectors.list("malformed") {
            let bytes = try #require(Hex.decode(try vector.text("hex")))
            #expect(throws: BagOfCellsError.self, "\(vector["why"]?.string ?? "")") { try BagOfCells.read(bytes) }
        }
        #expect(throws: BagOfCellsError.tooLarge) {
            try BagOfCells.read([UInt8](repeating: 0, count: BagOfCells.bytesMax + 1))
        }
    }

    @Test func `A bag that is cut off, longer or changed is refused, or is another tree`() throws {
        for vector in try vectors.list("cells") where (vector["bits"]?.integer ?? 0) < 300 {
            let bytes = Array(try #require(Data(base64Encoded: try vector.list("bags")[0].string ?? "")))
            guard bytes.count < 500 else { continue }
            for length in 0..<bytes.count {
                #expect(throws: BagOfCellsError.self) { try BagOfCells.read(Array(bytes[..<length])) }
            }
            #expect(throws: BagOfCellsError.trailingBytes) { try BagOfCells.read(bytes + [0]) }
            for index in bytes.indices {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[index] ^= 1 << UInt8(bit)
                    let hash = (try? BagOfCells.read(changed))?.hash
                    // An offset's size may change without another meaning; the tree never stays when its bytes do not.
                    if index >= 11, let hash { #expect(Hex.encode(hash) != vector["hash"]?.string, "byte \(index)") }
                }
            }
        }
    }
}

@Suite struct TONProofTests {
    private let domains: Set<String> = ["market.example.com"]
    private let time: UInt64 = 1_800_000_000

    @Test func `Proofs of every wallet are good`() throws {
        for vector in try vectors.list("proofs") {
            let proof = try vector.proof()
            #expect(Hex.encode(proof.signedHash) == vector["signed_hash_hex"]?.string)
            let cell = try BagOfCells.read(proof.stateInit)
            let key = try #require(Wallet.publicKey(of: proof.address, stateInit: cell))
            #expect(Hex.encode(key) == vector["public_key_hex"]?.string)
            #expect(throws: Never.self) { try proof.check(domains: domains, now: time) }
        }
    }

    @Test func `Proofs that were changed are not`() throws {
        for vector in try vectors.list("proofs_invalid") {
            let proof = try vector.proof()
            #expect(throws: TONProof.Refusal.self, "\(vector["why"]?.string ?? "")") {
                try proof.check(domains: domains.union([proof.domain]), now: time)
            }
        }
        let good = try #require(try vectors.list("proofs").first).proof()
        let masterchain = try #require(Address(workchain: -1, hash: good.address.hash))
        let changes: [(TONProof.Refusal, (inout TONProof) -> Void)] = [
            (.domain, { $0.domain = "evil.example.com" }), (.signature, { $0.payload += "0" }),
            (.signature, { $0.signature[3] ^= 1 }), (.signature, { $0.signature = [] }),
            (.signature, { $0.address = masterchain }), (.stateInit, { $0.stateInit.removeLast() }),
            (.stateInit, { $0.stateInit = [] }), (.time, { $0.timestamp += 100 }), (.time, { $0.timestamp = 0 }),
            (.time, { $0.timestamp = .max }), (.signature, { $0.timestamp -= 1 }),
        ]
        for (refusal, change) in changes {
            var proof = good
            change(&proof)
            #expect(throws: refusal) { try proof.check(domains: domains, now: time) }
        }
    }

    @Test func `A proof is good for a while`() throws {
        let proof = try #require(try vectors.list("proofs").first).proof()
        for (now, isGood) in [
            (time - TONProof.aheadMax, true), (time - TONProof.aheadMax - 1, false), (time + TONProof.ageMax, true),
            (time + TONProof.ageMax + 1, false), (0, false), (.max, false),
        ] {
            #expect(((try? proof.check(domains: domains, now: now)) != nil) == isGood, "\(now)")
        }
    }
}
