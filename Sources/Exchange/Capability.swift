package import Units

/// What an offer can do, as matching sees it. Offers with equal capability share a class (DESIGN §3).
///
/// Capabilities are only partly ordered: more context does not make up for a missing enclave.
/// ``Requirement/isMet(by:)`` is therefore the one question that matching asks; there is no `<`.
package struct Capability: Hashable, Sendable {
    /// The model, whatever its version.
    package var model: ModelID
    /// The registry's version of the model, from 1.
    package var modelVersion: Int32
    /// The good that is traded: the model's weight set.
    package var weightSet: WeightSetID
    /// The registry's quality of the model in points, 0…``Limits/qualityMax``; `nil` when nobody measured it.
    package var quality: Int64?
    /// Declared: tokens of context that the endpoint accepts.
    package var contextLength: Int64
    /// Declared.
    package var features: Features
    /// Declared.
    package var quantization: Quantization
    /// Declared.
    package var region: Region
    /// **Attested**: the environment that the worker claims, while an attestation for it stands, else `.none`.
    package var tee: TEE
    /// Declared: whom the offer sells to.
    package var buyers: SeldomBuyerRules = .anyone
    /// Everything else that may be known: declared, measured, attested.
    package var traits: Traits
    /// The digests of the model's version, which the version determines: they are no part of the value.
    package var weights: ModelWeights

    package init(
        model: ModelID,
        modelVersion: Int32,
        weightSet: WeightSetID,
        quality: Int64?,
        contextLength: Int64,
        features: Features,
        quantization: Quantization,
        region: Region,
        tee: TEE,
        traits: Traits = Traits(),
        weights: ModelWeights = .unknown
    ) {
        self.model = model
        self.modelVersion = modelVersion
        self.weightSet = weightSet
        self.quality = quality
        self.contextLength = contextLength
        self.features = features
        self.quantization = quantization
        self.region = region
        self.tee = tee
        self.traits = traits
        self.weights = weights
    }

    /// At one price attested offers come before unattested ones.
    package var isAttested: Bool { tee != .none }

    package static func == (left: Self, right: Self) -> Bool {
        left.model == right.model && left.modelVersion == right.modelVersion && left.weightSet == right.weightSet
            && left.quality == right.quality && left.contextLength == right.contextLength
            && left.features == right.features && left.quantization == right.quantization
            && left.region == right.region && left.tee == right.tee && left.traits == right.traits
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(model)
        hasher.combine(modelVersion)
        hasher.combine(quality)
        hasher.combine(contextLength)
        hasher.combine(features)
        hasher.combine(quantization)
        hasher.combine(region)
        hasher.combine(tee)
        hasher.combine(traits)
    }
}
