import Cryptography
import JSON
import Provenance
import Testing
import Units

@Suite struct TicketTests {
    private func ticket(_ fields: JSONValue) throws -> Ticket {
        let weights = try fields.list("weights").compactMap(\.integer)
        return Ticket(
            lease: LeaseID(try fields.integer("lease")),
            trade: TradeID(try fields.integer("trade")),
            bid: OrderID(try fields.integer("bid")),
            offer: OrderID(try fields.integer("offer")),
            worker: AccountID(try fields.integer("worker")),
            app: AccountID(try fields.integer("app")),
            workerKey: try fields.digest("worker_key"),
            appKey: try fields.digest("app_key"),
            model: try fields.text("model"),
            revision: try fields.text("revision"),
            weightsHash: try fields.digest("weights_hash"),
            attestation: try fields.digest("attestation"),
            weights: TokenWeights(
                prompt: weights[0],
                cached: weights[1],
                completion: weights[2],
                reasoning: weights[3]
            ),
            price: Price(nanoTONPerMTok: try fields.integer("price")),
            lots: Lots(try fields.integer("lots")),
            appFee: BasisPoints(try fields.integer("app_fee")),
            workerFee: BasisPoints(try fields.integer("worker_fee")),
            openedAt: try fields.integer("opened"),
            deadline: try fields.integer("deadline"),
            step: AdjustedTokens(try fields.integer("step")),
            disputeWindow: try fields.integer("dispute_window"),
            endpoint: try fields.text("endpoint")
        )
    }

    @Test func `Bytes and texts are those of another implementation, the same each time`() throws {
        let exchange = try key("exchange")
        var longest = 0
        for vector in try vectors.list("tickets") {
            let ticket = try ticket(try #require(vector["fields"]))
            #expect(ticket.bytes == (try vector.hex("bytes")))
            #expect(try Ticket(bytes: try vector.hex("bytes")) == ticket)
            let text = try vector.text("text")
            #expect(ticket.signed(by: exchange) == text && ticket.signed(by: exchange) == text)
            #expect(try Ticket.verify(text, keys: [exchange.publicKey]) == ticket)
            longest = max(longest, text.utf8.count)
            #expect(ticket.bytes.count <= Ticket.bytesMax)
        }
        #expect(longest <= Ticket.textBytesMax)
        let largest = try ticket(try #require(try vectors.list("tickets").last?["fields"]))
        #expect(largest.bytes.count == Ticket.bytesMax, "the limit is reached and not more")
    }

    @Test func `A ticket that breaks a rule is refused by the name of the field, though it is signed`() throws {
        let exchange = try key("exchange")
        for vector in try vectors.list("malformed_tickets") {
            let text = try vector.text("text")
            let error = #expect(throws: TicketError.self) { try Ticket.verify(text, keys: [exchange.publicKey]) }
            let word = try vector.text("names")
            #expect(error.map { "\($0)".contains(word) } == true, "\(word): \(error.map { "\($0)" } ?? "")")
        }
    }

    @Test func `The key that the ticket names must be given and must have signed`() throws {
        let (exchange, other) = (try key("exchange").publicKey, try key("other").publicKey)
        let text = try #require(try vectors.list("tickets").first).text("text")
        #expect(throws: TicketError.unknownKey(KeyName(of: exchange))) { try Ticket.verify(text, keys: []) }
        #expect(throws: TicketError.unknownKey(KeyName(of: exchange))) { try Ticket.verify(text, keys: [other]) }
        #expect(throws: Never.self) { try Ticket.verify(text, keys: [other, exchange]) }
        let parts = text.split(separator: ".").map(String.init)
        for (bad, error) in [
            ("", TicketError.notATicket), ("bxt1", .notATicket), ("bxt1.", .notATicket), ("bxt1..", .notATicket),
            ("bxt2" + text.dropFirst(4), .notATicket), ("BXT1" + text.dropFirst(4), .notATicket),
            (text + "=", .notATicket), (text + ".", .notATicket), (" " + text, .notATicket), (text + "\n", .notATicket),
            ("bxt1." + parts[1], .notATicket), (text + "AA", .notATicket),
            (String(repeating: "a", count: 2_000), .notATicket),
            ("bxt1." + parts[1] + "AAAA." + parts[2], .invalidSignature),
            ("bxt1.AAAA." + parts[2], .invalidSignature),
        ] {
            #expect(throws: error, "\(bad.prefix(20))") { try Ticket.verify(bad, keys: [exchange]) }
        }
    }

    @Test func `No changed character is overlooked`() throws {
        let exchange = try key("exchange").publicKey
        let text = Array(try #require(try vectors.list("tickets").first).text("text").utf8)
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: TicketError.self, "character \(index)") {
                try Ticket.verify(String(decoding: changed, as: UTF8.self), keys: [exchange])
            }
        }
    }

    @Test func `There is one ticket for each accepted byte string, wherever it is cut and whatever is changed`() throws
    {
        for vector in try vectors.list("tickets") {
            let body = try vector.hex("bytes")
            for count in 0..<body.count {
                #expect(throws: TicketError.self) { try Ticket(bytes: Array(body.prefix(count))) }
            }
            for bit in 0..<body.count * 8 {
                var changed = body
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                if let ticket = try? Ticket(bytes: changed) { #expect(ticket.bytes == changed, "bit \(bit)") }
            }
        }
    }
}
