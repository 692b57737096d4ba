package import Exchange
package import Units

/// What is known of how an account delivers a model: the operator's word, until receipts say it.
package struct MeasurementTerms: Hashable, Sendable {
    package var account: AccountID
    package var model: ModelID
    /// Tokens a second, at least so many in the usual request; 0 when it was not measured.
    package var throughputTPS: Int64
    /// Milliseconds to the first token, at most so many in the usual request; 0 when it was not measured.
    package var ttftMS: Int64
    /// Time in which it answered, in 1/10,000; 0 when it was not measured.
    package var uptimeBP: Int64
    package var expiresAt: LogicalTime

    package init(
        account: AccountID,
        model: ModelID,
        throughputTPS: Int64 = 0,
        ttftMS: Int64 = 0,
        uptimeBP: Int64 = 0,
        expiresAt: LogicalTime
    ) {
        self.account = account
        self.model = model
        self.throughputTPS = throughputTPS
        self.ttftMS = ttftMS
        self.uptimeBP = uptimeBP
        self.expiresAt = expiresAt
    }

    /// The number of a measured trait; 0 of any other.
    package subscript(trait: Trait) -> Int64 {
        get {
            switch trait {
            case .throughputTPS: throughputTPS
            case .ttftMS: ttftMS
            case .uptimeBP: uptimeBP
            default: 0
            }
        }
        set {
            switch trait {
            case .throughputTPS: throughputTPS = newValue
            case .ttftMS: ttftMS = newValue
            case .uptimeBP: uptimeBP = newValue
            default: preconditionFailure("only a measured trait is measured")
            }
        }
    }
}

/// The newest measurements of an account and model.
package struct MeasurementRecord: Hashable, Sendable {
    package var terms: MeasurementTerms
    package var setAt: LogicalTime

    package init(terms: MeasurementTerms, setAt: LogicalTime) {
        self.terms = terms
        self.setAt = setAt
    }

    var recordHash: RecordHash {
        var hash = RecordHash(tag: 50)
        hash.combine(terms.account.rawValue)
        hash.combine(terms.model.rawValue)
        for number in [terms.throughputTPS, terms.ttftMS, terms.uptimeBP] { hash.combine(number) }
        hash.combine(terms.expiresAt.microseconds)
        hash.combine(setAt.microseconds)
        return hash
    }
}

/// The operator's word that an account's machines run in these environments, until evidence can be checked.
package struct AttestationTerms: Hashable, Sendable {
    package var account: AccountID
    /// Bits of ``TEE/bit``; 0 withdraws the word.
    package var tees: UInt8
    package var expiresAt: LogicalTime
    /// Of the platform: ``Trait/tcbStatus``; 0 when the operator does not say.
    package var tcbStatus: UInt8
    /// When the evidence was made; `nil` when the operator does not say.
    package var attestedAt: LogicalTime?

    package init(
        account: AccountID,
        tees: UInt8,
        expiresAt: LogicalTime,
        tcbStatus: UInt8 = 0,
        attestedAt: LogicalTime? = nil
    ) {
        self.account = account
        self.tees = tees
        self.expiresAt = expiresAt
        self.tcbStatus = tcbStatus
        self.attestedAt = attestedAt
    }
}

extension Trait {
    /// What may be measured.
    package static let measured: [Trait] = [.throughputTPS, .ttftMS, .uptimeBP]
}

// MARK: Carrying out

extension Engine {
    mutating func setMeasured(_ terms: MeasurementTerms, _ events: inout [Event]) -> Rejection? {
        guard let account = registry.accountIndex(terms.account) else { return .accountUnknown }
        guard registry.model(terms.model) != nil else { return .modelUnknown }
        let record = MeasurementRecord(terms: terms, setAt: time)
        set(record, of: account)
        events.append(.measurementSet(record))
        log(.measurement(terms), &events)
        touch(terms.account)
        reenter(misplacedOffers(of: account), &events)
        return nil
    }

