import Cryptography
import JSON
import Testing

@testable import TON

/// The payouts of the vectors: the first `count` of them.
func samplePayouts(_ count: Int, hasComments: Bool = true) throws -> [Payout] {
    try (0..<count).map { index in
        let hash = SHA256.hash(Array("worker \(index)".utf8)).bytes
        return Payout(
            to: try #require(Address(workchain: 0, hash: hash)),
            amount: Coins(UInt64(100_000_000 + 1_000 * index)),
            comment: hasComments ? "batch payout \(index)" : nil
        )
    }
}

extension HighloadWalletV3 {
    /// Payouts beyond 254, as the wallet can also pay them: one more message to itself is the last action.
    fileprivate func nested(_ payouts: ArraySlice<Payout>, value: Coins, mode: SendMode, _ id: QueryID) throws -> Cell {
        var actions = try payouts.map { SendAction(try $0.message(), mode: mode) }
        if actions.count > Self.payoutsMax {
            let rest = try nested(payouts.dropFirst(Self.payoutsMax - 1), value: value, mode: mode, id)
            let outer: SendMode = value > .zero ? .paysFees : .wholeBalance
            actions = actions.prefix(Self.payoutsMax - 1) + [SendAction(rest, mode: outer)]
        }
        return try transfer(actions, value: value, id)
    }
}

@Suite struct QueryIDTests {
    @Test func `A counter uses up a set of 1,023 before the next`() throws {
        for vector in try messageVectors.list("query_ids") {
            let id = try #require(QueryID(place: UInt32(try vector.number("seqno"))))
            #expect(Int64(id.rawValue) == (try vector.number("query_id")))
            #expect(Int64(id.shift) == (try vector.number("shift")))
            #expect(Int64(id.bit) == (try vector.number("bit_number")))
            #expect(Int64(id.place) == (try vector.number("seqno")))
            #expect(QueryID(rawValue: id.rawValue) == id)
            #expect(id.isReserved == [8_388_605, 8_388_606].contains(id.rawValue))
        }
        for rawValue in [1_023, 2_047, 8_388_607, 8_388_608, .max] as [UInt32] {
            #expect(QueryID(rawValue: rawValue) == nil, "\(rawValue)")
        }
        #expect(QueryID(place: 8_380_416) == nil)
    }

    @Test func `A counter goes around and leaves out the reserved numbers`() {
        let last = UInt64(QueryID.ordinary) - 1
        #expect(QueryID(counter: last).rawValue == 8_388_604)
        #expect(QueryID(counter: last + 1).rawValue == 0)
        #expect(QueryID(counter: last + 1_024).rawValue == 1_024)
        #expect(QueryID(counter: .max).isReserved == false)
        var previous: QueryID?
        for counter in stride(from: 0 as UInt64, to: 3_000, by: 1) {
            let id = QueryID(counter: counter)
            #expect(id.bit < 1_023 && id != previous && UInt64(id.place) == counter)
            previous = id
        }
    }
}

