import Engine
import Exchange
import JSON
import Ledger
import Settlement
import Testing
import Units

@testable import API

@Suite struct RouteTableTests {
    let contract: Contract

    init() throws { contract = try Contract() }

    @Test func `The contract and the route table have the same operations`() {
        let declared = contract.operations.map { "\($0.id) \($0.method.uppercased()) \($0.path)" }
        let served = Route.allCases.map { "\($0.operationID) \($0.method.rawValue) \($0.template)" }
        #expect(Set(declared) == Set(served))
        #expect(declared.count == served.count)
    }

    @Test(arguments: Route.allCases)
    func `An operation states its scopes, its body and its key`(route: Route) throws {
        let operation = try contract.operation(route.operationID).value
        let security = operation["security"]?.elements
        // The contract demands a key of every operation that says nothing.
        let alternatives = try #require(security, "\(route.operationID) does not say who may call it")
        let scopes = alternatives.flatMap { $0["bearerKey"]?.strings ?? [] }
        if route == .listTrades || route == .openStream {
            #expect(alternatives.first == .object([]))
            #expect(Set(scopes) == Set(Route.listOrders.scopes.names))
        } else {
            #expect(Set(scopes) == Set(route.scopes.names))
        }
        #expect((operation["requestBody"] != nil) == route.hasBody)
        let parameters = try (operation["parameters"]?.elements ?? []).map { try contract.resolved($0) }
        let isCommand = route.isRepeatableCommand || route.method == .delete
        #expect(parameters.contains { $0["name"]?.string == "Idempotency-Key" } == isCommand)
        let inPath = parameters.filter { $0["in"]?.string == "path" }.compactMap { $0["name"]?.string }
        let named = route.template.matches(of: /\{(\w+)\}/).map { String($0.output.1) }
        #expect(Set(inPath) == Set(named))
    }

    @Test(arguments: Route.allCases)
    func `An operation declares every status that it can have`(route: Route) throws {
        let responses = try #require(try contract.operation(route.operationID).value["responses"])
        var statuses: Set<String> = ["default"]
        if route.template.hasPrefix("/v1/") {
            statuses.formUnion(["400", "422", "429", "500", "503"])
            if !route.scopes.isEmpty || route == .listTrades || route == .openStream {
                statuses.formUnion(["401", "403"])
            }
            if route.hasBody { statuses.formUnion(["413", "415"]) }
            if route.template.contains("{") || findsNothing.contains(route) { statuses.insert("404") }
            if route.hasBody && ![.previewOrder, .createLoginNonce].contains(route) || route.method == .delete {
                statuses.insert("409")
            }
            if route.isLogin { statuses.formUnion(route == .createLoginNonce ? ["404"] : ["401", "404"]) }
        }
        if [.getReadiness, .headReadiness].contains(route) { statuses.insert("503") }
        if route.template.hasPrefix("/docs") || route.template.hasPrefix("/problems/") {
            statuses.formUnion(route.template.contains("{") ? ["304", "404"] : ["304"])
        }
        if route == .getLogTile { statuses.insert("404") }
        if route == .getDeposits { statuses.insert("409") }
        let created: [Route] = [
            .placeOffer, .placeBid, .createAccount, .createKey, .createDeposit, .createCheckpoint, .createOwnKey,
            .createLoginNonce, .loginTON, .loginTelegram, .linkTON, .linkTelegram, .requestWithdrawal,
        ]
        statuses.insert(created.contains(route) ? "201" : "200")
        #expect(Set(responses.keys) == statuses)
    }

    @Test func `Every reference names something, and every component is used`() throws {
        var used: Set<String> = []
        func visit(_ value: JSONValue) throws {
            if let reference = value["$ref"]?.string {
                used.insert(reference)
                _ = try contract.resolved(value)
            }
            for member in value.members ?? [] { try visit(member.value) }
            for element in value.elements ?? [] { try visit(element) }
        }
        try visit(contract.root)
        for kind in ["schemas", "responses", "parameters", "headers", "links"] {
            for name in contract.root["components"]?[kind]?.keys ?? [] {
                #expect(used.contains("#/components/\(kind)/\(name)"), "\(name) is not used")
            }
        }
    }

