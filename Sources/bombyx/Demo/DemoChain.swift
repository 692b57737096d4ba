internal import Demonstration
internal import JSON
internal import TON
internal import Toncenter
internal import Units

/// The local chain inside of a demo's server, as those see it who pay in and are paid: through its port.
struct DemoChain {
    private let client: ExchangeClient
    private var reader: ToncenterClient

    init(_ facts: RunningFacts) throws {
        guard let url = facts.chain else { throw CommandFailure("the server has no chain of its own") }
        let origin = url.replacing("/api/v3", with: "")
        client = try ExchangeClient(Endpoint(url: origin, certificate: nil), key: nil)
        var settings = ToncenterSettings(try ProviderEndpoint(url), network: .testnet)
        settings.requestsPerSecond = 1_000
        settings.burst = 1_000
        reader = ToncenterClient(settings)
    }

    func close() { client.close() }

    /// Sends money from outside of the exchange.
    func pay(_ amount: NanoTON, to address: Address, memo: String) throws {
        let body = jsonObject([
            ("address", .string("\(address)")), ("value", .string(String(amount.count))), ("comment", .string(memo)),
        ])
        _ = try client.json("POST", "/local/fund", body)
    }

    /// What an account has at the last final block, in nanoTON.
    mutating func balance(of address: Address) throws -> Int128 {
        let account = try reader.asking { (reader) throws(ChainError) in try reader.account(address) }
        return Int128(account.balance.nanoTON)
    }

    /// Whether a message with this hash was sent, to this address and with this amount.
    mutating func shows(message hash: [UInt8], to address: Address, amount: Int128) throws -> Bool {
        let found = try reader.asking { (reader) throws(ChainError) in try reader.transaction(sendingMessage: hash) }
        guard let message = found?.outgoing.first(where: { $0.hash == hash }) else { return false }
        return message.destination == address && Int128(message.value.nanoTON) == amount
    }
}
