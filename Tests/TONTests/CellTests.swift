import Cryptography
import Foundation
import JSON
import Testing

@testable import TON

@Suite struct CellTests {
    @Test func `A cell has at most 1,023 bits and four references`() throws {
        let empty = try CellBuilder().cell()
        #expect(empty.hex == "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7")
        #expect(Cell(data: [UInt8](repeating: 0, count: 128), bitCount: 1_023) != nil)
        #expect(Cell(data: [UInt8](repeating: 0, count: 128), bitCount: 1_024) == nil)
        #expect(Cell(data: [], bitCount: 0, references: [Cell](repeating: empty, count: 4)) != nil)
        #expect(Cell(data: [], bitCount: 0, references: [Cell](repeating: empty, count: 5)) == nil)
        #expect(Cell(data: [1], bitCount: 7) == nil, "a bit behind the last")
        #expect(Cell(data: [], bitCount: 1) == nil && Cell(data: [0], bitCount: 0) == nil)
        var builder = CellBuilder()
        for _ in 0..<1_024 { builder.store(true) }
        #expect(throws: CellError.overflow) { try builder.cell() }
        builder = CellBuilder()
        for _ in 0..<5 { builder.store(reference: empty) }
        #expect(throws: CellError.overflow) { try builder.cell() }
        builder = CellBuilder()
        builder.store(256, bits: 8)
        #expect(throws: CellError.overflow) { try builder.cell() }
    }

    @Test func `A cell is at most 1,024 deep`() throws {
        var cell = try CellBuilder().cell()
        for _ in 0..<Cell.depthMax { cell = try Cell.build { [cell] in $0.store(reference: cell) } }
        #expect(cell.depth == 1_024)
        #expect(throws: CellError.tooDeep) { try Cell.build { [cell] in $0.store(reference: cell) } }
        #expect(try BagOfCells.read(BagOfCells.write(cell)) == cell)
    }

    @Test func `A slice gives back what a builder took`() throws {
        var numbers = Numbers(state: 7)
        for round in 0..<200 {
            var builder = CellBuilder()
            var stored: [(value: UInt64, count: Int)] = []
            for _ in 0..<Int.random(in: 0...15, using: &numbers) {
                let count = Int.random(in: 0...64, using: &numbers)
                let value = count == 0 ? 0 : UInt64.random(in: 0...UInt64.max, using: &numbers) >> UInt64(64 - count)
                builder.store(value, bits: count)
                stored.append((value, count))
            }
            let cell = try builder.cell()
            var slice = try CellSlice(cell)
            for (value, count) in stored { #expect(try slice.number(count) == value, "round \(round)") }
            try slice.end()
            #expect(throws: CellError.underflow) { try slice.bit() }
            #expect(throws: CellError.underflow) { try slice.reference() }
        }
        var slice = try CellSlice(try Cell.build { $0.store([0xAB, 0xCD]) })
        _ = try slice.number(3)
        #expect(throws: CellError.excess) { try slice.end() }
        #expect(try slice.bytes(1) == [0x5E])
        #expect(throws: CellError.underflow) { try slice.bytes(1) }
        #expect(try slice.rest().bitCount == 5)
        try slice.end()
    }

    @Test func `Amounts have one form`() throws {
        for (amount, bits) in [
            (0, 4), (1, 12), (255, 12), (256, 20), (1_000_000_000, 36), (UInt128(UInt64.max), 68),
            (UInt128(1) << 120 - 1, 124),
        ] as [(UInt128, Int)] {
            let coins = try #require(Coins(exactly: amount))
            let cell = try Cell.build { $0.store(coins) }
            #expect(cell.bitCount == bits)
            var slice = try CellSlice(cell)
            #expect(try slice.coins() == coins)
        }
        #expect(Coins(exactly: UInt128(1) << 120) == nil)
        let long = try Cell.build { builder in
            builder.store(2, bits: 4)
            builder.store(1, bits: 16)
        }
        #expect(throws: CellError.malformed) {
            var slice = try CellSlice(long)
            return try slice.coins()
        }
    }

    @Test func `Strings of bits at every place`() throws {
        var numbers = Numbers(state: 11)
        for count in 0...70 {
            var string = BitString()
            for _ in 0..<count { string.append(Bool.random(using: &numbers)) }
            for start in 0...count {
                let tail = string[start..<count]
                #expect((0..<tail.count).allSatisfy { tail[$0] == string[start + $0] })
                var whole = string[0..<start]
                whole.append(tail)
                #expect(whole == string)
                #expect(string.commonPrefix(with: whole) == count)
                #expect(BitString(tail.bytes, count: tail.count) == tail, "no bits behind the last")
            }
        }
    }
}

@Suite struct ExoticCellTests {
    private let exotic: JSONValue

    init() throws { exotic = try messageVectors.object("exotic") }

