import Cryptography
import Foundation
import LocalChain
import TLS
import TON
import Testing
import Toncenter

/// What a client tells of a chain.
private struct Facts: Equatable {
    var head: ChainHead?
    var accounts: [ChainAccount] = []
    var histories: [[ChainTransaction]] = []
    var found: [ChainTransaction?] = []
    var said: [Said] = []

    enum Said: Equatable {
        case answer(SendAnswer)
        case error(ChainError)
    }
}

@Suite struct FactsTests {
    /// Everything that can be asked, and some things that can be sent.
    private func facts(_ chain: inout some ChainClient, _ village: Village) throws -> Facts {
        var facts = Facts(head: try chain.head())
        let addresses = [village.wallet.address, village.user.address] + (try (0...10).map(person))
        for address in addresses {
            facts.accounts.append(try chain.account(address))
            let whole = try chain.transactions(of: address, after: 0, limit: 1_000)
            facts.histories.append(whole)
            for limit in [0, 1, 2, 5] {
                facts.histories.append(try chain.transactions(of: address, after: 0, limit: limit))
            }
            for transaction in whole {
                let after = transaction.logicalTime
                facts.histories.append(try chain.transactions(of: address, after: after, limit: 3))
                facts.histories.append(try chain.transactions(of: address, after: after - 1, limit: 3))
                if let hash = transaction.incoming.normalizedHash {
                    facts.found.append(try chain.transaction(ofMessage: hash))
                }
                for message in transaction.outgoing + [transaction.incoming] {
                    facts.found.append(try chain.transaction(sendingMessage: message.hash))
                }
            }
        }
        facts.found.append(try chain.transaction(ofMessage: [UInt8](repeating: 1, count: 32)))
        facts.histories.append(try chain.transactions(of: village.wallet.address, after: .max, limit: 3))
        let bags = [
            try village.batch(20, people: 2), try village.batch(0, people: 3),
            try village.batch(21, people: 1, age: 500),
            [], [UInt8](repeating: 0, count: 70_000), try BagOfCells.write(village.wallet.data),
        ]
        for bag in bags {
            do throws(ChainError) {
                facts.said.append(.answer(try chain.send(bag)))
            } catch {
                facts.said.append(.error(error))
            }
        }
        return facts
    }

    @Test func `A chain tells the same over HTTP as inside of the process`() throws {
        let village = try Village()
        var local = village.chain
        let served = try ServedChain(village.chain)
        var settings = try served.settings()
        for page in [100, 1, 3] {
            settings.pageMax = page
            var client = ToncenterClient(settings)
            var copy = village.chain
            let (inside, outside) = (try facts(&copy, village), try facts(&client, village))
            #expect(inside.head == outside.head && inside.accounts == outside.accounts)
            #expect(inside.histories == outside.histories && inside.found == outside.found)
            if page == 100 {
                #expect(inside.said == outside.said)
                #expect(
                    inside.said.prefix(3) == [
                        .answer(.taken), .answer(.refused(exitCode: 36)), .answer(.refused(exitCode: 35)),
                    ]
                )
                #expect(inside.histories.joined().count > 100 && inside.found.contains { $0 != nil })
                let bounces = inside.histories[0].filter { $0.incoming.isBounced }
                #expect(!bounces.isEmpty && inside.histories[0].contains { $0.outcome.skipped > 0 })
            }
            #expect(client.lastTrouble.map { $0.contains("exitcode") } ?? true, "\(client.lastTrouble ?? "")")
        }
        // What was sent is carried out in both, when their clocks go on.
        _ = try local.send(try village.batch(20, people: 2))
        local.advance(seconds: 10)
        served.wait(10)
        var client = ToncenterClient(settings)
        let last = try local.transactions(of: village.wallet.address, after: 0, limit: 1_000)
        #expect(try client.transactions(of: village.wallet.address, after: 0, limit: 1_000) == last)
        #expect(try client.head() == (try local.head()))
    }

    @Test func `Over TLS a provider is believed by its certificate only`() throws {
        let folder = URL(filePath: "/var/tmp/bombyx-toncenter-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (file, key) = (folder + "/certificate.pem", folder + "/key.pem")
        try SelfSignedCertificate.makeIfMissing(certificatePath: file, keyPath: key)
        let context = try ReloadableTLSContext(certificatePath: file, keyPath: key)
        let village = try Village()
        let served = try ServedChain(village.chain, certificate: context)
        var settings = try ServedChain.settings(served.port, scheme: "https")
        settings.triesMax = 1
        var stranger = ToncenterClient(settings)
        #expect(throws: ChainError.noAnswer) { try stranger.head() }
        #expect(try #require(stranger.lastTrouble).contains("certificate"))
        settings.certificateFile = file
        var client = ToncenterClient(settings)
        var local = village.chain
        #expect(try client.head() == (try local.head()))
    }
}
