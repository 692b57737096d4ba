import API
import Units

@testable import EngineTesting

/// The operator: opens the accounts, gives them keys and money, and then interferes with the market.
final class OperatorDesk {
    static let models = ["Qwen/Qwen3-32B", "meta-llama/Llama-3.1-8B", "zai-org/GLM-4.5"]

    private unowned let world: World
    private let key: String
    private(set) lazy var client = SimulatedClient(
        world,
        name: "operator",
        secret: key,
        next: { [unowned self] _ in next() },
        done: { [unowned self] _, response in done(response) }
    )
    private var script: [Step] = []
    private var accounts: [String] = []
    private var opens: (SimulatedClient) -> Void = { _ in }
    private var current: Step?

    private enum Step {
        case model(String)
        case account(String)
        case key(account: String)
        case deposit(account: String)
        case band
    }

    init(_ world: World, key: String, clients: Int) {
        self.world = world
        self.key = key
        script = Self.models.map { .model($0) } + [.band] + (1...clients).map { .account("c\($0)") }
    }

    /// Begins; `opens` gets each client that has a key and money.
    func begin(_ opens: @escaping (SimulatedClient) -> Void) {
        self.opens = opens
        client.begin()
    }

    private func next() -> ClientRequest? {
        guard !script.isEmpty else { return random() }
        let step = script.removeFirst()
        current = step
        switch step {
        case .model(let name): return model(name)
        case .band: return band()
        case .account(let label):
            return ClientRequest(method: .post, target: "/v1/accounts", body: #"{"label":"\#(label)"}"#)
        case .key(let account):
            let body = #"{"scopes":["offer","bid","read"]}"#
            return ClientRequest(method: .post, target: "/v1/accounts/\(account)/keys", body: body)
        case .deposit(let account): return deposit(account, world.random.number(1...8) * 1_000_000)
        }
    }

    /// What the operator does not know, it does once more.
    private func done(_ response: API.Response?) {
        guard let step = current else { return }
        current = nil
        guard let response, response.status < 300 else { return script.insert(step, at: 0) }
        switch step {
        case .account:
            guard let account = response.value(of: "id") else { return }
            accounts.append(account)
            script.insert(contentsOf: [.deposit(account: account), .key(account: account)], at: 0)
        case .key(let account):
            // The secret was in the first answer, which may have been lost.
            guard let secret = response.value(of: "key") else { return script.insert(step, at: 0) }
            let name = account
            let trader = Trader(world, isWorker: world.random.chance(50))
            opens(SimulatedClient(world, name: name, secret: secret, next: trader.next, done: trader.done))
        case .model, .deposit, .band: break
        }
    }

    // MARK: Requests

    private func model(_ name: String) -> ClientRequest {
        let quality = world.random.number(40...60)
        let body = #"{"weight_set":"standard","quality":\#(quality),"context_length":131072}"#
        return ClientRequest(method: .put, target: "/v1/models/\(name)", body: body)
    }

    private func band() -> ClientRequest {
        let low = world.random.number(10...18) * 1_000_000
        let high = world.random.number(22...40) * 1_000_000
        let body = #"{"price_band":{"low_nanoton_per_mtok":"\#(low)","high_nanoton_per_mtok":"\#(high)"}}"#
        return ClientRequest(method: .put, target: "/v1/market/price-band", body: body)
    }

    private func deposit(_ account: String, _ amount: Int64) -> ClientRequest {
        let body = #"{"amount_nanoton":"\#(amount)"}"#
        return ClientRequest(method: .post, target: "/v1/accounts/\(account)/deposits", body: body)
    }

    private func random() -> ClientRequest {
        let account = world.random.pick(accounts)
        switch world.random.number(1...12) {
        case 1...4: return deposit(account, world.random.number(1...2_000_000))
        case 5, 6:
            let model = world.random.chance(70) ? #""model":"\#(world.random.pick(Self.models))","# : ""
            let body = #"{\#(model)"halted":\#(world.random.chance(40))}"#
            return ClientRequest(method: .put, target: "/v1/market/halt", body: body)
        case 7: return band()
        case 8:
            let most = world.random.number(3...40)
            let body = #"{"open_orders_max":\#(most),"self_trade_group":\#(world.random.number(0...2))}"#
            return ClientRequest(method: .put, target: "/v1/accounts/\(account)/limits", body: body)
        case 9:
            let (maker, taker) = (world.random.number(0...20), world.random.number(0...60))
            let body = #"{"maker_fee_bps":\#(maker),"taker_fee_bps":\#(taker),"minimum_notional_nanoton":"1000"}"#
            return ClientRequest(method: .put, target: "/v1/fees", body: body)
        case 10: return model(world.random.pick(Self.models))
        case 11: return ClientRequest(method: .get, target: "/v1/account?account=\(account)")
        default: return ClientRequest(method: .get, target: "/v1/book")
        }
    }
}
