internal import Cryptography
internal import TON

/// A highload wallet v3 and what it does: the rules of its code, check by check and in its order.
struct HighloadState {
    let publicKey: [UInt8]
    let subwallet: UInt32
    let timeout: UInt64
    /// The query ids that it remembers, by their sets: those before the last cleaning, and those after it.
    private(set) var oldQueries: [UInt64: Set<UInt64>] = [:]
    private(set) var queries: [UInt64: Set<UInt64>] = [:]
    private(set) var lastCleanTime: UInt64 = 0

    /// Exit codes.
    private enum Code {
        static let cellOverflow: Int64 = 8
        static let cellUnderflow: Int64 = 9
        static let signature: Int64 = 33
        static let subwallet: Int64 = 34
        static let createdAt: Int64 = 35
        static let executed: Int64 = 36
        static let message: Int64 = 37
        static let timeout: Int64 = 38
    }

    /// A wallet as it is made.
    init(_ wallet: HighloadWalletV3) {
        publicKey = wallet.publicKey
        subwallet = wallet.subwallet
        timeout = UInt64(wallet.timeout)
    }

    /// From the first data of a new wallet; `nil` if it is another.
    init?(data: Cell) {
        guard var slice = try? CellSlice(data), let key = try? slice.bytes(32), let subwallet = try? slice.number(32),
            (try? slice.number(2)) == 0, (try? slice.number(64)) == 0, let timeout = try? slice.number(22),
            (try? slice.end()) != nil,
            let wallet = try? HighloadWalletV3(
                publicKey: key,
                subwallet: UInt32(subwallet),
                timeout: UInt32(timeout)
            )
        else { return nil }
        self.init(wallet)
    }

    /// What a message from outside asks for.
    private struct Request {
        let signature: [UInt8]
        let hash: [UInt8]
        let subwallet: UInt64
        let message: Cell
        let mode: UInt8
        let shift: UInt64
        let bit: UInt64
        let createdAt: UInt64
        let timeout: UInt64

        init(_ body: Cell) throws(CellError) {
            var outer = try CellSlice(body)
            let request = try outer.reference()
            signature = try outer.bytes(Ed25519.signatureByteCount)
            try outer.end()
            hash = request.hash
            var inner = try CellSlice(request)
            subwallet = try inner.number(32)
            message = try inner.reference()
            mode = UInt8(try inner.number(8))
            shift = try inner.number(13)
            bit = try inner.number(10)
            createdAt = try inner.number(64)
            timeout = try inner.number(22)
            try inner.end()
        }
    }

    /// What it does with a message from outside. It marks the query id before it looks at what it shall send.
    mutating func receive(_ body: Cell, now: UInt64) -> OutsideResult {
        guard let request = try? Request(body) else { return .refused(Code.cellUnderflow) }
        var next = cleaned(now: now)
        guard Ed25519.isValid(request.signature, of: request.hash, by: publicKey) else {
            return .refused(Code.signature)
        }
        guard request.subwallet == UInt64(subwallet) else { return .refused(Code.subwallet) }
        guard request.timeout == timeout else { return .refused(Code.timeout) }
        guard Int128(request.createdAt) > Int128(now) - Int128(timeout), request.createdAt <= now else {
            return .refused(Code.createdAt)
        }
        for set in [next.oldQueries[request.shift], next.queries[request.shift]] {
            guard let set else { continue }
            guard request.bit < QueryID.bitsPerShift else { return .refused(Code.cellUnderflow) }
            guard !set.contains(request.bit) else { return .refused(Code.executed) }
        }
        guard request.bit < QueryID.bitsPerShift else { return .refused(Code.cellOverflow) }
        next.queries[request.shift, default: []].insert(request.bit)
        self = next
        let shifts = Int64(max(1, queries.count))
        var result = Computation(gas: Gas.highloadOutside + Gas.highloadShift * (shifts - 1))
        guard var message = try? CellSlice(request.message) else {
            result.exitCode = Code.cellUnderflow
            return .done(result)
        }
        if let code = Self.refusal(&message) {
            result.exitCode = code
        } else {
            let mode = SendMode(rawValue: request.mode).union(.ignoresErrors)
            result.actions = [SendAction(request.message, mode: mode)]
        }
        return .done(result)
    }

    /// Why the wallet does not send what it is asked to: it must be to an account, from nobody, and deploy nothing.
    private static func refusal(_ message: inout CellSlice) -> Int64? {
        do {
            guard try !message.bit() else { return Code.message }
            _ = try message.number(3)
            guard try message.number(2) == 0 else { return Code.message }
            // The destination, whatever its workchain is.
            guard try message.number(2) == 0b10, try !message.bit() else { return Code.cellUnderflow }
            _ = try message.bits(8 + 256)
            _ = try message.bytes(Int(message.number(4)))
            _ = try message.maybeReference()
            for _ in 0..<2 { _ = try message.bytes(Int(message.number(4))) }
            _ = try message.bits(64 + 32)
            return try message.bit() ? Code.message : nil
        } catch {
            return Code.cellUnderflow
        }
    }

    /// What it does with a message from an account.
    func receive(_ message: InternalMessage, at address: Address) -> Computation {
        let foreign = Computation(gas: Gas.highloadForeign)
        guard let body = message.body, body.bitCount == 32 + 64, body.references.count == 1, !message.isBounced,
            message.source == address, var slice = try? CellSlice(body)
        else { return foreign }
        guard (try? slice.number(32)) == 0xAE42_E5A4 else { return foreign }
        // It also sets its own code, so that the actions cannot.
        return Computation(
            gas: Gas.highloadInside,
            actions: SendAction.read(body.references[0]),
            otherActions: 1
        )
    }

    /// The wallet with what it forgets at `now` forgotten.
    private func cleaned(now: UInt64) -> HighloadState {
        guard Int128(lastCleanTime) < Int128(now) - Int128(timeout) else { return self }
        var next = self
        next.oldQueries = Int128(lastCleanTime) < Int128(now) - 2 * Int128(timeout) ? [:] : queries
        next.queries = [:]
        next.lastCleanTime = now
        return next
    }

    /// Whether it knows a query id (`processed?`): as it stands, or as if it were cleaned at `now`.
    func isProcessed(_ id: QueryID, cleaningAt now: UInt64?) -> Bool {
        let state = now.map(cleaned(now:)) ?? self
        let (shift, bit) = (UInt64(id.shift), UInt64(id.bit))
        return state.oldQueries[shift]?.contains(bit) == true || state.queries[shift]?.contains(bit) == true
    }
}

extension HighloadState {
    /// All that it is.
    func write(to writer: inout StateWriter) {
        writer.write(publicKey)
        writer.write(UInt64(subwallet))
        writer.write(timeout)
        writer.write(lastCleanTime)
        for sets in [oldQueries, queries] {
            writer.write(sets.sorted { $0.key < $1.key }) { writer, entry in
                writer.write(entry.key)
                writer.write(entry.value.sorted()) { $0.write($1) }
            }
        }
    }

    /// What was written.
    init(_ reader: inout StateReader) throws(ChainStateError) {
        publicKey = try reader.hash()
        guard let subwallet = UInt32(exactly: try reader.number()) else { throw .contradiction }
        self.subwallet = subwallet
        timeout = try reader.number()
        lastCleanTime = try reader.number()
        for path in [\Self.oldQueries, \Self.queries] {
            let entries = try reader.list { (reader) throws(ChainStateError) in
                let shift = try reader.number()
                return (shift, Set(try reader.list { (reader) throws(ChainStateError) in try reader.number() }))
            }
            self[keyPath: path] = Dictionary(entries) { $1 }
        }
    }
}
