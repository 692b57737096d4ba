package import Units

/// What an operator's key has done, or was refused.
package struct AuditEntry: Hashable, Sendable {
    package var account: AccountID
    package var key: KeyID
    package var action: AuditAction
    /// What it was done to, as the interface names it; empty when there is nothing to name.
    package var target: String
    /// Why it was refused; `nil` when it was carried out.
    package var rejection: Rejection?

    package init(account: AccountID, key: KeyID, action: AuditAction, target: String, rejection: Rejection? = nil) {
        self.account = account
        self.key = key
        self.action = action
        self.target = target
        self.rejection = rejection
    }
}

/// The commands that the audit log tells of. The raw values are in the database: never renumber, never reuse.
package enum AuditAction: UInt8, CaseIterable, Sendable {
    case createAccount = 1
    case createKey = 2
    case revokeKey = 3
    case setKeyLimits = 4
    case deposit = 5
    case setModel = 6
    case setAttestation = 7
    case setFees = 8
    case reportUsage = 9
    case endLease = 10
    case setHalt = 11
    case setPriceBand = 12
    case setAccountLimits = 13
    case announceFees = 14
    case setMeasurement = 15
    case setLeasePolicy = 30
    case pardon = 31
    case setMeasurementPolicy = 32
    case registerWallet = 40
    case approveWithdrawal = 41
    case setSettlementTerms = 42
    case assignSuspense = 43
    case holdSettlement = 44
    case setAnchorPolicy = 45
    case requestAnchor = 46
    case resolveSettlement = 100
    case retireWallet = 101

    /// The name in JSON and SQL.
    package var name: String {
        switch self {
        case .createAccount: "create_account"
        case .createKey: "create_key"
        case .revokeKey: "revoke_key"
        case .setKeyLimits: "set_key_limits"
        case .deposit: "deposit"
        case .setModel: "set_model"
        case .setAttestation: "set_attestation"
        case .setFees: "set_fees"
        case .reportUsage: "report_usage"
        case .endLease: "end_lease"
        case .setHalt: "set_halt"
        case .setPriceBand: "set_price_band"
        case .setAccountLimits: "set_account_limits"
        case .announceFees: "announce_fees"
        case .setMeasurement: "set_measurement"
        case .setLeasePolicy: "set_lease_policy"
        case .pardon: "pardon"
        case .setMeasurementPolicy: "set_measurement_policy"
        case .registerWallet: "register_wallet"
        case .approveWithdrawal: "approve_withdrawal"
        case .setSettlementTerms: "set_settlement_terms"
        case .assignSuspense: "assign_suspense"
        case .holdSettlement: "hold_settlement"
        case .setAnchorPolicy: "set_anchor_policy"
        case .requestAnchor: "request_anchor"
        case .resolveSettlement: "resolve_settlement"
        case .retireWallet: "retire_wallet"
        }
    }
}

extension Engine {
    /// What the audit log says of the command that was just carried out or refused; `nil` for what operators do as
    /// anybody does, such as placing orders.
    func auditEntry(_ command: Command, _ rejection: Rejection?) -> AuditEntry? {
        let action: AuditAction
        let target: String
        switch command.action {
        case .createAccount:
            (action, target) = (.createAccount, rejection == nil ? AccountID(Int64(registry.accounts.count)).text : "")
        case .createKey(let terms), .createOwnKey(let terms):
            let made = rejection == nil ? " " + keyring.newest.text : ""
            (action, target) = (.createKey, terms.owner.text + made)
        case .revokeKey(let key, let owner): (action, target) = (.revokeKey, "\(owner.text) \(key.text)")
        case .setKeyLimits(let terms): (action, target) = (.setKeyLimits, "\(terms.owner.text) \(terms.key.text)")
        case .deposit(let owner, _): (action, target) = (.deposit, owner == .system ? "operator" : owner.text)
        case .setModel(let terms): (action, target) = (.setModel, terms.name)
        case .setAttested(let terms): (action, target) = (.setAttestation, terms.account.text)
        case .setFees: (action, target) = (.setFees, "")
        case .usage(let lease, _): (action, target) = (.reportUsage, lease.text)
        case .endLease(let lease): (action, target) = (.endLease, lease.text)
        case .setHalt(let terms): (action, target) = (.setHalt, marketName(terms.model))
        case .setPriceBand(let terms): (action, target) = (.setPriceBand, marketName(terms.model))
        case .setAccountLimits(let terms): (action, target) = (.setAccountLimits, terms.account.text)
        case .announceFees: (action, target) = (.announceFees, "")
        case .setMeasured(let terms):
            (action, target) = (.setMeasurement, "\(terms.account.text) \(marketName(terms.model))")
        case .lease(.setPolicy): (action, target) = (.setLeasePolicy, "")
        case .lease(.pardon(let lease)): (action, target) = (.pardon, lease.text)
        case .lease(.setMeasurementPolicy): (action, target) = (.setMeasurementPolicy, "")
        case .settlement(.registerWallet):
            (action, target) = (.registerWallet, rejection == nil ? WalletID(Int64(settlement.wallets.count)).text : "")
        case .settlement(.approveWithdrawal(let id)): (action, target) = (.approveWithdrawal, id.text)
        case .settlement(.setTerms): (action, target) = (.setSettlementTerms, "")
        case .settlement(.assignSuspense(let entry, let owner)):
            (action, target) = (.assignSuspense, "\(entry.text) \(owner == .system ? "operator" : owner.text)")
        case .settlement(.hold(let terms)): (action, target) = (.holdSettlement, terms.isHeld ? "held" : "resumed")
        case .settlement(.setAnchorPolicy): (action, target) = (.setAnchorPolicy, "")
        case .settlement(.requestAnchor): (action, target) = (.requestAnchor, "")
        case .settlement(.resolve(let terms)): (action, target) = (.resolveSettlement, terms.batch.text)
        case .settlement(.setRetired(let wallet, let isRetired)):
            (action, target) = (.retireWallet, "\(wallet.text) \(isRetired ? "retired" : "in use")")
        case .lease, .settlement, .placeOffer, .placeBid, .cancel, .amend, .massCancel, .cancelAfter,
            .setCancelOnDisconnect, .disconnected, .tick, .announceCheckpoint, .login, .linkLogin, .unlinkLogin,
            .openBatch, .placeNext:
            return nil
        }
        return AuditEntry(
            account: command.account,
            key: command.key,
            action: action,
            target: target,
            rejection: rejection
        )
    }

    /// A model by its name.
    private func marketName(_ model: ModelID) -> String {
        guard model != .unknown else { return "market" }
        guard registry.model(model) != nil else { return model.text }
        return registry.models[Int(model.rawValue) - 1].last?.terms.name ?? model.text
    }
}
