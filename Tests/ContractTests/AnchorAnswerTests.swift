import Engine
import JSON
import Testing
import Units

@testable import API

/// What the code writes of the log's anchors is what the contract says.
@Suite struct AnchorAnswerTests {
    private let contract: Contract
    private static let hash = ChainHash(.init(1, 2, 3, 4))
    private let asOf = SequenceNumber(40)

    init() throws { contract = try Contract() }

    private func expect(_ route: Route, _ response: APIResponse) throws {
        let operation = try contract.operation(route.operationID).value
        let declared = try #require(operation["responses"]?[String(response.status)], "\(route) \(response.status)")
        let media = try contract.resolved(declared)["content"]?[response.contentType.text.description]
        let schema = try #require(media?["schema"], "\(route) \(response.status) has no schema")
        let json = try JSONValue(response.body)
        #expect(SchemaValidator(contract: contract).faults(json, schema) == [], "\(route)")
    }

    private var anchors: [AnchorRecord] {
        AnchorState.allCases.map { state in
            var record = AnchorRecord(
                batch: SettlementID(52),
                wallet: WalletID(1),
                origin: Self.hash,
                size: 17,
                root: Self.hash,
                amount: NanoTON(10_000_000),
                plannedAt: LogicalTime(microseconds: 1_795_222_800_000_000)
            )
            record.state = state
            if state == .sent || state == .confirmed { record.message = Self.hash }
            guard state == .confirmed else { return record }
            record.transaction = ChainPosition(logicalTime: 50_400_000_005, hash: Self.hash)
            record.block = 41_230_077
            record.chainTime = 1_795_222_812
            return record
        }
    }

    @Test func `Anchors in every state fit, and a page knows whether there are more`() throws {
        let rows = anchors.map { AnchorDetail(record: $0, address: Self.hash) }
        for limit in [1, 4] {
            let query = AnchorsQuery(network: .mainnet, limit: limit, before: nil)
            let response = View.anchors(query, rows, asOf: asOf)
            try expect(.listAnchors, response)
            let json = try JSONValue(response.body)
            #expect(json["has_more"]?.boolean == (limit == 1) && json["data"]?.elements?.count == limit)
        }
        let message = try JSONValue(View.anchors(AnchorsQuery(network: .testnet, limit: 4), rows, asOf: asOf).body)
        #expect(message["data"]?[0]?["message"]?.string?.hasPrefix("4258414e43483031") == true)
        #expect(message["data"]?[3]?["arrived_at"] == .null && message["data"]?[2]?["arrived_at"] != .null)
    }

    @Test func `The policy fits, and what it answers to`() throws {
        var state = AnchorsState()
        try expect(.getAnchorPolicy, View.anchorPolicy(state, asOf: asOf))
        state.policy = AnchorPolicy(isEnabled: false, interval: Limits.anchorIntervalMax, amount: NanoTON(1_000_000))
        state.request = SequenceNumber(3)
        state.last = anchors[2]
        let response = View.anchorPolicy(state, asOf: asOf)
        try expect(.getAnchorPolicy, response)
        let json = try JSONValue(response.body)
        #expect(json["anchored_size"]?.integer == 17 && json["is_requested"]?.boolean == true)
        let done = Outcome(sequence: SequenceNumber(17), events: [], requestID: 1)
        try expect(.setAnchorPolicy, Answer.render(.anchorPolicySet(state.policy), done))
        try expect(.requestAnchor, Answer.render(.anchorRequested, done))
        for rejection in [Rejection.nothingToAnchor, .anchorUnderWay] {
            let refused = Outcome(sequence: SequenceNumber(17), events: [.rejected(rejection)], requestID: 1)
            try expect(.requestAnchor, Answer.render(.anchorRequested, refused))
        }
    }
}
