import Cryptography
import JSON
import Testing

@testable import TON

@Suite struct CommentTests {
    @Test func `A comment is written over as many cells as it needs`() throws {
        for vector in try messageVectors.list("comments") {
            let text = try vector.text("text")
            let cell = try Comment.cell(text)
            #expect(cell.hex == (try vector.text("hash")), "\(text)")
            #expect(Int64(cell.bitCount) == (try vector.number("bits")))
            #expect(Int64(cell.references.count) == (try vector.number("refs")))
            #expect(Comment.text(in: cell) == text)
            #expect(try vector.cell("boc_b64") == cell)
        }
    }

    @Test(arguments: [0, 1, 122, 123, 124, 250, 251, 377, 378, 8_192]) func `Comments of every length`(count: Int)
        throws
    {
        let text = String(repeating: "a", count: count)
        let cell = try Comment.cell(text)
        #expect(Comment.text(in: cell) == text)
        #expect(cell.depth == (count <= 123 ? 0 : (count - 123 + 126) / 127))
        #expect(throws: CellError.overflow) { try Comment.cell(text + String(repeating: "a", count: 8_193 - count)) }
    }

    @Test func `What is no text is none`() throws {
        let empty = try CellBuilder().cell()
        let long = try Comment.cell(String(repeating: "a", count: 8_192))
        var end = try Cell.build { $0.store([0x61]) }
        for _ in 0..<65 {
            end = try Cell.build { [end] in
                $0.store([UInt8](repeating: 0x61, count: 127))
                $0.store(reference: end)
            }
        }
        #expect(Comment.text(in: long) != nil)
        for (name, body) in [
            ("no operation", empty), ("another operation", try Cell.build { $0.store(1, bits: 32) }),
            ("not whole bytes", try Cell.build { $0.store(0, bits: 33) }),
            ("not UTF-8", try Cell.build { $0.store([0, 0, 0, 0, 0xC3, 0x28]) }),
            ("binary", try Cell.build { $0.store([0, 0, 0, 0, 0xFF, 0x28]) }),
            (
                "two references",
                try Cell.build { builder in
                    builder.store(0, bits: 32)
                    builder.store(reference: empty)
                    builder.store(reference: empty)
                }
            ),
            (
                "too long",
                try Cell.build { [end] builder in
                    builder.store(0, bits: 32)
                    builder.store(reference: end)
                }
            ),
        ] {
            #expect(Comment.text(in: body) == nil, "\(name)")
        }
    }

    @Test func `A letter may stand in two cells`() throws {
        let bytes = Array("aй".utf8)
        let rest = try Cell.build { $0.store(Array(bytes[2...])) }
        let cell = try Cell.build { builder in
            builder.store([0, 0, 0, 0] + bytes[..<2])
            builder.store(reference: rest)
        }
        #expect(Comment.text(in: cell) == "aй")
    }
}

@Suite struct MessageTests {
    private let address = Address(workchain: 0, hash: [UInt8](repeating: 7, count: 32))

    @Test func `All spellings of a message have one normalized hash`() throws {
        let cases = try messageVectors.list("normalized_hash")
        #expect(cases.count == 3)
        for vector in cases {
            let cell = try vector.cell("boc_b64")
            #expect(cell.hex == (try vector.text("hash")))
            let message = try ExternalMessage(cell)
            #expect(Hex.encode(try message.normalizedHash()) == (try vector.text("normalized_hash")))
        }
        var message = try ExternalMessage(try cases[0].cell("boc_b64"))
        let hash = try message.normalizedHash()
        let cell = try Cell.build { $0.store(true) }
        message.stateInit = StateInit(code: cell, data: cell)
        #expect(try message.cell().hash != hash)
        #expect(try ExternalMessage(message.cell()).normalizedHash() == hash, "with a first state")
        #expect(try ExternalMessage(message.cell()) == message)
    }

    @Test func `A body stands in place as long as there is room`() throws {
        let address = try #require(address)
        // Before the body 4 flags, no source in 2, 267, 4 + 8 × 5, 1, 4 + 4, 64, 32, and a bit for each part: 424.
        for (count, isInPlace) in [(0, true), (69, true), (70, true), (71, false), (123, false)] {
            let body = try Comment.cell(String(repeating: "a", count: count))
            let message = InternalMessage(to: address, value: Coins(100_000_000_000), isBounceable: false, body: body)
            let cell = try message.cell()
            #expect(cell.references.isEmpty == isInPlace, "\(count) bytes")
            let parsed = try InternalMessage(cell)
            #expect(parsed == message && parsed.body.flatMap(Comment.text)?.utf8.count == count)
        }
        for (bits, isInPlace) in [(598, true), (599, true), (600, false)] {
            var builder = CellBuilder()
            for _ in 0..<bits { builder.store(true) }
            let body = try builder.cell()
            let message = InternalMessage(to: address, value: Coins(100_000_000_000), isBounceable: false, body: body)
            #expect(try message.cell().references.isEmpty == isInPlace, "\(bits) bits")
            #expect(try InternalMessage(message.cell()) == message)
        }
    }

