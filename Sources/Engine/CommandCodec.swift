import Exchange
import Units

// The form of a command in the journal. All numbers are little-endian and of fixed width:
//
//     kind u8 · version u8 · account i64 · request id u64 · has key u8 [· key high u64 · low u64 · body u64]
//
// and then, by kind; the version is 1 unless another is named, and what stands in brackets came with version 2, which
// is written since:
//
//      1 place offer     order · model i64 · context i64 · features u32 · quantization u8 · region u16 · TEE u8
//                        · max open lots i64 (0: no limit) [· traits]
//      2 place bid       order · model count u8 · models i64… · weight set u8 · quality i64 · context i64
//                        · features u32 · quantizations u16 · TEEs u8 · region count u8 · regions u16…
//                        · named weight set u8 (0: none) · names unknown model u8 [· demands]
//      3 cancel          order i64
//      4 deposit         to i64 · amount i64
//      5 create account  label text · open orders max i64
//      6 create key      owner i64 · hash 32 bytes · scopes u16 · label text · expires at i64
//      7 set model       name text · Hugging Face id text · revision text · weights text · weight set u8
//                        · quality i64 (−1: none) · context i64
//      8 set attested    account i64 · TEEs u8 · expires at i64 [· TCB status u8 · attested at i64 (−1: unknown)]
//      9 set fees        maker i64 · taker i64 · minimum notional i64
//     10 usage           lease i64 · tokens i64
//     11 end lease       lease i64
//     12 tick            nothing
//     13 checkpoint      batch i64 · SHA-256 32 bytes
//     40 set measured    account i64 · model i64 · throughput i64 · time to first token i64 · uptime i64
//                        · expires at i64
//
// Traits and demands: CapabilityBlock.swift.
// An order is: price i64 · lots i64 · time in force u8 · body hash u64 · client order id length u8 (0: none) · bytes.
// A text is: length u16 · UTF-8 bytes. Lists are in ascending order. There is one encoding for each command, and
// whatever the decoder accepts is within the limits, so that the engine can carry it out.

extension Command {
    /// Appends the command's bytes.
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(action.kind)
        bytes.append(action.version)
        bytes.append(integer: account.rawValue)
        bytes.append(integer: requestID)
        bytes.append(idempotency == nil ? 0 : 1)
        if let idempotency {
            bytes.append(integer: idempotency.high)
            bytes.append(integer: idempotency.low)
            bytes.append(integer: idempotency.body)
        }
        action.encode(into: &bytes)
    }

    /// Reads the command at `offset` and moves `offset` behind it. On an error `offset` stays.
    package static func decode(
        _ bytes: Span<UInt8>,
        at offset: inout Int
    ) throws(CommandDecodingError) -> Command {
        var cursor = CommandCursor(offset: offset)
        let kind: UInt8 = try cursor.integer(bytes)
        let version: UInt8 = try cursor.integer(bytes)
        guard version >= 1, version <= Action.version(of: kind) else { throw .unknownVersion }
        let account = AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max))
        let requestID: UInt64 = try cursor.integer(bytes)
        var idempotency: IdempotencyKey?
        if try cursor.flag(bytes, .hasKey) {
            let high: UInt64 = try cursor.integer(bytes)
            let low: UInt64 = try cursor.integer(bytes)
            idempotency = IdempotencyKey(high: high, low: low, body: try cursor.integer(bytes))
        }
        let action = try Action.decode(kind, version, bytes, &cursor)
        offset = cursor.offset
        return Command(account: account, requestID: requestID, idempotency: idempotency, action: action)
    }
}

/// Bytes that are no command.
package enum CommandDecodingError: Error, Hashable, Sendable {
    /// They end too early.
    case truncated
    case unknownKind(UInt8)
    case unknownVersion
    /// This field has a value that no command has.
    case invalid(Field)

    /// The fields that not every value of their width is good for.
    package enum Field: String, Sendable {
        case account, hasKey, price, lots, timeInForce, clientOrderID, model, contextLength, quantization, region, tee
        case maxOpenLots, models, quality, regions, namesUnknownModel, amount, label, openOrdersMax, name
        case huggingFaceID, revision, weightsSHA256, fee, minimumNotional, checkpoint
        case traits, demands, tcbStatus, attestedAt, measurement
    }
}