    @Test func `Links lead to operations`() throws {
        for link in contract.root["components"]?["links"]?.members ?? [] {
            _ = try contract.operation(link.value["operationId"]?.string ?? "")
        }
    }

    @Test(
        arguments: [
            ("OfferRequest", OfferField.names, ["model", "quantity_lots"]),
            ("BidRequest", BidField.names, ["quantity_lots"]), ("Buyers", BuyersField.names, []),
            ("BatchRequest", BatchField.names, ["orders"]), ("AmendRequest", AmendField.names, []),
            ("CancelAfterRequest", CancelAfterField.names, ["timeout_s"]),
            ("HaltRequest", HaltField.names, ["halted"]), ("PriceBandRequest", PriceBandField.names, ["price_band"]),
            ("PriceBandInput", BandField.names, ["low_nanoton_per_mtok", "high_nanoton_per_mtok"]),
            ("LimitsRequest", LimitsField.names, []),
            ("CapabilityInput", CapabilityField.names, []), ("Requirement", RequirementField.names, []),
            ("AccountRequest", AccountField.names, []), ("KeyRequest", KeyField.names, ["scopes"]),
            ("LoginNonceRequest", [], []),
            ("LoginTONRequest", WalletProofField.names, WalletProofField.names.map(\.description)),
            ("LoginTelegramRequest", MiniAppField.names, ["init_data"]),
            ("KeyLimitsRequest", KeyLimitsField.names, []),
            ("DepositRequest", DepositField.names, ["amount_nanoton"]),
            ("AttestationRequest", AttestationField.names, ["tees", "expires_at"]),
            ("MeasurementRequest", MeasurementField.names, ["model", "expires_at"]),
            ("FeesRequest", FeesField.names, ["maker_fee_bps", "taker_fee_bps"]),
            ("ModelRequest", ModelField.names, []), ("CheckpointRequest", [], []), ("EmptyRequest", [], []),
            ("ProfileRequest", ProfileField.names, []), ("LeasePolicyRequest", LeasePolicyField.names, []),
            ("MeasurementPolicyRequest", MeasurementPolicyField.names, []),
            ("BondRequest", BondField.names, ["amount_nanoton"]),
            ("ReceiptRequest", ReceiptField.names, ["receipt", "worker_signature"]),
            ("ReceiptBatchRequest", ReceiptListField.names, ["receipts"]),
            ("EquivocationRequest", EquivocationField.names, ["first", "second"]),
            ("WithdrawalRequest", WithdrawalField.names, ["address", "amount_nanoton"]),
            ("PayoutTermsRequest", PayoutTermsField.names, ["address"]),
            ("SettlementTermsRequest", SettlementTermsField.names, []),
            ("SettlementHoldRequest", SettlementHoldField.names, []),
            ("AssignmentRequest", AssignmentField.names, ["account"]),
            ("AnchorPolicyRequest", AnchorPolicyField.names, []),
        ] as [(String, [StaticString], [String])]
    )
    func `A request's schema has the fields of its reader, and no others`(
        name: String,
        fields: [StaticString],
        required: [String]
    ) throws {
        let schema = try contract.schema(name)
        #expect(Set(schema["properties"]?.keys ?? []) == Set(fields.map(\.description)))
        #expect(schema["additionalProperties"] == .boolean(false))
        #expect(Set(schema["required"]?.strings ?? []) == Set(required))
    }

