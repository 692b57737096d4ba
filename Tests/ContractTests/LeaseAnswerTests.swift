import Cryptography
import Engine
import JSON
import Provenance
import Testing
import Units

@testable import API

/// What the code writes of leases, receipts and the log is what the contract says.
@Suite struct LeaseAnswerTests {
    private let contract: Contract
    private let models: ModelTable
    private static let now = LogicalTime(microseconds: 1_795_222_800_000_000)
    private let worker = Ed25519.SigningKey.random()
    private let app = Ed25519.SigningKey.random()

    init() throws {
        contract = try Contract()
        let terms = ModelTerms(name: "Qwen/Qwen3-32B", quality: 40)
        models = ModelTable([ModelRecord(id: ModelID(1), version: 1, terms: terms, createdAt: Self.now)])
    }

    private func expect(_ route: Route, _ response: APIResponse) throws {
        let operation = try contract.operation(route.operationID).value
        let declared = try #require(operation["responses"]?[String(response.status)], "\(route) \(response.status)")
        let media = try contract.resolved(declared)["content"]?[response.contentType.text.description]
        let schema = try #require(media?["schema"], "\(route) \(response.status) has no schema")
        let json = try JSONValue(response.body)
        #expect(SchemaValidator(contract: contract).faults(json, schema) == [], "\(route)")
    }

    private func outcome(_ events: [Event]) -> Outcome {
        Outcome(sequence: SequenceNumber(17), events: events[...], requestID: 1)
    }

    private func receipt(_ sequence: UInt32, flags: Receipt.Flags = [], tokens: Int64 = 100) -> Receipt {
        Receipt(
            lease: LeaseID(4),
            worker: PartyID(receiptKey: worker.publicKey),
            app: PartyID(receiptKey: app.publicKey),
            sequence: sequence,
            flags: flags,
            timeToFirstToken: 340,
            usage: TokenUsage(prompt: 34, completion: tokens),
            price: Price(nanoTONPerMTok: 20_123_000),
            adjusted: AdjustedTokens(834),
            amount: NanoTON(16_782),
            startedAt: 1_795_222_800_000,
            endedAt: 1_795_222_803_500
        )
    }

    private var lease: LeaseRecord {
        LeaseRecord(
            id: LeaseID(4),
            offer: OrderID(17),
            buyer: AccountID(3),
            worker: AccountID(2),
            price: Price(nanoTONPerMTok: 20_123_000),
            lots: Lots(5),
            locked: NanoTON(100_916),
            buyerRate: BasisPoints(30),
            sellerRate: BasisPoints(10),
            used: AdjustedTokens(834)
        )
    }

    private var openedLease: LeaseRecord {
        var record = lease
        record.terms = LeaseTerms(
            bid: OrderID(18),
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            classID: ClassID(1),
            delivery: DeliveryTerms(
                openedAt: Self.now,
                deadline: LogicalTime(microseconds: Self.now.microseconds + 3_600_000_000),
                step: AdjustedTokens(1_000),
                disputeWindow: 600_000_000
            )
        )
        let mark = ReceiptMark(
            index: 0,
            sequence: 1,
            usage: TokenUsage(prompt: 34, completion: 100),
            adjusted: AdjustedTokens(834),
            endedAt: 1_795_222_803_500,
            hash: receipt(1).hash
        )
        record.progress.countersigned = mark
        record.progress.claim = mark
        record.progress.claimDue = Self.now
        record.progress.closesAt = Self.now
        return record
    }

    private func profile(_ account: Int64, _ terms: ProfileTerms) -> ProfileRecord {
        ProfileRecord(account: AccountID(account), version: 1, terms: terms, setAt: Self.now)
    }

