package import Cryptography
internal import Engine
internal import SettlementAgent
internal import Store
package import TON
internal import Units

/// From which wallets the exchange pays, and who tells of the chain.
package struct SettlementSettings: Sendable {
    /// It is registered with the engine when it is not yet; the first one that is takes the deposits.
    package var wallet: HighloadWalletV3
    /// More wallets of the same key, which are registered after it and pay as well.
    package var others: [HighloadWalletV3]
    /// Reads the wallets' key.
    package var key: @Sendable () throws -> SigningKey
    /// Makes a client, which gives a call up when it is told that it is of no use any more.
    package var chain: @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) -> any ChainClient

    package init(
        wallet: HighloadWalletV3,
        others: [HighloadWalletV3] = [],
        key: @escaping @Sendable () throws -> SigningKey,
        chain: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) -> any ChainClient
    ) {
        self.wallet = wallet
        self.others = others
        self.key = key
        self.chain = chain
    }
}

extension Marketplace {
    /// This server leads, and nobody would pay what is withdrawn.
    var lacksWallet: Bool { !published.hasWallet && inbox.refusal == nil }

    /// Lets settlement begin its next round now; false when this server has no wallet to settle with.
    func askForSettlement() -> Bool {
        guard configuration.settlement != nil else { return false }
        settlement.wake()
        return true
    }
}

/// The thread of the leader that tells the engine what the chain shows, and sends what the engine plans.
///
/// It waits for the chain, the engine and the tables, and none of them for it.
final class SettlementThread: Sendable {
    private let settings: SettlementSettings
    private let mailbox: SettlementMailbox
    private let database: String
    /// The name of the log that is anchored.
    private let origin: String
    private let lifelines: Lifelines
    private let log: @Sendable (String) -> Void

    /// Between two rounds, when more waits, and after one that came to nothing.
    private static let roundMilliseconds: Int64 = 1_000
    private static let busyMilliseconds: Int64 = 200
    private static let troubleMilliseconds: Int64 = 5_000

    init(
        _ settings: SettlementSettings,
        _ mailbox: SettlementMailbox,
        _ configuration: Marketplace.Configuration,
        _ lifelines: Lifelines
    ) {
        self.settings = settings
        self.mailbox = mailbox
        database = configuration.database
        origin = configuration.signing.origin
        self.lifelines = lifelines
        log = configuration.log
    }

    /// Works in every leadership until the mailbox is stopped.
    func run() {
        while let leadership = mailbox.next() {
            let chain = settings.chain { [mailbox] in !mailbox.isLeading(leadership) }
            do {
                try work(chain, try settings.key(), leadership)
            } catch {
                log("no money is settled: the wallet's key cannot be used: \(error)")
                mailbox.pause(leadership, milliseconds: 60_000)
            }
        }
    }

    private func work(
        _ chain: consuming some ChainClient,
        _ key: consuming SigningKey,
        _ leadership: Leadership
    ) throws(SigningError) {
        guard key.publicKey == settings.wallet.publicKey else { throw .wallet }
        let agent = SettlementAgent(chain, key: key, fees: .june2026, origin: origin)
        var office = LeaderOffice(mailbox, leadership, database: database, lifelines: lifelines)
        var troubles = TroubleLog(log)
        var registry = WalletRegistration(settings, log)
        while mailbox.isLeading(leadership) {
            var pause = Self.roundMilliseconds
            do throws(OfficeError) {
                for trouble in try registry.work(&agent.chain, &office) { troubles.note(trouble) }
                if !registry.hasFirst {
                    pause = Self.troubleMilliseconds
                } else {
                    let round = try agent.round(&office)
                    for trouble in round.troubles { troubles.note("settlement: \(trouble)") }
                    if round.hasMore, round.troubles.isEmpty { pause = Self.busyMilliseconds }
                }
            } catch {
                if mailbox.isLeading(leadership) { troubles.note("settlement: \(error)") }
            }
            mailbox.pause(leadership, milliseconds: pause)
        }
    }
}

/// Says what goes wrong, the same at most once a minute, and few of all.
private struct TroubleLog {
    private let log: (String) -> Void
    private var said: [String: Instant] = [:]

    private static let pauseMilliseconds: Int64 = 60_000
    /// Different ones in a minute.
    private static let wordsMax = 20

    init(_ log: @escaping (String) -> Void) { self.log = log }

    mutating func note(_ trouble: String) {
        let now = Instant.now
        said = said.filter { $0.value > now }
        guard said[trouble] == nil, said.count < Self.wordsMax else { return }
        said[trouble] = now.adding(milliseconds: Self.pauseMilliseconds)
        log(trouble)
    }
}
