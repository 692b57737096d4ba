internal import Engine
internal import Store
internal import Units

/// The first commands of an empty exchange: the operator's account and its first key (ENGINE §9).
///
/// They are journaled like any others, before the network opens, because nobody could give them otherwise.
enum Bootstrap {
    /// The operator's account.
    static let operatorAccount = AccountID(1)

    static func carryOut(
        on opening: Opening,
        key makeKey: () throws -> KeyHash,
        loops: Int
    ) throws(RecoveryError) -> SealedBatch {
        let key: KeyHash
        do {
            key = try makeKey()
        } catch {
            throw .tables("the exchange is empty, and its first key cannot be made: \(error)")
        }
        let time = LogicalTime(microseconds: wallClockMicroseconds())
        let batch = batch(opening.nextBatch, at: time, on: &opening.engine, key: key, loops: loops)
        do throws(StoreError) {
            try opening.term.append(batch)
        } catch {
            throw RecoveryError(error)
        }
        opening.nextBatch += 1
        return batch
    }

    /// The batch with which an exchange begins, carried out.
    static func batch(
        _ number: Int64,
        at time: LogicalTime,
        on engine: inout Engine,
        key: KeyHash,
        loops: Int
    ) -> SealedBatch {
        let scopes: Scopes = [.operator, .read, .auditor]
        let commands = [
            Command(account: .system, action: .createAccount(AccountTerms(label: "operator"))),
            Command(
                account: .system,
                action: .createKey(
                    KeyTerms(owner: operatorAccount, hash: key, scopes: scopes, label: "first operator key")
                )
            ),
        ]
        var open = OpenBatch(number: number, firstSequence: engine.sequence.next, loops: loops)
        open.time = max(engine.time, time)
        _ = engine.beginBatch(at: open.time)
        for command in commands {
            engine.apply(command, into: &open.events)
            open.ends.append(Int32(open.events.count))
            command.encode(into: &open.commandBytes)
        }
        open.grace = engine.grace
        return SealedBatch(open, stateDigest: engine.digest, bookChanges: nil)
    }
}
