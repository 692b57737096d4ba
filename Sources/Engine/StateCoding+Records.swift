import Exchange
import Ledger
import Units

// The records of a state's form; see StateCoding.swift.

extension CheckpointRecord {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: terms.batch)
        bytes.append(contentsOf: terms.sha256.bytes)
        bytes.append(integers: [sequence.rawValue, announcedAt.microseconds])
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        let terms = CheckpointTerms(batch: try reader.integer("batch"), sha256: try reader.hash("SHA-256"))
        let sequence = SequenceNumber(try reader.integer("sequence"))
        self.init(terms: terms, sequence: sequence, announcedAt: try reader.time("time"))
    }
}

extension FeeTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [rates.maker.count, rates.taker.count, minimumNotional.count])
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        let rates = try FeeRates(&reader)
        self.init(rates: rates, minimumNotional: NanoTON(try reader.integer("minimum notional")))
    }
}

extension FeeRates {
    init(_ reader: inout StateReader) throws(StateCodingError) {
        let maker = BasisPoints(try reader.integer("maker's rate"))
        self.init(maker: maker, taker: BasisPoints(try reader.integer("taker's rate")))
    }
}

extension AccountRecord {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: id.rawValue)
        bytes.append(text: label)
        bytes.append(integers: [openOrdersMax, createdAt.microseconds])
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = AccountID(try reader.integer("account"))
        let label = try reader.text("label")
        let most: Int64 = try reader.integer("limit of open orders")
        self.init(id: id, label: label, openOrdersMax: most, createdAt: try reader.time("time"))
    }
}

extension KeyRecord {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.rawValue, terms.owner.rawValue])
        bytes.append(contentsOf: terms.hash.bytes)
        bytes.append(integer: terms.scopes.rawValue)
        bytes.append(text: terms.label)
        bytes.append(integers: [terms.expiresAt.microseconds, createdAt.microseconds])
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = KeyID(try reader.integer("key"))
        let terms = KeyTerms(
            owner: AccountID(try reader.integer("key's owner")),
            hash: try reader.hash("key's hash"),
            scopes: Scopes(rawValue: try reader.integer("scopes")),
            label: try reader.text("label"),
            expiresAt: try reader.time("time")
        )
        self.init(id: id, terms: terms, createdAt: try reader.time("time"))
    }
}

extension ModelRecord {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: id.rawValue)
        bytes.append(integer: version)
        for text in [terms.name, terms.huggingFaceID, terms.revision, terms.weightsSHA256] { bytes.append(text: text) }
        bytes.append(terms.weightSet.rawValue)
        bytes.append(integers: [terms.quality ?? -1, terms.contextLength, createdAt.microseconds])
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = ModelID(try reader.integer("model"))
        let version: Int32 = try reader.integer("version")
        let terms = ModelTerms(
            name: try reader.text("name"),
            huggingFaceID: try reader.text("Hugging Face id"),
            revision: try reader.text("revision"),
            weightsSHA256: try reader.text("weights"),
            weightSet: WeightSetID(try reader.integer("weight set")),
            quality: try reader.quality(),
            contextLength: try reader.integer("context length")
        )
        self.init(id: id, version: version, terms: terms, createdAt: try reader.time("time"))
    }
}

extension StateReader {
    /// −1 stands for none.
    fileprivate mutating func quality() throws(StateCodingError) -> Int64? {
        let quality: Int64 = try integer("quality")
        guard quality >= -1 else { throw error("quality") }
        return quality == -1 ? nil : quality
    }

    fileprivate mutating func region() throws(StateCodingError) -> Region {
        let region = Region(code: try integer("region"))
        guard region == .unknown || Region(name: [UInt8(region.code >> 8), UInt8(region.code & 0xFF)]) != nil else {
            throw error("region")
        }
        return region
    }

    fileprivate mutating func clientOrderID() throws(StateCodingError) -> ClientOrderID? {
        let count: UInt8 = try integer("client order id")
        guard count > 0 else { return nil }
        guard let id = ClientOrderID(try take(Int(count), "client order id")) else { throw error("client order id") }
        return id
    }
}

extension AttestationRecord {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: terms.account.rawValue)
        bytes.append(terms.tees)
        bytes.append(integers: [terms.expiresAt.microseconds, setAt.microseconds])
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        let terms = AttestationTerms(
            account: AccountID(try reader.integer("attested account")),
            tees: try reader.integer("TEEs"),
            expiresAt: try reader.time("time")
        )
        self.init(terms: terms, setAt: try reader.time("time"))
    }
}

