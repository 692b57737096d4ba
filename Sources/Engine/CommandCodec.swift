import Exchange
import Units

// The form of a command in the journal. All numbers are little-endian and of fixed width:
//
//     kind u8 · version u8 (2) · account i64 · API key i64 (0: none) · request id u64
//     · has key u8 [· key high u64 · low u64 · body u64]
//
// and then, by kind. Version 1, of older journals, has no API key, and not what stands in brackets below.
//
//      1 place offer     order · model i64 · context i64 · features u32 · quantization u8 · region u16 · TEE u8
//                        · max open lots i64 (0: no limit) [· traits]
//      2 place bid       order · model count u8 · models i64… · weight set u8 · quality i64 · context i64
//                        · features u32 · quantizations u16 · TEEs u8 · region count u8 · regions u16… [· demands]
//                        · named weight set u8 (0: none) · names unknown model u8
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
//     14 amend           order i64 · price i64 (0: stays) · lots i64 (0: stays) · expires at i64 (0: stays)
//     15 mass cancel     side u8 (0: both) · model i64 (-1: any) · has requirement u8 [· requirement]
//     16 cancel after    microseconds i64 (0: never)
//     17 on disconnect   cancels u8
//     18 disconnected    account i64
//     19 halt            model i64 (0: the market) · is halted u8
//     20 price band      model i64 (0: the market) · low i64 · high i64 (both 0: none)
//     21 account limits  account i64 · open orders max i64 · offer lots max i64 (0: no limit)
//                        · self-trade group i64 · is closed u8
//     22 fee notice      as 9 · effective at i64
//     24 place offer     as 1 · rules · buyers        when it has rules, buyers, or no price
//     25 place bid       as 2 · rules                 when it has rules, or no price
//     26, 27 batch       AtomicBatch.swift
//     30 create own key  as 6
//     31 revoke key      key i64 · owner i64
//     32 set key limits  key i64 · owner i64 · per order, per day, total i64 (−1: no limit)
//                        · network count u8 · networks (16 bytes in the order of the wire · prefix length u8)…
//     33 login           subject text · and as 6, with the owner 0
//     36 link login      subject text
//     37 unlink login    the login's command i64
//     60 to 72           CommandCodec+Leases.swift
//     80 to 94           CommandCodec+Settlement.swift
//     40 set measured    account i64 · model i64 · throughput i64 · time to first token i64 · uptime i64
//                        · expires at i64
//
// Traits and demands: CapabilityBlock.swift.
// An order is: price i64 · lots i64 · time in force u8 · body hash u64 · client order id length u8 (0: none) · bytes.
// Rules are: expires at i64 · least fill i64 · display i64 · flags u8 (1 post only, 2 all or none) · self-trade u8 ·
// quality credit i64. Buyers are: two lists of count u8 · accounts i64… (allowed, denied) · least deposit i64.
// A requirement is what stands in 2 from the models to the demands.
// A text is: length u16 · UTF-8 bytes. Lists are in ascending order. There is one encoding for each command, and
// whatever the decoder accepts is within the limits, so that the engine can carry it out.

extension Command {
    /// The version of every kind.
    static let version: UInt8 = 2
    /// What is decoded.
    static let versions: ClosedRange<UInt8> = 1...version

    /// Appends the command's bytes.
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(action.kind)
        bytes.append(Self.version)
        bytes.append(integer: account.rawValue)
        bytes.append(integer: key.rawValue)
        bytes.append(integer: requestID)
        bytes.append(optionalKey: idempotency)
        action.encode(into: &bytes)
    }

    /// Whether the journal gives back what it is given. Values of other origin than the interface, which knows every
    /// range, may be such that no command can be read with them: it would be durable, and no engine could go on.
    package var canBeJournaled: Bool {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        var offset = 0
        guard let read = try? Self.decode(bytes.span, at: &offset) else { return false }
        return read == self && offset == bytes.count
    }

    /// Reads the command at `offset` and moves `offset` behind it. On an error `offset` stays.
    package static func decode(
        _ bytes: Span<UInt8>,
        at offset: inout Int
    ) throws(CommandDecodingError) -> Command {
        var cursor = CommandCursor(offset: offset)
        let kind: UInt8 = try cursor.integer(bytes)
        let version: UInt8 = try cursor.integer(bytes)
        guard versions.contains(version) else { throw .unknownVersion }
        let account = AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max))
        let key = KeyID(version == 1 ? 0 : try cursor.integer(bytes, .key, in: 0...Int64.max))
        let requestID: UInt64 = try cursor.integer(bytes)
        let idempotency = try cursor.optionalKey(bytes)
        var command = Command(account: account, key: key, requestID: requestID, idempotency: idempotency, action: .tick)
        command.action =
            kind == 26
            ? .openBatch(try AtomicBatch.decode(command, version, bytes, &cursor))
            : try Action.decode(kind, version, bytes, &cursor)
        offset = cursor.offset
        return command
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
        case expiresAt, leastFill, display, flags, selfTrade, qualityCredit, buyers, deposit, side, duration
        case isHalted, priceBand, offerLotsMax, selfTradeGroup, isClosed, cancels, rules, hasRequirement
        case key, budget, networks, login, loginSubject
        case traits, demands, tcbStatus, attestedAt, measurement, orders
        case endpoint, receiptKey, receipt, leasePolicy, leaseRules, measurementPolicy, signingKey
        case wallet, memo, payoutTerms, withdrawal, settlementTerms, settlementPlan, transaction, scan, hold
        case resolution, retirement, anchorPolicy
    }
}

