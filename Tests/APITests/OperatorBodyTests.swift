import Cryptography
import Engine
import Exchange
import JSON
import Testing
import Units

@testable import API

@Suite struct OperatorBodyTests {
    let market = Market()

    private func action(_ method: String, _ target: String, _ body: String) throws -> Command.Action {
        let command = try market.command(method, target, body, as: Market.admin)
        #expect(command.account == AccountID(1))
        return command.action
    }

    @Test func `An account is opened with its label and limit`() throws {
        #expect(try action("POST", "/v1/accounts", "{}") == .createAccount(AccountTerms(label: "")))
        let body = #"{"label":"chat \"app\" é","open_orders_max":5}"#
        let terms = AccountTerms(label: "chat \"app\" é", openOrdersMax: 5)
        #expect(try action("POST", "/v1/accounts", body) == .createAccount(terms))
    }

    @Test func `A key is stored as a hash, and its secret goes into the answer only`() throws {
        let body = #"{"scopes":["bid","read"],"label":"x","expires_at":"2026-11-22T02:00:00+01:00"}"#
        let admission = market.admit("POST", "/v1/accounts/a3/keys", body, as: Market.admin)
        guard case .command(let command, .keyCreated(let key)) = admission, case .createKey(let terms) = command.action
        else { throw Unexpected(admission) }
        #expect(key.secret == Market.unknown.secret)
        #expect(terms.hash.bytes == key.digest.bytes)
        #expect(terms.owner == AccountID(3))
        #expect(terms.scopes == [.bid, .read])
        #expect(terms.expiresAt == LogicalTime(microseconds: Market.now.microseconds + 86_400_000_000))
    }

    @Test func `Money goes to an account, or to the operator's own capital`() throws {
        let body = #"{"amount_nanoton":"5000000000000000000"}"#
        let amount = NanoTON(Limits.depositsMax)
        #expect(try action("POST", "/v1/accounts/a3/deposits", body) == .deposit(to: AccountID(3), amount: amount))
        #expect(try action("POST", "/v1/accounts/operator/deposits", body) == .deposit(to: .system, amount: amount))
    }

    @Test func `An attestation is a set of environments until a time`() throws {
        let body = #"{"tees":["tdx","sev-snp+nvcc"],"expires_at":"2099-01-01T00:00:00Z"}"#
        let terms = AttestationTerms(
            account: AccountID(2),
            tees: TEE.tdx.bit | TEE.sevSNPNvidia.bit,
            expiresAt: LogicalTime(microseconds: 4_070_908_800_000_000),
            attestedAt: Market.now
        )
        #expect(try action("PUT", "/v1/accounts/a2/attestation", body) == .setAttested(terms))
        let more = #"{"tees":["sgx"],"expires_at":"2099-01-01T00:00:00Z","tcb_status":"OutOfDate","#
        let older = #""attested_at":"2026-11-20T00:00:00Z"}"#
        let stated = AttestationTerms(
            account: AccountID(2),
            tees: TEE.sgx.bit,
            expiresAt: LogicalTime(microseconds: 4_070_908_800_000_000),
            tcbStatus: 5,
            attestedAt: LogicalTime(microseconds: 1_795_132_800_000_000)
        )
        #expect(try action("PUT", "/v1/accounts/a2/attestation", more + older) == .setAttested(stated))
        let none = #"{"tees":[],"expires_at":"2099-01-01T00:00:00Z"}"#
        guard case .setAttested(let withdrawn) = try action("PUT", "/v1/accounts/a2/attestation", none) else { return }
        #expect(withdrawn.tees == 0 && withdrawn.attestedAt == nil)
    }

    @Test func `A measurement is of one model, and what is left out is not measured`() throws {
        let body = #"{"model":"tiny","ttft_ms":340,"uptime_bp":9950,"expires_at":"2099-01-01T00:00:00Z"}"#
        let terms = MeasurementTerms(
            account: AccountID(2),
            model: ModelID(3),
            ttftMS: 340,
            uptimeBP: 9_950,
            expiresAt: LogicalTime(microseconds: 4_070_908_800_000_000)
        )
        #expect(try action("PUT", "/v1/accounts/a2/measurements", body) == .setMeasured(terms))
    }

    @Test(arguments: ["/v1/models/Qwen/Qwen3-8B", "/v1/models/Qwen%2FQwen3-8B", "/v1/models/%51wen/Qwen3-8B"])
    func `A model's slash may be sent as it is or encoded`(target: String) throws {
        let revision = String(repeating: "0f", count: 20)
        let hash = String(repeating: "a0", count: 32)
        let body = """
            {"hugging_face_id": "Qwen/Qwen3-8B", "revision": "\(revision)", "weights_sha256": "\(hash)",
             "weight_set": "ratio-3", "quality": 0, "context_length": 131072}
            """
        let terms = ModelTerms(
            name: "Qwen/Qwen3-8B",
            huggingFaceID: "Qwen/Qwen3-8B",
            revision: revision,
            weightsSHA256: hash,
            weightSet: WeightSetID(4),
            quality: 0,
            contextLength: 131_072
        )
        #expect(try action("PUT", target, body) == .setModel(terms))
        #expect(try action("PUT", target, "{}") == .setModel(ModelTerms(name: "Qwen/Qwen3-8B")))
    }