extension Capability {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: model.rawValue)
        bytes.append(integer: modelVersion)
        bytes.append(weightSet.rawValue)
        bytes.append(integers: [quality ?? -1, contextLength])
        bytes.append(integer: features.rawValue)
        bytes.append(quantization.rawValue)
        bytes.append(integer: region.code)
        bytes.append(tee.rawValue)
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init(
            model: ModelID(try reader.integer("model")),
            modelVersion: try reader.integer("model version"),
            weightSet: WeightSetID(try reader.integer("weight set")),
            quality: try reader.quality(),
            contextLength: try reader.integer("context length"),
            features: Features(rawValue: try reader.integer("features")),
            quantization: try reader.code("quantization"),
            region: try reader.region(),
            tee: try reader.code("TEE")
        )
    }
}

extension Requirement {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(UInt8(models.count))
        for index in 0..<models.count { bytes.append(integer: models[index].rawValue) }
        bytes.append(weightSet.rawValue)
        bytes.append(integers: [qualityAtLeast, contextLengthAtLeast])
        bytes.append(integer: features.rawValue)
        bytes.append(integer: quantizations)
        bytes.append(tees)
        bytes.append(UInt8(regions.count))
        for index in 0..<regions.count { bytes.append(integer: regions[index].code) }
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init()
        for _ in 0..<(try reader.integer("models") as UInt8) {
            guard models.append(ModelID(try reader.integer("model"))) else { throw reader.error("model") }
        }
        weightSet = WeightSetID(try reader.integer("weight set"))
        qualityAtLeast = try reader.integer("quality")
        contextLengthAtLeast = try reader.integer("context length")
        features = Features(rawValue: try reader.integer("features"))
        quantizations = try reader.integer("quantizations")
        tees = try reader.integer("TEEs")
        for _ in 0..<(try reader.integer("regions") as UInt8) {
            guard regions.append(try reader.region()) else { throw reader.error("region") }
        }
    }
}

extension OrderRecord {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.rawValue, account.rawValue])
        bytes.append(side.rawValue)
        bytes.append(integers: [price.nanoTONPerMTok, lots.count, remaining.count])
        bytes.append(timeInForce.rawValue)
        let name = clientOrderID?.bytes ?? []
        bytes.append(UInt8(name.count))
        bytes.append(contentsOf: name)
        bytes.append(integer: bodyHash)
        bytes.append(integers: [rates.maker.count, rates.taker.count, classID.rawValue, profileID.rawValue])
        bytes.append(claimedTEE.rawValue)
        bytes.append(integers: [maxOpenLots?.count ?? 0, openLots.count])
        bytes.append(integers: [createdAt.microseconds, lastSequence.rawValue])
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        let id = OrderID(try reader.integer("order"))
        let account = AccountID(try reader.integer("order's account"))
        let side: Side = try reader.code("side")
        let price = Price(nanoTONPerMTok: try reader.integer("price"))
        let lots = Lots(try reader.integer("lots"))
        let remaining = Lots(try reader.integer("remaining lots"))
        let timeInForce: TimeInForce = try reader.code("time in force")
        let name = try reader.clientOrderID()
        let bodyHash: UInt64 = try reader.integer("body hash")
        let rates = try FeeRates(&reader)
        let classID = ClassID(try reader.integer("class"))
        let profileID = ProfileID(try reader.integer("profile"))
        let tee: TEE = try reader.code("TEE")
        let most: Int64 = try reader.integer("max open lots")
        self.init(
            id: id,
            account: account,
            side: side,
            price: price,
            lots: lots,
            remaining: remaining,
            timeInForce: timeInForce,
            clientOrderID: name,
            bodyHash: bodyHash,
            rates: rates,
            classID: classID,
            profileID: profileID,
            claimedTEE: tee,
            maxOpenLots: most == 0 ? nil : Lots(most),
            openLots: Lots(try reader.integer("open lots")),
            createdAt: try reader.time("time"),
            closeReason: nil,
            lastSequence: SequenceNumber(try reader.integer("last sequence"))
        )
    }
}

extension LeaseRecord {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integers: [id.rawValue, offer.rawValue, buyer.rawValue, worker.rawValue])
        bytes.append(integers: [price.nanoTONPerMTok, lots.count, locked.count])
        bytes.append(integers: [buyerRate.count, sellerRate.count, used.count])
    }

    init(_ reader: inout StateReader) throws(StateCodingError) {
        self.init(
            id: LeaseID(try reader.integer("lease")),
            offer: OrderID(try reader.integer("lease's offer")),
            buyer: AccountID(try reader.integer("buyer")),
            worker: AccountID(try reader.integer("worker")),
            price: Price(nanoTONPerMTok: try reader.integer("price")),
            lots: Lots(try reader.integer("lots")),
            locked: NanoTON(try reader.integer("locked")),
            buyerRate: BasisPoints(try reader.integer("buyer's rate")),
            sellerRate: BasisPoints(try reader.integer("worker's rate")),
            used: AdjustedTokens(try reader.integer("used tokens"))
        )
    }
}