@Suite struct WalletTests {
    @Test func `The address of a wallet follows from the hash of its code`() throws {
        for vector in try messageVectors.list("state_inits") {
            let key = try vector.hex("public_key_hex")
            let address = try vector.address("address_raw")
            let data: Cell
            switch try vector.text("contract") {
            case "highload_wallet_v3":
                let wallet = try HighloadWalletV3(
                    publicKey: key,
                    subwallet: UInt32(try vector.number("subwallet_id")),
                    timeout: UInt32(try vector.number("timeout"))
                )
                (data, _) = (wallet.data, #expect(wallet.address == address))
            case "wallet_v5r1":
                let wallet = WalletV5R1(
                    publicKey: key,
                    network: try vector.number("network_global_id") == -239 ? .mainnet : .testnet,
                    workchain: Int32(try vector.number("workchain")),
                    subwallet: UInt32(try vector.number("subwallet"))
                )
                #expect(Int64(wallet.walletID) == (try vector.number("wallet_id")))
                (data, _) = (wallet.data, #expect(wallet.address == address))
            default:
                let wallet = WalletV4R2(publicKey: key)
                #expect(Int64(wallet.walletID) == (try vector.number("wallet_id")))
                (data, _) = (wallet.data, #expect(wallet.address == address))
            }
            #expect(data.hex == (try vector.text("data_hash")))
            if vector["data_boc_b64"] != nil { #expect(try vector.cell("data_boc_b64") == data) }
        }
    }

    @Test func `The first state with code and data has the address's hash`() throws {
        let code = try Cell.build { [inner = try CellBuilder().cell()] in $0.store(reference: inner) }
        let data = try Cell.build { $0.store([1, 2]) }
        let state = StateInit(code: code, data: data)
        #expect(ContractCode(code).address(data: data)?.hash == (try state.cell().hash))
        #expect(try StateInit(state.cell()) == state)
        let wallet = try HighloadWalletV3(publicKey: [UInt8](repeating: 1, count: 32), timeout: 1)
        let key = try SigningKey.random()
        let request = try wallet.direct(try samplePayouts(1)[0], QueryID(counter: 0), createdAt: 0)
        #expect(throws: MessageError.code) { try wallet.message(request, signedBy: key, deploying: code) }
    }

    @Test func `Messages of the highload wallet, to the bit`() throws {
        for vector in try messageVectors.list("highload_v3") {
            let name = try vector.text("name")
            let key = try vector.signingKey("seed_hex")
            let wallet = try HighloadWalletV3(
                publicKey: key.publicKey,
                subwallet: UInt32(try vector.number("subwallet_id")),
                timeout: UInt32(try vector.number("timeout"))
            )
            #expect(wallet.address == (try vector.address("address_raw")))
            let id = try #require(QueryID(rawValue: UInt32(try vector.number("query_id"))))
            let payouts = try samplePayouts(
                Int(try vector.number("payouts")),
                hasComments: vector["comments"]?.boolean == true
            )
            let value = try vector.coins("value_per_internal_transfer")
            let mode = SendMode(rawValue: UInt8(try vector.number("send_mode_actions")))
            let message =
                vector["direct"]?.boolean == true
                ? try payouts[0].message() : try wallet.nested(payouts[...], value: value, mode: mode, id)
            #expect(message.hex == (try vector.text("message_to_send_hash")), "\(name)")
            let request = try wallet.request(
                message,
                mode: SendMode(rawValue: UInt8(try vector.number("send_mode_outer"))),
                id,
                createdAt: UInt64(try vector.number("created_at"))
            )
            #expect(request.cell.hex == (try vector.text("inner_hash_signed")), "\(name)")
            let external = try wallet.message(request, signedBy: key)
            #expect(external.body.hex == (try vector.text("body_hash")), "\(name)")
            #expect(try HighloadWalletV3.Request(body: external.body) == request)
            #expect(Hex.encode(try external.normalizedHash()) == (try vector.text("normalized_hash")), "\(name)")
            if vector["boc_b64"] != nil { #expect(try external.cell() == (try vector.cell("boc_b64"))) }
            if vector["deploy"]?.boolean == false {
                #expect(try external.cell().hex == (try vector.text("external_hash")), "\(name)")
                #expect(Int64(try external.cell().depth) == (try vector.number("external_depth")))
            }
        }
    }

    @Test func `A batch pays all or nobody, and no more than 254`() throws {
        let key = try SigningKey.random()
        let wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: 3_600)
        let payouts = try samplePayouts(255)
        let id = QueryID(counter: 7)
        let batch = try wallet.batch(Array(payouts[..<254]), value: Coins(30_000_000_000), id, createdAt: 1)
        let message = try InternalMessage(batch.message)
        #expect(message.destination == wallet.address && message.value == Coins(30_000_000_000))
        #expect(batch.mode == .paysFees)
        let external = try wallet.message(batch, signedBy: key)
        #expect(
            Ed25519.isValid(
                Array(try #require(external.body.bytes(64, from: 0))),
                of: batch.cell.hash,
                by: key.publicKey
            )
        )
        #expect(try external.bag().count < MessageLimits.bytesMax)
        for (error, payouts, value) in [
            (.count(max: 254), payouts, 1), (.count(max: 254), [], 1), (.amount, [payouts[0]], 0),
        ] as [(MessageError, [Payout], UInt64)] {
            #expect(throws: error) { try wallet.batch(payouts, value: Coins(value), id, createdAt: 1) }
        }
        var wrong = payouts[0]
        wrong.amount = .zero
        #expect(throws: MessageError.amount) { try wallet.direct(wrong, id, createdAt: 1) }
        wrong = payouts[0]
        wrong.address = try #require(Address(workchain: -1, hash: payouts[0].address.hash))
        #expect(throws: MessageError.workchain) { try wallet.direct(wrong, id, createdAt: 1) }
        wrong = payouts[0]
        wrong.comment = String(repeating: "a", count: 9_000)
        #expect(throws: MessageError.comment) { try wallet.direct(wrong, id, createdAt: 1) }
    }

    @Test func `A highload wallet never sends a first state, and has a timeout`() throws {
        let wallet = try HighloadWalletV3(publicKey: [UInt8](repeating: 1, count: 32), timeout: 60)
        let cell = try CellBuilder().cell()
        let deployment = InternalMessage(
            to: wallet.address,
            value: Coins(1),
            isBounceable: false,
            stateInit: StateInit(code: cell, data: cell)
        )
        for message in [try deployment.cell(), cell] {
            #expect(throws: MessageError.stateInit) {
                try wallet.request(message, mode: .paysFees, QueryID(counter: 0), createdAt: 0)
            }
        }
        for timeout in [0, HighloadWalletV3.timeoutMax + 1, .max] as [UInt32] {
            #expect(throws: MessageError.timeout) {
                try HighloadWalletV3(publicKey: [UInt8](repeating: 1, count: 32), timeout: timeout)
            }
        }
    }

    @Test func `Requests that the contract refuses are read all the same`() throws {
        for vector in try messageVectors.list("highload_v3_errors") {
            let external = try ExternalMessage(vector.cell("boc_b64"))
            // A bit that the contract has no room for is one that we never read as a query id.
            let isBit = try vector.text("name").hasPrefix("bit_number 1023")
            #expect((try? HighloadWalletV3.Request(body: external.body)) == nil ? isBit : !isBit)
        }
    }

    @Test func `Messages of the wallets with a sequence number, to the bit`() throws {
        for vector in try messageVectors.list("wallets") {
            let key = try vector.signingKey("seed_hex")
            let mode = SendMode(rawValue: UInt8(try vector.number("mode")))
            let actions = try samplePayouts(Int(try vector.number("payouts"))).map {
                SendAction(try $0.message(), mode: mode)
            }
            let number = UInt32(try vector.number("seqno"))
            let until = UInt32(try vector.number("valid_until"))
            let external: ExternalMessage
            let unsigned: [UInt8]
            if try vector.text("contract") == "wallet_v5r1" {
                let wallet = WalletV5R1(publicKey: key.publicKey, network: .mainnet)
                #expect(wallet.address == (try vector.address("address_raw")))
                external = try wallet.message(actions, sequenceNumber: number, validUntil: until, signedBy: key)
                let bits = external.body.bits
                let body = Cell(bits: bits[0..<(bits.count - 512)], references: external.body.references)
                unsigned = try #require(body).hash
            } else {
                let wallet = WalletV4R2(publicKey: key.publicKey)
                #expect(wallet.address == (try vector.address("address_raw")))
                external = try wallet.message(actions, sequenceNumber: number, validUntil: until, signedBy: key)
                let bits = external.body.bits
                let body = Cell(bits: bits[512..<bits.count], references: external.body.references)
                unsigned = try #require(body).hash
            }
            #expect(Hex.encode(unsigned) == (try vector.text("unsigned_hash")))
            #expect(Hex.encode(try external.normalizedHash()) == (try vector.text("normalized_hash")))
        }
    }

    @Test func `Wallets with a sequence number send as many messages as they can`() throws {
        let key = try SigningKey.random()
        let message = try samplePayouts(1)[0].message()
        let v5 = WalletV5R1(publicKey: key.publicKey, network: .testnet)
        let v4 = WalletV4R2(publicKey: key.publicKey)
        let action = SendAction(message, mode: [.paysFees, .ignoresErrors])
        #expect(throws: MessageError.mode) {
            try v5.message([SendAction(message, mode: .paysFees)], sequenceNumber: 0, validUntil: 0, signedBy: key)
        }
        for (count, isV5, isV4) in [
            (0, false, false), (1, true, true), (4, true, true), (5, true, false), (256, false, false),
        ] {
            let actions = [SendAction](repeating: action, count: count)
            let first = try? v5.message(actions, sequenceNumber: 0, validUntil: 0, signedBy: key)
            let second = try? v4.message(actions, sequenceNumber: 0, validUntil: 0, signedBy: key)
            #expect((first != nil) == isV5 && (second != nil) == isV4, "\(count)")
        }
    }
}

@Suite struct MnemonicTests {
    /// The public key that follows from words.
    @discardableResult
    private func key(_ words: String, password: [UInt8] = []) throws -> [UInt8] {
        let bytes = Array(words.utf8)
        let mnemonic = try Mnemonic(bytes.span)
        return try mnemonic.key(password: password).publicKey
    }

