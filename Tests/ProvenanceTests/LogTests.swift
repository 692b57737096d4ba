import Cryptography
import Foundation
import JSON
import Provenance
import Testing

@Suite struct LogTests {
    @Test func `Entries are those of another implementation, and what is none is refused`() throws {
        for row in try vectors.list("entries") {
            let kind = try #require(LogEntry.Kind(rawValue: UInt8(try row.integer("kind"))))
            let salt = row["salt"]?.string.flatMap(Hex.decode)
            let payload = try row.digest("payload")
            let ms = try row.integer("ms")
            let entry = try #require(LogEntry(kind: kind, milliseconds: ms, salt: salt, payload: payload))
            #expect(entry.bytes == (try row.hex("bytes")) && entry.bytes.count == LogEntry.byteCount)
            #expect(entry.leafHash == (try row.digest("leaf")))
            #expect(LogEntry(bytes: entry.bytes) == entry)
            #expect((entry.commitment == payload) == !kind.isSalted, "a salted payload does not show")
            // A salt where there must be one, of the right length, and nowhere else.
            let zeros = [UInt8](repeating: 0, count: 32)
            #expect(LogEntry(kind: kind, milliseconds: ms, salt: salt == nil ? zeros : nil, payload: payload) == nil)
            #expect(LogEntry(kind: kind, milliseconds: ms, salt: [1], payload: payload) == nil)
            #expect(LogEntry(kind: kind, milliseconds: -1, salt: salt, payload: payload) == nil)
            for bit in 0..<entry.bytes.count * 8 {
                var changed = entry.bytes
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                let other = LogEntry(bytes: changed)
                #expect(other == nil || other?.bytes == changed && other?.leafHash != entry.leafHash, "bit \(bit)")
            }
            #expect(LogEntry(bytes: Array(entry.bytes.dropLast())) == nil && LogEntry(bytes: entry.bytes + [0]) == nil)
        }
    }

