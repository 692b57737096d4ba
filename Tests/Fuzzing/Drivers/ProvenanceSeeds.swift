import Cryptography
import JSON
import Provenance
import Units

/// Receipts, tickets, notes and bundles of keys that everybody knows.
enum ProvenanceSeeds {
    static let exchange = key(1)
    static let worker = key(2)
    static let app = key(3)

    private static let origin = "exchange.example/log"

    private static func key(_ number: UInt8) -> Ed25519.SigningKey {
        guard let key = Ed25519.SigningKey(seed: [UInt8](repeating: number, count: Ed25519.seedByteCount)) else {
            preconditionFailure("32 bytes are a seed")
        }
        return key
    }

    static let logKey: NoteKey = {
        guard let key = NoteKey(name: origin, publicKey: exchange.publicKey) else {
            preconditionFailure("this is a name")
        }
        return key
    }()

    private static let receipt = Receipt(
        lease: LeaseID(7),
        worker: PartyID(receiptKey: worker.publicKey),
        app: PartyID(receiptKey: app.publicKey),
        sequence: 1,
        flags: .final,
        timeToFirstToken: 312,
        usage: TokenUsage(prompt: 34, completion: 100, cached: 11, reasoning: 10),
        price: Price(nanoTONPerMTok: 20_000_000),
        adjusted: AdjustedTokens(824),
        amount: NanoTON(16_480),
        startedAt: 1_764_000_000_000,
        endedAt: 1_764_000_001_250
    )

    private static let ticket = Ticket(
        lease: LeaseID(7),
        trade: TradeID(7),
        bid: OrderID(12),
        offer: OrderID(11),
        worker: AccountID(2),
        app: AccountID(3),
        model: "Qwen/Qwen3-32B",
        weights: TokenWeights(.standard),
        price: Price(nanoTONPerMTok: 20_000_000),
        lots: Lots(120),
        appFee: BasisPoints(30),
        workerFee: BasisPoints(0),
        openedAt: 1_764_000_000_000,
        deadline: 1_764_003_600_000,
        step: AdjustedTokens(1_000),
        disputeWindow: 600_000,
        endpoint: "https://worker.example/v1"
    )

    static let signedTickets = [ticket.signed(by: exchange)]

    private static let salt = [UInt8](0..<32)

    private static func entry(_ signed: SignedReceipt) -> LogEntry {
        let entry = LogEntry(
            kind: .receipt,
            milliseconds: 1_764_000_002_000,
            salt: salt,
            payload: signed.payloadHash
        )
        guard let entry else { preconditionFailure("the salt has 32 bytes") }
        return entry
    }

    private static let both = SignedReceipt(receipt, signedBy: worker).countersigned(by: app)

    private static let log: LogTiles = {
        var log = LogTiles()
        for number in 0..<5 { log.append(number == 2 ? entry(both).leafHash : MerkleHash.leaf([UInt8(number)])) }
        return log
    }()

    /// The checkpoints that the log has signed.
    static let heads = (0...5 as ClosedRange<Int64>).map { size in
        Checkpoint(origin: origin, size: size, root: log.tree.root(of: size))
    }

    private static func signed(_ head: Checkpoint) -> SignedNote {
        guard let note = try? head.signed(by: exchange) else { preconditionFailure("a checkpoint can be signed") }
        return note
    }

    static let bundles: [ProofBundle] = [nil, 3, 5].map { (older: Int64?) in
        ProofBundle(
            signed: both,
            workerKey: worker.publicKey,
            appKey: app.publicKey,
            salt: salt,
            entry: entry(both),
            index: 2,
            inclusion: log.tree.inclusionProof(of: 2, in: 5) ?? [],
            checkpoint: signed(heads[5]),
            logKey: logKey,
            consistency: older.map { size in
                ProofBundle.Consistency(
                    checkpoint: signed(heads[Int(size)]),
                    proof: log.tree.consistencyProof(from: size, to: 5) ?? []
                )
            },
            ton: older == 5 ? anchor(of: heads[4]) : nil
        )
    }

    /// As if the log had been anchored when it had the size of a checkpoint.
    private static func anchor(of head: Checkpoint) -> ProofBundle.Anchor? {
        LogAnchor(originHash: LogAnchor.originHash(of: origin), size: head.size, root: head.root).map { anchor in
            ProofBundle.Anchor(
                wallet: SHA256.hash([1]),
                logicalTime: 49_000_001_000_003,
                transaction: SHA256.hash([2]),
                message: SHA256.hash([3]),
                anchor: anchor,
                consistency: log.tree.consistencyProof(from: head.size, to: 5) ?? []
            )
        }
    }

    static let bundleTexts = bundles.map(\.json)

    static let receipts: [[UInt8]] =
        [receipt.bytes, entry(both).bytes, EntryBundle.encode([[], [1], entry(both).bytes])]
        + ["tile/0/000", "tile/entries/x001/234.p/17", "tile/7/x999/999.p/255"].map { Array($0.utf8) }

    static let tickets: [[UInt8]] = [ticket.bytes] + signedTickets.map { Array($0.utf8) }

    static let notes: [String] =
        heads.map { signed($0).encoded } + [
            heads[5].text, logKey.text, heads[5].text + "an extension\n",
            signed(heads[5]).encoded + signed(heads[5]).encoded.split(separator: "\n\n")[1],
        ]
}
