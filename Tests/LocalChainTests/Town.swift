import Cryptography
import LocalChain
import TON
import Testing

let ton: UInt64 = 1_000_000_000

/// A local chain with a highload wallet that has money.
final class Town {
    var chain: LocalChain
    let key: SigningKey
    let wallet: HighloadWalletV3

    init(
        money: UInt64 = 100 * ton,
        timeout: UInt32 = 60,
        finalityBlocks: Int = 2,
        hopBlocks: UInt64 = 0,
        blockInterval: UInt64 = 1
    ) throws {
        let settings = LocalChain.Settings(
            start: 1_800_000_000,
            blockInterval: blockInterval,
            finalityBlocks: finalityBlocks,
            hopBlocks: hopBlocks
        )
        chain = LocalChain(settings)
        key = try SigningKey(seed: [UInt8](repeating: 7, count: 32).span)
        wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: timeout)
        chain.install(wallet)
        #expect(try chain.fund(wallet.address, Coins(money)))
        chain.advance(seconds: blockInterval * UInt64(finalityBlocks + 1))
    }

    /// The bytes of a batch that pays the first people 1 TON each.
    func batch(place: UInt32 = 0, people: Int = 2, age: UInt64 = 0) throws -> [UInt8] {
        let payouts = try (0..<people).map { Payout(to: try person($0), amount: Coins(ton)) }
        let id = try #require(QueryID(place: place))
        let value = Coins(UInt64(people) * ton + ton / 10)
        let request = try wallet.batch(payouts, value: value, id, createdAt: chain.now - age)
        return try wallet.message(request, signedBy: key).bag()
    }

    /// What the first people have, with what is not final.
    func money(people: Int = 2) throws -> [UInt128] {
        try (0..<people).map { chain.balance(try person($0)).nanoTON / UInt128(ton) }
    }

    /// The finalized history of the wallet without its first transaction, which brought its money.
    func history() throws -> [ChainTransaction] {
        Array(try chain.transactions(of: wallet.address, after: 0, limit: 1_000).dropFirst())
    }
}

/// An address without code.
func person(_ number: Int) throws -> Address {
    try #require(Address(workchain: 0, hash: SHA256.hash(Array("person \(number)".utf8)).bytes))
}