    @Test func `An internal message is read as it was written`() throws {
        let address = try #require(address)
        let cell = try Cell.build { $0.store([1]) }
        var message = InternalMessage(
            to: address,
            value: Coins(5),
            isBounceable: true,
            stateInit: StateInit(code: cell, data: cell),
            body: try Comment.cell(String(repeating: "b", count: 300))
        )
        message.source = Address(workchain: -1, hash: [UInt8](repeating: 9, count: 32))
        message.otherCurrencies = cell
        message.extraFlags = Coins(3)
        message.forwardFee = Coins(266_669)
        message.createdLT = 77_000_001
        message.createdAt = 1_800_000_000
        message.isBounced = true
        message.stateInit?.ticks = StateInit.Ticks(tick: true, tock: false)
        message.stateInit?.fixedPrefixLength = 5
        message.stateInit?.libraries = cell
        #expect(try InternalMessage(message.cell()) == message)
        #expect(throws: CellError.malformed) { try InternalMessage(ExternalMessage(to: address, body: cell).cell()) }
        #expect(throws: CellError.malformed) { try ExternalMessage(message.cell()) }
        #expect(throws: CellError.underflow) { try InternalMessage(CellBuilder().cell()) }
        let excess = try Cell.build { (builder) throws(CellError) in
            builder.store(contentsOf: try ExternalMessage(to: address, body: cell).cell())
            builder.store(false)
        }
        #expect(throws: CellError.excess) { try ExternalMessage(excess) }
    }

    @Test func `A message that no node would take is not sent`() throws {
        let address = try #require(address)
        var body = try CellBuilder().cell()
        for _ in 0..<511 { body = try Cell.build { [body] in $0.store(reference: body) } }
        #expect(try ExternalMessage(to: address, body: body).cell().depth == 512)
        #expect(throws: Never.self) { try ExternalMessage(to: address, body: body).bag() }
        let deep = try Cell.build { [body] in $0.store(reference: body) }
        #expect(throws: MessageError.size(.depth)) { try ExternalMessage(to: address, body: deep).bag() }
        let large = try Cell.build { (builder) throws(CellError) in
            for number in 0..<4 as Range<UInt64> {
                var list = try Cell.build { $0.store(number, bits: 64) }
                for _ in 0..<150 {
                    list = try Cell.build { [list] in
                        $0.store([UInt8](repeating: UInt8(number), count: 127))
                        $0.store(reference: list)
                    }
                }
                builder.store(reference: list)
            }
        }
        #expect(throws: MessageError.size(.cells)) { try ExternalMessage(to: address, body: large).bag() }
    }

    @Test func `Jetton transfers and notifications`() throws {
        for vector in try messageVectors.list("jettons") {
            let transfer = Jetton.Transfer(
                queryID: UInt64(try vector.number("query_id")),
                amount: try vector.coins("amount"),
                destination: try vector.address("destination"),
                responseDestination: try vector.address("response_destination"),
                forwardAmount: try vector.coins("forward_ton_amount"),
                forwardPayload: try Comment.cell(try vector.text("forward_comment"))
            )
            #expect(try transfer.cell().hex == (try vector.text("hash")))
            #expect(try Jetton.Transfer(vector.cell("boc_b64")) == transfer)
            #expect(Jetton.operation(of: try transfer.cell()) == 0x0F8A_7EA5)
        }
        let notification = Jetton.Notification(
            queryID: 3,
            amount: Coins(12_500_000),
            sender: address,
            forwardPayload: try Comment.cell("order 42")
        )
        let body = try notification.cell()
        #expect(try Jetton.Notification(body) == notification)
        #expect(notification.comment == "order 42")
        let inPlace = try Cell.build { (builder) throws(CellError) in
            builder.store(0x7362_D09C, bits: 32)
            builder.store(3, bits: 64)
            builder.store(Coins(12_500_000))
            builder.store(address)
            builder.store(false)
            builder.store(contentsOf: try Comment.cell("order 42"))
        }
        #expect(try Jetton.Notification(inPlace) == notification, "a payload in place")
        #expect(throws: CellError.malformed) { try Jetton.Transfer(body) }
        #expect(throws: CellError.underflow) { try Jetton.Notification(CellBuilder().cell()) }
    }
}