    @Test func `Leases fit`() throws {
        let asOf = SequenceNumber(40)
        let stated = ProfileTerms(endpoint: "https://gpu-7.example:8443", receiptKey: worker.publicKey)
        var details = [
            LeaseDetail(record: lease, grace: 0),
            LeaseDetail(
                record: openedLease,
                worker: profile(2, stated),
                app: profile(3, ProfileTerms()),
                grace: 5
            ),
        ]
        for end in LeaseEnd.allCases {
            details.append(LeaseDetail(record: openedLease, end: end, grace: 0))
        }
        for detail in details { try expect(.getLease, View.lease(detail, models: models, asOf: asOf)) }
        for role in [nil, LeaseRole.worker] {
            let state = role.map { _ in LeaseState.failed }
            let order = role.map { _ in OrderID(17) }
            let query = LeasesQuery(account: AccountID(2), role: role, state: state, order: order, limit: 2)
            try expect(.listLeases, View.leases(query, details, models: models, asOf: asOf))
        }
        for record in [nil, profile(2, stated)] {
            try expect(.getProfile, View.profile(of: AccountID(2), record, asOf: asOf))
        }
        var topUp = openedLease
        topUp.terms?.delivery.toppedUp = LeaseID(3)
        try expect(.getLease, View.lease(LeaseDetail(record: topUp, grace: 0), models: models, asOf: asOf))
        try expect(.getLeaseTicket, View.ticket("bxt1.a.b", of: LeaseID(4), keyID: "0123456789abcdef"))
    }

    @Test func `Bonds, policies and records fit`() throws {
        let asOf = SequenceNumber(40)
        let slash = SlashRecord(
            lease: LeaseID(4),
            worker: AccountID(2),
            buyer: AccountID(3),
            amount: NanoTON(10_061),
            due: Self.now,
            reason: .noReceipts
        )
        let bond = BondDetail(
            account: AccountID(2),
            locked: NanoTON(5),
            releasable: .zero,
            slashes: [slash],
            grace: 1
        )
        try expect(.getBond, View.bond(bond, asOf: asOf))
        var policy = LeasePolicyTerms.initial
        try expect(.getLeasePolicy, View.leasePolicy(policy, asOf: asOf))
        policy.newcomerLotsMax = Lots(7)
        try expect(.setLeasePolicy, Answer.render(.leasePolicySet(policy), outcome([])))
        let measurement = MeasurementPolicyTerms(samplesMin: 1, interval: 0)
        try expect(.getMeasurementPolicy, View.measurementPolicy(measurement, asOf: asOf))
        try expect(.setMeasurementPolicy, Answer.render(.measurementPolicySet(measurement), outcome([])))
        var performance = PerformanceRecord(account: AccountID(2), model: ModelID(1), at: Self.now)
        let standing = StandingRecord(account: AccountID(2))
        try expect(.getAccountRecord, View.record(standing, [], models: models, asOf: asOf))
        try expect(.getAccountRecord, View.record(standing, [performance], models: models, asOf: asOf))
        (performance.throughputTPS, performance.ttftMS, performance.successBP) = (133, 201, 7_500)
        (performance.publishedAt, performance.expiresAt) = (Self.now, Self.now)
        try expect(.getAccountRecord, View.record(standing, [performance], models: models, asOf: asOf))
        for route in [Route.lockBond, .releaseBond] {
            try expect(route, Answer.render(.bondMoved(NanoTON(5)), outcome([])))
            try expect(route, Answer.render(.bondMoved(NanoTON(5)), outcome([.rejected(.bondInUse)])))
        }
        for route in [Route.closeLease, .disputeClaim, .pardonLease] {
            try expect(route, Answer.render(.leaseChanged(LeaseID(4)), outcome([])))
            try expect(route, Answer.render(.leaseChanged(LeaseID(4)), outcome([.rejected(.leaseNotFound)])))
        }
        try expect(.setProfile, Answer.render(.profileSet(ProfileTerms()), outcome([])))
    }

