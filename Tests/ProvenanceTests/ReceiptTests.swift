import Cryptography
import JSON
import Provenance
import Testing
import Units

@Suite struct ReceiptTests {
    /// The receipt that a vector's fields say.
    private func receipt(_ fields: JSONValue) throws -> Receipt {
        Receipt(
            lease: LeaseID(try fields.integer("lease")),
            job: try #require(JobID(try fields.hex("job"))),
            worker: try #require(PartyID(try fields.hex("worker"))),
            app: try #require(PartyID(try fields.hex("app"))),
            attestation: try fields.digest("attestation"),
            weights: try fields.digest("weights"),
            request: try fields.digest("request"),
            response: try fields.digest("response"),
            sequence: UInt32(try fields.integer("sequence")),
            flags: Receipt.Flags(rawValue: UInt8(try fields.integer("flags"))),
            timeToFirstToken: UInt32(try fields.integer("ttft")),
            usage: TokenUsage(
                prompt: try fields.integer("prompt"),
                completion: try fields.integer("completion"),
                cached: try fields.integer("cached"),
                reasoning: try fields.integer("reasoning")
            ),
            price: Price(nanoTONPerMTok: try fields.integer("price")),
            adjusted: AdjustedTokens(try fields.integer("adjusted")),
            amount: NanoTON(try fields.integer("amount")),
            startedAt: try fields.integer("started"),
            endedAt: try fields.integer("ended"),
            previous: try fields.digest("previous")
        )
    }

