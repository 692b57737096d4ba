import Cryptography

/// A request of each kind that the interface reads in its own way.
enum RequestSeeds {
    private static let digest = String(repeating: "0a", count: 32)
    /// A receipt, and 64 bytes of a signature, in base64url.
    private static let receipt = Base64URL.encode(ProvenanceSeeds.receipts[0])
    private static let signature = String(repeating: "A", count: 86)
    private static let address = "0:" + String(repeating: "ab", count: 32)

    static let all = [
        "GET /v1/stream?channels=book,trades&requirement=model:in=a/b;quality:gte=4&depth=5\nlast-event-id:17\n\n",
        "GET /v1/stream?channels=orders,balances,leases&cancel_on_disconnect=true\nkey:user\nlast-event-id:0\n\n",
        "GET /v1/book/quote?requirement=model:in=a/b&quantity_lots=8\n\n",
        "GET /v1/candles?model=a%2Fb&interval=5m&limit=3&before=2026-01-01T00:00:00Z\n\n",
        "GET /v1/orders?side=bid&state=open&changed_since_sequence=5&limit=2\nkey:user\n\n",
        "GET /v1/models/a%2Fb/endpoints\naccept:text/html\n\n", "GET /docs\naccept:text/html\nif-none-match:\"x\"\n\n",
        "GET /v1/log/proof/consistency?from=3&to=7\n\n", "GET /log/tile/0/x001/234.p/5\n\n",
        "GET /v1/receipts?response_sha256=\(digest)\nkey:user\n\n",
        "DELETE /v1/orders?side=offer&model=a/b\nkey:user\n\n",
        "POST /v1/offers\nkey:user\nidempotency-key:one\n\n"
            + #"{"model":"a/b","price_nanoton_per_mtok":"20123000","quantity_lots":5,"time_in_force":"gtd","#
            + #""expires_at":"2099-01-01T00:00:00.5+01:00","capability":{"tee":"tdx","features":["tools"]},"#
            + #""buyers":{"allow":["a2"],"minimum_deposit_nanoton":"5"}}"#,
        "POST /v1/bids\nkey:user\nprefer:ticket\n\n"
            + #"{"provider":{"quantizations":["fp8"],"require_parameters":true},"requirement":{"quality":{"gte":4}},"#
            + #""weight_set":"standard","type":"market","quantity_lots":5,"on_failure":"rebid"}"#,
        "POST /v1/bids\nkey:user\n\n" + #"{"lease":"l4","price_nanoton_per_mtok":"25123000","quantity_lots":5}"#,
        "POST /v1/orders:batch\nkey:user\n\n"
            + #"{"all_or_nothing":true,"orders":[{"side":"offer","model":"a/b","price_nanoton_per_mtok":"1000","#
            + #""quantity_lots":1},{"side":"bid","requirement":{},"price_nanoton_per_mtok":1000,"quantity_lots":1}]}"#,
        "PATCH /v1/orders/o7\nkey:user\n\n" + #"{"quantity_lots":3,"price_nanoton_per_mtok":"2000"}"#,
        "POST /v1/orders:cancel-after\nkey:user\n\n" + #"{"timeout_s":30}"#,
        "POST /v1/orders:preview\nkey:user\n\n"
            + #"{"side":"bid","requirement":{"quality":{"gte":5}},"price_nanoton_per_mtok":"9000","quantity_lots":2}"#,
        "PUT /v1/models/a%2Fb\nkey:operator\n\n" + #"{"revision":"\#(digest.prefix(40))","quality":5}"#,
        "PUT /v1/accounts/a2/measurements\nkey:operator\n\n"
            + #"{"model":"a/b","ttft_ms":5,"expires_at":"2099-01-01T00:00:00Z"}"#,
        "PUT /v1/market/halt\nkey:operator\n\n" + #"{"halted":true,"model":"a/b"}"#,
        "PUT /v1/account/profile\nkey:user\n\n"
            + #"{"endpoint":"https://w.example","receipt_key":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        "POST /v1/receipts\nkey:user\n\n" + #"{"receipt":"\#(receipt)","worker_signature":"\#(signature)"}"#,
        "POST /v1/leases/l1:dispute\nkey:user\n\n",
        "POST /v1/account/bond:lock\nkey:user\n\n" + #"{"amount_nanoton":"5"}"#,
        "POST /v1/withdrawals\nkey:user\nidempotency-key:w\n\n" + #"{"address":"\#(address)","amount_nanoton":"5"}"#,
        "PUT /v1/account/payout-terms\nkey:user\n\n" + #"{"address":"\#(address)","threshold_nanoton":"500000000"}"#,
        "PUT /v1/settlement/terms\nkey:operator\n\n" + #"{"approval_threshold_nanoton":"5","cooling_off_s":60}"#,
        "POST /v1/settlements/s1:resolve\nkey:operator\n\n" + #"{"others":"unpaid","reference":"seen"}"#,
        "POST /v1/login/ton\n\n"
            + #"{"address":"\#(address)","network":"-239","timestamp":1800000000,"domain":"exchange.example","#
            + #""payload":"nonce-0123456789abcdef","signature":"\#(signature)==","state_init":"te6ccgEBAQEAAgAAAA=="}"#,
        "POST /v1/login/telegram\n\n" + #"{"init_data":"auth_date=1&user=%7B%22id%22%3A5%7D&hash=\#(digest)"}"#,
        "POST /v1/accounts/a2/keys\nkey:operator\n\n"
            + #"{"scopes":["bid"],"label":"trial","expires_at":"2099-01-01T00:00:00Z"}"#,
        "PUT /v1/accounts/a2/keys/k3/limits\nkey:operator\n\n"
            + #"{"allowed_networks":["192.0.2.0/24","2001:db8::/32"],"day_budget_nanoton":"5"}"#,
    ]
}
