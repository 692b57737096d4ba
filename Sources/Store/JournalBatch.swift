package import Cryptography
package import Engine
package import Units

/// The commands that one commit makes durable: one row of `journal.batches`.
package struct JournalBatch: Hashable, Sendable {
    /// From 1, without gaps.
    package let number: Int64
    /// The leadership under which it is written.
    package let epoch: Int64
    /// The rules by which its commands are carried out.
    package let rulesVersion: Int32
    package let firstSequence: SequenceNumber
    /// One less than ``firstSequence`` when there are no commands.
    package let lastSequence: SequenceNumber
    /// One time for the whole batch; never less than the batch before has.
    package let time: LogicalTime
    /// Microseconds without a running exchange before the batch, or by which its clock jumped; 0 for none.
    package let gap: Int64
    /// The packed commands.
    package let commands: [UInt8]
    /// Of the engine's state after the batch.
    package let stateDigest: StateDigest
    /// Links the batch to the one before.
    package let digest: Digest256

    /// A batch with its digest computed; `previousDigest` is ``Digest256/zero`` for the first one.
    package init(
        number: Int64,
        epoch: Int64,
        rulesVersion: Int32,
        firstSequence: SequenceNumber,
        lastSequence: SequenceNumber,
        time: LogicalTime,
        gap: Int64 = 0,
        commands: [UInt8],
        stateDigest: StateDigest,
        previousDigest: Digest256
    ) {
        let header = JournalHeader(
            number: number,
            epoch: epoch,
            rulesVersion: rulesVersion,
            firstSequence: firstSequence,
            lastSequence: lastSequence,
            time: time,
            gap: gap,
            stateDigest: stateDigest,
            commandBytes: commands.count
        )
        self.init(header, commands: commands, digest: header.digest(after: previousDigest, commands: commands.span))
    }

    /// A batch as it was read, digest included.
    init(_ header: JournalHeader, commands: [UInt8], digest: Digest256) {
        number = header.number
        epoch = header.epoch
        rulesVersion = header.rulesVersion
        firstSequence = header.firstSequence
        lastSequence = header.lastSequence
        time = header.time
        gap = header.gap
        stateDigest = header.stateDigest
        self.commands = commands
        self.digest = digest
    }

    /// What is hashed before the commands.
    package var header: JournalHeader {
        JournalHeader(
            number: number,
            epoch: epoch,
            rulesVersion: rulesVersion,
            firstSequence: firstSequence,
            lastSequence: lastSequence,
            time: time,
            gap: gap,
            stateDigest: stateDigest,
            commandBytes: commands.count
        )
    }
}

/// What a batch says about its commands, in the form that is hashed: ``byteCount`` bytes, numbers big-endian, so that
/// SQL can compute the same with `int8send` (view `journal.chain`).
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 4 | `BXB2` |
/// | 4 | 4 | rules version |
/// | 8 | 8 | number |
/// | 16 | 8 | epoch |
/// | 24 | 8 | first sequence |
/// | 32 | 8 | last sequence |
/// | 40 | 8 | logical time in microseconds |
/// | 48 | 8 | gap in microseconds |
/// | 56 | 16 | state digest, high word first |
/// | 72 | 8 | length of the commands |
///
/// Under rules version 1 it begins with `BXB1`, has no gap, and is 8 bytes shorter.
package struct JournalHeader: Hashable, Sendable {
    package var number: Int64
    package var epoch: Int64
    package var rulesVersion: Int32
    package var firstSequence: SequenceNumber
    package var lastSequence: SequenceNumber
    package var time: LogicalTime
    package var gap: Int64
    package var stateDigest: StateDigest
    package var commandBytes: Int

    /// Under rules version 2 and later.
    package static let byteCount = 80

    package init(
        number: Int64,
        epoch: Int64,
        rulesVersion: Int32,
        firstSequence: SequenceNumber,
        lastSequence: SequenceNumber,
        time: LogicalTime,
        gap: Int64 = 0,
        stateDigest: StateDigest,
        commandBytes: Int
    ) {
        self.number = number
        self.epoch = epoch
        self.rulesVersion = rulesVersion
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.time = time
        self.gap = gap
        self.stateDigest = stateDigest
        self.commandBytes = commandBytes
    }

    /// The form that is hashed.
    package var bytes: [UInt8] {
        var bytes = Array((hasGap ? "BXB2" : "BXB1").utf8)
        bytes.reserveCapacity(Self.byteCount)
        bytes.appendBigEndian(UInt32(bitPattern: rulesVersion))
        let numbers = [
            number, epoch, firstSequence.rawValue, lastSequence.rawValue, time.microseconds, gap,
        ]
        for value in hasGap ? numbers[...] : numbers.dropLast() { bytes.appendBigEndian(UInt64(bitPattern: value)) }
        bytes.append(contentsOf: stateDigest.bytes)
        bytes.appendBigEndian(UInt64(commandBytes))
        return bytes
    }

    /// Whether headers of these rules have the gap.
    fileprivate var hasGap: Bool { rulesVersion >= 2 }

    /// `SHA-256(previous ‖ header ‖ commands)`.
    package func digest(after previous: Digest256, commands: Span<UInt8>) -> Digest256 {
        var hasher = SHA256()
        var head = previous.bytes
        head.append(contentsOf: bytes)
        hasher.update(head.span)
        hasher.update(commands)
        return hasher.finish()
    }
}

/// Checks a journal batch by batch: each must continue the one before.
package struct JournalChain: Hashable, Sendable {
    package private(set) var number: Int64
    package private(set) var sequence: SequenceNumber
    package private(set) var time: LogicalTime
    package private(set) var digest: Digest256

    /// Starts behind this batch; by default before the first.
    package init(
        number: Int64 = 0,
        sequence: SequenceNumber = .none,
        time: LogicalTime = .zero,
        digest: Digest256 = .zero
    ) {
        self.number = number
        self.sequence = sequence
        self.time = time
        self.digest = digest
    }

    /// Goes on behind the batch, which is believed.
    package init(endingWith batch: JournalBatch) {
        self.init(number: batch.number, sequence: batch.lastSequence, time: batch.time, digest: batch.digest)
    }

    /// Accepts the batch as the next one, or says what is wrong with it.
    package mutating func append(_ batch: JournalBatch) throws(StoreError) {
        guard batch.number == number + 1 else {
            throw .brokenChain(batch: number + 1, reason: "it is missing; the next one is \(batch.number)")
        }
        guard batch.firstSequence == sequence.next else {
            throw .brokenChain(batch: batch.number, reason: "it does not continue the sequence numbers")
        }
        guard batch.lastSequence.rawValue >= sequence.rawValue, batch.time >= time else {
            throw .brokenChain(batch: batch.number, reason: "its sequence numbers or its time go back")
        }
        guard batch.gap >= 0, batch.gap == 0 || batch.header.hasGap else {
            throw .brokenChain(batch: batch.number, reason: "it has a gap that its rules do not know")
        }
        guard batch.header.digest(after: digest, commands: batch.commands.span) == batch.digest else {
            throw .brokenChain(batch: batch.number, reason: "its digest does not follow from the batch before")
        }
        number = batch.number
        sequence = batch.lastSequence
        time = batch.time
        digest = batch.digest
    }
}

extension StateDigest {
    /// 16 bytes, as they are stored and hashed: the high word first, each big-endian.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(high)
        bytes.appendBigEndian(low)
        return bytes
    }

    /// `nil` unless there are 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: word(0..<8), low: word(8..<16))
    }
}

extension [UInt8] {
    fileprivate mutating func appendBigEndian(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
