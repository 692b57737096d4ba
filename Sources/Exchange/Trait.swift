import Units

/// A property of what is offered, beside those that ``Capability`` has fields for: a whole number, 0 when nobody knows.
///
/// The order is that of columns and of the journal's form, so it never changes.
package enum Trait: Int, CaseIterable, Sendable {
    case maxOutputTokens, modalities, gpuModel, gpuCount, vramGB, dataRetention, trainsOnData, moderated
    case throughputTPS, ttftMS, uptimeBP
    case tcbStatus, attestationAgeS
    case deliverWithinS

    /// What the number means.
    package enum Kind: Sendable {
        /// A quantity; a demand gives its least, its most, or both.
        case number(ClosedRange<Int64>)
        /// One of a list: its position plus one. A demand gives those that will do.
        case choice([String])
        /// 1 for no, 2 for yes. A demand gives one of them.
        case flag
        /// Some of a list: a bit for each. A demand gives those that must be there.
        case set([String])
    }

    /// Who says so.
    package enum Provenance: String, CaseIterable, Sendable {
        /// The worker.
        case declared
        /// Those who have counted what was delivered; the operator, until receipts do.
        case measured
        /// Evidence of the hardware; the operator, until evidence can be checked.
        case attested
    }

    /// The name in JSON, and that of the column.
    package var name: String { Self.names[rawValue] }
    private static let names = [
        "max_output_tokens", "modalities", "gpu_model", "gpu_count", "vram_gb", "data_retention", "trains_on_data",
        "moderated", "throughput_tps", "ttft_ms", "uptime_bp", "tcb_status", "attestation_age_s", "deliver_within_s",
    ]

    package var provenance: Provenance {
        switch self {
        case .throughputTPS, .ttftMS, .uptimeBP: .measured
        case .tcbStatus, .attestationAgeS: .attested
        default: .declared
        }
    }

    package var kind: Kind {
        switch self {
        case .maxOutputTokens: .number(1...1 << 30)
        case .modalities: .set(Self.modalityNames)
        case .gpuModel: .choice(Self.gpuModelNames)
        case .gpuCount: .number(1...65_536)
        case .vramGB: .number(1...65_536)
        case .dataRetention: .choice(Self.retentionNames)
        case .trainsOnData, .moderated: .flag
        case .throughputTPS: .number(1...1_000_000)
        case .ttftMS: .number(1...3_600_000)
        case .uptimeBP: .number(1...10_000)
        case .tcbStatus: .choice(Self.tcbStatusNames)
        case .attestationAgeS: .number(Self.ageBuckets[0]...Self.ageBuckets[Self.ageBuckets.count - 1])
        case .deliverWithinS: .number(1...Limits.deliverWithinMax)
        }
    }

    /// A demand may give the least: more is better.
    package var hasLeast: Bool {
        guard case .number = kind else { return false }
        return self != .ttftMS && self != .attestationAgeS && self != .deliverWithinS
    }
    /// A demand may give the most.
    package var hasMost: Bool {
        guard case .number = kind else { return false }
        return self != .throughputTPS && self != .uptimeBP
    }

    /// What stands for a number that an offer does not state: it delivers within the usual time.
    package var unstated: Int64 { self == .deliverWithinS ? Limits.deliverWithinDefault : 0 }

    /// Whether a demand may have this as ``FurtherDemands/least``.
    package func isLeast(_ value: Int64) -> Bool {
        switch kind {
        case .number(let range): hasLeast && (0...range.upperBound).contains(value)
        case .choice(let names): value > 0 && value < 2 << Int64(names.count)
        case .flag: value > 0 && value < 8
        case .set(let names): value > 0 && value < 1 << Int64(names.count)
        }
    }

    /// Whether a demand may have this as ``FurtherDemands/most``.
    package func isMost(_ value: Int64) -> Bool {
        guard case .number(let range) = kind else { return false }
        return hasMost && (0...range.upperBound).contains(value)
    }

    /// Whether a number is one that an offer of this exchange may have: 0, or a value of the kind.
    package func isValid(_ value: Int64) -> Bool {
        if value == 0 { return true }
        return switch kind {
        case .number(let range): range.contains(value)
        case .choice(let names): (1...Int64(names.count)).contains(value)
        case .flag: value == 1 || value == 2
        case .set(let names): value > 0 && value < 1 << Int64(names.count)
        }
    }
}

