package import Cryptography
package import Engine
internal import Units

/// The whole state at the end of a batch, with what is needed to go on from there without the journal before it.
///
/// Its bytes are: `BXCP` · version u16 (1) · rules version u32 · length u8 and text of the release · batch u64 ·
/// state digest (16) · digest of the batch in the chain (32) · the state (StateCoding.swift). Numbers are
/// little-endian; there is one form for each checkpoint.
package struct Checkpoint: Hashable, Sendable {
    package let batch: Int64
    /// The rules of the batch.
    package let rulesVersion: Int32
    /// The release that wrote it.
    package let release: String
    package let state: EngineState
    /// What the journal says of ``state``.
    package let stateDigest: StateDigest
    /// Of the batch: the next one links to it.
    package let chainDigest: Digest256

    /// This release of the program.
    package static let release = "bombyx-1"

    package init(
        batch: Int64,
        rulesVersion: Int32,
        release: String = Checkpoint.release,
        state: EngineState,
        stateDigest: StateDigest,
        chainDigest: Digest256
    ) {
        self.batch = batch
        self.rulesVersion = rulesVersion
        self.release = release
        self.state = state
        self.stateDigest = stateDigest
        self.chainDigest = chainDigest
    }

    /// Verifies the batches behind it.
    package var chain: JournalChain {
        JournalChain(number: batch, sequence: state.sequence, time: state.time, digest: chainDigest)
    }

    /// Whether it says of the batch what the batch says of itself.
    func isState(after row: JournalBatch) -> Bool {
        guard row.number == batch, row.rulesVersion == rulesVersion else { return false }
        guard row.lastSequence == state.sequence, row.time == state.time else { return false }
        return row.stateDigest == stateDigest && row.digest == chainDigest
    }

    /// Its one form.
    package var bytes: [UInt8] {
        var bytes = Array("BXCP".utf8)
        bytes.appendLittleEndian(UInt16(1))
        bytes.appendLittleEndian(UInt32(bitPattern: rulesVersion))
        bytes.append(UInt8(release.utf8.count))
        bytes.append(contentsOf: release.utf8)
        bytes.appendLittleEndian(UInt64(bitPattern: batch))
        bytes.append(contentsOf: stateDigest.bytes)
        chainDigest.append(to: &bytes)
        state.encode(into: &bytes)
        return bytes
    }

    /// Reads bytes of ``bytes``. Never traps, whatever they are.
    package init(_ bytes: [UInt8]) throws(StoreError) {
        var rest = bytes[...]
        func take(_ count: Int) throws(StoreError) -> ArraySlice<UInt8> {
            guard rest.count >= count else { throw .inconsistent("a checkpoint ends too early") }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func number(_ count: Int) throws(StoreError) -> UInt64 {
            try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard try take(4).elementsEqual("BXCP".utf8), try number(2) == 1 else {
            throw .inconsistent("the bytes are no checkpoint that this release can read")
        }
        rulesVersion = Int32(bitPattern: UInt32(truncatingIfNeeded: try number(4)))
        guard let release = String(validating: try take(Int(try number(1))), as: UTF8.self) else {
            throw .inconsistent("a checkpoint's release is no text")
        }
        self.release = release
        batch = Int64(bitPattern: try number(8))
        guard let stateDigest = StateDigest(bytes: Array(try take(16))), let chain = Digest256(Array(try take(32)))
        else { throw .inconsistent("a digest has another length") }
        self.stateDigest = stateDigest
        chainDigest = chain
        do throws(StateCodingError) {
            state = try EngineState(decoding: rest)
        } catch {
            throw .inconsistent("checkpoint of batch \(batch): \(error)")
        }
        guard self.bytes == bytes else { throw .inconsistent("checkpoint of batch \(batch) is not in its one form") }
    }

    /// The engine with this state; fails unless its digest is the journal's.
    package func engine() throws(StoreError) -> Engine {
        let engine: Engine
        do throws(StateError) {
            engine = try Engine(state: state)
        } catch {
            throw .inconsistent("checkpoint of batch \(batch): \(error)")
        }
        guard engine.digest == stateDigest else {
            throw .inconsistent("checkpoint of batch \(batch) has another state than the journal's digest says")
        }
        return engine
    }
}

extension [UInt8] {
    mutating func appendLittleEndian(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}

extension Digest256 {
    /// SHA-256 of some bytes.
    static func of(_ bytes: Span<UInt8>) -> Digest256 {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finish()
    }
}
