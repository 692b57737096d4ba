internal import Cryptography
internal import Units

extension Receipt {
    private static let magic = Array("BXRCPT01".utf8)

    /// The 312 bytes. A receipt whose fields are out of range gives bytes that ``init(bytes:)`` refuses.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes += Self.magic
        bytes.append(0, byteCount: 8)
        bytes.append(number: lease.rawValue)
        bytes += job.bytes
        bytes += worker.bytes
        bytes += app.bytes
        for digest in [attestation, weights, request, response] { digest.append(to: &bytes) }
        bytes.append(UInt64(sequence), byteCount: 4)
        bytes.append(UInt64(timeToFirstToken) << 8 | UInt64(flags.rawValue), byteCount: 4)
        for count in [usage.prompt, usage.completion, usage.cached, usage.reasoning] { bytes.append(number: count) }
        for number in [price.nanoTONPerMTok, adjusted.count, amount.count, startedAt, endedAt] {
            bytes.append(number: number)
        }
        previous.append(to: &bytes)
        return bytes
    }

    /// Reads the 312 bytes; throws the first rule that they break.
    package init(bytes: [UInt8]) throws(ReceiptError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength(bytes.count) }
        var fields = ReceiptFields(bytes)
        guard Array(fields.take(8)) == Self.magic else { throw .wrongMagic }
        guard fields.take(8).allSatisfy({ $0 == 0 }) else { throw .outOfRange(.lease) }
        let lease = try fields.number(.lease)
        let job: JobID = fields.name()
        let worker: PartyID = fields.name()
        let app: PartyID = fields.name()
        let digests = (0..<4).map { _ in fields.digest() }
        let sequence = UInt32(fields.unsigned(4))
        let word = UInt32(fields.unsigned(4))
        let flags = Flags(rawValue: UInt8(truncatingIfNeeded: word))
        guard Flags.all.isSuperset(of: flags) else { throw .unknownFlags(flags.rawValue) }
        var usage = TokenUsage(
            prompt: try fields.number(.prompt),
            completion: try fields.number(.completion)
        )
        usage.cached = try fields.number(.cached)
        usage.reasoning = try fields.number(.reasoning)
        let price = try fields.number(.price)
        let adjusted = try fields.number(.adjusted)
        let amount = try fields.number(.amount)
        let startedAt = try fields.number(.started)
        let endedAt = try fields.number(.ended)
        guard usage.cached <= usage.prompt else { throw .cachedAbovePrompt }
        guard usage.reasoning <= usage.completion else { throw .reasoningAboveCompletion }
        guard startedAt <= endedAt else { throw .endsBeforeItStarts }
        self.init(
            lease: LeaseID(lease),
            job: job,
            worker: worker,
            app: app,
            attestation: digests[0],
            weights: digests[1],
            request: digests[2],
            response: digests[3],
            sequence: sequence,
            flags: flags,
            timeToFirstToken: word >> 8,
            usage: usage,
            price: Price(nanoTONPerMTok: price),
            adjusted: AdjustedTokens(adjusted),
            amount: NanoTON(amount),
            startedAt: startedAt,
            endedAt: endedAt,
            previous: fields.digest()
        )
    }
}

/// Why bytes are no receipt.
package enum ReceiptError: Error, Hashable, Sendable {
    case wrongLength(Int)
    case wrongMagic
    case outOfRange(Field)
    case unknownFlags(UInt8)
    case cachedAbovePrompt
    case reasoningAboveCompletion
    case endsBeforeItStarts

    /// A number of a receipt, by its name in JSON.
    package enum Field: String, CaseIterable, Sendable {
        case lease = "lease_id"
        case prompt = "prompt_tokens"
        case completion = "completion_tokens"
        case cached = "cached_tokens"
        case reasoning = "reasoning_tokens"
        case price = "price_nanoton_per_mtok"
        case adjusted = "adjusted_tokens"
        case amount = "amount_nanoton"
        case started = "started_ms"
        case ended = "ended_ms"

        /// The values that it may have.
        package var range: ClosedRange<Int64> {
            switch self {
            case .lease: 1...Int64.max
            case .prompt, .completion, .cached, .reasoning: 0...Limits.receiptTokensMax
            case .price: 0...Limits.priceMax
            case .adjusted: 0...Limits.orderLotsMax * Lots.tokensPerLot
            case .amount: 0...Limits.orderValueMax
            case .started, .ended: 0...Limits.timeMillisecondsMax
            }
        }
    }
}

extension ReceiptError: CustomStringConvertible {
    /// The field and the rule, as a clause for people.
    package var description: String {
        switch self {
        case .wrongLength(let count): "a receipt has \(Receipt.byteCount) bytes, not \(count)"
        case .wrongMagic: "a receipt begins with BXRCPT01"
        case .outOfRange(let field): "\(field.rawValue) is not within \(field.range)"
        case .unknownFlags(let flags): "flags has bits beyond 1, 2, 4 and 8: \(flags)"
        case .cachedAbovePrompt: "cached_tokens is above prompt_tokens, of which they are a part"
        case .reasoningAboveCompletion: "reasoning_tokens is above completion_tokens, of which they are a part"
        case .endsBeforeItStarts: "ended_ms is before started_ms"
        }
    }
}

/// Reads the fields of a receipt one after the other; its length has been checked.
private struct ReceiptFields {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func unsigned(_ count: Int) -> UInt64 { take(count).reduce(0) { $0 << 8 | UInt64($1) } }

    mutating func number(_ field: ReceiptError.Field) throws(ReceiptError) -> Int64 {
        guard let value = Int64(exactly: unsigned(8)), field.range.contains(value) else { throw .outOfRange(field) }
        return value
    }

    mutating func name<Name: SixteenBytes>() -> Name { Name(high: unsigned(8), low: unsigned(8)) }

    mutating func digest() -> Digest256 {
        let bytes = Array(take(Digest256.byteCount))
        guard let digest = Digest256(bytes) else { preconditionFailure("a digest has 32 bytes") }
        return digest
    }
}
