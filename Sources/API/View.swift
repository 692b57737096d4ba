package import Engine
package import Exchange
internal import JSON
package import Ledger
internal import Texts
package import Units

/// An order with what it can do or demands.
package struct OrderDetail: Hashable, Sendable {
    package var record: OrderRecord
    /// Of an offer: its class.
    package var capability: Capability?
    /// Of a bid: its profile.
    package var requirement: Requirement?

    package init(record: OrderRecord, capability: Capability? = nil, requirement: Requirement? = nil) {
        self.record = record
        self.capability = capability
        self.requirement = requirement
    }
}

/// A trade with when it happened.
package struct TradeDetail: Hashable, Sendable {
    package var trade: Trade
    package var sequence: SequenceNumber
    package var time: LogicalTime

    package init(trade: Trade, sequence: SequenceNumber, time: LogicalTime) {
        self.trade = trade
        self.sequence = sequence
        self.time = time
    }
}

/// A transfer with its place in the ledger.
package struct TransferDetail: Hashable, Sendable {
    package var transfer: Transfer
    package var position: TransfersQuery.Position
    package var time: LogicalTime

    package init(transfer: Transfer, position: TransfersQuery.Position, time: LogicalTime) {
        self.transfer = transfer
        self.position = position
        self.time = time
    }
}

/// An account's state.
package struct AccountDetail: Hashable, Sendable {
    package var record: AccountRecord
    /// What is missing is zero.
    package var balances: [LedgerAccount.Kind: NanoTON]
    package var openOrders: Int
    package var attestation: AttestationRecord?
    /// Who may log in to it, the oldest login first.
    package var logins: [LoginRecord]

    package init(
        record: AccountRecord,
        balances: [LedgerAccount.Kind: NanoTON],
        openOrders: Int,
        attestation: AttestationRecord? = nil,
        logins: [LoginRecord] = []
    ) {
        self.record = record
        self.balances = balances
        self.openOrders = openOrders
        self.attestation = attestation
        self.logins = logins
    }
}

/// The best prices of a model.
package struct BestPrices: Hashable, Sendable {
    package var offer: Price?
    package var bid: Price?
    /// The classes of its offers, the cheapest first.
    package var classes: [ClassListing]

    package init(offer: Price? = nil, bid: Price? = nil, classes: [ClassListing] = []) {
        self.offer = offer
        self.bid = bid
        self.classes = classes
    }
}

