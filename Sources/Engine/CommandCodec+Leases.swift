import Cryptography
import Exchange
import Provenance
import Units

// The forms of commands on leases; see CommandCodec.swift.
//
//     60 place offer     as 24 · lease rules           when it has lease rules
//     61 place bid       as 25 · lease rules           when it has lease rules
//     62 set profile     endpoint text · has key u8 [· key 32 bytes]
//     63 receipt         receipt 312 bytes · worker's signature 64 bytes · countersigned u8
//                        [· app's signature 64 bytes] · salt 32 bytes
//     64 equivocation    two signed receipts as in 63 · salt 32 bytes
//     65 dispute claim   lease i64
//     66 close lease     lease i64
//     67 lock bond       amount i64
//     68 release bond    amount i64
//     69 lease policy    step i64 · dispute window i64 · bond per lot i64 · slash share i64 · appeal window i64
//                        · newcomers' open lots max i64 (0: no limit)
//     70 pardon          lease i64
//     71 measurement     least samples i64 · half-life i64 · interval i64 · lifetime i64
//        policy
//     72 signing key     public key 32 bytes · from i64
//
// Lease rules are: flags u8 (1 rebids, 2 service, 4 tops up) · avoided count u8 · accounts i64…
// [· time to first token i64 · completion i64 · refund share i64] [· lease i64].

extension LeaseCommand {
    var kind: UInt8 {
        switch self {
        case .setProfile: 62
        case .recordReceipt: 63
        case .proveEquivocation: 64
        case .disputeClaim: 65
        case .closeLease: 66
        case .lockBond: 67
        case .releaseBond: 68
        case .setPolicy: 69
        case .pardon: 70
        case .setMeasurementPolicy: 71
        case .recordSigningKey: 72
        }
    }

    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .setProfile(let terms): terms.encode(into: &bytes)
        case .recordReceipt(let terms):
            terms.signed.encode(into: &bytes)
            bytes += terms.salt
        case .proveEquivocation(let terms):
            terms.proof.first.encode(into: &bytes)
            terms.proof.second.encode(into: &bytes)
            bytes += terms.salt
        case .disputeClaim(let lease), .closeLease(let lease), .pardon(let lease):
            bytes.append(integer: lease.rawValue)
        case .lockBond(let amount), .releaseBond(let amount): bytes.append(integer: amount.count)
        case .setPolicy(let terms): terms.encode(into: &bytes)
        case .setMeasurementPolicy(let terms): for number in terms.numbers { bytes.append(integer: number) }
        case .recordSigningKey(let terms):
            bytes += terms.publicKey
            bytes.append(integer: terms.from.microseconds)
        }
    }

    static func decode(
        _ kind: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        switch kind {
        case 62: return .setProfile(try ProfileTerms.decode(bytes, &cursor))
        case 63:
            let signed = try SignedReceipt.decode(bytes, &cursor)
            return .recordReceipt(ReceiptTerms(signed, salt: try cursor.bytes(bytes, LogEntry.saltByteCount)))
        case 64:
            let (first, second) = (
                try SignedReceipt.decode(bytes, &cursor), try SignedReceipt.decode(bytes, &cursor)
            )
            let salt = try cursor.bytes(bytes, LogEntry.saltByteCount)
            guard let proof = Equivocation(first, second), proof.first == first else { throw .invalid(.receipt) }
            return .proveEquivocation(EquivocationTerms(proof, salt: salt))
        case 65: return .disputeClaim(try cursor.lease(bytes))
        case 66: return .closeLease(try cursor.lease(bytes))
        case 67: return .lockBond(try cursor.amount(bytes))
        case 68: return .releaseBond(try cursor.amount(bytes))
        case 69: return .setPolicy(try LeasePolicyTerms.decode(bytes, &cursor))
        case 70: return .pardon(try cursor.lease(bytes))
        case 71: return .setMeasurementPolicy(try MeasurementPolicyTerms.decode(bytes, &cursor))
        case 72:
            let key = try cursor.bytes(bytes, 32)
            let from = LogicalTime(microseconds: try cursor.integer(bytes, .signingKey, in: 0...Int64.max))
            return .recordSigningKey(SigningKeyTerms(publicKey: key, from: from))
        default: throw .unknownKind(kind)
        }
    }
}

extension CommandCursor {
    fileprivate mutating func lease(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> LeaseID {
        LeaseID(try integer(bytes))
    }

    fileprivate mutating func amount(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> NanoTON {
        NanoTON(try integer(bytes, .amount, in: 1...Limits.depositsMax))
    }
}

extension SignedReceipt {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes += receipt.bytes
        bytes += workerSignature
        bytes.append(appSignature == nil ? 0 : 1)
        bytes += appSignature ?? []
    }

    fileprivate static func decode(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        let body = try cursor.bytes(bytes, Receipt.byteCount)
        guard let receipt = try? Receipt(bytes: body) else { throw .invalid(.receipt) }
        let worker = try cursor.bytes(bytes, Limits.signatureBytes)
        let isCountersigned = try cursor.flag(bytes, .receipt)
        return SignedReceipt(
            receipt: receipt,
            workerSignature: worker,
            appSignature: isCountersigned ? try cursor.bytes(bytes, Limits.signatureBytes) : nil
        )
    }
}

extension ProfileTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(text: endpoint)
        bytes.append(receiptKey == nil ? 0 : 1)
        bytes += receiptKey ?? []
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let endpoint = try cursor.text(bytes, .endpoint, in: 0...Limits.endpointBytesMax)
        let hasKey = try cursor.flag(bytes, .receiptKey)
        return ProfileTerms(endpoint: endpoint, receiptKey: hasKey ? try cursor.bytes(bytes, 32) : nil)
    }
}