    @Test func `The key of a mnemonic`() throws {
        for vector in try messageVectors.list("mnemonics") {
            let words = Array(try vector.text("words").utf8)
            let mnemonic = try Mnemonic(words.span)
            #expect(Hex.encode(try mnemonic.key().publicKey) == (try vector.text("public_key_hex")))
            #expect(try mnemonic.key().sign([1]) == (try vector.signingKey("private_seed32_hex").sign([1])))
            let spaced = "\n " + (try vector.text("words").uppercased().replacing(" ", with: "  \t")) + " "
            #expect(try key(spaced) == (try mnemonic.key().publicKey))
            mnemonic.withText { text in
                #expect(text.count == words.count && text.indices.allSatisfy { text[$0] == words[$0] })
            }
        }
    }

    @Test func `Words that are no mnemonic, and the error says which`() throws {
        for words in try messageVectors.list("mnemonics_invalid").compactMap(\.string) {
            #expect(throws: MnemonicError.checksum) { try key(words) }
        }
        let good = try messageVectors.list("mnemonics")[0].text("words").split(separator: " ").map(String.init)
        /// The good words with another one at a place.
        func with(_ word: String, at place: Int) -> [String] {
            var words = good
            words[place - 1] = word
            return words
        }
        let cases: [([String], MnemonicError)] = [
            ([], .count(0)), (good.dropLast(), .count(23)), (good + ["zoo"], .count(25)),
            (with("abandonn", at: 1), .word(1)), (with("é", at: 24), .word(24)), (with("zz", at: 6), .word(6)),
            ([String(repeating: "a", count: 500)], .word(1)),
        ]
        for (words, error) in cases {
            #expect(throws: error) { try key(words.joined(separator: " ")) }
            #expect(!error.description.contains("abandon"))
        }
        #expect(throws: MnemonicError.checksum, "these words need no password") {
            try key(good.joined(separator: " "), password: [1])
        }
    }

    @Test func `New words are a mnemonic`() throws {
        let mnemonic = try Mnemonic.random()
        let again = mnemonic.withText { text in text.indices.map { text[$0] } }
        #expect(try Mnemonic(again.span).key().publicKey == (try mnemonic.key().publicKey))
        let other = try Mnemonic.random()
        #expect(try other.key().publicKey != (try mnemonic.key().publicKey))
    }
}
