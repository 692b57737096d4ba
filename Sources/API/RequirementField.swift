package import Exchange
internal import Units

/// The fields of a requirement (DESIGN §5). New ones come at the end: the order is that of the canonical form.
package enum RequirementField: Int, BodyField, Sendable {
    case model, quality, contextLength, features, quantization, tee, region
    case maxOutputTokens, inputModalities, outputModalities, gpuModel, gpuCount, vramGB, dataRetention, trainsOnData
    case moderated, throughputTPS, ttftMS, uptimeBP, tcbStatus, attestationAgeS, revision, weightsSHA256
    case deliverWithinS

    package static let names: [StaticString] = [
        "model", "quality", "context_length", "features", "quantization", "tee", "region", "max_output_tokens",
        "input_modalities", "output_modalities", "gpu_model", "gpu_count", "vram_gb", "data_retention",
        "trains_on_data", "moderated", "throughput_tps", "ttft_ms", "uptime_bp", "tcb_status", "attestation_age_s",
        "revision", "weights_sha256", "deliver_within_s",
    ]

    /// What a demand on the field may be.
    package enum Operation: Int, CaseIterable, Sendable {
        /// One of these.
        case `in`
        /// None of these, and known.
        case notin
        /// This.
        case eq
        /// Each of these.
        case all
        /// At least.
        case gte
        /// At most.
        case lte

        package static let names: [StaticString] = ["in", "notin", "eq", "all", "gte", "lte"]
        package var name: StaticString { Self.names[rawValue] }
    }

    /// What its values are.
    package enum Kind: Sendable {
        /// Names without a closed list.
        case names
        /// Names of a closed list; an offer has one of them.
        case choice
        /// Names of a closed list; an offer has some of them.
        case set
        case number
        case flag
    }

    package var kind: Kind {
        switch self {
        case .model, .region, .revision, .weightsSHA256: .names
        case .quantization, .tee, .gpuModel, .dataRetention, .tcbStatus: .choice
        case .features, .inputModalities, .outputModalities: .set
        case .trainsOnData, .moderated: .flag
        case .quality, .contextLength, .maxOutputTokens, .gpuCount, .vramGB, .throughputTPS, .ttftMS, .uptimeBP,
            .attestationAgeS, .deliverWithinS:
            .number
        }
    }

    /// In the order of the canonical form.
    package var operations: [Operation] { Self.operations[rawValue] }
    private static let operations: [[Operation]] = allCases.map { field in
        switch field.kind {
        case .names, .choice: [.in, .notin, .eq]
        case .set: [.all]
        case .flag: [.eq]
        case .number:
            switch (field.trait?.hasLeast ?? true, field.trait?.hasMost ?? true) {
            case (true, true): [.eq, .gte, .lte]
            case (true, false): [.gte]
            default: [.lte]
            }
        }
    }
    /// Their names, by position in ``operations``.
    var operationNames: [StaticString] { Self.operationNames[rawValue] }
    private static let operationNames: [[StaticString]] = operations.map { $0.map(\.name) }

    /// The trait that the field is about, if it is about one.
    package var trait: Trait? {
        switch self {
        case .maxOutputTokens: .maxOutputTokens
        case .inputModalities, .outputModalities: .modalities
        case .gpuModel: .gpuModel
        case .gpuCount: .gpuCount
        case .vramGB: .vramGB
        case .dataRetention: .dataRetention
        case .trainsOnData: .trainsOnData
        case .moderated: .moderated
        case .throughputTPS: .throughputTPS
        case .ttftMS: .ttftMS
        case .uptimeBP: .uptimeBP
        case .tcbStatus: .tcbStatus
        case .attestationAgeS: .attestationAgeS
        case .deliverWithinS: .deliverWithinS
        case .model, .quality, .contextLength, .features, .quantization, .tee, .region, .revision, .weightsSHA256: nil
        }
    }

    /// Who says what the field is about; `nil` for what the registry of models says.
    package var provenance: Trait.Provenance? {
        switch self {
        case .model, .quality, .revision, .weightsSHA256: nil
        case .contextLength, .features, .quantization, .region: .declared
        case .tee: .attested
        default: trait?.provenance
        }
    }

    /// The numbers of an operation.
    package func range(of operation: Operation) -> ClosedRange<Int64> {
        switch self {
        case .quality: return 0...Limits.qualityMax
        case .contextLength: return (operation == .gte ? 0 : 1)...Limits.contextLengthMax
        default:
            guard let trait, case .number(let range) = trait.kind else { return 0...0 }
            return range
        }
    }

    /// The names of a closed list, with what they stand for: a number of the list, or a bit.
    var vocabulary: Vocabulary<Int64>? { Self.vocabularies[rawValue] }
    private static let vocabularies: [Vocabulary<Int64>?] = allCases.map { field in
        field.names.map { Vocabulary($0.enumerated().map { ($1, Int64($0) + field.firstCode) }) }
    }

    /// What the first name of the list stands for.
    var firstCode: Int64 {
        switch self {
        case .quantization, .tee, .features, .inputModalities: 0
        case .outputModalities: Int64(Trait.inputModalities.count)
        default: 1
        }
    }

    /// The names of a closed list, in the order of what they stand for.
    package var names: [String]? {
        switch self {
        case .features: return Features.names
        case .quantization: return Quantization.allCases.map(\.name)
        case .tee: return TEE.allCases.map(\.name)
        case .inputModalities: return Trait.inputModalities
        case .outputModalities: return Trait.outputModalities
        default:
            guard let trait, case .choice(let names) = trait.kind else { return nil }
            return names
        }
    }

    /// Entries of one list.
    package var entriesMax: Int {
        switch self {
        case .model: Limits.modelsPerBidMax
        case .region: Limits.regionsPerBidMax
        case .revision, .weightsSHA256: Limits.digestsPerBidMax
        default: names?.count ?? 0
        }
    }

    /// Bits of all that is known: whatever `notin` leaves, it does not leave what nobody knows.
    var knownBits: Int64 {
        guard let names else { return 0 }
        let all: Int64 = ((1 << Int64(names.count)) - 1) << firstCode
        // The first quantization is that nobody knows it.
        return self == .quantization ? all & ~1 : all
    }
}
