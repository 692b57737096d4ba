internal import Cryptography
package import Engine
internal import Exchange
internal import JSON
internal import Ledger
package import Units

/// What became of a command: the events of its group, from the engine or rebuilt from the tables for a repetition.
package struct Outcome: Sendable {
    package var sequence: SequenceNumber
    /// Events of others in the group, such as orders that a trade filled, do no harm.
    package var events: ArraySlice<Event>
    /// The command was carried out before; this is its answer again.
    package var isReplay: Bool
    package var requestID: UInt64

    /// The command was refused.
    var isRefused: Bool {
        events.contains { event in
            if case .rejected = event { true } else { false }
        }
    }

    package init(
        sequence: SequenceNumber,
        events: ArraySlice<Event>,
        isReplay: Bool = false,
        requestID: UInt64
    ) {
        self.sequence = sequence
        self.events = events
        self.isReplay = isReplay
        self.requestID = requestID
    }
}

/// Writes the answer to a command.
package enum Answer {
    /// The answer; for events that do not fit the shape, 500 `internal_error`.
    package static func render(_ shape: AnswerShape, _ outcome: Outcome) -> APIResponse {
        var response = written(shape, outcome) ?? refusal(outcome)
        response.isReplayed = outcome.isReplay
        return response
    }

    /// `nil` when the events do not say that the command was carried out.
    private static func written(_ shape: AnswerShape, _ outcome: Outcome) -> APIResponse? {
        switch shape {
        case .placed: return OrderAnswer.placed(outcome)
        case .placedBid(let echo, _): return OrderAnswer.placed(outcome, echo)
        case .cancelled(let id): return OrderAnswer.cancelled(id, outcome)
        case .amended(let id): return OrderAnswer.amended(id, outcome)
        case .cancelledTogether, .cancelAfterSet, .haltSet, .priceBandSet, .limitsSet, .feesAnnounced:
            return ControlAnswer.written(shape, outcome)
        case .checkpointMade(let terms): return checkpoint(terms, outcome)
        case .profileSet, .leaseChanged, .receiptRecorded, .bondMoved, .leasePolicySet, .measurementPolicySet:
            return LeaseAnswer.written(shape, outcome)
        case .withdrawalRequested, .withdrawalChanged, .payoutTermsSet, .settlementTermsSet, .suspenseAssigned,
            .settlementHeld, .settlementResolved, .walletRetired, .anchorPolicySet, .anchorRequested:
            return SettlementAnswer.written(shape, outcome)
        default: break
        }
        for event in outcome.events {
            switch (shape, event) {
            case (.accountCreated, .accountCreated(let account)): return self.account(account, outcome)
            case (.keyCreated(let key), .keyCreated(let record)):
                return self.key(record, secret: outcome.isReplay ? nil : key.secret, outcome)
            case (.deposited, .transfer(let transfer)) where transfer.kind == .deposit:
                return deposit(transfer, outcome)
            case (.attested, .attestationSet(let record)): return attestation(record, outcome)
            case (.measured(let model), .measurementSet(let record)): return measurement(record, model, outcome)
            case (.modelSet, .modelSet(let record)): return model(record, outcome)
            case (.feesSet, .feesSet(let terms, _)): return fees(terms, outcome)
            case (.loginLinked, .loginLinked(let login)): return self.login(login, outcome, status: 201)
            case (.loginUnlinked, .loginUnlinked(let login)): return self.login(login, outcome, status: 200)
            case (.keyStanding, .keyStandingSet(let standing, let record)): return key(record, standing, outcome)
            default: continue
            }
        }
        return nil
    }

    private static func refusal(_ outcome: Outcome) -> APIResponse {
        for event in outcome.events {
            guard case .rejected(let rejection) = event else { continue }
            var problem = Problem(ProblemCode(rejection))
            problem.sequence = outcome.sequence
            return problem.response(requestID: outcome.requestID)
        }
        return Problem(.internalError).response(requestID: outcome.requestID)
    }

    // MARK: Operator's commands

    private static func account(_ account: AccountRecord, _ outcome: Outcome) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", "a", account.id.rawValue)
        writer.member("label", account.label)
        writer.member("open_orders_max", account.openOrdersMax)
        writer.time("created_at", account.createdAt)
        return finish(&writer, outcome, status: 201)
    }

    private static func key(_ key: KeyRecord, secret: String?, _ outcome: Outcome) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", "k", key.id.rawValue)
        writer.member("account_id", "a", key.terms.owner.rawValue)
        if let secret { writer.member("key", secret) }
        writer.names("scopes", key.terms.scopes.names)
        writer.member("label", key.terms.label)
        writer.time("expires_at", key.terms.expiresAt)
        writer.time("created_at", key.createdAt)
        return finish(&writer, outcome, status: 201)
    }

    private static func key(_ key: KeyRecord, _ standing: KeyStanding, _ outcome: Outcome) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key(key)
        writer.standing(standing)
        return finish(&writer, outcome, status: 200)
    }

    private static func login(_ login: LoginRecord, _ outcome: Outcome, status: Int) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("account_id", "a", login.account.rawValue)
        writer.key("login")
        writer.login(login)
        return finish(&writer, outcome, status: status)
    }

    private static func deposit(_ transfer: Transfer, _ outcome: Outcome) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        if transfer.credit.owner == .system {
            writer.member("account_id", word: "operator")
        } else {
            writer.member("account_id", "a", transfer.credit.owner.rawValue)
        }
        writer.member("amount_nanoton", decimalString: transfer.amount.count)
        return finish(&writer, outcome, status: 201)
    }

    private static func attestation(_ record: AttestationRecord, _ outcome: Outcome) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("account_id", "a", record.terms.account.rawValue)
        writer.attestation(record)
        return finish(&writer, outcome, status: 200)
    }

    private static func measurement(
        _ record: MeasurementRecord,
        _ model: String,
        _ outcome: Outcome
    ) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("account_id", "a", record.terms.account.rawValue)
        writer.member("model", model)
        writer.measurement(record)
        return finish(&writer, outcome, status: 200)
    }

    private static func model(_ record: ModelRecord, _ outcome: Outcome) -> APIResponse {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.model(record)
        return finish(&writer, outcome, status: 200)
    }

    private static func fees(_ terms: FeeTerms, _ outcome: Outcome) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.fees(terms)
        return finish(&writer, outcome, status: 200)
    }

    /// The announcement of a checkpoint that is not newer than the last changes nothing, and is answered all the same.
    private static func checkpoint(_ terms: CheckpointTerms, _ outcome: Outcome) -> APIResponse? {
        var terms = terms
        for event in outcome.events {
            if case .rejected = event { return nil }
            if case .checkpointAnnounced(let record) = event { terms = record.terms }
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("batch", terms.batch)
        writer.member("sha256", Hex.encode(terms.sha256.bytes))
        return finish(&writer, outcome, status: 201)
    }

    /// Ends the object with the command's sequence number.
    static func finish(_ writer: inout JSONWriter, _ outcome: Outcome, status: Int) -> APIResponse {
        writer.member("sequence", outcome.sequence.rawValue)
        writer.endObject()
        return APIResponse(status: status, body: writer.take())
    }
}
