import Exchange
import Testing
import Units

@testable import Engine

/// Client order ids that are made so that half of their hash is the same: a word that equals the state of one of the
/// hash's two lanes takes out of it all that came before.
@Suite struct NameCollisionTests {
    /// Found by trying: the fourth word of each is the state of the lower lane behind the first three.
    private static let names = [
        "RYcFU7uLeTK60f-r-5pr4nrEuhIUZDevAAAA", "yRXehfOR8He-3Mj2zfYKo6t2NOehIsEeAAAA",
    ]

    @Test func `Names of which half the hash is the same are not looked for in one place`() throws {
        let hashes = try Self.names.map { try #require(ClientOrderID(Array($0.utf8))).hash }
        #expect(hashes[0].low == hashes[1].low && hashes[0].high != hashes[1].high)
        for account in [AccountID(2), AccountID(3)] {
            #expect(Engine.hash(hashes[0], account) != Engine.hash(hashes[1], account))
        }
        #expect(Engine.hash(hashes[0], AccountID(2)) != Engine.hash(hashes[0], AccountID(3)))
    }
}