    @Test func `Statements are those of another implementation, and only one about a key names a key`() throws {
        for row in try vectors.list("statements") {
            let numbers = try row.list("numbers").map { try #require($0.integer) }
            let publicKey = try row.hex("key")
            let kind = try #require(LogEntry.Kind(rawValue: UInt8(try row.integer("kind"))))
            let statement: LogStatement? =
                switch kind {
                case .keyRotation: .signingKey(publicKey, from: numbers[0])
                case .measurementPolicy: .measurementPolicy(numbers)
                case .attestation: .attestation(numbers)
                case .leasePolicy: .leasePolicy(numbers)
                case .measurement: .measurement(numbers)
                default: nil
                }
            #expect(try statement?.bytes == row.hex("bytes") && statement?.kind == kind)
            let payload = try #require(statement?.payloadHash)
            let entry = LogEntry(kind: kind, milliseconds: 1_764_000_000_000, payload: payload)
            #expect(try entry?.bytes == row.hex("entry"))
            #expect(try entry?.leafHash == row.digest("leaf"))
            let named = statement?.signingKey
            #expect((named != nil) == (kind == .keyRotation))
            if let named { #expect(named.publicKey == publicKey && named.from == numbers[0]) }
        }
        let key = LogStatement.signingKey([UInt8](repeating: 1, count: 32), from: 5)
        #expect(LogStatement(kind: .keyRotation, bytes: key.bytes + [0]).signingKey == nil)
        #expect(LogStatement(kind: .keyRotation, bytes: key.bytes.dropLast()).signingKey == nil)
        #expect(LogStatement(kind: .leasePolicy, bytes: key.bytes).signingKey == nil)
    }

    @Test func `What is said of a batch of payouts is what another implementation says`() throws {
        let rows = try vectors.list("settlements")
        #expect(try Set(rows.map { try $0.integer("verdict") }) == Set(SettledBatch.Verdict.allCases.map(\.rawValue)))
        for row in rows {
            let payouts = try row.list("payouts").map { payout in
                SettledBatch.Payout(
                    address: try payout.hex("address"),
                    amount: try payout.integer("amount"),
                    comment: try #require(payout["comment"]?.string)
                )
            }
            let batch = SettledBatch(
                number: try row.integer("number"),
                wallet: try row.hex("wallet"),
                queryID: try row.integer("query_id"),
                createdAt: try row.integer("created_at"),
                verdict: try #require(SettledBatch.Verdict(rawValue: try row.integer("verdict"))),
                payouts: payouts,
                logicalTime: try row.integer("lt"),
                transaction: try row.hex("transaction")
            )
            #expect(try batch.payoutsHash == row.digest("payouts_sha256"))
            let statement = LogStatement.settlementBatch(batch)
            #expect(try statement.kind == .settlementBatch && statement.bytes == row.hex("bytes"))
            let payload = statement.payloadHash
            let entry = LogEntry(kind: .settlementBatch, milliseconds: 1_764_000_000_000, payload: payload)
            #expect(try entry?.leafHash == row.digest("leaf"))
        }
    }

    @Test func `Proofs are judged as they should be`() throws {
        try judge(vectors.list("inclusion"), vectors.list("consistency"), leaf: "leaf", index: "index", size: "size")
    }

    /// Vectors that others published lie beside the project where it is developed.
    static let published: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let file = root.appending(path: "../shared/vectors/merkle_vectors.json").standardized
        return FileManager.default.isReadableFile(atPath: file.path) ? file : nil
    }()

    @Test(.enabled(if: published != nil)) func `So are the published ones`() throws {
        let data = try Data(contentsOf: try #require(Self.published))
        let json = try JSONValue(Array(data), limits: JSONLimits(depthMax: 8, bytesMax: 1 << 22))
        func named(_ rows: [JSONValue], _ names: [String: String]) -> [JSONValue] {
            rows.map { row in
                .object((row.members ?? []).map { JSONValue.Member(names[$0.key] ?? $0.key, $0.value) })
            }
        }
        let inclusion = named(
            try json.list("inclusion_probes"),
            ["leaf_index": "index", "tree_size": "size", "leaf_hash": "leaf"]
        )
        let consistency = named(
            try json.list("consistency_probes"),
            ["size1": "from", "size2": "to", "root1": "from_root", "root2": "to_root"]
        )
        #expect(inclusion.count == 98 && consistency.count == 98)
        try judge(inclusion, consistency, leaf: "leaf", index: "index", size: "size")
        for (size, root) in try #require(json["generated_1000"]?["roots"]?.members).map({ ($0.key, $0.value) }) {
            let count = try #require(Int64(size))
            #expect(Self.tiles.tree.root(of: count).hex == root.string, "\(size)")
        }
    }

    /// The hash that `hex` is. Where the published roots are words, because they are not looked at but for their being
    /// equal, the hash of the word.
    private func standIn(for hex: String) -> Digest256? {
        Digest256(hex: hex) ?? Hex.decode(hex).map { SHA256.hash($0) }
    }

    private func judge(
        _ inclusion: [JSONValue],
        _ consistency: [JSONValue],
        leaf: String,
        index: String,
        size: String
    ) throws {
        var valid = 0
        for row in inclusion {
            // A hash that has not 32 bytes, and a number beyond 63 bits, is refused before the proof is looked at.
            let proof = try row.hashes("proof")
            let leafHash = Digest256(hex: try row.text(leaf))
            let root = Digest256(hex: try row.text("root"))
            var isIncluded = false
            if let proof, let leafHash, let root, let index = row[index]?.integer, let size = row[size]?.integer {
                isIncluded = MerkleVerifier.isIncluded(
                    leafHash,
                    at: index,
                    in: size,
                    root: root,
                    proof: proof
                )
            }
            #expect(isIncluded == row["valid"]?.boolean, "\(row)")
            if isIncluded { valid += 1 }
        }
        for row in consistency {
            let proof = try row.hashes("proof")
            let old = try standIn(for: row.text("from_root"))
            let new = try standIn(for: row.text("to_root"))
            var isConsistent = false
            if let proof, let old, let new, let from = row["from"]?.integer, let to = row["to"]?.integer {
                isConsistent = MerkleVerifier.isConsistent(
                    from: from,
                    root: old,
                    to: to,
                    root: new,
                    proof: proof
                )
            }
            #expect(isConsistent == row["valid"]?.boolean, "\(row)")
            if isConsistent { valid += 1 }
        }
        #expect(valid > 0 && valid < inclusion.count + consistency.count)
    }

    static let leafCount: Int64 = 70_000

    /// The log of the tiles' specification.
    static let tiles = {
        var tiles = LogTiles()
        for index in 0..<leafCount { tiles.append(MerkleHash.leaf(Array("leaf-\(index)".utf8))) }
        return tiles
    }()

    @Test func `Large trees have the roots of the naive recursion`() throws {
        for (size, root) in try #require(vectors["roots"]?.members).map({ ($0.key, $0.value) }) {
            #expect(Self.tiles.tree.root(of: try #require(Int64(size))).hex == root.string, "\(size)")
        }
        for index in stride(from: 1, to: Self.leafCount, by: 9_973) {
            let proof = Self.tiles.tree.inclusionProof(of: index, in: Self.leafCount)
            let isIncluded = MerkleVerifier.isIncluded(
                MerkleHash.leaf(Array("leaf-\(index)".utf8)),
                at: index,
                in: Self.leafCount,
                root: Self.tiles.tree.root(of: Self.leafCount),
                proof: try #require(proof)
            )
            #expect(isIncluded, "\(index)")
        }
    }