@Suite struct DictionaryTests {
    @Test func `The dictionaries of the node`() throws {
        for vector in try messageVectors.list("dictionaries") {
            let bits = Int(try vector.number("key_bits"))
            let count = UInt64(try vector.number("n"))
            let entries = (0..<count).map { number in
                var value = CellBuilder()
                value.store(number, bits: 32)
                return (key: BitString(7 * number, count: bits), value: value)
            }
            let root = try #require(try CellDictionary.root(entries.shuffled(), keyBits: bits))
            #expect(root.hex == (try vector.text("root_hash")))
            #expect(root == (try vector.cell("root_boc_b64")))
            let read = try CellDictionary.entries(root, keyBits: bits)
            #expect(read.map(\.key) == entries.map(\.key))
            for (number, entry) in read.enumerated() {
                var value = entry.value
                #expect(try value.number(32) == UInt64(number))
            }
        }
    }

    /// Where two forms of a label are as long as each other, the node has a rule too.
    @Test func `The dictionaries of the node with short keys, whose values are the keys`() throws {
        for vector in try messageVectors.list("short_keys") {
            let bits = Int(try vector.number("key_bits"))
            let keys = try vector.list("keys").compactMap(\.integer).map { UInt64($0) }
            let entries = keys.map { key in
                var value = CellBuilder()
                value.store(key, bits: 32)
                return (key: BitString(key, count: bits), value: value)
            }
            let root = try #require(try CellDictionary.root(entries, keyBits: bits))
            #expect(root.hex == (try vector.text("root_hash")), "\(bits) bits: \(keys)")
            #expect(try CellDictionary.entries(root, keyBits: bits).map(\.key) == entries.map(\.key))
        }
    }

    @Test func `Any dictionary is read as it was built`() throws {
        for seed in 1...60 as ClosedRange<UInt64> {
            var numbers = Numbers(state: seed)
            let bits = [1, 2, 3, 13, 64, 256, 267].randomElement(using: &numbers) ?? 1
            var content: [BitString: UInt64] = [:]
            for _ in 0..<Int.random(in: 0...40, using: &numbers) {
                var key = BitString()
                // Long runs of equal bits, so that all forms of labels appear.
                while key.count < bits {
                    let bit = Bool.random(using: &numbers)
                    let run = Int.random(in: 1...max(1, bits / 2), using: &numbers)
                    for _ in 0..<min(run, bits - key.count) { key.append(bit) }
                }
                content[key] = numbers.next()
            }
            let entries = content.map { key, number in
                var value = CellBuilder()
                value.store(number, bits: 64)
                return (key: key, value: value)
            }
            let root = try CellDictionary.root(entries, keyBits: bits)
            let read = try CellDictionary.entries(root, keyBits: bits)
            #expect(read.map(\.key) == content.keys.sorted(), "seed \(seed)")
            for (key, number) in content {
                var value = try #require(try CellDictionary.value(of: key, in: root))
                #expect(try value.number(64) == number)
            }
            var other = BitString()
            for _ in 0..<bits { other.append(Bool.random(using: &numbers)) }
            #expect((try CellDictionary.value(of: other, in: root) == nil) == (content[other] == nil))
        }
    }

    @Test func `What the node would not build is refused`() throws {
        var value = CellBuilder()
        value.store(true)
        let key = BitString(5, count: 8)
        #expect(throws: CellError.malformed) { try CellDictionary.root([(key, value), (key, value)], keyBits: 8) }
        #expect(throws: CellError.malformed) { try CellDictionary.root([(key, value)], keyBits: 9) }
        #expect(try CellDictionary.root([], keyBits: 8) == nil)
        #expect(try CellDictionary.entries(nil, keyBits: 8).isEmpty)
        #expect(try CellDictionary.value(of: key, in: nil) == nil)
        let leaf = try #require(try CellDictionary.root([(key, value)], keyBits: 8))
        // The key of eight bits in the form for short labels: 0, the length in unary, and the bits.
        let short = try Cell.build { builder in
            builder.store(0b0_1111_1111_0, bits: 10)
            builder.store(key)
            builder.store(true)
        }
        #expect(short != leaf)
        let long = try Cell.build { builder in
            builder.store(0b10_1001, bits: 6)
            builder.store(0, bits: 9)
        }
        let fork = try Cell.build { builder in
            builder.store(0b00, bits: 2)
            builder.store(reference: leaf)
        }
        for (name, root) in [("short label", short), ("long label", long), ("half a fork", fork)] {
            #expect(throws: CellError.self, "\(name)") { try CellDictionary.entries(root, keyBits: 8) }
            #expect(throws: CellError.self, "\(name)") { try CellDictionary.value(of: key, in: root) }
        }
    }
}
