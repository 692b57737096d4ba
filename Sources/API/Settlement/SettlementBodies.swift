internal import Engine
internal import JSON
internal import TON
internal import Units

enum WithdrawalField: Int, BodyField {
    case address, amount, comment
    static let names: [StaticString] = ["address", "amount_nanoton", "comment"]
}

enum PayoutTermsField: Int, BodyField {
    case address, threshold
    static let names: [StaticString] = ["address", "threshold_nanoton"]
}

enum SettlementTermsField: Int, BodyField {
    case payoutMinimum, walletReserve, capitalReserve, accountDayMax, approvalThreshold, coolingOff, dustLimit
    case payeeFee
    static let names: [StaticString] = [
        "payout_minimum_nanoton", "wallet_reserve_nanoton", "capital_reserve_nanoton", "account_day_max_nanoton",
        "approval_threshold_nanoton", "cooling_off_s", "dust_limit_nanoton", "payee_fee_nanoton",
    ]
}

enum AssignmentField: Int, BodyField {
    case account
    static let names: [StaticString] = ["account"]
}

enum SettlementHoldField: Int, BodyField {
    case reason
    static let names: [StaticString] = ["reason"]
}

/// Bodies about money that enters and leaves by the chain.
extension Bodies {
    /// `POST /v1/withdrawals`.
    static func withdrawal(_ body: [UInt8], on network: TONNetwork) throws(Problem) -> WithdrawalTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var destination: PayoutDestination?
            var amount: Int64?
            var comment = ""
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(WithdrawalField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .address: destination = try reader.destination(at: place, on: network)
                case .amount: amount = try reader.money(at: place, in: 1...Limits.depositsMax)
                case .comment: comment = try reader.comment(at: place, bytesMax: Limits.payoutCommentBytesMax)
                }
            }
            reader.require(WithdrawalField.address, of: .document, seen: seen)
            reader.require(WithdrawalField.amount, of: .document, seen: seen)
            guard let destination, let amount else { return nil }
            return WithdrawalTerms(destination: destination, amount: NanoTON(amount), comment: comment)
        }
    }

    /// `PUT /v1/account/payout-terms`: an address that is `null` ends them.
    static func payoutTerms(_ body: [UInt8], on network: TONNetwork) throws(Problem) -> PayoutTermsChange {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var destination: PayoutDestination?
            var threshold: Int64?
            var isEnd = false
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(PayoutTermsField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .address:
                    isEnd = try reader.readsNull()
                    if !isEnd { destination = try reader.destination(at: place, on: network) }
                case .threshold: threshold = try reader.money(at: place, in: 1...Limits.depositsMax)
                }
            }
            reader.require(PayoutTermsField.address, of: .document, seen: seen)
            if isEnd { return PayoutTermsChange(terms: nil) }
            reader.require(PayoutTermsField.threshold, of: .document, seen: seen)
            guard let destination, let threshold else { return nil }
            return PayoutTermsChange(terms: PayoutTerms(destination: destination, threshold: NanoTON(threshold)))
        }
    }

    /// `PUT /v1/settlement/terms`: what is left out becomes the default.
    static func settlementTerms(_ body: [UInt8]) throws(Problem) -> SettlementTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = SettlementTerms.initial
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(SettlementTermsField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .payoutMinimum: terms.payoutMinimum = try reader.sum(at: place, from: 1)
                case .walletReserve: terms.walletReserve = try reader.sum(at: place, from: 0)
                case .capitalReserve: terms.capitalReserve = try reader.sum(at: place, from: 0)
                case .accountDayMax: terms.accountDayMax = try reader.sum(at: place, from: 0)
                case .approvalThreshold: terms.approvalThreshold = try reader.sum(at: place, from: 1)
                case .coolingOff:
                    let range = 0...Limits.coolingOffMax / 1_000_000
                    terms.coolingOff = (try reader.integer(at: place, in: range) ?? 0) * 1_000_000
                case .dustLimit: terms.dustLimit = try reader.sum(at: place, from: 0)
                case .payeeFee: terms.payeeFee = try reader.sum(at: place, from: 0)
                }
            }
            if reader.errors.isEmpty, terms.payeeFee >= terms.payoutMinimum {
                let place = BodyPlace.document.field(SettlementTermsField.payeeFee.name)
                reader.fail(place, .outOfRange, "payee_fee_nanoton must be below payout_minimum_nanoton.")
            }
            return terms
        }
    }

    /// `POST /v1/suspense/{id}:assign`: the account, or ``AccountID/system`` for `operator`.
    static func assignment(_ body: [UInt8]) throws(Problem) -> AccountID {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var account: AccountID?
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(AssignmentField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                guard let text = try reader.text(at: place) else { continue }
                account = text.equals("operator") ? .system : AccountID(text: text)
                if account == nil { reader.fail(place, .badFormat, "account must be operator, or as in a17.") }
            }
            reader.require(AssignmentField.account, of: .document, seen: seen)
            return account
        }
    }

    /// `POST /v1/settlement:hold`: for people, why.
    static func settlementHold(_ body: [UInt8]) throws(Problem) -> SettlementHoldTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = SettlementHoldTerms(isHeld: true)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(SettlementHoldField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                terms.reason = try reader.comment(at: place, bytesMax: Limits.holdReasonBytesMax)
            }
            return terms
        }
    }
}

/// What somebody says of payouts by themselves; `nil` for none.
struct PayoutTermsChange {
    var terms: PayoutTerms?
}

extension BodyReader {
    /// Where money is to go: an address of the base chain in any form of TEP-2, not one that is for tests only where
    /// money is real.
    fileprivate mutating func destination(
        at place: BodyPlace,
        on network: TONNetwork
    ) throws(JSONError) -> PayoutDestination? {
        guard let text = try text(at: place) else { return nil }
        do throws(AddressError) {
            let found = try AddressText(text.text, on: network == .mainnet ? .mainnet : .testnet)
            guard found.address.workchain == 0 else {
                fail(place, .notAllowed, "\(place.name) must be in workchain 0, the base chain.")
                return nil
            }
            guard let hash = ChainHash(bytes: found.address.hash) else { return nil }
            return PayoutDestination(address: hash, isBounceable: found.isBounceable ?? false)
        } catch {
            let rule = "\(place.name) must be an address of TON in a form of TEP-2: \(error)."
            fail(place, error == .testOnly ? .notAllowed : .badFormat, rule)
            return nil
        }
    }

    /// Any text of so many bytes; it goes to the chain, or into the audit, as it is.
    mutating func comment(at place: BodyPlace, bytesMax: Int) throws(JSONError) -> String {
        guard let text = try text(at: place) else { return "" }
        if text.count <= bytesMax, text.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { return text.text }
        fail(place, .badFormat, "\(place.name) may have at most \(bytesMax) bytes and no control characters.")
        return ""
    }

    fileprivate mutating func sum(at place: BodyPlace, from least: Int64) throws(JSONError) -> NanoTON {
        NanoTON(try money(at: place, in: least...Limits.depositsMax) ?? least)
    }
}