    @Test func `A pruned branch stands for the tree that it leaves out`() throws {
        let vector = try exotic.object("pruned_branch")
        let branch = try #require(Cell(bits: BitString(try vector.hex("data_hex")), isExotic: true))
        #expect(branch.kind == .prunedBranch && branch.levels.level == 1)
        #expect(branch.hex == (try vector.text("repr_hash")))
        #expect(Hex.encode(branch.hash(at: 0)) == (try vector.text("hash_level0")))
        #expect(Int64(branch.depth(at: 0)) == (try vector.number("of_depth")))
        #expect(throws: BagOfCellsError.badRoots) {
            try BagOfCells.read(try BagOfCells.write(branch), allowsExotic: true)
        }
        let proof = try vector.cell("boc_b64", allowsExotic: true)
        #expect(proof.kind == .merkleProof && proof.levels == .zero)
        #expect(proof.references[0].hex == (try vector.text("parent_repr_hash")))
        #expect(Hex.encode(proof.references[0].hash(at: 0)) == (try vector.text("parent_hash_level0")))
        #expect(proof.references[0].references[0] == branch)
        #expect(throws: BagOfCellsError.badCell) { try vector.cell("boc_b64") }
    }

    @Test func `A reference to the library`() throws {
        let vector = try exotic.object("library_reference")
        let cell = try vector.cell("boc_b64", allowsExotic: true)
        #expect(cell.kind == .library)
        #expect(cell.data == (try vector.hex("data_hex")))
        #expect(cell.hex == (try vector.text("hash")))
        #expect(throws: CellError.exotic) { try CellSlice(cell) }
    }

    @Test func `A proof of an entry reads like the dictionary`() throws {
        let dictionary = try exotic.object("dictionary")
        let root = try dictionary.cell("root_boc_b64")
        #expect(root.hex == (try dictionary.text("root_hash")))
        let entries = try CellDictionary.entries(root, keyBits: 256)
        #expect(entries.count == 16)
        for index in 0..<16 {
            let key = BitString(SHA256.hash(Array("worker \(index)".utf8)).bytes)
            var value = try #require(try CellDictionary.value(of: key, in: root))
            #expect(try value.coins() == Coins(UInt64(1_000_000 * (index + 1))))
        }
        for vector in try exotic.list("dict_proofs") {
            let proof = try vector.cell("proof_boc_b64", allowsExotic: true)
            #expect(proof.hex == (try vector.text("proof_cell_hash")))
            let virtual = proof.references[0]
            #expect(virtual.hex == (try vector.text("virtual_root_repr_hash")))
            #expect(Hex.encode(virtual.hash(at: 0)) == root.hex && virtual.depth(at: 0) == root.depth)
            #expect(Int64(virtual.levels.mask) == (try vector.number("virtual_root_level_mask")))
            let key = BitString(try vector.hex("key_hex"))
            var value = try #require(try CellDictionary.value(of: key, in: virtual))
            #expect(try value.coins() == (try vector.coins("amount")))
            #expect(throws: CellError.exotic) { try CellDictionary.entries(virtual, keyBits: 256) }
            #expect(try BagOfCells.read(BagOfCells.write(proof, [.index]), allowsExotic: true) == proof)
        }
    }

    @Test func `An exotic cell that lies or is not well formed is none`() throws {
        let vector = try exotic.object("pruned_branch")
        let branch = try vector.hex("data_hex")
        let child = try Cell.build { $0.store(true) }
        let proof: [UInt8] = [3] + child.hash + [0, 0]
        let update = [4] + child.hash + child.hash + [0, 0, 0, 0] as [UInt8]
        #expect(Cell(bits: BitString(proof), references: [child], isExotic: true) != nil)
        #expect(Cell(bits: BitString(update), references: [child, child], isExotic: true)?.kind == .merkleUpdate)
        let other = try Cell.build { $0.store(false) }
        for (name, data, references) in [
            ("nothing", [], []), ("type 0", [0], []), ("type 5", [5], []), ("no mask", [1], []),
            ("mask 0", [1, 0] + branch[2...], []), ("mask 8", [1, 8] + branch[2...], []),
            ("a hash too few", [1, 3] + branch[2...], []), ("pruned with a reference", branch, [child]),
            ("too deep", Array(branch.dropLast(2)) + [4, 1], []), ("short library", [2] + child.hash.dropLast(), []),
            ("library with a reference", [2] + child.hash, [child]), ("proof of another", proof, [other]),
            ("proof of nothing", proof, []), ("wrong depth", Array(proof.dropLast()) + [1], [child]),
            ("long proof", proof + [0], [child]), ("update of another", update, [child, other]),
            ("half an update", update, [child]),
        ] as [(String, [UInt8], [Cell])] {
            #expect(Cell(bits: BitString(data), references: references, isExotic: true) == nil, "\(name)")
        }
    }

    @Test func `Proofs within proofs have a hash for each level`() throws {
        let tree = try Cell.build { $0.store([1, 2, 3]) }
        // A branch that is left out at both levels: it stands in a proof within a proof.
        let data = [1, 3] + tree.hash + tree.hash + [0, 0, 0, 0]
        let branch = try #require(Cell(bits: BitString(data), isExotic: true))
        let inside = try Cell.build { $0.store(reference: branch) }
        let whole = try Cell.build { $0.store(reference: tree) }
        #expect(inside.levels.mask == 3)
        #expect(inside.hash(at: 0) == whole.hash && inside.hash != inside.hash(at: 1))
        let proof = [3] + whole.hash + [0, 1]
        let inner = try #require(Cell(bits: BitString(proof), references: [inside], isExotic: true))
        #expect(inner.levels.mask == 1)
        let outer = [3] + inner.hash(at: 0) + [0, 2]
        let cell = try #require(Cell(bits: BitString(outer), references: [inner], isExotic: true))
        #expect(cell.levels == .zero)
        #expect(try BagOfCells.read(BagOfCells.write(cell), allowsExotic: true) == cell)
    }
}
