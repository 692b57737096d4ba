import Cryptography
import Foundation
import JSON
import Testing

@testable import TON

@Suite struct BagWriterTests {
    @Test func `A bag is written as the node writes it`() throws {
        for vector in try vectors.list("cells") {
            let name = try vector.text("name")
            // Both writers may choose another order where cells are shared in a wide tree.
            guard name != "tree64" else { continue }
            let bags = try vector.list("bags").map { Array(try #require(Data(base64Encoded: $0.string ?? ""))) }
            let cell = try BagOfCells.read(bags[0])
            for options in [[], .index, .checksum, [.index, .checksum]] as [BagOfCells.Options] {
                #expect(bags.contains(try BagOfCells.write(cell, options)), "\(name) \(options.rawValue)")
            }
        }
    }

    @Test func `What is written is read again, and each cell stands once`() throws {
        for seed in 1...200 as ClosedRange<UInt64> {
            var numbers = Numbers(state: seed)
            let cell = try numbers.tree(5)
            for options in [[], .index, .checksum, [.index, .checksum]] as [BagOfCells.Options] {
                guard let bytes = try? BagOfCells.write(cell, options) else { continue }
                #expect(try BagOfCells.read(bytes) == cell, "seed \(seed)")
            }
        }
        var chain = try CellBuilder().cell()
        for _ in 0..<100 { chain = try Cell.build { [chain] in for _ in 0..<4 { $0.store(reference: chain) } } }
        let bytes = try BagOfCells.write(chain)
        #expect(bytes[6] == 101, "101 cells, of which each is referred to four times")
        #expect(try BagOfCells.read(bytes) == chain)
    }

    @Test func `A tree that is too large is not written`() throws {
        var list: Cell = try CellBuilder().cell()
        var number: UInt64 = 0
        for _ in 0..<700 {
            list = try Cell.build { [list] (builder) throws(CellError) in
                builder.store(reference: list)
                for _ in 0..<3 {
                    let leaf = CellBuilder.of(number)
                    number += 1
                    builder.store(reference: try leaf.cell())
                }
            }
        }
        #expect(try BagOfCells.read(BagOfCells.write(list)) == list)
        var wide = list
        for _ in 0..<300 {
            wide = try Cell.build { [wide] (builder) throws(CellError) in
                builder.store(reference: wide)
                for _ in 0..<3 {
                    var leaf = CellBuilder.of(number)
                    for _ in 0..<14 { leaf.store(number, bits: 64) }
                    number += 1
                    builder.store(reference: try leaf.cell())
                }
            }
        }
        #expect(throws: BagOfCellsError.tooLarge) { try BagOfCells.write(wide) }
    }

    @Test func `An index that does not say where the cells end is refused`() throws {
        let vector = try vectors.list("cells").first { $0["name"]?.string == "one_ref" }
        let cell = try BagOfCells.read(Array(try #require(Data(base64Encoded: vector?.list("bags")[0].string ?? ""))))
        let good = try BagOfCells.write(cell, .index)
        for offset in 11...12 {
            var bytes = good
            bytes[offset] ^= 1
            #expect(throws: BagOfCellsError.badHeader) { try BagOfCells.read(bytes) }
        }
        // Lengths of the cells instead of their ends, as some libraries write them.
        var lengths = good
        lengths[12] -= lengths[11]
        #expect(throws: BagOfCellsError.badHeader) { try BagOfCells.read(lengths) }
    }

    @Test func `A header cannot ask for memory that its bytes are not worth`() {
        let header: [UInt8] = [0xB5, 0xEE, 0x9C, 0x72, 4, 8, 0, 0, 16, 0, 0, 0, 0, 1, 0, 0, 0, 0]
        #expect(throws: BagOfCellsError.truncated) {
            try BagOfCells.read(header + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        }
        #expect(throws: BagOfCellsError.badHeader) {
            try BagOfCells.read(header + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
        }
    }
}

extension CellBuilder {
    fileprivate static func of(_ number: UInt64) -> CellBuilder {
        var builder = CellBuilder()
        builder.store(number, bits: 64)
        return builder
    }
}
