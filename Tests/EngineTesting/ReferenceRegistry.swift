import Engine
import Exchange
import Provenance
import Units

/// What the exchange knows of models and machines.
extension ReferenceEngine {
    // MARK: Models

    /// The newest version.
    func model(_ id: ModelID) -> ModelRecord? { models.last { $0.id == id } }

    mutating func setModel(_ terms: ModelTerms) -> Rejection? {
        let index = models.lastIndex { $0.terms.name == terms.name }
        let names = Set(models.map(\.terms.name)).count
        guard index != nil || names < Limits.modelsMax else { return .modelLimit }
        guard terms.weightSet.weightSet != nil else { return .weightSetUnknown }
        if let index, models[index].terms.isSameVersion(as: terms) {
            models[index].terms = terms
            emit(.modelSet(models[index]))
            reclassify()
            return nil
        }
        let record = ModelRecord(
            id: index.map { models[$0].id } ?? ModelID(Int64(names + 1)),
            version: index.map { models[$0].version + 1 } ?? 1,
            terms: terms,
            createdAt: time
        )
        models.append(record)
        emit(.modelSet(record))
        for order in orders where order.side == .offer && capability(of: order).model == record.id {
            close(order.id, .modelSuperseded)
        }
        return nil
    }

    // MARK: Attestations

    mutating func setAttested(_ terms: AttestationTerms) -> Rejection? {
        guard isKnown(terms.account) else { return .accountUnknown }
        let record = AttestationRecord(terms: terms, setAt: time)
        attestations.removeAll { $0.terms.account == terms.account }
        attestations.append(record)
        attestations.sort { $0.terms.account < $1.terms.account }
        emit(.attestationSet(record))
        let statement = LogStatement.attestation([
            terms.account.rawValue, Int64(terms.tees), terms.expiresAt.microseconds, Int64(terms.tcbStatus),
            terms.attestedAt?.microseconds ?? -1,
        ])
        log(statement)
        reclassify()
        return nil
    }

    /// What the exchange believes of a claim now.
    func attested(_ claim: TEE, of account: AccountID) -> TEE {
        let isStanding = attestations.contains {
            $0.terms.account == account && $0.terms.tees & claim.bit != 0 && $0.terms.expiresAt > time
        }
        return isStanding ? claim : .none
    }

    /// Puts every offer whose capability is no longer what its class says into its new class, oldest first.
    mutating func setMeasured(_ terms: MeasurementTerms) -> Rejection? {
        guard isKnown(terms.account) else { return .accountUnknown }
        guard model(terms.model) != nil else { return .modelUnknown }
        measurements.removeAll { $0.terms.account == terms.account && $0.terms.model == terms.model }
        measurements.append(MeasurementRecord(terms: terms, setAt: time))
        measurements.sort { ($0.terms.account, $0.terms.model) < ($1.terms.account, $1.terms.model) }
        emit(.measurementSet(MeasurementRecord(terms: terms, setAt: time)))
        let numbers = [terms.throughputTPS, terms.ttftMS, terms.uptimeBP, terms.expiresAt.microseconds]
        log(.measurement([terms.account.rawValue, terms.model.rawValue] + numbers))
        reclassify()
        return nil
    }

    mutating func reclassify() {
        for offer in orders where offer.side == .offer && capabilityNow(of: offer) != capability(of: offer) {
            enterAgain(offer.id)
        }
    }

    /// By the registry and the attestation of its account.
    func capabilityNow(of offer: OrderRecord) -> Capability {
        var capability = capability(of: offer)
        capability.quality = model(capability.model)?.terms.quality
        capability.tee = attested(offer.claimedTEE, of: offer.account)
        capability.traits = traits(capability.traits, of: offer.account, capability.model, tee: capability.tee)
        return capability
    }
}
