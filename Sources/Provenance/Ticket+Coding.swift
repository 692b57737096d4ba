internal import Cryptography
internal import Units

extension Ticket {
    private static let magic = Array("BXTICKT1".utf8)

    /// The most bytes that a ticket has.
    package static let bytesMax = 260 + Limits.modelNameBytesMax + Limits.revisionBytesMax + Limits.endpointBytesMax

    /// The bytes that are signed. A ticket whose fields are out of range gives bytes that ``init(bytes:)`` refuses.
    package var bytes: [UInt8] {
        var bytes = Self.magic
        let names = [lease.rawValue, trade.rawValue, bid.rawValue, offer.rawValue, worker.rawValue, app.rawValue]
        for name in names { bytes.append(number: name) }
        workerKey.append(to: &bytes)
        appKey.append(to: &bytes)
        bytes.append(text: model, lengthBytes: 1)
        bytes.append(text: revision, lengthBytes: 1)
        weightsHash.append(to: &bytes)
        attestation.append(to: &bytes)
        for weight in [weights.prompt, weights.cached, weights.completion, weights.reasoning] {
            bytes.append(UInt64(truncatingIfNeeded: weight), byteCount: 4)
        }
        bytes.append(number: price.nanoTONPerMTok)
        bytes.append(number: lots.count)
        bytes.append(UInt64(truncatingIfNeeded: appFee.count), byteCount: 4)
        bytes.append(UInt64(truncatingIfNeeded: workerFee.count), byteCount: 4)
        for number in [openedAt, deadline, step.count, disputeWindow] { bytes.append(number: number) }
        bytes.append(text: endpoint, lengthBytes: 2)
        return bytes
    }

    /// Reads the bytes; throws the first field that is not whole or out of range.
    package init(bytes: [UInt8]) throws(TicketError) {
        var fields = TicketFields(bytes)
        guard fields.reader.take(8) == Self.magic else { throw .malformed(.magic) }
        self.init(
            lease: LeaseID(try fields.number(.lease, from: 1)),
            trade: TradeID(try fields.number(.trade, from: 1)),
            bid: OrderID(try fields.number(.bid, from: 1)),
            offer: OrderID(try fields.number(.offer, from: 1)),
            worker: AccountID(try fields.number(.worker, from: 1)),
            app: AccountID(try fields.number(.app, from: 1)),
            workerKey: try fields.digest(.workerKey),
            appKey: try fields.digest(.appKey),
            model: try fields.text(.model, lengthBytes: 1, upTo: Limits.modelNameBytesMax),
            revision: try fields.text(.revision, lengthBytes: 1, upTo: Limits.revisionBytesMax),
            weightsHash: try fields.digest(.weightsHash),
            attestation: try fields.digest(.attestation),
            weights: TokenWeights(
                prompt: try fields.small(.weights, upTo: Limits.tokenWeightMax),
                cached: try fields.small(.weights, upTo: Limits.tokenWeightMax),
                completion: try fields.small(.weights, upTo: Limits.tokenWeightMax),
                reasoning: try fields.small(.weights, upTo: Limits.tokenWeightMax)
            ),
            price: Price(nanoTONPerMTok: try fields.number(.price, from: Limits.priceMin, upTo: Limits.priceMax)),
            lots: Lots(try fields.number(.lots, from: 1, upTo: Limits.orderLotsMax)),
            appFee: BasisPoints(try fields.small(.appFee, upTo: Limits.feeMax)),
            workerFee: BasisPoints(try fields.small(.workerFee, upTo: Limits.feeMax)),
            openedAt: try fields.number(.opened, upTo: Limits.timeMillisecondsMax),
            deadline: try fields.number(.deadline, upTo: Limits.timeMillisecondsMax),
            step: AdjustedTokens(try fields.number(.step, upTo: Limits.orderLotsMax * Lots.tokensPerLot)),
            disputeWindow: try fields.number(.disputeWindow, upTo: Limits.timeMillisecondsMax),
            endpoint: try fields.text(.endpoint, lengthBytes: 2, upTo: Limits.endpointBytesMax)
        )
        guard !model.isEmpty else { throw .malformed(.model) }
        guard price.nanoTONPerMTok % Price.step == 0 else { throw .malformed(.price) }
        guard openedAt <= deadline else { throw .malformed(.deadline) }
        guard fields.reader.isAtEnd else { throw .malformed(.end) }
    }
}

/// Why a text is no ticket, or not one of this exchange.
package enum TicketError: Error, Hashable, Sendable {
    /// The text is not `bxt1.`, a body and a signature.
    case notATicket
    /// No key that was given is the one that the signature names.
    case unknownKey(KeyName)
    /// The signature is not by the key that it names.
    case invalidSignature
    /// A field that is cut off, out of range or not UTF-8.
    case malformed(Field)

    /// A field of a ticket, by its name in JSON.
    package enum Field: String, CaseIterable, Sendable {
        case magic
        case lease = "lease_id"
        case trade = "trade_id"
        case bid = "bid_id"
        case offer = "offer_id"
        case worker = "worker_account"
        case app = "app_account"
        case workerKey = "worker_key"
        case appKey = "app_key"
        case model
        case revision
        case weightsHash = "weights_sha256"
        case attestation = "attestation_sha256"
        case weights
        case price = "price_nanoton_per_mtok"
        case lots = "quantity_lots"
        case appFee = "app_fee_bp"
        case workerFee = "worker_fee_bp"
        case opened = "opened_ms"
        case deadline = "deadline_ms"
        case step = "step_tokens"
        case disputeWindow = "dispute_window_ms"
        case endpoint
        case end
    }
}

extension TicketError: CustomStringConvertible {
    /// A clause for people.
    package var description: String {
        switch self {
        case .notATicket: "this is not a ticket: bxt1. and two parts in base64url with a dot between them"
        case .unknownKey(let name): "the ticket is signed by the key \(name.hex), which is not among the given ones"
        case .invalidSignature: "the signature is not by the key that it names, or the ticket was changed"
        case .malformed(.magic): "the ticket does not begin with BXTICKT1"
        case .malformed(.end): "something follows the ticket"
        case .malformed(let field): "\(field.rawValue) is cut off or out of range"
        }
    }
}

/// Reads the fields of a ticket one after the other.
private struct TicketFields {
    var reader: ByteReader

    init(_ bytes: [UInt8]) { reader = ByteReader(bytes) }

    mutating func number(
        _ field: TicketError.Field,
        from minimum: Int64 = 0,
        upTo maximum: Int64 = .max
    ) throws(TicketError) -> Int64 {
        guard let value = reader.number(upTo: maximum), value >= minimum else { throw .malformed(field) }
        return value
    }

    /// A number of four bytes.
    mutating func small(_ field: TicketError.Field, upTo maximum: Int64) throws(TicketError) -> Int64 {
        guard let value = reader.unsigned(4).map(Int64.init), value <= maximum else { throw .malformed(field) }
        return value
    }

    mutating func digest(_ field: TicketError.Field) throws(TicketError) -> Digest256 {
        guard let digest = reader.digest() else { throw .malformed(field) }
        return digest
    }

    mutating func text(
        _ field: TicketError.Field,
        lengthBytes: Int,
        upTo maximum: Int
    ) throws(TicketError) -> String {
        guard let text = reader.text(lengthBytes: lengthBytes, upTo: maximum) else { throw .malformed(field) }
        return text
    }
}
