import Cryptography
import Engine
import JSON
import TON
import Testing
import Units

@testable import API

/// What people say of money that enters and leaves by the chain.
@Suite struct SettlementBodyTests {
    let market = Market()
    private static let hash = [UInt8](0..<32)

    /// The address in each form that there is, by what it says.
    private static func text(
        workchain: Int32 = 0,
        bounceable: Bool = false,
        forTests: Bool = false
    ) throws -> String {
        let address = try #require(Address(workchain: workchain, hash: hash))
        return AddressText(address, isBounceable: bounceable, isTestOnly: forTests).text
    }

    private static func destination(bounceable: Bool = false) throws -> PayoutDestination {
        PayoutDestination(address: try #require(ChainHash(bytes: hash)), isBounceable: bounceable)
    }

    private func action(
        _ method: String,
        _ target: String,
        _ body: String = "",
        as key: APIKey = Market.payee
    ) throws -> SettlementCommand {
        let admission = market.admit(method, target, body, as: key, idempotencyKey: "k1")
        guard case .command(let command, _) = admission, case .settlement(let action) = command.action else {
            throw Unexpected(admission)
        }
        return action
    }

    private func refusal(_ method: String, _ target: String, _ body: String, as key: APIKey) throws -> JSONValue {
        let admission = market.admit(method, target, body, as: key, idempotencyKey: "k1")
        guard case .answer(let response) = admission else { throw Unexpected(admission) }
        return try JSONValue(response.body)
    }

    @Test func `A withdrawal goes to an address in any form`() throws {
        let friendly = try Self.text()
        let forms = [
            (friendly, false), (try Self.text(bounceable: true), true),
            (friendly.replacing("-", with: "+").replacing("_", with: "/"), false),
            ("0:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", false),
            ("0:000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", false),
        ]
        for (text, bounceable) in forms {
            let body = #"{"address":"\#(text)","amount_nanoton":"2500000000","comment":"invoice 7"}"#
            let terms = WithdrawalTerms(
                destination: try Self.destination(bounceable: bounceable),
                amount: NanoTON(2_500_000_000),
                comment: "invoice 7"
            )
            #expect(try action("POST", "/v1/withdrawals", body) == .requestWithdrawal(terms), "\(text)")
        }
    }

    @Test func `An address that is none of ours is refused with its rule`() throws {
        let good = try Self.text()
        let broken = String(good.dropLast()) + (good.last == "A" ? "B" : "A")
        let cases = [
            (try Self.text(forTests: true), "not_allowed"), (try Self.text(workchain: -1), "not_allowed"),
            (broken, "bad_format"), (good + " ", "bad_format"), ("", "bad_format"), ("0:12", "bad_format"),
            ("2:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "bad_format"),
            (String(good.dropLast(8)) + "+_+_+_+_", "bad_format"), ("ton://transfer/\(good)", "bad_format"),
        ]
        for (text, code) in cases {
            for (method, target, more) in [
                ("POST", "/v1/withdrawals", "amount_nanoton"), ("PUT", "/v1/account/payout-terms", "threshold_nanoton"),
            ] {
                let body = #"{"address":"\#(text)","\#(more)":"5"}"#
                let problem = try refusal(method, target, body, as: Market.payee)
                #expect(problem["code"]?.string == "invalid_fields", "\(text)")
                let error = problem["errors"]?.elements?.first
                #expect(error?["pointer"]?.string == "#/address", "\(text): \(problem)")
                #expect(error?["code"]?.string == code, "\(text): \(problem)")
            }
        }
    }

    @Test func `On the testnet an address for tests is good`() throws {
        var context = market.context()
        context.network = .testnet
        let body = #"{"address":"\#(try Self.text(forTests: true))","amount_nanoton":1}"#
        let terms = try Bodies.withdrawal(Array(body.utf8), on: context.network)
        #expect(terms.destination == (try Self.destination()))
    }

    @Test(
        arguments: [
            (#"{"amount_nanoton":1}"#, "#/address", "required"), (#"{"address":null}"#, "#/address", "wrong_type"),
            (#"{"address":"ADDRESS"}"#, "#/amount_nanoton", "required"),
            (#"{"address":"ADDRESS","amount_nanoton":0}"#, "#/amount_nanoton", "out_of_range"),
            (#"{"address":"ADDRESS","amount_nanoton":"1.5"}"#, "#/amount_nanoton", "wrong_type"),
            (#"{"address":"ADDRESS","amount_nanoton":5000000000000000001}"#, "#/amount_nanoton", "out_of_range"),
            (#"{"address":"ADDRESS","amount_nanoton":1,"comment":"a\nb"}"#, "#/comment", "bad_format"),
            (#"{"address":"ADDRESS","amount_nanoton":1,"comment":"LONG"}"#, "#/comment", "bad_format"),
            (#"{"address":"ADDRESS","amount_nanoton":1,"memo":"x"}"#, "#/memo", "unknown_field"),
            (#"{"address":"ADDRESS","amount_nanoton":1,"amount_nanoton":1}"#, "#/amount_nanoton", "duplicate_field"),
        ]
    )
    func `What breaks a rule is named`(body: String, pointer: String, code: String) throws {
        let long = String(repeating: "ä", count: Limits.payoutCommentBytesMax / 2) + "x"
        let filled = body.replacing("ADDRESS", with: try Self.text()).replacing("LONG", with: long)
        let problem = try refusal("POST", "/v1/withdrawals", filled, as: Market.payee)
        let found = (problem["errors"]?.elements ?? []).contains { error in
            error["pointer"]?.string == pointer && error["code"]?.string == code
        }
        #expect(problem["status"]?.integer == 422 && found, "\(problem)")
    }

    @Test func `A withdrawal needs a key for repetitions and the scope`() throws {
        let body = #"{"address":"\#(try Self.text())","amount_nanoton":1}"#
        let cases: [(APIKey, String?, String)] = [
            (Market.payee, nil, "bad_idempotency_key"), (Market.payee, "a b", "bad_idempotency_key"),
            (Market.reader, "k", "missing_scope"), (Market.admin, "k", "missing_scope"),
        ]
        for (key, name, code) in cases {
            let admission = market.admit("POST", "/v1/withdrawals", body, as: key, idempotencyKey: name)
            guard case .answer(let response) = admission else { throw Unexpected(admission) }
            #expect(try JSONValue(response.body)["code"]?.string == code)
        }
    }

    @Test func `Whatever else there is to say becomes a command`() throws {
        let address = try Self.text()
        let terms = PayoutTerms(destination: try Self.destination(), threshold: NanoTON(7))
        let stated = #"{"address":"\#(address)","threshold_nanoton":"7"}"#
        #expect(try action("PUT", "/v1/account/payout-terms", stated) == .setPayoutTerms(terms))
        #expect(try action("PUT", "/v1/account/payout-terms", #"{"address":null}"#) == .setPayoutTerms(nil))
        #expect(try action("DELETE", "/v1/withdrawals/w40") == .cancelWithdrawal(WithdrawalID(40)))
        let approval = try action("POST", "/v1/withdrawals/w40:approve", "{}", as: Market.admin)
        #expect(approval == .approveWithdrawal(WithdrawalID(40)))
        var limits = SettlementTerms.initial
        #expect(try action("PUT", "/v1/settlement/terms", "{}", as: Market.admin) == .setTerms(limits))
        limits.coolingOff = 60_000_000
        limits.payeeFee = NanoTON(5)
        let changed = #"{"cooling_off_s":60,"payee_fee_nanoton":"5"}"#
        #expect(try action("PUT", "/v1/settlement/terms", changed, as: Market.admin) == .setTerms(limits))
        let held = try action("POST", "/v1/settlement:hold", #"{"reason":"a look"}"#, as: Market.admin)
        #expect(held == .hold(SettlementHoldTerms(isHeld: true, reason: "a look")))
        let resumed = try action("POST", "/v1/settlement:resume", "{}", as: Market.admin)
        #expect(resumed == .hold(SettlementHoldTerms(isHeld: false)))
        for (name, account) in [("a2", AccountID(2)), ("operator", .system)] {
            let assigned = try action("POST", "/v1/suspense/u3:assign", #"{"account":"\#(name)"}"#, as: Market.admin)
            #expect(assigned == .assignSuspense(SuspenseID(3), account))
        }
    }

    @Test func `What the operator says of payouts and wallets becomes a command`() throws {
        let batch = SettlementID(52)
        let verdicts = [PayoutVerdict(index: 0, isPaid: true), PayoutVerdict(index: 3, isPaid: false)]
        let cases: [(String, SettlementResolution)] = [
            (#"{"others":"paid","reference":"r"}"#, SettlementResolution(batch: batch, others: true, reference: "r")),
            (
                #"{"others":"unpaid","reference":"r"}"#,
                SettlementResolution(batch: batch, others: false, reference: "r")
            ),
            (
                #"{"unpaid":[3],"paid":[0],"others":"open","reference":"r"}"#,
                SettlementResolution(batch: batch, payouts: verdicts, reference: "r")
            ),
        ]
        for (body, terms) in cases {
            #expect(try action("POST", "/v1/settlements/s52:resolve", body, as: Market.admin) == .resolve(terms))
        }
        for (name, isRetired) in [("retire", true), ("reinstate", false)] {
            let changed = try action("POST", "/v1/wallets/h2:\(name)", "{}", as: Market.admin)
            #expect(changed == .setRetired(WalletID(2), isRetired))
            let unknown = try refusal("POST", "/v1/wallets/w2:\(name)", "{}", as: Market.admin)
            #expect(unknown["code"]?.string == "wallet_unknown")
            #expect(try refusal("POST", "/v1/wallets/h2:\(name)", "{}", as: Market.payee)["status"]?.integer == 403)
        }
        #expect(try refusal("POST", "/v1/wallets/h2:close", "{}", as: Market.admin)["code"]?.string == "not_found")
    }

    @Test(
        arguments: [
            (#"{"reference":"r"}"#, "#/others", "required"), (#"{"others":"paid"}"#, "#/reference", "required"),
            (#"{"others":"no","reference":"r"}"#, "#/others", "not_allowed"),
            (#"{"others":"paid","reference":""}"#, "#/reference", "bad_format"),
            (#"{"others":"paid","reference":"LONG"}"#, "#/reference", "bad_format"),
            (#"{"others":"open","reference":"r","paid":[254]}"#, "#/paid/0", "out_of_range"),
            (#"{"others":"open","reference":"r","paid":[1],"unpaid":[0,1]}"#, "#/unpaid/1", "not_allowed"),
            (#"{"others":"open","reference":"r","paid":["s52.1"]}"#, "#/paid/0", "wrong_type"),
        ]
    )
    func `What breaks a rule of a resolution is named`(body: String, pointer: String, code: String) throws {
        let filled = body.replacing("LONG", with: String(repeating: "x", count: Limits.payoutReferenceBytesMax + 1))
        let problem = try refusal("POST", "/v1/settlements/s52:resolve", filled, as: Market.admin)
        let found = (problem["errors"]?.elements ?? []).contains { error in
            error["pointer"]?.string == pointer && error["code"]?.string == code
        }
        #expect(problem["status"]?.integer == 422 && found, "\(problem)")
    }

    @Test func `The fee of a payee is below the smallest payout`() throws {
        let body = #"{"payout_minimum_nanoton":5,"payee_fee_nanoton":5}"#
        let problem = try refusal("PUT", "/v1/settlement/terms", body, as: Market.admin)
        #expect(problem["errors"]?.elements?.first?["pointer"]?.string == "#/payee_fee_nanoton", "\(problem)")
    }

    @Test(
        arguments: [
            ("GET", "/v1/withdrawals/o4", "withdrawal_not_found"), ("GET", "/v1/settlements/4", "settlement_not_found"),
            ("GET", "/v1/withdrawals?all=true", "missing_scope"), ("GET", "/v1/suspense", "missing_scope"),
            ("GET", "/v1/settlement", "missing_scope"), ("GET", "/v1/deposits?account=a9", "missing_scope"),
            ("GET", "/v1/withdrawals?state=open", "invalid_fields"), ("GET", "/v1/withdrawals/w4/x", "not_found"),
            ("GET", "/v1/settlement/else", "not_found"), ("GET", "/v1/withdrawals?cursor=x", "bad_cursor"),
        ]
    )
    func `What is not for the caller, or not there, is refused`(method: String, target: String, code: String) throws {
        #expect(try refusal(method, target, "", as: Market.payee)["code"]?.string == code)
    }

    @Test func `Lists are the caller's unless an operator wants all or another's`() throws {
        func query(_ target: String, as key: APIKey) throws -> WithdrawalsQuery {
            let admission = market.admit("GET", target, as: key)
            guard case .history(.settlement(.withdrawals(let query))) = admission else { throw Unexpected(admission) }
            return query
        }
        #expect(try query("/v1/withdrawals", as: Market.payee).account == AccountID(2))
        #expect(try query("/v1/withdrawals?account=a2", as: Market.payee).account == AccountID(2))
        #expect(try query("/v1/withdrawals?account=a9&state=paid", as: Market.auditor).account == AccountID(9))
        let all = try query("/v1/withdrawals?all=true&limit=5", as: Market.admin)
        #expect(all.account == nil && all.caller == AccountID(1) && all.rowsWanted == 6)
        let both = try refusal("GET", "/v1/withdrawals?all=true&account=a2", "", as: Market.admin)
        #expect(both["errors"]?.elements?.first?["parameter"]?.string == "account")
        // Whoever looks at its own deposits gets a memo, whoever looks at another's makes none.
        for (target, opener) in [("/v1/deposits", KeyID(4)), ("/v1/deposits?account=a2", nil)] {
            guard
                case .query(.settlement(.deposits(let query))) = market.admit("GET", target, as: Market.admin)
            else { throw Unexpected(market.admit("GET", target, as: Market.admin)) }
            #expect(query.opener == opener)
        }
    }
}
