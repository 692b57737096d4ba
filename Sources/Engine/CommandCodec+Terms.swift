import Exchange
import Units

/// The variable parts of the commands' form; see CommandCodec.swift.
extension OrderTerms {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: price.nanoTONPerMTok)
        bytes.append(integer: lots.count)
        bytes.append(timeInForce.rawValue)
        bytes.append(integer: bodyHash)
        bytes.append(UInt8(clientOrderID?.count ?? 0))
        if let clientOrderID {
            for index in 0..<clientOrderID.count { bytes.append(clientOrderID[index]) }
        }
    }

    /// Nothing but price, quantity and time in force: the form of most orders.
    var isPlain: Bool { !isMarket && rules == .none }

    fileprivate static func decode(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor,
        isPlain: Bool
    ) throws(CommandDecodingError) -> Self {
        let priceMin = isPlain ? Limits.priceMin : market.nanoTONPerMTok
        let price = Price(nanoTONPerMTok: try cursor.integer(bytes, .price, in: priceMin...Limits.priceMax))
        guard price.nanoTONPerMTok % Price.step == 0 else { throw .invalid(.price) }
        let lots = Lots(try cursor.integer(bytes, .lots, in: 1...Limits.orderLotsMax))
        guard let timeInForce = TimeInForce(rawValue: try cursor.integer(bytes)) else { throw .invalid(.timeInForce) }
        let bodyHash: UInt64 = try cursor.integer(bytes)
        let length: UInt8 = try cursor.integer(bytes)
        var clientOrderID: ClientOrderID?
        if length > 0 {
            clientOrderID = ClientOrderID(try cursor.bytes(bytes, Int(length)))
            guard clientOrderID != nil else { throw .invalid(.clientOrderID) }
        }
        return OrderTerms(
            price: price,
            lots: lots,
            timeInForce: timeInForce,
            clientOrderID: clientOrderID,
            bodyHash: bodyHash
        )
    }
}

extension OfferTerms {
    func encode(into bytes: inout [UInt8]) {
        order.encode(into: &bytes)
        bytes.append(integer: model.rawValue)
        bytes.append(integer: contextLength)
        bytes.append(integer: features.rawValue)
        bytes.append(quantization.rawValue)
        bytes.append(integer: region.code)
        bytes.append(claimedTEE.rawValue)
        bytes.append(integer: maxOpenLots?.count ?? 0)
        traits.encode(without: 0, into: &bytes)
        guard !isPlain else { return }
        order.rules.encode(into: &bytes)
        buyers.encode(into: &bytes)
        if order.rules.lease != .none { order.rules.lease.encode(into: &bytes) }
    }

    /// See ``OrderTerms/isPlain``.
    var isPlain: Bool { order.isPlain && seldomBuyers == .anyone }

    static func decode(
        _ version: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor,
        isPlain: Bool,
        ofLease: Bool = false
    ) throws(CommandDecodingError) -> Self {
        let order = try OrderTerms.decode(bytes, &cursor, isPlain: isPlain)
        let model = ModelID(try cursor.integer(bytes, .model, in: 0...Int64.max))
        let contextLength = try cursor.integer(bytes, .contextLength, in: 0...Limits.contextLengthMax)
        let features = Features(rawValue: try cursor.integer(bytes))
        guard let quantization = Quantization(rawValue: try cursor.integer(bytes)) else {
            throw .invalid(.quantization)
        }
        let region = try cursor.region(bytes, .region)
        guard let tee = TEE(rawValue: try cursor.integer(bytes)) else { throw .invalid(.tee) }
        let most = try cursor.integer(bytes, .maxOpenLots, in: 0...Int64.max - 1)
        var terms = OfferTerms(
            order: order,
            model: model,
            contextLength: contextLength,
            features: features,
            quantization: quantization,
            region: region,
            claimedTEE: tee,
            maxOpenLots: most == 0 ? nil : Lots(most)
        )
        if version >= 2 { terms.traits = try Traits.decodeDeclared(bytes, &cursor) }
        if !isPlain {
            terms.order.rules = try OrderRules.decode(bytes, &cursor)
            terms.buyers = try BuyerRules.decode(bytes, &cursor)
            if ofLease { terms.order.rules.lease = try LeaseRules.decode(bytes, &cursor, side: .offer) }
            guard !terms.isPlain, terms.order.rules.qualityCredit == 0 else { throw .invalid(.rules) }
        }
        guard terms.order.isConsistent else { throw .invalid(.rules) }
        return terms
    }
}