extension Command.Action {
    var kind: UInt8 {
        switch self {
        case .placeOffer(let terms): terms.order.rules.lease != .none ? 60 : terms.isPlain ? 1 : 24
        case .placeBid(let terms): terms.order.rules.lease != .none ? 61 : terms.order.isPlain ? 2 : 25
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
        case .amend: 14
        case .massCancel: 15
        case .cancelAfter: 16
        case .setCancelOnDisconnect: 17
        case .disconnected: 18
        case .setHalt: 19
        case .setPriceBand: 20
        case .setAccountLimits: 21
        case .announceFees: 22
        case .createOwnKey: 30
        case .revokeKey: 31
        case .setKeyLimits: 32
        case .login: 33
        case .linkLogin: 36
        case .unlinkLogin: 37
        case .openBatch: 26
        case .placeNext: 27
        case .setMeasured: 40
        case .lease(let command): command.kind
        case .settlement(let command): command.kind
        }
    }

    func encode(into bytes: inout [UInt8]) {
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
        case .setFees(let terms): terms.encode(into: &bytes)
        case .usage(let lease, let tokens):
            bytes.append(integer: lease.rawValue)
            bytes.append(integer: tokens.count)
        case .endLease(let lease): bytes.append(integer: lease.rawValue)
        case .tick: break
        case .announceCheckpoint(let terms):
            bytes.append(integer: terms.batch)
            bytes.append(contentsOf: terms.sha256.bytes)
        case .createOwnKey(let terms): terms.encode(into: &bytes)
        case .revokeKey(let key, let owner):
            bytes.append(integer: key.rawValue)
            bytes.append(integer: owner.rawValue)
        case .setKeyLimits(let terms): terms.encode(into: &bytes)
        case .login(let terms): terms.encode(into: &bytes)
        case .linkLogin(let subject): bytes.append(text: subject)
        case .unlinkLogin(let login): bytes.append(integer: login.rawValue)
        case .lease(let command): command.encode(into: &bytes)
        case .settlement(let command): command.encode(into: &bytes)
        case .openBatch(let batch): batch.encode(into: &bytes)
        case .placeNext: break
        default: encodeControl(into: &bytes)
        }
    }

    static func decode(
        _ kind: UInt8,
        _ version: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        switch kind {
        case 1: return .placeOffer(try OfferTerms.decode(version, bytes, &cursor, isPlain: true))
        case 2: return .placeBid(try BidTerms.decode(version, bytes, &cursor, isPlain: true))
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
        case 9: return .setFees(try FeeTerms.decode(bytes, &cursor))
        case 10:
            let lease = LeaseID(try cursor.integer(bytes))
            return .usage(lease, AdjustedTokens(try cursor.integer(bytes)))
        case 11: return .endLease(LeaseID(try cursor.integer(bytes)))
        case 12: return .tick
        case 13:
            let batch = try cursor.integer(bytes, .checkpoint, in: 1...Int64.max)
            guard let sha256 = SHA256Words(bytes: try cursor.bytes(bytes, 32)) else { throw .invalid(.checkpoint) }
            return .announceCheckpoint(CheckpointTerms(batch: batch, sha256: sha256))
        case 14...25: return try decodeControl(kind, version, bytes, &cursor)
        case 27: return .placeNext
        case 30: return .createOwnKey(try KeyTerms.decode(bytes, &cursor))
        case 31:
            let key = KeyID(try cursor.integer(bytes, .key, in: 1...Int64.max))
            return .revokeKey(key, owner: AccountID(try cursor.integer(bytes, .account, in: 1...Int64.max)))
        case 32: return .setKeyLimits(try KeyLimitTerms.decode(bytes, &cursor))
        case 33: return .login(try LoginTerms.decode(bytes, &cursor))
        case 36: return .linkLogin(subject: try LoginTerms.decodeSubject(bytes, &cursor))
        case 37: return .unlinkLogin(SequenceNumber(try cursor.integer(bytes, .login, in: 1...Int64.max)))
        case 40: return .setMeasured(try MeasurementTerms.decode(bytes, &cursor))
        case 60: return .placeOffer(try OfferTerms.decode(version, bytes, &cursor, isPlain: false, ofLease: true))
        case 61: return .placeBid(try BidTerms.decode(version, bytes, &cursor, isPlain: false, ofLease: true))
        case 62...79: return .lease(try LeaseCommand.decode(kind, bytes, &cursor))
        case 80...99, 104...105: return .settlement(try SettlementCommand.decode(kind, bytes, &cursor))
        default: throw .unknownKind(kind)
        }
    }
}