    @Test(
        arguments: [
            ("Side", Side.allCases.map(\.name)), ("OrderState", OrderState.allCases.map(\.rawValue)),
            ("CloseReason", CloseReason.allCases.map(\.name)), ("TimeInForce", TimeInForce.allCases.map(\.name)),
            ("SelfTradePrevention", SelfTradePrevention.allCases.map(\.name)), ("OrderType", ["limit", "market"]),
            ("WeightSet", WeightSet.registered.map(\.name)), ("Feature", Features.names),
            ("InputModality", Trait.inputModalities), ("OutputModality", Trait.outputModalities),
            ("GPUModel", RequirementField.gpuModel.names ?? []),
            ("DataRetention", RequirementField.dataRetention.names ?? []),
            ("TCBStatus", RequirementField.tcbStatus.names ?? []),
            ("Provenance", Trait.Provenance.allCases.map(\.rawValue)),
            ("Quantization", Quantization.allCases.map(\.name)), ("TEE", TEE.allCases.map(\.name)),
            ("AttestedTEE", TEE.allCases.map(\.name).filter { $0 != "none" }), ("Scope", Scopes.names),
            ("TONNetwork", TONNetwork.allCases.map(\.rawValue)),
            ("AuditAction", AuditAction.allCases.map(\.name)),
            ("ProblemCode", ProblemCode.allCases.map(\.rawValue)), ("Constraint", constraintNames),
            ("LeaseRole", LeaseRole.allCases.map(\.rawValue)), ("LeaseState", LeaseState.allCases.map(\.rawValue)),
            ("LeaseEndReason", LeaseEnd.allCases.map(\.name)),
            ("WithdrawalState", WithdrawalState.allCases.map(\.name)),
            ("SettlementState", SettlementBatch.Phase.allCases.map(\.rawValue)),
            ("PayoutState", PayoutState.allCases.map(\.name)),
            ("SuspenseReason", SuspenseReason.allCases.map(\.name)),
            ("SettlementHoldReason", SettlementHoldReason.allCases.map(\.name)),
            ("AnchorState", AnchorState.allCases.map(\.name)),
        ] as [(String, [String])]
    )
    func `A list of names is the one that the code knows`(name: String, names: [String]) throws {
        #expect(try contract.schema(name)["enum"]?.strings == names)
    }

    @Test(arguments: RequirementField.allCases)
    func `A demand has the operators and bounds that the code knows`(field: RequirementField) throws {
        let properties = try contract.schema("Requirement")["properties"]?[field.name.description]?["properties"]
        #expect(properties?.keys.sorted() == field.operations.map { $0.name.description }.sorted())
        for operation in field.operations {
            let schema = try #require(properties?[operation.name.description])
            if field.kind == .number {
                #expect(schema["minimum"]?.integer == field.range(of: operation).lowerBound)
                #expect(schema["maximum"]?.integer == field.range(of: operation).upperBound)
            } else if field.kind != .flag, operation != .eq {
                #expect(schema["maxItems"]?.integer == Int64(field.entriesMax))
            }
        }
    }

    @Test func `The names inside other schemas are those that the code knows`() throws {
        let rules = try contract.schema("FieldError")["properties"]?["code"]?["enum"]?.strings
        #expect(rules == FieldError.Rule.allCases.map(\.rawValue))
        let kinds = try contract.schema("Transfer")["properties"]?["kind"]?["enum"]?.strings
        #expect(kinds == Transfer.Kind.allCases.map(\.name))
    }

    @Test(
        arguments: [
            ("LotsInput", "maximum", Limits.orderLotsMax), ("BasisPoints", "maximum", Limits.feeMax),
            ("ModelName", "maxLength", Int64(Limits.modelNameBytesMax)),
            ("Label", "maxLength", Int64(Limits.labelBytesMax)),
            ("ClientOrderID", "maxLength", Int64(Limits.clientOrderIDBytesMax)),
        ] as [(String, String, Int64)]
    )
    func `A bound in the contract is the limit`(name: String, keyword: String, limit: Int64) throws {
        #expect(try contract.schema(name)[keyword]?.integer == limit)
    }
}