/// Writes the answers to questions. Each says as of which command it holds.
package enum View {
    /// `GET /v1/orders/{id}`.
    package static func order(_ detail: OrderDetail, models: ModelTable, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.detail(detail, models: models)
        return finish(&writer, asOf)
    }

    /// The answer when neither the engine nor the tables have the order.
    package static func orderNotFound(requestID: UInt64) -> APIResponse {
        Problem(.orderNotFound).response(requestID: requestID)
    }

    /// `GET /v1/account`.
    package static func account(_ detail: AccountDetail, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("id", "a", detail.record.id.rawValue)
        writer.member("label", detail.record.label)
        writer.time("created_at", detail.record.createdAt)
        writer.key("balances")
        writer.balances { (detail.balances[$0] ?? .zero).count }
        writer.member("open_order_count", Int64(detail.openOrders))
        writer.limits(of: detail.record)
        writer.time("cancel_after", detail.record.cancelAfter)
        writer.member("cancels_on_disconnect", detail.record.cancelsOnDisconnect)
        writer.key("attestation")
        if let attestation = detail.attestation, attestation.terms.tees != 0 {
            writer.beginObject()
            writer.attestation(attestation)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.optional("login", detail.logins.first?.subject ?? "")
        writer.key("logins")
        writer.beginArray()
        for login in detail.logins { writer.login(login) }
        writer.endArray()
        return finish(&writer, asOf)
    }

    /// `GET /v1/models`: `best` gives the prices of what was published of the book as of `asOf`.
    package static func models(
        _ models: ModelTable,
        asOf: SequenceNumber,
        best: (ModelID) -> BestPrices
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 1_024 * (models.records.count + 1))
        writer.beginObject()
        writer.member("object", word: "list")
        writer.key("data")
        writer.beginArray()
        for record in models.records {
            writer.beginObject()
            writer.listing(record, best(record.id))
            writer.endObject()
        }
        writer.endArray()
        return finish(&writer, asOf)
    }

    /// `GET /v1/models/{id}`.
    package static func model(_ record: ModelRecord, best: BestPrices, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.listing(record, best)
        return finish(&writer, asOf)
    }

    /// `GET /v1/fees`.
    static func fees(_ directory: Directory) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.fees(directory.fees)
        writer.key("next")
        if let notice = directory.feeNotice {
            writer.beginObject()
            writer.fees(notice.fees)
            writer.time("effective_at", notice.effectiveAt)
            writer.endObject()
        } else {
            writer.null()
        }
        return finish(&writer, directory.asOf)
    }

    /// `GET /healthz`: the process answers, nothing more. At least 64 bytes, so that a load test of it moves what a
    /// small answer moves.
    static let health = APIResponse(
        status: 200,
        body: Array(#"{"status":"ok","service":"bombyx","detail":"The process answers requests."}"#.utf8)
    )

    /// `GET /openapi.yaml`, as it lies in the repository.
    static let contract = APIResponse(status: 200, contentType: .yaml, body: Texts.contract)

    static func finish(_ writer: inout JSONWriter, _ asOf: SequenceNumber) -> APIResponse {
        writer.member("as_of_sequence", asOf.rawValue)
        writer.endObject()
        return APIResponse(status: 200, body: writer.take())
    }

    fileprivate static func balanceName(_ kind: LedgerAccount.Kind) -> StaticString {
        switch kind {
        case .available: "available_nanoton"
        case .held: "held_nanoton"
        case .leased: "leased_nanoton"
        case .payable: "payable_nanoton"
        case .inSettlement: "in_settlement_nanoton"
        case .bond: "bond_nanoton"
        }
    }
}

extension JSONWriter {
    /// What an owner has, by what the money is doing.
    mutating func balances(_ amount: (LedgerAccount.Kind) -> Int64) {
        beginObject()
        for kind in LedgerAccount.Kind.allCases {
            key(View.balanceName(kind))
            decimalString(amount(kind))
        }
        endObject()
    }

    /// An order in full.
    mutating func detail(_ detail: OrderDetail, models: ModelTable) {
        let record = detail.record
        order(record)
        member("account_id", "a", record.account.rawValue)
        member("last_sequence", record.lastSequence.rawValue)
        if let capability = detail.capability {
            key("capability")
            beginObject()
            self.capability(capability, claimed: record.claimedTEE, models: models)
            endObject()
            buyers(capability.buyers.rules)
            optional("max_open_lots", record.maxOpenLots?.count)
            member("open_lots", record.openLots.count)
        }
        if let requirement = detail.requirement {
            self.requirement(RequirementEcho(requirement, models: models))
            member("weight_set", requirement.weightSet.weightSet?.name ?? "unknown")
        }
    }

    private mutating func capability(_ capability: Capability, claimed: TEE, models: ModelTable) {
        member("model", models.record(capability.model)?.terms.name ?? capability.model.text)
        member("model_version", Int64(capability.modelVersion))
        member("weight_set", capability.weightSet.weightSet?.name ?? "unknown")
        optional("quality", capability.quality)
        member("context_length", capability.contextLength)
        names("features", capability.features.names)
        member("quantization", capability.quantization.name)
        optional("region", capability.region.name)
        member("tee", claimed.name)
        member("attested_tee", capability.tee.name)
        key("attested_by")
        if capability.isAttested { word("operator") } else { null() }
        traits(of: capability)
    }

    /// A model with its prices.
    fileprivate mutating func listing(_ record: ModelRecord, _ best: BestPrices) {
        model(record)
        optional("best_offer_nanoton_per_mtok", price: best.offer)
        optional("best_bid_nanoton_per_mtok", price: best.bid)
        if let offer = best.offer { pricing(offer, record.terms.weightSet) } else { nullMember("pricing") }
        marketplaceFields(of: record, best.classes)
    }
}
