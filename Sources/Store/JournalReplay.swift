internal import Cryptography
package import Engine
internal import Units

/// Carries out journaled batches again, and proves that each gives the state that its row states.
package struct JournalReplay: Sendable {
    package private(set) var engine: Engine
    /// The last batch carried out.
    package private(set) var batch: Int64

    /// Starts at the end of `batch`, with the engine's state then.
    package init(_ engine: Engine, at batch: Int64) {
        self.engine = engine
        self.batch = batch
    }

    /// Carries out the next batch and returns what it did.
    package mutating func carryOut(_ row: JournalBatch) throws(ReplayError) -> ProjectedBatch {
        guard RulesVersion.known.contains(row.rulesVersion) else {
            throw .rulesUnknown(batch: row.number, version: row.rulesVersion)
        }
        var events: [Event] = []
        var ends: [Int32] = []
        var offset = 0
        _ = engine.beginBatch(at: row.time, gap: row.gap, rules: row.rulesVersion)
        while offset < row.commands.count {
            do throws(CommandDecodingError) {
                engine.apply(try Command.decode(row.commands.span, at: &offset), into: &events)
            } catch {
                throw .undecodable(batch: row.number, "\(error)")
            }
            ends.append(Int32(events.count))
        }
        guard engine.digest == row.stateDigest, engine.sequence == row.lastSequence else {
            throw .digestDiffers(batch: row.number)
        }
        batch = row.number
        return ProjectedBatch(
            number: row.number,
            firstSequence: row.firstSequence,
            lastSequence: row.lastSequence,
            time: row.time,
            grace: engine.grace,
            events: events,
            ends: ends
        )
    }
}

/// Why a batch cannot be carried out again.
package enum ReplayError: Error, Hashable, Sendable, CustomStringConvertible {
    case undecodable(batch: Int64, String)
    case rulesUnknown(batch: Int64, version: Int32)
    /// Carrying out the batch again gave another state than when it was committed.
    case digestDiffers(batch: Int64)

    package var description: String {
        switch self {
        case .undecodable(let batch, let reason): "batch \(batch) of the journal cannot be decoded: \(reason)"
        case .rulesUnknown(let batch, let version):
            """
            batch \(batch) follows rules version \(version), and this release (\(Checkpoint.release)) knows \
            \(RulesVersion.known.lowerBound) to \(RulesVersion.known.upperBound): use the release that wrote it
            """
        case .digestDiffers(let batch):
            "batch \(batch) gives another state now than when it was committed: its state digest differs"
        }
    }
}