@Suite struct ProblemExampleTests {
    let contract: Contract

    init() throws { contract = try Contract() }

    @Test func `Every problem is an example of the response with its status`() throws {
        var seen: [String: JSONValue] = [:]
        // What a server says of itself is no problem of the request's.
        let pages = ["Page", "PagePart", "PageUnchanged", "ProblemPage"]
        for response in contract.root["components"]?["responses"]?.members ?? []
        where response.key != "NotReady" && !pages.contains(response.key) {
            let content = try #require(response.value["content"]?["application/problem+json"])
            for example in content["examples"]?.members ?? [] {
                let value = try #require(example.value["value"])
                #expect(value["code"]?.string == example.key)
                seen[example.key] = value
            }
        }
        #expect(Set(seen.keys) == Set(ProblemCode.allCases.map(\.rawValue)))
        for code in ProblemCode.allCases {
            let example = seen[code.rawValue]
            #expect(example?["status"]?.integer == Int64(code.status), "\(code)")
            #expect(example?["title"]?.string == code.title.description, "\(code)")
            #expect(example?["retryable"]?.boolean == code.isRetryable, "\(code)")
            #expect(example?["type"]?.string == "/problems/\(code.rawValue)", "\(code)")
        }
    }

    @Test(arguments: Rejection.allCases)
    func `Every rejection of the engine is documented`(rejection: Rejection) throws {
        #expect(try contract.schema("ProblemCode")["enum"]?.strings.contains(rejection.code) == true)
    }

    @Test(arguments: ProblemCode.allCases)
    func `Every problem that is rendered has the schema of a problem`(code: ProblemCode) throws {
        var problem = Problem(code)
        problem.sequence = SequenceNumber(3)
        problem.errors = [
            FieldError(.pointer("#/a"), .required, "a is required."),
            FieldError(.parameter("b"), .empty, "b is empty."),
        ]
        let json = try JSONValue(problem.response(requestID: 1).body)
        let faults = SchemaValidator(contract: contract).faults(json, try contract.schema("Problem"))
        #expect(faults.isEmpty)
    }
}

extension RouteTableTests {
    @Test(arguments: Quota.Owner.allCases)
    func `What is told of a bucket has the form that is declared`(owner: Quota.Owner) throws {
        let limits: [(Int64, Int64)] = [(10, 1), (1_000_000, 1), (60, 60)]
        for (tokens, seconds) in limits {
            let quota = Quota(of: owner, tokens: tokens, seconds: seconds)
            let fields = [("RateLimit", quota.state), ("RateLimit-Policy", quota.policy)]
            for (name, text) in fields {
                let declared = try #require(contract.root["components"]?["headers"]?[name]?["schema"])
                #expect(SchemaValidator(contract: contract).faults(.string(text), declared).isEmpty, "\(text)")
            }
        }
    }
}

/// Routes without a name in their path that may find nothing all the same.
private let findsNothing: Set<Route> = [
    .getAccount, .getProfile, .getBond, .getInclusionProof, .recordReceipt, .proveEquivocation, .getDeposits,
    .getPayoutTerms, .linkTON, .linkTelegram,
    // A bid may name the lease that it tops up.
    .placeBid,
]

extension Route {
    /// A preview is no command, a receipt that comes again is known by itself, and a proof of a login is good once.
    fileprivate var isRepeatableCommand: Bool {
        let others: [Route] = [
            .previewOrder, .recordReceipt, .recordReceipts, .proveEquivocation, .linkTON, .linkTelegram,
            .runSettlement,
        ]
        return hasBody && !isLogin && !others.contains(self)
    }
}

/// A field may have two constraints.
private let constraintNames: [String] = Constraint.allCases.map(\.name).reduce(into: []) { names, name in
    if !names.contains(name) { names.append(name) }
}
