/// Numeric format of a model's weights; OpenRouter's names.
package enum Quantization: UInt8, CaseIterable, Sendable {
    case unknown = 0
    case int4, int8, fp4, mxfp4, nvfp4, fp6, fp8, mxfp8, fp16, bf16, fp32

    /// The name in JSON.
    package var name: String { String(describing: self) }
    /// This value's bit in a set of quantizations.
    package var bit: UInt16 { 1 << UInt16(rawValue) }
}

/// Trusted execution environment. A worker claims it; it counts only while it is attested.
package enum TEE: UInt8, CaseIterable, Sendable {
    case none = 0
    case tdx, sevSNP, sgx, tdxNvidia, sevSNPNvidia

    /// The name in JSON; `+nvcc` is NVIDIA's confidential computing on the GPU.
    package var name: String {
        switch self {
        case .none: "none"
        case .tdx: "tdx"
        case .sevSNP: "sev-snp"
        case .sgx: "sgx"
        case .tdxNvidia: "tdx+nvcc"
        case .sevSNPNvidia: "sev-snp+nvcc"
        }
    }
    /// This value's bit in a set of environments.
    package var bit: UInt8 { 1 << rawValue }
}

/// What an endpoint supports beside plain text completion: OpenRouter's names where it has one.
package struct Features: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Every feature's name in JSON; the position is the bit, so the order never changes.
    package static let names: [String] = [
        "tools", "tool_choice", "parallel_tool_calls", "json_mode", "structured_outputs", "logprobs", "reasoning",
        "seed", "prompt_caching", "batch", "lora", "streaming", "image_input", "audio_input", "video_input",
        "file_input", "temperature", "top_p", "top_k", "min_p", "top_a", "frequency_penalty", "presence_penalty",
        "repetition_penalty", "logit_bias", "top_logprobs", "stop", "max_tokens", "response_format",
        "include_reasoning", "verbosity", "web_search_options",
    ]

    /// The names of the features in the set, in the order of ``names``.
    package var names: [String] {
        Self.names.indices.filter { rawValue & (1 << UInt32($0)) != 0 }.map { Self.names[$0] }
    }

    /// The feature with this name.
    package init?(name: String) {
        guard let index = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: 1 << UInt32(index))
    }
}

/// Where a worker's machines stand: an ISO 3166-1 alpha-2 country code in lower case, or `eu`.
///
/// `eu` as a demand is met by every member state; as a place it says no more than that.
package struct Region: Hashable, Comparable, Sendable {
    /// Two letters, the first in the high byte; 0 for unknown.
    package let code: UInt16

    package init(code: UInt16) { self.code = code }

    package static let unknown = Region(code: 0)
    package static let europeanUnion = Region(code: 0x6575)

    package static func < (left: Self, right: Self) -> Bool { left.code < right.code }

    /// `nil` unless the name is two lower-case ASCII letters.
    package init?(name: some Collection<UInt8>) { self.init(name: ArraySlice(name)) }

    /// As above; not generic, because it is on the path of every order.
    package init?(name: ArraySlice<UInt8>) {
        guard name.count == 2, name.allSatisfy({ $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }) else {
            return nil
        }
        code = name.reduce(0) { $0 << 8 | UInt16($1) }
    }

    /// The two letters, or an empty string when unknown.
    package var name: String {
        code == 0 ? "" : String(decoding: [UInt8(code >> 8), UInt8(code & 0xFF)], as: UTF8.self)
    }

    /// Whether an offer in this region meets a demand for `demanded`.
    package func lies(in demanded: Region) -> Bool {
        self == demanded || (demanded == .europeanUnion && Self.memberStates.contains(self))
    }

    /// The members of the European Union in 2026.
    static let memberStates: Set<Region> = Set(
        [
            "at", "be", "bg", "hr", "cy", "cz", "dk", "ee", "fi", "fr", "de", "gr", "hu", "ie", "it", "lv", "lt", "lu",
            "mt", "nl", "pl", "pt", "ro", "sk", "si", "es", "se",
        ].compactMap { Region(name: $0.utf8) }
    )
}
