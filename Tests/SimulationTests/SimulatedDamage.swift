import Cryptography
import Engine
import Units

@testable import EngineTesting
@testable import Store

// What a server that starts reads: the tables, the batch with which they end, and the journal behind it.
extension SimulatedDatabase {
    /// How what is read differs from what was written.
    struct Damage {
        enum Kind: CaseIterable { case cutRow, flippedBit, missingRow, rewrittenRow, tables }

        let kind: Kind
        /// The batch that whoever notices must name.
        let batch: Int64
        /// What is read in place of its row.
        let row: JournalBatch?
    }

    /// What is wrong with what a server reads at this start; the next one finds everything as it was written.
    func takeDamage() -> Damage? {
        guard let kind = nextDamage, !rows.isEmpty, tables.cursor > 0 || kind != .tables else { return nil }
        nextDamage = nil
        let last = Int64(rows.count)
        let batch =
            switch kind {
            case .cutRow, .flippedBit, .missingRow: world.random.number(max(1, tables.cursor)...last)
            case .rewrittenRow: last
            case .tables: tables.cursor
            }
        world.count(.damage)
        world.note("what is read is damaged: \(kind), batch \(batch)")
        return Damage(kind: kind, batch: batch, row: damaged(rows[Int(batch) - 1], kind))
    }

    private func damaged(_ row: JournalBatch, _ kind: Damage.Kind) -> JournalBatch? {
        switch kind {
        case .cutRow:
            let left = world.random.number(0...Int64(row.commands.count) - 1)
            return JournalBatch(row.header, commands: Array(row.commands.prefix(Int(left))), digest: row.digest)
        case .flippedBit: return withFlippedBit(row)
        case .missingRow: return nil
        case .rewrittenRow:
            // Whoever rewrote it has computed the chain anew.
            var header = row.header
            header.stateDigest.low ^= 1
            let digest = header.digest(after: chain(before: row.number).digest, commands: row.commands.span)
            return JournalBatch(header, commands: row.commands, digest: digest)
        case .tables: return row
        }
    }

    /// In any column but its number, without which it would be missing.
    private func withFlippedBit(_ row: JournalBatch) -> JournalBatch {
        var (header, commands, digest) = (row.header, row.commands, row.digest.bytes)
        let bit = Int64(1) << world.random.number(0...63)
        switch world.random.number(1...9) {
        case 1: header.epoch ^= bit
        case 2: header.rulesVersion ^= 1 << Int32(world.random.number(0...31))
        case 3: header.firstSequence = SequenceNumber(header.firstSequence.rawValue ^ bit)
        case 4: header.lastSequence = SequenceNumber(header.lastSequence.rawValue ^ bit)
        case 5: header.time = LogicalTime(microseconds: header.time.microseconds ^ bit)
        case 6: header.gap ^= bit
        case 7: header.stateDigest.low ^= UInt64(bitPattern: bit)
        case 8: digest[Int(world.random.number(0...31))] ^= 1 << UInt8(world.random.number(0...7))
        default:
            let place = Int(world.random.number(0...Int64(commands.count) - 1))
            commands[place] ^= 1 << UInt8(world.random.number(0...7))
        }
        guard let digest = Digest256(digest) else { preconditionFailure("it is as long as before") }
        return JournalBatch(header, commands: commands, digest: digest)
    }

    // MARK: Reading

    private func chain(before batch: Int64) -> JournalChain {
        batch > 1 ? JournalChain(endingWith: rows[Int(batch) - 2]) : JournalChain()
    }

    private func row(_ batch: Int64, with damage: Damage?) -> JournalBatch? {
        if let damage, damage.batch == batch { damage.row } else { rows[Int(batch) - 1] }
    }

    /// The rows behind a batch.
    func rows(after batch: Int64, with damage: Damage?) -> [JournalBatch] {
        (batch..<Int64(rows.count)).compactMap { row($0 + 1, with: damage) }
    }

    /// The tables, and what the journal says of the batch with which they end, as `StateLoader` reads it.
    func loaded(with damage: Damage?) throws(StoreError) -> LoadedState {
        var (state, cursor) = tables.loaded
        if damage?.kind == .tables { state.accounts[0].openOrdersMax += 1 }
        var chain = JournalChain()
        var last: JournalBatch?
        if cursor.batch > 0 {
            guard let row = row(cursor.batch, with: damage) else {
                throw .brokenChain(batch: cursor.batch, reason: "it is missing")
            }
            chain = self.chain(before: cursor.batch)
            try chain.append(row)
            last = row
        }
        return LoadedState(
            state: state,
            cursor: cursor,
            stateDigest: last?.stateDigest,
            rulesVersion: last?.rulesVersion,
            chain: chain
        )
    }
}