extension LeasePolicyTerms {
    func encode(into bytes: inout [UInt8]) {
        for number in [
            step.count, disputeWindow, bondPerLot.count, slashShare.count, appealWindow, newcomerLotsMax?.count ?? 0,
        ] {
            bytes.append(integer: number)
        }
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        var terms = LeasePolicyTerms()
        terms.step = AdjustedTokens(try cursor.integer(bytes, .leasePolicy, in: 1...Limits.stepMax))
        let windows = Limits.disputeWindowMin...Limits.disputeWindowMax
        terms.disputeWindow = try cursor.integer(bytes, .leasePolicy, in: windows)
        terms.bondPerLot = NanoTON(try cursor.integer(bytes, .leasePolicy, in: 0...Limits.bondPerLotMax))
        terms.slashShare = BasisPoints(try cursor.integer(bytes, .leasePolicy, in: 0...10_000))
        terms.appealWindow = try cursor.integer(bytes, .leasePolicy, in: 0...Limits.appealWindowMax)
        let lots = try cursor.integer(bytes, .leasePolicy, in: 0...Limits.orderLotsMax)
        terms.newcomerLotsMax = lots == 0 ? nil : Lots(lots)
        return terms
    }
}

extension MeasurementPolicyTerms {
    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let field = CommandDecodingError.Field.measurementPolicy
        return MeasurementPolicyTerms(
            samplesMin: try cursor.integer(bytes, field, in: 1...Limits.measurementSamplesMax),
            halfLife: try cursor.integer(
                bytes,
                field,
                in: Limits.measurementHalfLifeMin...Limits.measurementHalfLifeMax
            ),
            interval: try cursor.integer(bytes, field, in: 0...Limits.measurementIntervalMax),
            lifetime: try cursor.integer(
                bytes,
                field,
                in: Limits.measurementLifetimeMin...Limits.measurementLifetimeMax
            )
        )
    }
}

extension LeaseRules {
    func encode(into bytes: inout [UInt8]) {
        bytes.append((rebids ? 1 : 0) | (service == nil ? 0 : 2) | (toppedUp == LeaseID(0) ? 0 : 4))
        bytes.append(UInt8(avoided.count))
        for account in avoided { bytes.append(integer: account.rawValue) }
        if let service {
            for number in [service.timeToFirstToken, service.completion, service.refundShare.count] {
                bytes.append(integer: number)
            }
        }
        if toppedUp != LeaseID(0) { bytes.append(integer: toppedUp.rawValue) }
    }

    /// Of an offer or a bid: each has its own.
    static func decode(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor,
        side: Side
    ) throws(CommandDecodingError) -> Self {
        var rules = LeaseRules()
        let flags: UInt8 = try cursor.integer(bytes)
        guard flags < 8 else { throw .invalid(.leaseRules) }
        rules.rebids = flags & 1 != 0
        let count: UInt8 = try cursor.integer(bytes)
        guard count <= Limits.avoidedWorkersMax else { throw .invalid(.leaseRules) }
        for _ in 0..<count {
            let account = AccountID(try cursor.integer(bytes, .leaseRules, in: 1...Int64.max))
            guard rules.avoided.last.map({ $0 < account }) ?? true else { throw .invalid(.leaseRules) }
            rules.avoided.append(account)
        }
        if flags & 2 != 0 {
            let terms = ServiceTerms(
                timeToFirstToken: try cursor.integer(bytes, .leaseRules, in: 0...Limits.serviceMillisecondsMax),
                completion: try cursor.integer(bytes, .leaseRules, in: 0...Limits.serviceMillisecondsMax),
                refundShare: BasisPoints(try cursor.integer(bytes, .leaseRules, in: 1...10_000))
            )
            guard terms.timeToFirstToken > 0 || terms.completion > 0 else { throw .invalid(.leaseRules) }
            rules.service = terms
        }
        if flags & 4 != 0 {
            rules.toppedUp = LeaseID(try cursor.integer(bytes, .leaseRules, in: 1...Int64.max))
            // What it does not deliver could not come from anybody else.
            guard !rules.rebids else { throw .invalid(.leaseRules) }
        }
        let isOfSide =
            side == .offer
            ? !rules.rebids && rules.avoided.isEmpty && rules.toppedUp == LeaseID(0) : rules.service == nil
        guard rules != .none, isOfSide else { throw .invalid(.leaseRules) }
        return rules
    }
}