    @Test func `A proof that is too long for the size is refused, though its hashes meet the root`() throws {
        let (size, old, extra) = (100 as Int64, 41 as Int64, MerkleHash.leaf([]))
        let (head, start) = (Self.tiles.tree.root(of: size), Self.tiles.tree.root(of: old))
        let inclusion = try #require(Self.tiles.tree.inclusionProof(of: 41, in: size))
        let isIncluded = MerkleVerifier.isIncluded(
            MerkleHash.leaf(Array("leaf-41".utf8)),
            at: 41,
            in: size,
            root: MerkleHash.node(extra, head),
            proof: inclusion + [extra]
        )
        #expect(!isIncluded)
        let isConsistent = MerkleVerifier.isConsistent(
            from: old,
            root: MerkleHash.node(extra, start),
            to: size,
            root: MerkleHash.node(extra, head),
            proof: try #require(Self.tiles.tree.consistencyProof(from: old, to: size)) + [extra]
        )
        #expect(!isConsistent)
    }

    @Test func `Tiles hold what the specification says, under its paths`() throws {
        for row in try vectors.list("tiles") {
            let path = try row.text("path")
            let content = LogTile.Content.hashes(level: Int(try row.integer("level")))
            let index = try row.integer("index")
            let tile = try #require(LogTile(content, index: index, width: Int(try row.integer("width"))))
            #expect(tile.path == path && LogTile(path: path) == tile)
            let bytes = try #require(Self.tiles.bytes(of: tile), "\(path)")
            #expect(bytes.count == tile.width * 32)
            #expect(SHA256.hash(bytes) == (try row.digest("sha256")), "\(path)")
        }
        for (level, index, width) in [(0, 273, 113), (0, 274, 1), (1, 1, 18), (1, 2, 1), (2, 0, 2), (3, 0, 1)] {
            let tile = try #require(LogTile(.hashes(level: level), index: Int64(index), width: width))
            #expect(Self.tiles.bytes(of: tile) == nil, "\(tile.path)")
        }
        func width(_ content: LogTile.Content, _ index: Int64, of size: Int64) -> Int? {
            LogTile.of(content, index: index, in: size)?.width
        }
        #expect(width(.hashes(level: 0), 273, of: 70_000) == 112 && width(.hashes(level: 0), 0, of: 70_000) == 256)
        #expect(width(.hashes(level: 1), 1, of: 70_000) == 17 && width(.hashes(level: 2), 0, of: 70_000) == 1)
        #expect(width(.hashes(level: 1), 0, of: 256) == 1 && width(.hashes(level: 0), 1, of: 256) == nil)
        #expect(width(.entries, 273, of: 70_000) == 112 && width(.entries, 274, of: 70_000) == nil)
        #expect(width(.hashes(level: 0), .max, of: .max) == nil && width(.hashes(level: 0), -1, of: 9) == nil)
        #expect(width(.hashes(level: 7), 0, of: .max) == 127 && width(.hashes(level: 8), 0, of: .max) == nil)
    }

    @Test(
        arguments: [
            ("tile/0/000", 0), ("tile/3/x001/x234/067", 1_234_067), ("tile/entries/000.p/17", 0),
            ("tile/0/x001/000.p/255", 1_000), ("tile/7/x009/x223/x372/x036/x854/x775/807", .max),
        ] as [(String, Int64)]
    )
    func `Paths of tiles are read as they are written`(path: String, index: Int64) throws {
        let tile = try #require(LogTile(path: path))
        #expect(tile.index == index && tile.path == path)
    }

    @Test(
        arguments: [
            "", "tile", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000", "tile/0/x000/001",
            "tile/0/001/002", "tile/8/000", "tile/00/000", "tile/-1/000", "tile/+1/000", "tile/0/-01", "tile/0/000.p",
            "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000/1", "/tile/0/000",
            "tile/0/000/", "tiles/0/000", "tile/entry/000", "tile/0/xx01/000", "tile/0/٠٠٠", "tile/0/000.p/+5",
            "tile/7/x009/x223/x372/x036/x854/x775/808", "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
        ]
    )
    func `What is no path of a tile is refused`(path: String) {
        #expect(LogTile(path: path) == nil)
    }

    @Test func `Entries are bundled with their lengths`() {
        let entries: [[UInt8]] = [[], [1], [UInt8](repeating: 7, count: 300)]
        let bytes = EntryBundle.encode(entries)
        #expect(bytes.prefix(7) == [0, 0, 0, 1, 1, 0x01, 0x2C])
        #expect(EntryBundle.decode(bytes) == entries)
        #expect(EntryBundle.decode([]) == [])
        for count in 1..<bytes.count where ![2, 5].contains(count) {
            #expect(EntryBundle.decode(Array(bytes.prefix(count))) == nil, "\(count) bytes")
        }
        let full = [[UInt8]](repeating: [1, 2], count: 256)
        #expect(EntryBundle.decode(EntryBundle.encode(full)) == full)
        #expect(EntryBundle.decode(EntryBundle.encode(full + [[3]])) == nil)
    }
}