extension BidTerms {
    func encode(into bytes: inout [UInt8]) {
        order.encode(into: &bytes)
        requirement.encode(into: &bytes)
        bytes.append(namedWeightSet?.rawValue ?? 0)
        bytes.append(namesUnknownModel ? 1 : 0)
        guard !order.isPlain else { return }
        order.rules.encode(into: &bytes)
        if order.rules.lease != .none { order.rules.lease.encode(into: &bytes) }
    }

    static func decode(
        _ version: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor,
        isPlain: Bool,
        ofLease: Bool = false
    ) throws(CommandDecodingError) -> Self {
        let order = try OrderTerms.decode(bytes, &cursor, isPlain: isPlain)
        let requirement = try Requirement.decode(version, bytes, &cursor)
        let named: UInt8 = try cursor.integer(bytes)
        var terms = BidTerms(
            order: order,
            requirement: requirement,
            namedWeightSet: named == 0 ? nil : WeightSetID(named),
            namesUnknownModel: try cursor.flag(bytes, .namesUnknownModel)
        )
        if !isPlain {
            terms.order.rules = try OrderRules.decode(bytes, &cursor)
            if ofLease { terms.order.rules.lease = try LeaseRules.decode(bytes, &cursor, side: .bid) }
            guard !terms.order.isPlain else { throw .invalid(.rules) }
        }
        guard terms.order.isConsistent else { throw .invalid(.rules) }
        return terms
    }
}

extension Requirement {
    static func decode(
        _ version: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        var requirement = Requirement()
        let modelCount: UInt8 = try cursor.integer(bytes)
        for _ in 0..<modelCount {
            let model = ModelID(try cursor.integer(bytes, .models, in: 0...Int64.max))
            guard requirement.models.append(model) else { throw .invalid(.models) }
        }
        requirement.weightSet = WeightSetID(try cursor.integer(bytes))
        requirement.qualityAtLeast = try cursor.integer(bytes, .quality, in: 0...Limits.qualityMax)
        requirement.contextLengthAtLeast = try cursor.integer(bytes, .contextLength, in: 0...Limits.contextLengthMax)
        requirement.features = Features(rawValue: try cursor.integer(bytes))
        requirement.quantizations = try cursor.integer(bytes)
        requirement.tees = try cursor.integer(bytes)
        let regionCount: UInt8 = try cursor.integer(bytes)
        for _ in 0..<regionCount {
            guard requirement.regions.append(try cursor.region(bytes, .regions)) else { throw .invalid(.regions) }
        }
        if version >= 2 { requirement.further = try FurtherDemands.decode(bytes, &cursor) }
        return requirement
    }
}

extension AttestationTerms {
    static func decode(
        _ version: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        let account = AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max))
        let tees: UInt8 = try cursor.integer(bytes)
        var terms = AttestationTerms(account: account, tees: tees, expiresAt: try cursor.time(bytes))
        guard version >= 2 else { return terms }
        terms.tcbStatus = try cursor.integer(bytes)
        guard Trait.tcbStatus.isValid(Int64(terms.tcbStatus)) else { throw .invalid(.tcbStatus) }
        let attestedAt = try cursor.integer(bytes, .attestedAt, in: -1...Int64.max)
        terms.attestedAt = attestedAt < 0 ? nil : LogicalTime(microseconds: attestedAt)
        return terms
    }
}

extension MeasurementTerms {
    func encode(into bytes: inout [UInt8]) {
        for number in [account.rawValue, model.rawValue, throughputTPS, ttftMS, uptimeBP, expiresAt.microseconds] {
            bytes.append(integer: number)
        }
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let account = AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max))
        let model = ModelID(try cursor.integer(bytes, .model, in: 0...Int64.max))
        var terms = MeasurementTerms(account: account, model: model, expiresAt: .never)
        for trait in Trait.measured {
            let number: Int64 = try cursor.integer(bytes)
            guard trait.isValid(number) else { throw .invalid(.measurement) }
            terms[trait] = number
        }
        terms.expiresAt = try cursor.time(bytes)
        return terms
    }
}