    @Test func `Receipts fit`() throws {
        let asOf = SequenceNumber(40)
        let salt = [UInt8](repeating: 7, count: 32)
        let claimed = SignedReceipt(receipt(1, flags: .all), signedBy: worker)
        let signed = claimed.countersigned(by: app)
        for (signed, charged) in [(claimed, nil), (signed, AdjustedTokens(834))] {
            let terms = ReceiptTerms(signed, salt: salt)
            let repeated = RepeatedReceipt(
                lease: LeaseID(4),
                sequence: 1,
                hash: terms.hash,
                index: 0,
                isCountersigned: charged != nil,
                charged: AdjustedTokens(834)
            )
            let record = ReceiptRecord(index: 0, terms: terms, account: AccountID(2), charged: charged)
            let events: [Event] = [
                .used(LeaseID(4), AdjustedTokens(834)), .lease(.receiptRecorded(record)),
                .leaseEnded(LeaseID(4), AdjustedTokens(834), .final),
            ]
            try expect(.recordReceipt, Answer.render(.receiptRecorded, outcome(events)))
            let answers = [
                Answer.render(.receiptRecorded, outcome(events)),
                Answer.render(.receiptRecorded, outcome([.lease(.receiptRepeated(repeated))])),
                Answer.render(.receiptRecorded, outcome([.rejected(.receiptChain)])),
            ]
            try expect(.recordReceipts, Answer.batch(answers, of: "receipt"))
            let row = ReceiptDetail(signed: signed, index: 0, charged: charged, sequence: asOf, time: Self.now)
            let answer = ReceiptsQuery.Subject.response(signed.receipt.response)
            var query = ReceiptsQuery(account: AccountID(2), seesAll: false, subject: answer, limit: 1)
            try expect(.listReceipts, View.receipts(query, [row, row], asOf: asOf))
            query.subject = .lease(LeaseID(4))
            try expect(.listLeaseReceipts, View.receipts(query, [row], asOf: asOf))
        }
        let other = SignedReceipt(receipt(1, tokens: 101), signedBy: worker)
        let proof = EquivocationRecord(
            index: 1,
            lease: LeaseID(4),
            worker: AccountID(2),
            sequence: 1,
            earlierHash: signed.receipt.hash,
            earlier: nil,
            later: other,
            salt: salt
        )
        try expect(.proveEquivocation, Answer.render(.receiptRecorded, outcome([.lease(.equivocated(proof))])))
    }

    @Test func `The log fits`() throws {
        let asOf = SequenceNumber(40)
        let checkpoint = Checkpoint(origin: "bombyx/test", size: 0, root: MerkleHash.empty)
        let note = try checkpoint.signed(by: worker)
        let shown = LogCheckpoint(
            origin: checkpoint.origin,
            size: 0,
            root: checkpoint.root,
            note: Array(note.encoded.utf8),
            keyID: "0123456789abcdef"
        )
        try expect(.getLogCheckpoint, View.logCheckpoint(shown, asOf: asOf))
        let leaf = MerkleHash.leaf([1])
        let proof = View.inclusion(of: leaf, at: 0, size: 1, root: leaf, proof: [leaf], asOf: asOf)
        try expect(.getInclusionProof, proof)
        let consistency = View.consistency(from: (1, leaf), to: (2, leaf), proof: [leaf], asOf: asOf)
        try expect(.getConsistencyProof, consistency)
        for kind in LogEntry.Kind.allCases {
            let entry = LogEntryDetail(
                index: 0,
                kind: kind.name,
                milliseconds: 7,
                entry: [1, 2, 3],
                leaf: leaf,
                statement: kind.isSalted ? nil : [4, 5]
            )
            try expect(.listLogEntries, View.logEntries([entry], size: 1, asOf: asOf))
        }
        let key = PublicSigningKey(id: "0123456789abcdef", publicKey: worker.publicKey, from: .zero, until: .never)
        let list = SigningKeyList(origin: "bombyx/test", keys: [.init(key: key, verifierKey: "x")])
        try expect(.listSigningKeys, View.signingKeys(list))
    }
}
