internal import Engine
internal import SettlementAgent
internal import TON
internal import Units

/// Makes the wallets of the settings known to the engine: the first, without which nothing is settled, and then the
/// others, in order. One that is not deployed yet is looked at again every half a minute.
struct WalletRegistration {
    private let log: (String) -> Void
    /// Those that the engine may not know yet.
    private var missing: [HighloadWalletV3]
    private let first: HighloadWalletV3
    private var nextAt: Instant?

    private static let pauseMilliseconds: Int64 = 30_000

    init(_ settings: SettlementSettings, _ log: @escaping (String) -> Void) {
        self.log = log
        first = settings.wallet
        missing = [first] + settings.others
    }

    /// Whether the engine knows the first.
    var hasFirst: Bool { missing.first?.address != first.address }

    /// Registers what can be registered now; says in words what cannot be, and why.
    mutating func work(
        _ chain: inout some ChainClient,
        _ office: inout some SettlementOffice
    ) throws(OfficeError) -> [String] {
        guard !missing.isEmpty else { return [] }
        if hasFirst, let nextAt, nextAt > .now { return [] }
        nextAt = .now.adding(milliseconds: Self.pauseMilliseconds)
        var troubles: [String] = []
        for wallet in missing {
            if let trouble = try register(wallet, &chain, &office) {
                troubles.append((hasFirst ? "a wallet is not used yet: " : "no money is settled: ") + trouble)
                // The first one takes the deposits: it has the first number.
                guard hasFirst else { break }
            } else {
                missing.removeAll { $0.address == wallet.address }
            }
        }
        return troubles
    }

    private func register(
        _ wallet: HighloadWalletV3,
        _ chain: inout some ChainClient,
        _ office: inout some SettlementOffice
    ) throws(OfficeError) -> String? {
        guard let address = ChainHash(bytes: wallet.address.hash), let key = ChainHash(bytes: wallet.publicKey) else {
            return "\(wallet.address) is no address of a wallet"
        }
        if try office.view().wallets.contains(where: { $0.terms.address == address }) { return nil }
        let head: ChainHead
        let state: ChainAccount
        do throws(ChainError) {
            head = try chain.head()
            state = try chain.account(wallet.address)
        } catch {
            return "the chain does not tell of the wallet \(wallet.address): \(error)"
        }
        guard state.isActive else {
            return "the wallet \(wallet.address) is not deployed; do it with `bombyx wallet deploy`"
        }
        let start: ChainPosition
        do throws(TranslationError) {
            start = try WalletTranslation.position(state.lastLogicalTime, state.lastHash)
        } catch {
            return "the wallet \(wallet.address) cannot be registered: \(error)"
        }
        guard state.balance.nanoTON <= UInt128(Limits.depositsMax) else {
            return "the wallet \(wallet.address) has more than the exchange can count"
        }
        let terms = WalletTerms(
            address: address,
            publicKey: key,
            subwallet: wallet.subwallet,
            timeout: wallet.timeout,
            start: start,
            startTime: head.time,
            balance: NanoTON(Int64(state.balance.nanoTON))
        )
        if let rejection = try office.submit(.registerWallet(terms)) {
            return "the wallet \(wallet.address) is refused: \(rejection)"
        }
        log("money is settled from now on with the wallet \(wallet.address)")
        return nil
    }
}