extension KeyTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: owner.rawValue)
        bytes.append(contentsOf: hash.bytes)
        bytes.append(integer: scopes.rawValue)
        bytes.append(text: label)
        bytes.append(integer: expiresAt.microseconds)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let owner = AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max))
        guard let hash = KeyHash(bytes: try cursor.bytes(bytes, 32)) else { throw .truncated }
        let scopes = Scopes(rawValue: try cursor.integer(bytes))
        let label = try cursor.text(bytes, .label, in: 0...Limits.labelBytesMax)
        let expiresAt = LogicalTime(microseconds: try cursor.integer(bytes))
        return KeyTerms(owner: owner, hash: hash, scopes: scopes, label: label, expiresAt: expiresAt)
    }
}

extension ModelTerms {
    /// Bytes of a text that is no name: a hash or an id of somewhere else.
    private static let textBytesMax = 255

    func encode(into bytes: inout [UInt8]) {
        for text in [name, huggingFaceID, revision, weightsSHA256] { bytes.append(text: text) }
        bytes.append(weightSet.rawValue)
        bytes.append(integer: quality ?? -1)
        bytes.append(integer: contextLength)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let name = try cursor.text(bytes, .name, in: 1...Limits.modelNameBytesMax)
        let huggingFaceID = try cursor.text(bytes, .huggingFaceID, in: 0...textBytesMax)
        let revision = try cursor.text(bytes, .revision, in: 0...textBytesMax)
        let weights = try cursor.text(bytes, .weightsSHA256, in: 0...textBytesMax)
        let weightSet = WeightSetID(try cursor.integer(bytes))
        let quality = try cursor.integer(bytes, .quality, in: -1...Limits.qualityMax)
        return ModelTerms(
            name: name,
            huggingFaceID: huggingFaceID,
            revision: revision,
            weightsSHA256: weights,
            weightSet: weightSet,
            quality: quality < 0 ? nil : quality,
            contextLength: try cursor.integer(bytes, .contextLength, in: 0...Limits.contextLengthMax)
        )
    }
}

/// A place in bytes that are read as a command. Every read checks that there is enough.
struct CommandCursor {
    var offset: Int

    mutating func integer<Value: FixedWidthInteger>(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> Value {
        let size = Value.bitWidth / 8
        guard offset >= 0, offset <= bytes.count, bytes.count - offset >= size else { throw .truncated }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
        offset += size
        return Value(truncatingIfNeeded: value)
    }

    mutating func integer(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field,
        in range: ClosedRange<Int64>
    ) throws(CommandDecodingError) -> Int64 {
        let value: Int64 = try integer(bytes)
        guard range.contains(value) else { throw .invalid(field) }
        return value
    }

    mutating func time(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> LogicalTime {
        LogicalTime(microseconds: try integer(bytes))
    }

    mutating func flag(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field
    ) throws(CommandDecodingError) -> Bool {
        let value: UInt8 = try integer(bytes)
        guard value <= 1 else { throw .invalid(field) }
        return value == 1
    }

    /// Unknown, or two lower-case letters.
    mutating func region(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field
    ) throws(CommandDecodingError) -> Region {
        let region = Region(code: try integer(bytes))
        guard region == .unknown || Region(name: [UInt8(region.code >> 8), UInt8(region.code & 0xFF)]) != nil else {
            throw .invalid(field)
        }
        return region
    }

    mutating func bytes(_ bytes: Span<UInt8>, _ count: Int) throws(CommandDecodingError) -> [UInt8] {
        guard offset >= 0, offset <= bytes.count, bytes.count - offset >= count else { throw .truncated }
        var read: [UInt8] = []
        read.reserveCapacity(count)
        for index in offset..<offset + count { read.append(bytes[index]) }
        offset += count
        return read
    }

    mutating func text(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field,
        in lengths: ClosedRange<Int>
    ) throws(CommandDecodingError) -> String {
        let length = Int(try integer(bytes) as UInt16)
        guard lengths.contains(length) else { throw .invalid(field) }
        guard let text = String(validating: try self.bytes(bytes, length), as: UTF8.self) else {
            throw .invalid(field)
        }
        return text
    }
}

extension [UInt8] {
    /// Appends a number, little-endian.
    mutating func append(integer value: some FixedWidthInteger) {
        var rest = UInt64(truncatingIfNeeded: value)
        for _ in 0..<value.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    /// Appends a text with its length.
    mutating func append(text: String) {
        let bytes = Array(text.utf8)
        precondition(bytes.count <= UInt16.max, "texts are checked where they come in")
        append(integer: UInt16(bytes.count))
        append(contentsOf: bytes)
    }
}