    @Test func `Bytes, hashes and signatures are those of another implementation`() throws {
        let (worker, app) = (try key("worker"), try key("app"))
        for vector in try vectors.list("receipts") {
            let name = try vector.text("name")
            let receipt = try receipt(try #require(vector["fields"]))
            #expect(receipt.bytes == (try vector.hex("bytes")), "\(name)")
            #expect(try Receipt(bytes: try vector.hex("bytes")) == receipt, "\(name)")
            #expect(receipt.hash == (try vector.digest("hash")), "\(name)")
            let one = SignedReceipt(receipt, signedBy: worker)
            let both = one.countersigned(by: app)
            #expect(one.workerSignature == (try vector.hex("worker_signature")), "\(name)")
            #expect(both.appSignature == (try vector.hex("app_signature")), "\(name)")
            #expect(one.payloadHash == (try vector.digest("payload_one")), "\(name)")
            #expect(both.payloadHash == (try vector.digest("payload_both")), "\(name)")
        }
    }

    @Test func `A receipt that breaks a rule is refused by the name of the field`() throws {
        let body = try #require(try vectors.list("receipts").first).hex("bytes")
        for vector in try vectors.list("malformed_receipts") {
            let error = #expect(throws: ReceiptError.self) { try Receipt(bytes: try vector.hex("bytes")) }
            let word = try vector.text("names")
            let expected = word == "magic" ? "BXRCPT01" : word
            #expect(error.map { "\($0)".contains(expected) } == true, "\(word): \(error.map { "\($0)" } ?? "")")
        }
        for count in [0, 1, 311] {
            #expect(throws: ReceiptError.wrongLength(count)) { try Receipt(bytes: Array(body.prefix(count))) }
        }
        #expect(throws: ReceiptError.wrongLength(313)) { try Receipt(bytes: body + [0]) }
        #expect("\(ReceiptError.wrongLength(313))" == "a receipt has 312 bytes, not 313")
    }

    @Test func `There is one receipt for each accepted byte string, whatever bits are changed`() throws {
        for vector in try vectors.list("receipts") {
            let body = try vector.hex("bytes")
            var refused = 0
            for bit in 0..<body.count * 8 {
                var changed = body
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                guard let receipt = try? Receipt(bytes: changed) else {
                    refused += 1
                    continue
                }
                #expect(receipt.bytes == changed, "bit \(bit)")
            }
            #expect(refused >= 64 + 64 + 4, "magic, zeros and unknown flags at least: \(refused)")
        }
    }

    @Test func `Adjusted tokens and amounts are exact, Cocoon's published example among them`() throws {
        for row in try vectors.list("sums") {
            let weights = try row.list("weights").compactMap(\.integer)
            let usage = TokenUsage(
                prompt: try row.integer("prompt"),
                completion: try row.integer("completion"),
                cached: try row.integer("cached"),
                reasoning: try row.integer("reasoning")
            )
            let tokens = usage.adjusted(
                by: TokenWeights(
                    prompt: weights[0],
                    cached: weights[1],
                    completion: weights[2],
                    reasoning: weights[3]
                )
            )
            #expect(tokens.count == (try row.integer("adjusted")))
            guard let price = row["price"]?.integer else { continue }
            #expect(Price(nanoTONPerMTok: price).cost(of: tokens).count == (try row.integer("amount")))
        }
        let cocoon = TokenUsage(prompt: 34, completion: 100, cached: 11, reasoning: 10)
        #expect(cocoon.adjusted(by: TokenWeights(.standard)).count == 824)
    }

    @Test func `Only the two keys that a receipt names can sign it, and for nothing else`() throws {
        let (worker, app, other) = (try key("worker"), try key("app"), try key("other"))
        let vector = try #require(try vectors.list("receipts").first)
        let receipt = try Receipt(bytes: try vector.hex("bytes"))
        let signed = SignedReceipt(receipt, signedBy: worker).countersigned(by: app)
        #expect(signed.verifyWorker(worker.publicKey) && signed.verifyApp(app.publicKey))
        #expect(!signed.verifyWorker(app.publicKey) && !signed.verifyApp(worker.publicKey))
        #expect(!signed.verifyWorker(other.publicKey) && !signed.verifyApp(other.publicKey))
        #expect(!signed.verifyWorker([]) && !signed.verifyApp(Array(app.publicKey.dropLast())))
        #expect(!SignedReceipt(receipt, signedBy: other).verifyWorker(other.publicKey), "the receipt names another")
        let app1 = try #require(signed.appSignature)
        // A countersignature is of one worker's signature: it does not fit another signature of the same bytes.
        let resigned = SignedReceipt(receipt, signedBy: other)
        let moved = SignedReceipt(receipt: receipt, workerSignature: resigned.workerSignature, appSignature: app1)
        #expect(!moved.verifyApp(app.publicKey))
        // The two signatures cannot take each other's place, and neither is one of the bare bytes.
        let swapped = SignedReceipt(receipt: receipt, workerSignature: app1, appSignature: signed.workerSignature)
        #expect(!swapped.verifyWorker(worker.publicKey) && !swapped.verifyApp(app.publicKey))
        let bare = SignedReceipt(receipt: receipt, workerSignature: worker.sign(receipt.bytes))
        #expect(!bare.verifyWorker(worker.publicKey))
    }

    @Test func `Many receipts are judged each for itself`() throws {
        let (worker, app, other) = (try key("worker"), try key("app"), try key("other"))
        let receipt = try Receipt(bytes: try #require(try vectors.list("receipts").first).hex("bytes"))
        let one = SignedReceipt(receipt, signedBy: worker)
        let both = one.countersigned(by: app)
        let (w, a, o) = (worker.publicKey, app.publicKey, other.publicKey)
        func spoiled(_ signature: [UInt8]?) -> [UInt8]? { signature.map { [$0[0] ^ 1] + $0.dropFirst() } }
        let badWorker = SignedReceipt(
            receipt: receipt,
            workerSignature: try #require(spoiled(one.workerSignature)),
            appSignature: both.appSignature
        )
        let badApp = SignedReceipt(
            receipt: receipt,
            workerSignature: one.workerSignature,
            appSignature: spoiled(both.appSignature)
        )
        let cases: [(SignedReceipt, [UInt8]?, [UInt8]?, SignedReceipt.Verdict)] = [
            (both, w, a, .bothSigned), (one, w, a, .workerSigned), (one, w, nil, .workerSigned),
            (both, nil, a, .keyMissing), (both, w, nil, .keyMissing), (both, o, a, .keyForeign),
            (both, w, o, .keyForeign), (one, w, o, .workerSigned), (badWorker, w, a, .workerSignatureInvalid),
            (badApp, w, a, .appSignatureInvalid),
        ]
        let claims = cases.map { SignedReceipt.Claim(receipt: $0.0, workerKey: $0.1, appKey: $0.2) }
        #expect(SignedReceipt.verdicts(of: claims) == cases.map(\.3))
        #expect(Set(cases.map(\.3)) == Set(SignedReceipt.Verdict.allCases), "every verdict is shown")
    }

    @Test func `Two receipts of one sequence with other bytes are an equivocation, in whichever order they come`()
        throws
    {
        let (worker, other) = (try key("worker"), try key("other"))
        let receipt = try Receipt(bytes: try #require(try vectors.list("receipts").first).hex("bytes"))
        func changed(_ change: (inout Receipt) -> Void) -> SignedReceipt {
            var copy = receipt
            change(&copy)
            return SignedReceipt(copy, signedBy: worker)
        }
        let one = changed { _ in }
        let two = changed { $0.response = .zero }
        let proof = try #require(Equivocation(one, two))
        let reversed = try #require(Equivocation(two, one))
        #expect(proof == reversed && proof.payloadHash == reversed.payloadHash)
        #expect(proof.verify(worker.publicKey) && !proof.verify(other.publicKey))
        #expect(Equivocation(one, one) == nil)
        #expect(Equivocation(one, changed { $0.sequence = 2 }) == nil)
        #expect(Equivocation(one, changed { $0.lease = LeaseID(2) }) == nil)
        #expect(Equivocation(one, changed { $0.worker = PartyID(high: 1, low: 1) }) == nil)
        let forged = SignedReceipt(receipt: two.receipt, workerSignature: one.workerSignature)
        #expect(try #require(Equivocation(one, forged)).verify(worker.publicKey) == false)
    }
}
