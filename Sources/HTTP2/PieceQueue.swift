internal import Glibc

/// What of an answer that goes on has not been sent: pieces that other streams may share, so that a message for
/// thousands of readers lies in memory once.
struct PieceQueue {
    private var pieces: [[UInt8]] = []
    /// The first piece that is not sent completely, and how much of it is.
    private var first = 0
    private var offset = 0
    /// Bytes that wait.
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        pieces.append(piece)
        byteCount += piece.count
    }

    mutating func removeAll() {
        pieces = []
        (first, offset, byteCount) = (0, 0, 0)
    }

    /// Moves at most `limit` bytes to `target`. Says how many, and whether the last of them ends a piece.
    @unsafe mutating func move(to target: UnsafeMutablePointer<UInt8>, limit: Int) -> (count: Int, endsPiece: Bool) {
        var moved = 0
        while moved < limit, first < pieces.count {
            let left = pieces[first].count - offset
            let count = min(left, limit - moved)
            unsafe pieces[first].withUnsafeBufferPointer { bytes in
                if let base = bytes.baseAddress { _ = unsafe memcpy(target + moved, base + offset, count) }
            }
            moved += count
            offset += count
            if count == left {
                // Whoever shares the piece keeps it; this stream need not.
                pieces[first] = []
                first += 1
                offset = 0
            }
        }
        byteCount -= moved
        let endsPiece = offset == 0
        if first == pieces.count {
            // One of usual size is used again for the next message.
            if pieces.count > Self.keptPiecesMax { pieces = [] } else { pieces.removeAll(keepingCapacity: true) }
            first = 0
        } else if first > Self.keptPiecesMax {
            pieces.removeFirst(first)
            first = 0
        }
        return (moved, endsPiece)
    }

    private static let keptPiecesMax = 32
}

/// What became of a piece of an answer that goes on.
package enum PieceResult: Hashable, Sendable {
    /// It will be sent.
    case taken
    /// ``ServerLimits/streamBytesMax`` wait already; it is dropped.
    case full
    /// The answer has ended, or the request is gone.
    case gone
}
