import API
import Cryptography
import Engine
import HTTP2
import Provenance
import Testing
import Units

@testable import Marketplace

/// What becomes of receipts between the network and the engine.
@Suite struct VerifierTests {
    private let worker = Ed25519.SigningKey.random()
    private let app = Ed25519.SigningKey.random()
    private let stranger = Ed25519.SigningKey.random()

    private func receipt(tokens: Int64 = 10) -> Receipt {
        Receipt(
            lease: LeaseID(4),
            worker: PartyID(receiptKey: worker.publicKey),
            app: PartyID(receiptKey: app.publicKey),
            sequence: 1,
            usage: TokenUsage(prompt: tokens, completion: 0),
            price: Price(nanoTONPerMTok: 1_000),
            adjusted: AdjustedTokens(tokens),
            amount: .zero,
            startedAt: 1,
            endedAt: 2
        )
    }

    private func job(
        _ items: [SignedReceipt],
        _ kind: ReceiptBatch.Kind = .list,
        keys: LeaseKeys? = nil,
        account: Int64 = 2
    ) -> VerifierPool.Job {
        let open = LeaseKeys.open(
            buyer: AccountID(3),
            worker: AccountID(2),
            appKey: app.publicKey,
            workerKey: worker.publicKey
        )
        let batch = ReceiptBatch(
            account: AccountID(account),
            key: KeyID(1),
            requestID: 1,
            items: items.map { .receipt($0) },
            kind: kind
        )
        return VerifierPool.Job(stream: .none, batch: batch, keys: [LeaseID(4): keys ?? open])
    }

    /// The problem's code, or `command`.
    private func verdict(_ job: VerifierPool.Job) -> String {
        switch job.judged()[0] {
        case .command: "command"
        case .refused(let problem): problem.code.rawValue
        case .opening, .announced: "an order"
        }
    }

    @Test func `Only what bears the signatures of the lease's parties goes to the engine`() {
        let claimed = SignedReceipt(receipt(), signedBy: worker)
        let signed = claimed.countersigned(by: app)
        #expect(verdict(job([claimed])) == "command")
        #expect(verdict(job([signed])) == "command")
        #expect(verdict(job([SignedReceipt(receipt(), signedBy: stranger)])) == "worker_signature_invalid")
        #expect(verdict(job([claimed.countersigned(by: stranger)])) == "app_signature_invalid")
        #expect(verdict(job([signed], account: 9)) == "lease_not_found")
        #expect(verdict(job([signed], keys: .ended)) == "lease_ended")
        #expect(verdict(job([signed], keys: .unknown)) == "lease_not_found")
        let keyless = LeaseKeys.open(buyer: AccountID(3), worker: AccountID(2), appKey: nil, workerKey: nil)
        #expect(verdict(job([claimed], keys: keyless)) == "receipt_key_missing")
        let other = LeaseKeys.open(
            buyer: AccountID(3),
            worker: AccountID(2),
            appKey: app.publicKey,
            workerKey: stranger.publicKey
        )
        #expect(verdict(job([claimed], keys: other)) == "receipt_foreign")
    }

    @Test func `A proof of contradiction needs the worker's signature on both`() {
        let one = SignedReceipt(receipt(), signedBy: worker)
        let two = SignedReceipt(receipt(tokens: 11), signedBy: worker)
        #expect(verdict(job([one, two], .equivocation)) == "command")
        let forged = SignedReceipt(receipt(tokens: 11), signedBy: stranger)
        #expect(verdict(job([one, forged], .equivocation)) == "worker_signature_invalid")
    }

    @Test func `Every command has a salt of its own`() {
        let claimed = SignedReceipt(receipt(), signedBy: worker)
        let salts = job([claimed, claimed]).judged().compactMap { item -> [UInt8]? in
            guard case .command(let command) = item, case .lease(.recordReceipt(let terms)) = command.action else {
                return nil
            }
            return terms.salt
        }
        #expect(salts.count == 2 && salts[0] != salts[1] && salts[0].count == LogEntry.saltByteCount)
    }

    @Test func `Receipts that wait for a thread are bounded, and other threads take theirs`() {
        let pool = VerifierPool(threads: 2, inbox: Inbox(), loops: LoopMailboxes(count: 1) { _ in })
        let claimed = SignedReceipt(receipt(), signedBy: worker)
        for _ in 0..<BatchLimits.receipts.items { #expect(pool.post(job([claimed]))) }
        #expect(!pool.post(job([claimed])), "one more of this account's thread")
        #expect(pool.post(job([claimed], account: 3)))
        #expect(pool.waitingJobs == BatchLimits.receipts.items + 1)
    }

    @Test func `Tickets that wait for the signer are bounded`() throws {
        let signer = Signer(.temporary(), loops: LoopMailboxes(count: 1) { _ in })
        let ticket = Ticket(
            lease: LeaseID(1),
            trade: TradeID(1),
            bid: OrderID(1),
            offer: OrderID(2),
            worker: AccountID(2),
            app: AccountID(3),
            model: "m",
            weights: TokenWeights(.standard),
            price: Price(nanoTONPerMTok: 1_000),
            lots: Lots(1),
            appFee: BasisPoints(0),
            workerFee: BasisPoints(0),
            openedAt: 1,
            deadline: 2,
            step: AdjustedTokens(1),
            disputeWindow: 1
        )
        let job = Signer.Job(stream: .none, requestID: 1, tickets: [(ticket, .zero)], answer: nil)
        for _ in 0..<BatchLimits.signatures.items { #expect(signer.post(job)) }
        #expect(!signer.post(job))
    }

    @Test func `The key of a time signs what is of that time`() {
        let keys = [0, 100, 200].map { from in
            ExchangeKey(Ed25519.SigningKey.random(), from: LogicalTime(microseconds: from))
        }
        let keyring = SigningKeyring(keys)
        for (time, index) in [(0, 0), (99, 0), (100, 1), (199, 1), (200, 2), (Int64.max - 1, 2)] as [(Int64, Int)] {
            #expect(keyring.key(at: LogicalTime(microseconds: time)).id == keys[index].id, "\(time)")
        }
        let list = keyring.list
        #expect(list.keys.map(\.key.until.microseconds) == [100, 200, LogicalTime.never.microseconds])
        #expect(list.origin == "bombyx/" + keys[0].id)
        #expect(list.keys.allSatisfy { NoteKey(text: $0.verifierKey)?.name == list.origin })
    }
}
