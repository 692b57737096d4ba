/// The price levels of one class or profile in order of price: a sorted list in pieces, so that a million prices in
/// one class cost no more to change than a few kilobytes of moved memory.
///
/// A *key* is a price with the sign that makes the better one smaller. Within the list the best level is the last, so
/// the usual change, near the best price, moves the least.
package struct PriceLadder: Sendable {
    /// A price level and its number in the slab of levels.
    struct Rung: Sendable {
        let key: Int64
        let level: Int32
    }

    /// Rungs by falling key, over all pieces; no piece is empty unless it is the only one.
    private var pieces: ContiguousArray<ContiguousArray<Rung>> = []

    /// Most rungs of a piece: 4 KiB.
    static let pieceRungsMax = 256
    /// A piece with fewer is joined to its neighbour when both fit into a half.
    static let pieceRungsMin = 32

    package init() {}

    /// The best level's number.
    package var best: Int32? { pieces.last?.last?.level }

    /// Levels in the ladder.
    package var count: Int { pieces.reduce(0) { $0 + $1.count } }

    var pieceCount: Int { pieces.count }
    var largestPiece: Int { pieces.map(\.count).max() ?? 0 }

    /// Where a level with a key is, or would be.
    struct Position {
        var piece: Int
        var offset: Int
    }

    /// What is at a key.
    enum Lookup {
        /// This level.
        case found(Int32)
        /// Nothing: a new level goes there, between the worse and the better neighbour.
        case missing(Position, worse: Int32?, better: Int32?)
    }

    func lookup(_ key: Int64) -> Lookup {
        guard let lastPiece = pieces.last, let bestRung = lastPiece.last else {
            return .missing(Position(piece: 0, offset: 0), worse: nil, better: nil)
        }
        if key == bestRung.key { return .found(bestRung.level) }
        if key < bestRung.key {
            let end = Position(piece: pieces.count - 1, offset: lastPiece.count)
            return .missing(end, worse: bestRung.level, better: nil)
        }
        let position = position(of: key)
        let rung = pieces[position.piece][position.offset]
        if rung.key == key { return .found(rung.level) }
        return .missing(position, worse: worseNeighbour(of: position), better: rung.level)
    }

    /// The first rung whose key is `key` or better; there is one.
    private func position(of key: Int64) -> Position {
        var low = 0
        var high = pieces.count - 1
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle][pieces[middle].count - 1].key <= key { high = middle } else { low = middle + 1 }
        }
        return Position(piece: low, offset: Self.offset(of: key, in: pieces[low]))
    }

    private static func offset(of key: Int64, in piece: ContiguousArray<Rung>) -> Int {
        var low = 0
        var high = piece.count
        while low < high {
            let middle = (low + high) / 2
            if piece[middle].key <= key { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func worseNeighbour(of position: Position) -> Int32? {
        if position.offset > 0 { return pieces[position.piece][position.offset - 1].level }
        return position.piece > 0 ? pieces[position.piece - 1].last?.level : nil
    }

    /// Puts a level where ``lookup(_:)`` found its key missing.
    mutating func insert(_ level: Int32, key: Int64, at position: Position) {
        if pieces.isEmpty { pieces.append([]) }
        pieces[position.piece].insert(Rung(key: key, level: level), at: position.offset)
        guard pieces[position.piece].count > Self.pieceRungsMax else { return }

        let half = pieces[position.piece].count / 2
        let better = ContiguousArray(pieces[position.piece][half...])
        pieces[position.piece].removeSubrange(half...)
        pieces.insert(better, at: position.piece + 1)
    }

    /// Removes the level with this key, which is there.
    mutating func remove(_ key: Int64) {
        let position = position(of: key)
        precondition(pieces[position.piece][position.offset].key == key, "only a level in the ladder is removed")
        pieces[position.piece].remove(at: position.offset)
        guard pieces.count > 1 else { return }
        if pieces[position.piece].isEmpty {
            pieces.remove(at: position.piece)
        } else if pieces[position.piece].count < Self.pieceRungsMin {
            join(position.piece)
        }
    }

    /// Joins a small piece to a neighbour, if that leaves room for both.
    private mutating func join(_ piece: Int) {
        let first = piece > 0 ? piece - 1 : piece
        guard pieces[first].count + pieces[first + 1].count <= Self.pieceRungsMax / 2 else { return }
        pieces[first].append(contentsOf: pieces[first + 1])
        pieces.remove(at: first + 1)
    }
}