    /// Takes the place of what was known of the same model.
    mutating func set(_ record: MeasurementRecord, of account: Int) {
        let known = registry.accounts[account].measurements
        let place = known.firstIndex { $0.terms.model >= record.terms.model } ?? known.count
        if place < known.count, known[place].terms.model == record.terms.model {
            recordSum.subtract(known[place].recordHash)
            registry.accounts[account].measurements[place] = record
        } else {
            registry.accounts[account].measurements.insert(record, at: place)
        }
        recordSum.add(record.recordHash)
        schedule(record.terms.expiresAt, of: account)
        dropReplacedDeadlines()
    }

    /// Looks at an account's offers again at a time, if that is still to come.
    mutating func schedule(_ deadline: LogicalTime, of account: Int) {
        guard deadline > time, deadline != .never else { return }
        registry.deadlines.insert(Deadline(at: deadline, account: Int32(account)))
    }

    /// What the newest measurements of an account are; expired ones included.
    package func measurements(of account: AccountID) -> [MeasurementRecord] {
        registry.accountIndex(account).map { Array(registry.accounts[$0].measurements) } ?? []
    }

    mutating func restore(_ record: MeasurementRecord) throws(StateError) {
        let name = "measurement of \(record.terms.account.text)"
        guard let account = registry.accountIndex(record.terms.account) else { throw StateError(name, .accountUnknown) }
        guard registry.model(record.terms.model) != nil else { throw StateError(name, .modelUnknown) }
        guard registry.accounts[account].measurements.last.map({ $0.terms.model < record.terms.model }) ?? true else {
            throw StateError(name, .outOfOrder)
        }
        set(record, of: account)
    }
}

extension Registry {
    /// What an offer of an account has of `declared` and of what is measured and attested at a time.
    ///
    /// The state of a platform and the age of its evidence belong to an environment that counts.
    func effectiveTraits(_ declared: Traits, model: ModelID, tee: TEE, account: Int, at time: LogicalTime) -> Traits {
        var traits = declared
        for trait in Trait.measured { traits[trait] = 0 }
        traits[.tcbStatus] = 0
        traits[.attestationAgeS] = 0
        let word = accounts[account].measurements.first { $0.terms.model == model && time < $0.terms.expiresAt }
        let found = accounts[account].performances.first { $0.model == model }
        if word != nil || found != nil {
            // What receipts say counts before the operator's word.
            for trait in Trait.measured {
                let shown = found?.shown(trait, at: time) ?? 0
                traits[trait] = trait.step(for: shown > 0 ? shown : word?.terms[trait] ?? 0)
            }
        }
        if tee != .none, let attestation = accounts[account].attestation?.terms {
            traits[.tcbStatus] = Int64(attestation.tcbStatus)
            if let attestedAt = attestation.attestedAt {
                let microseconds = max(0, time.microseconds - attestedAt.microseconds)
                // A second that has begun counts, and the first one begins at once.
                traits[.attestationAgeS] = Trait.attestationAgeS.step(
                    for: max(0, microseconds - 1) / 1_000_000 + 1
                )
            }
        }
        return traits
    }

    /// Whether something that is known of an account ends or grows old at this time.
    func isDue(_ account: Int, at time: LogicalTime) -> Bool {
        if let terms = accounts[account].attestation?.terms {
            if terms.expiresAt == time || terms.agings.contains(time) { return true }
        }
        return accounts[account].measurements.contains { $0.terms.expiresAt == time }
            || accounts[account].performances.contains { $0.expiresAt == time }
    }
}

extension AttestationTerms {
    /// When the evidence comes into the next step of its age, while the word stands.
    var agings: [LogicalTime] {
        guard let attestedAt else { return [] }
        return Trait.attestationAgeS.steps.compactMap { step in
            // The first moment at which it is older than the step.
            let (at, isOverflow) = attestedAt.microseconds.addingReportingOverflow(step * 1_000_000 + 1)
            return isOverflow || at >= expiresAt.microseconds ? nil : LogicalTime(microseconds: at)
        }
    }
}