    @Test func `Fees are rates, and a minimum that stays when it is left out`() throws {
        let rates = FeeRates(maker: BasisPoints(0), taker: BasisPoints(1_000))
        let kept = #"{"maker_fee_bps":0,"taker_fee_bps":1000}"#
        #expect(try action("PUT", "/v1/fees", kept) == .setFees(FeeTerms(rates: rates)))
        let set = #"{"maker_fee_bps":0,"taker_fee_bps":1000,"minimum_notional_nanoton":"7"}"#
        #expect(try action("PUT", "/v1/fees", set) == .setFees(FeeTerms(rates: rates, minimumNotional: NanoTON(7))))
    }

    @Test(
        arguments: [
            ("POST", "/v1/accounts", #"{"label":"\#(String(repeating: "x", count: 65))"}"#, "#/label bad_format"),
            ("POST", "/v1/accounts", #"{"label":"a\u0000b"}"#, "#/label bad_format"),
            ("POST", "/v1/accounts", #"{"label":"a\nb"}"#, "#/label bad_format"),
            ("POST", "/v1/accounts", #"{"open_orders_max":0}"#, "#/open_orders_max out_of_range"),
            ("POST", "/v1/accounts", #"{"open_orders_max":10000001}"#, "#/open_orders_max out_of_range"),
            ("POST", "/v1/accounts/a2/keys", "{}", "#/scopes required"),
            ("POST", "/v1/accounts/a2/keys", #"{"scopes":[]}"#, "#/scopes empty"),
            ("POST", "/v1/accounts/a2/keys", #"{"scopes":["root"]}"#, "#/scopes/0 not_allowed"),
            (
                "POST", "/v1/accounts/a2/keys", #"{"scopes":["read"],"expires_at":"2026-11-21T01:00:00Z"}"#,
                "#/expires_at out_of_range"
            ),
            (
                "POST", "/v1/accounts/a2/keys", #"{"scopes":["read"],"expires_at":"tomorrow"}"#,
                "#/expires_at bad_format"
            ),
            ("POST", "/v1/accounts/a2/deposits", "{}", "#/amount_nanoton required"),
            ("POST", "/v1/accounts/a2/deposits", #"{"amount_nanoton":0}"#, "#/amount_nanoton out_of_range"),
            (
                "POST", "/v1/accounts/a2/deposits", #"{"amount_nanoton":5000000000000000001}"#,
                "#/amount_nanoton out_of_range"
            ),
            ("PUT", "/v1/accounts/a2/attestation", #"{"tees":["tdx"]}"#, "#/expires_at required"),
            (
                "PUT", "/v1/accounts/a2/attestation",
                #"{"tees":[],"expires_at":"2099-01-01T00:00:00Z","attested_at":"2098-01-01T00:00:00Z"}"#,
                "#/attested_at out_of_range"
            ),
            (
                "PUT", "/v1/accounts/a2/attestation",
                #"{"tees":[],"expires_at":"2099-01-01T00:00:00Z","tcb_status":"fine"}"#, "#/tcb_status not_allowed"
            ),
            (
                "PUT", "/v1/accounts/a2/measurements",
                #"{"model":"tiny","expires_at":"2099-01-01T00:00:00Z","ttft_ms":0}"#, "#/ttft_ms out_of_range"
            ),
            (
                "PUT", "/v1/accounts/a2/measurements", #"{"expires_at":"2099-01-01T00:00:00Z"}"#, "#/model required"
            ),
            (
                "PUT", "/v1/accounts/a2/attestation", #"{"tees":["none"],"expires_at":"2099-01-01T00:00:00Z"}"#,
                "#/tees/0 not_allowed"
            ),
            ("PUT", "/v1/fees", #"{"maker_fee_bps":1}"#, "#/taker_fee_bps required"),
            ("PUT", "/v1/fees", #"{"maker_fee_bps":-1,"taker_fee_bps":1}"#, "#/maker_fee_bps out_of_range"),
            ("PUT", "/v1/fees", #"{"maker_fee_bps":1,"taker_fee_bps":1001}"#, "#/taker_fee_bps out_of_range"),
            ("PUT", "/v1/models/a", #"{"revision":"main"}"#, "#/revision bad_format"),
            ("PUT", "/v1/models/a", #"{"weight_set":"heavy"}"#, "#/weight_set not_allowed"),
            ("PUT", "/v1/models/a", #"{"quality":101}"#, "#/quality out_of_range"),
            ("PUT", "/v1/models/a", #"{"id":"b"}"#, "#/id unknown_field"),
        ]
    )
    func `A value that breaks a rule is named`(method: String, target: String, body: String, error: String) throws {
        let problem = try market.problem(method, target, body, as: Market.admin)
        #expect(problem.response.status == 422)
        #expect(problem.json.error(0) == error)
        #expect(problem.json.errorCount == 1)
    }

    @Test(
        arguments: [
            ("POST", "/v1/accounts/b2/keys", "account_unknown"),
            ("POST", "/v1/accounts/a0/deposits", "account_unknown"),
            ("PUT", "/v1/accounts/operator/attestation", "account_unknown"),
            ("PUT", "/v1/models/a%zz", "model_not_found"), ("PUT", "/v1/models/a%20b", "model_not_found"),
            ("PUT", "/v1/models/" + String(repeating: "x", count: 97), "model_not_found"),
        ]
    )
    func `A path that can name nothing is not found`(method: String, target: String, code: String) throws {
        let problem = try market.problem(method, target, "{}", as: Market.admin)
        #expect(problem.response.status == 404)
        #expect(problem.json["code"]?.string == code)
    }
}