extension Command.Action {
    fileprivate var kind: UInt8 {
        switch self {
        case .placeOffer: 1
        case .placeBid: 2
        case .cancel: 3
        case .deposit: 4
        case .createAccount: 5
        case .createKey: 6
        case .setModel: 7
        case .setAttested: 8
        case .setFees: 9
        case .usage: 10
        case .endLease: 11
        case .tick: 12
        case .announceCheckpoint: 13
        case .setMeasured: 40
        }
    }

    /// The newest form of this kind, which is the one that is written.
    fileprivate var version: UInt8 { Self.version(of: kind) }

    fileprivate static func version(of kind: UInt8) -> UInt8 {
        switch kind {
        case 1, 2, 8: 2
        default: 1
        }
    }

    fileprivate func encode(into bytes: inout [UInt8]) {
        switch self {
        case .placeOffer(let terms): terms.encode(into: &bytes)
        case .placeBid(let terms): terms.encode(into: &bytes)
        case .cancel(let order): bytes.append(integer: order.rawValue)
        case .deposit(let owner, let amount):
            bytes.append(integer: owner.rawValue)
            bytes.append(integer: amount.count)
        case .createAccount(let terms):
            bytes.append(text: terms.label)
            bytes.append(integer: terms.openOrdersMax)
        case .createKey(let terms): terms.encode(into: &bytes)
        case .setModel(let terms): terms.encode(into: &bytes)
        case .setAttested(let terms):
            bytes.append(integer: terms.account.rawValue)
            bytes.append(terms.tees)
            bytes.append(integer: terms.expiresAt.microseconds)
            bytes.append(terms.tcbStatus)
            bytes.append(integer: terms.attestedAt?.microseconds ?? -1)
        case .setMeasured(let terms): terms.encode(into: &bytes)
        case .setFees(let terms):
            bytes.append(integer: terms.rates.maker.count)
            bytes.append(integer: terms.rates.taker.count)
            bytes.append(integer: terms.minimumNotional.count)
        case .usage(let lease, let tokens):
            bytes.append(integer: lease.rawValue)
            bytes.append(integer: tokens.count)
        case .endLease(let lease): bytes.append(integer: lease.rawValue)
        case .tick: break
        case .announceCheckpoint(let terms):
            bytes.append(integer: terms.batch)
            bytes.append(contentsOf: terms.sha256.bytes)
        }
    }

    fileprivate static func decode(
        _ kind: UInt8,
        _ version: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        switch kind {
        case 1: return .placeOffer(try OfferTerms.decode(version, bytes, &cursor))
        case 2: return .placeBid(try BidTerms.decode(version, bytes, &cursor))
        case 3: return .cancel(OrderID(try cursor.integer(bytes)))
        case 4:
            let owner = AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max))
            return .deposit(to: owner, amount: NanoTON(try cursor.integer(bytes, .amount, in: 1...Limits.depositsMax)))
        case 5:
            let label = try cursor.text(bytes, .label, in: 0...Limits.labelBytesMax)
            let most = try cursor.integer(bytes, .openOrdersMax, in: 1...Limits.openOrdersPerAccountMax)
            return .createAccount(AccountTerms(label: label, openOrdersMax: most))
        case 6: return .createKey(try KeyTerms.decode(bytes, &cursor))
        case 7: return .setModel(try ModelTerms.decode(bytes, &cursor))
        case 8: return .setAttested(try AttestationTerms.decode(version, bytes, &cursor))
        case 9:
            let maker = BasisPoints(try cursor.integer(bytes, .fee, in: 0...Limits.feeMax))
            let taker = BasisPoints(try cursor.integer(bytes, .fee, in: 0...Limits.feeMax))
            let least = try cursor.integer(bytes, .minimumNotional, in: 0...Limits.orderValueMax)
            return .setFees(FeeTerms(rates: FeeRates(maker: maker, taker: taker), minimumNotional: NanoTON(least)))
        case 10:
            let lease = LeaseID(try cursor.integer(bytes))
            return .usage(lease, AdjustedTokens(try cursor.integer(bytes)))
        case 11: return .endLease(LeaseID(try cursor.integer(bytes)))
        case 12: return .tick
        case 13:
            let batch = try cursor.integer(bytes, .checkpoint, in: 1...Int64.max)
            guard let sha256 = SHA256Words(bytes: try cursor.bytes(bytes, 32)) else { throw .invalid(.checkpoint) }
            return .announceCheckpoint(CheckpointTerms(batch: batch, sha256: sha256))
        case 40: return .setMeasured(try MeasurementTerms.decode(bytes, &cursor))
        default: throw .unknownKind(kind)
        }
    }
}
