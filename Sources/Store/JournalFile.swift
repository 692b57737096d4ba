internal import Cryptography
internal import Engine
internal import Units

// Batches of the journal in a file, to be kept when their partition is dropped. Numbers are little-endian:
//
//     BXJF · version u16 (1) · start · batches · trailer
//
//     start         number i64 · sequence i64 · logical time i64 · digest (32) of the batch before the first; all zero
//                   when the file begins with the journal's first batch
//     batch         2 u8 · number i64 · epoch i64 · rules version i32 · first and last sequence i64 · logical time i64
//                   · gap i64 · state digest (16) · digest (32) · length u64 · the commands
//     trailer       3 u8 · count of batches u64 · SHA-256 of everything before it
//
// Nothing follows the trailer.

/// Writes a file of batches, piece by piece.
package struct JournalFileWriter: ~Copyable {
    private var hasher = SHA256()
    private var count: UInt64 = 0
    /// Pieces that were not taken yet.
    private var pending: [UInt8] = []

    /// Begins a file whose batches go on behind `start`.
    package init(after start: JournalChain = JournalChain()) {
        var bytes = Array("BXJF".utf8)
        bytes.appendLittleEndian(UInt16(1))
        for number in [start.number, start.sequence.rawValue, start.time.microseconds] {
            bytes.appendLittleEndian(UInt64(bitPattern: number))
        }
        start.digest.append(to: &bytes)
        append(bytes)
    }

    /// Adds the next batch.
    package mutating func add(_ batch: JournalBatch) {
        var bytes: [UInt8] = [2]
        bytes.appendLittleEndian(UInt64(bitPattern: batch.number))
        bytes.appendLittleEndian(UInt64(bitPattern: batch.epoch))
        bytes.appendLittleEndian(UInt32(bitPattern: batch.rulesVersion))
        for number in [batch.firstSequence.rawValue, batch.lastSequence.rawValue, batch.time.microseconds, batch.gap] {
            bytes.appendLittleEndian(UInt64(bitPattern: number))
        }
        bytes += batch.stateDigest.bytes
        batch.digest.append(to: &bytes)
        bytes.appendLittleEndian(UInt64(batch.commands.count))
        bytes += batch.commands
        append(bytes)
        count += 1
    }

    /// Ends the file.
    package mutating func finish() {
        var bytes: [UInt8] = [3]
        bytes.appendLittleEndian(count)
        append(bytes)
        let digest = hasher.finish()
        digest.append(to: &pending)
    }

    /// What is to be written next.
    package mutating func take() -> [UInt8] {
        defer { pending = [] }
        return pending
    }

    private mutating func append(_ bytes: [UInt8]) {
        hasher.update(bytes.span)
        pending += bytes
    }
}

/// Reads a file of batches. Nothing of it is to be believed before ``next()`` has said that it is at its end.
package final class JournalFileReader {
    private let read: (Int) throws(StoreError) -> [UInt8]
    private var hasher = SHA256()
    private var count: UInt64 = 0
    private var isAtEnd = false
    /// The batches of the file go on behind it.
    package private(set) var start = JournalChain()

    /// The most bytes of one batch's commands: larger ones are damage, not to be waited for.
    private static let commandBytesMax: UInt64 = 1 << 30
    private static let pieceBytes = 1 << 20

    /// `read` gives the next bytes of the file, as many as asked for unless it ends.
    package init(_ read: @escaping (Int) throws(StoreError) -> [UInt8]) throws(StoreError) {
        self.read = read
        guard try take(4).elementsEqual("BXJF".utf8), try number(2) == 1 else {
            throw .inconsistent("the file is no export of a journal that this release can read")
        }
        let (number, sequence, time) = (try integer(), try integer(), try integer())
        guard let digest = Digest256(try take(32)) else { throw .inconsistent("a digest has another length") }
        start = JournalChain(
            number: number,
            sequence: SequenceNumber(sequence),
            time: LogicalTime(microseconds: time),
            digest: digest
        )
    }

    /// The next batch; nil at the end, when the trailer has been found to fit.
    package func next() throws(StoreError) -> JournalBatch? {
        guard !isAtEnd else { return nil }
        switch try number(1) {
        case 2:
            count += 1
            return try batch()
        case 3:
            try finish()
            return nil
        default: throw .inconsistent("the file has an entry of an unknown kind")
        }
    }

    private func batch() throws(StoreError) -> JournalBatch {
        let number = try integer()
        let epoch = try integer()
        let rules = Int32(bitPattern: UInt32(truncatingIfNeeded: try self.number(4)))
        let firstSequence = SequenceNumber(try integer())
        let lastSequence = SequenceNumber(try integer())
        let time = LogicalTime(microseconds: try integer())
        let gap = try integer()
        guard let stateDigest = StateDigest(bytes: try take(16)), let digest = Digest256(try take(32)) else {
            throw .inconsistent("a digest has another length")
        }
        let length = try self.number(8)
        let commands = try take(length)
        let header = JournalHeader(
            number: number,
            epoch: epoch,
            rulesVersion: rules,
            firstSequence: firstSequence,
            lastSequence: lastSequence,
            time: time,
            gap: gap,
            stateDigest: stateDigest,
            commandBytes: commands.count
        )
        return JournalBatch(header, commands: commands, digest: digest)
    }

    private func finish() throws(StoreError) {
        let stated = try number(8)
        let digest = hasher.finish()
        guard try read(32) == digest.bytes, stated == count, try read(1).isEmpty else {
            throw .inconsistent("the file is damaged: its SHA-256, its count or its end is not what it should be")
        }
        isAtEnd = true
    }

    private func integer() throws(StoreError) -> Int64 { Int64(bitPattern: try number(8)) }

    private func number(_ count: UInt64) throws(StoreError) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func take(_ count: UInt64) throws(StoreError) -> [UInt8] {
        guard count <= Self.commandBytesMax else { throw .inconsistent("the file has an entry of \(count) bytes") }
        var bytes: [UInt8] = []
        while bytes.count < Int(count) {
            let piece = try read(min(Int(count) - bytes.count, Self.pieceBytes))
            if piece.isEmpty { throw .inconsistent("the file ends too early") }
            bytes += piece
        }
        hasher.update(bytes.span)
        return bytes
    }
}