// MARK: Lists

extension Trait {
    /// First what goes in, then what comes out; the position is the bit.
    package static let inputModalities = ["text", "image", "file", "audio", "video"]
    package static let outputModalities = [
        "text", "image", "audio", "video", "embeddings", "rerank", "speech", "transcription",
    ]
    /// As ``Kind/set(_:)`` has them: `input_text`, …, `output_text`, ….
    static let modalityNames = inputModalities.map { "input_" + $0 } + outputModalities.map { "output_" + $0 }

    static let gpuModelNames = [
        "gb300", "gb200", "b300", "b200", "h200", "h100", "h20", "gh200", "a100", "a40", "a10", "l40s", "l40", "l4",
        "rtx-pro-6000", "rtx-6000-ada", "rtx-5090", "rtx-4090", "rtx-3090", "mi355x", "mi325x", "mi300x", "mi250x",
        "other",
    ]

    /// For how long what was sent is kept: not at all, while the answer is made, or at most so many days.
    static let retentionNames = [
        "none", "transient", "days_1", "days_7", "days_30", "days_90", "days_365", "unlimited",
    ]

    /// Intel's names for the state of a platform's trusted computing base.
    static let tcbStatusNames = [
        "UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate",
        "OutOfDateConfigurationNeeded", "Revoked",
    ]
}

// MARK: Buckets

extension Trait {
    /// What is measured or grows old is known in steps, so that offers that are much alike share a class: always the
    /// worse end of a step, so that no demand is met that the exact number would not meet. 0 for what is not known, and
    /// for what is worse than all steps.
    package func step(for value: Int64) -> Int64 {
        guard value > 0 else { return 0 }
        return switch self {
        case .throughputTPS: Self.throughputBuckets.last { $0 <= value } ?? 0
        case .uptimeBP: Self.uptimeBuckets.last { $0 <= value } ?? 0
        case .ttftMS: Self.ttftBuckets.first { $0 >= value } ?? 0
        case .attestationAgeS: Self.ageBuckets.first { $0 >= value } ?? 0
        default: value
        }
    }

    /// The ends of the steps, in ascending order; empty where the exact number is known.
    package var steps: [Int64] {
        switch self {
        case .throughputTPS: Self.throughputBuckets
        case .uptimeBP: Self.uptimeBuckets
        case .ttftMS: Self.ttftBuckets
        case .attestationAgeS: Self.ageBuckets
        default: []
        }
    }

    static let throughputBuckets: [Int64] = [1, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500]
    static let uptimeBuckets: [Int64] = [9_000, 9_500, 9_900, 9_990, 9_999]
    static let ttftBuckets: [Int64] = [50, 100, 200, 300, 500, 750, 1_000, 2_000, 5_000, 10_000]
    static let ageBuckets: [Int64] = [900, 3_600, 21_600, 86_400, 604_800]
}

/// A number for each ``Trait``, without heap storage.
package struct Traits: Hashable, Sendable {
    private var numbers: InlineArray<14, Int64>

    /// Each has this number.
    package init(repeating number: Int64 = 0) { numbers = InlineArray(repeating: number) }

    package subscript(trait: Trait) -> Int64 {
        get { numbers[trait.rawValue] }
        set { numbers[trait.rawValue] = newValue }
    }

    /// What counts: the number, or what stands for one that is not stated; 0 when nobody knows.
    package func known(_ trait: Trait) -> Int64 { self[trait] == 0 ? trait.unstated : self[trait] }

    package static func == (left: Self, right: Self) -> Bool {
        for index in left.numbers.indices where left.numbers[index] != right.numbers[index] { return false }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        for index in numbers.indices { hasher.combine(numbers[index]) }
    }

    /// Adds all of it to a record's hash. `nothing` is the number of a trait that nobody speaks of; those that came
    /// after others add nothing then, so that hashes stay as they were before.
    package func combine(into hash: inout RecordHash, without nothing: Int64 = 0) {
        for trait in Trait.allCases where trait != .deliverWithinS || self[trait] != nothing {
            hash.combine(self[trait])
        }
    }
}
