internal import API
internal import Cryptography
internal import Engine
internal import Exchange
internal import HTTP2
internal import Ledger
internal import Provenance
internal import Units

/// What the engine knows about a question that follows a trade.
enum LeaseFinding: Sendable {
    /// An open lease; `nil` when it is not open, or another's. The tables must show `touched` to be asked for it.
    case lease(LeaseDetail?, LeaseID, owner: AccountID?, touched: SequenceNumber)
    /// An open lease and what its worker offered.
    case ticket(LeaseDetail, Capability)
    case noTicket(ProblemCode)
    /// Those of the leases that a bid has opened and that are still open.
    case tickets([(LeaseDetail, Capability)])
    case profile(AccountID, ProfileRecord?)
    case bond(BondDetail)
    case policy(LeasePolicyTerms)
    case measurementPolicy(MeasurementPolicyTerms)
    case noAccount
}

extension LeaseQuestion {
    /// Looked up on the engine's thread.
    func finding(in engine: Engine) -> LeaseFinding {
        switch self {
        case .lease(let id, let owner):
            let touched = owner.map { engine.lastTouched($0) } ?? engine.sequence
            return .lease(engine.detail(of: id, for: owner), id, owner: owner, touched: touched)
        case .ticket(let id, let owner):
            guard let detail = engine.detail(of: id, for: owner) else {
                // Whose an ended lease was is not for strangers.
                return .noTicket(owner == nil && engine.leaseKeys(of: [id]) == [.ended] ? .leaseEnded : .leaseNotFound)
            }
            guard let terms = detail.record.terms else { return .noTicket(.leaseWithoutReceipts) }
            return .ticket(detail, engine.capability(of: terms.classID))
        case .tickets(let leases, let owner):
            return .tickets(
                leases.compactMap { id in
                    guard let detail = engine.detail(of: id, for: owner), let terms = detail.record.terms else {
                        return nil
                    }
                    return (detail, engine.capability(of: terms.classID))
                }
            )
        case .profile(let account):
            guard engine.account(account) != nil else { return .noAccount }
            return .profile(account, engine.profile(of: account))
        case .bond(let account):
            guard engine.account(account) != nil else { return .noAccount }
            return .bond(engine.bond(of: account))
        case .policy: return .policy(engine.currentLeasePolicy)
        case .measurementPolicy: return .measurementPolicy(engine.currentMeasurementPolicy)
        }
    }
}

extension Engine {
    /// An open lease, if it is the owner's, or anybody's for `nil`.
    fileprivate func detail(of id: LeaseID, for owner: AccountID?) -> LeaseDetail? {
        guard let record = lease(id) else { return nil }
        guard owner == nil || owner == record.buyer || owner == record.worker else { return nil }
        return LeaseDetail(
            record: record,
            worker: workerProfile(of: record),
            app: buyerProfile(of: record),
            grace: grace
        )
    }

    fileprivate func bond(of account: AccountID) -> BondDetail {
        var locked = NanoTON.zero
        for (name, counters) in balances(of: account) where name.kind == .bond {
            locked = NanoTON(Int64(counters.credits - counters.debits))
        }
        return BondDetail(
            account: account,
            locked: locked,
            releasable: releasableBond(of: account),
            slashes: pendingSlashes(of: account),
            grace: grace
        )
    }
}

extension Ticket {
    /// What the lease froze at its trade: the same, whenever it is asked for.
    init?(_ detail: LeaseDetail, _ capability: Capability, models: ModelTable) {
        let record = detail.record
        guard let terms = record.terms, let weights = terms.weightSet.weightSet else { return nil }
        let stated = capability.traits[.deliverWithinS]
        let seconds = stated > 0 ? stated : Limits.deliverWithinDefault
        let opened = terms.delivery.openedAt.microseconds / 1_000
        let hash = capability.weights.sha256.text
        self.init(
            lease: record.id,
            trade: TradeID(record.id.rawValue),
            bid: terms.bid,
            offer: record.offer,
            worker: record.worker,
            app: record.buyer,
            workerKey: detail.worker?.terms.receiptKey.flatMap { Digest256($0) } ?? .zero,
            appKey: detail.app?.terms.receiptKey.flatMap { Digest256($0) } ?? .zero,
            model: models.record(terms.model)?.terms.name ?? terms.model.text,
            revision: capability.weights.revision.text,
            weightsHash: Digest256(hex: hash) ?? .zero,
            weights: TokenWeights(weights),
            price: record.price,
            lots: record.lots,
            appFee: record.buyerRate,
            workerFee: record.sellerRate,
            openedAt: opened,
            deadline: opened + seconds * 1_000,
            step: terms.delivery.step,
            disputeWindow: terms.delivery.disputeWindow / 1_000,
            endpoint: detail.worker?.terms.endpoint ?? ""
        )
    }
}

// What was found, as answers.
extension RequestService {
    func answer(
        _ finding: LeaseFinding,
        asOf: SequenceNumber,
        to stream: StreamReference,
        _ requestID: UInt64,
        at now: Instant,
        on server: LoopServer
    ) {
        let models = marketplace.published.directory.models
        let response: API.Response
        switch finding {
        case .lease(let detail?, _, _, _): response = View.lease(detail, models: models, asOf: asOf)
        case .lease(nil, let id, let owner, let touched):
            return read(.history(.lease(id, owner: owner)), needs: touched, stream, requestID, on: server)
        case .ticket(let detail, let capability):
            guard let ticket = Ticket(detail, capability, models: models), let terms = detail.record.terms else {
                response = Problem(.internalError).response(requestID: requestID)
                break
            }
            let job = Signer.Job(
                stream: stream,
                requestID: requestID,
                tickets: [(ticket, terms.delivery.openedAt)],
                answer: nil
            )
            if !marketplace.signer.post(job) { refuse(stream, requestID, .overloaded, on: server) }
            return
        case .tickets(let found):
            let tickets = found.compactMap { detail, capability in
                Ticket(detail, capability, models: models).flatMap { ticket in
                    detail.record.terms.map { (ticket: ticket, openedAt: $0.delivery.openedAt) }
                }
            }
            return sign(tickets, stream, requestID, at: now, on: server)
        case .noTicket(let code): response = Problem(code).response(requestID: requestID)
        case .profile(let account, let record): response = View.profile(of: account, record, asOf: asOf)
        case .bond(let bond): response = View.bond(bond, asOf: asOf)
        case .policy(let policy): response = View.leasePolicy(policy, asOf: asOf)
        case .measurementPolicy(let policy): response = View.measurementPolicy(policy, asOf: asOf)
        case .noAccount: response = Problem(.accountUnknown).response(requestID: requestID)
        }
        answer(response, to: stream, requestID, at: now, on: server)
    }
}
