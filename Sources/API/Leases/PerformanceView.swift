package import Engine
internal import Exchange
internal import JSON
package import Units

enum MeasurementPolicyField: Int, BodyField {
    case samplesMin, halfLife, interval, lifetime
    static let names: [StaticString] = ["samples_min", "half_life_s", "interval_s", "lifetime_s"]
}

extension Bodies {
    /// `PUT /v1/market/measurement-policy`: what is left out becomes the default.
    static func measurementPolicy(_ body: [UInt8]) throws(Problem) -> MeasurementPolicyTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = MeasurementPolicyTerms.initial
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(MeasurementPolicyField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .samplesMin:
                    terms.samplesMin = try reader.integer(at: place, in: 1...Limits.measurementSamplesMax) ?? 1
                case .halfLife:
                    terms.halfLife = try reader.seconds(
                        at: place,
                        in: Limits.measurementHalfLifeMin...Limits.measurementHalfLifeMax
                    )
                case .interval:
                    terms.interval = try reader.seconds(at: place, in: 0...Limits.measurementIntervalMax)
                case .lifetime:
                    terms.lifetime = try reader.seconds(
                        at: place,
                        in: Limits.measurementLifetimeMin...Limits.measurementLifetimeMax
                    )
                }
            }
            return terms
        }
    }
}

extension BodyReader {
    /// Seconds as microseconds, of which `range` is.
    fileprivate mutating func seconds(
        at place: BodyPlace,
        in range: ClosedRange<Int64>
    ) throws(JSONError) -> Int64 {
        let range = range.lowerBound / 1_000_000...range.upperBound / 1_000_000
        return (try integer(at: place, in: range) ?? range.lowerBound) * 1_000_000
    }
}

extension View {
    /// `GET /v1/market/measurement-policy`.
    package static func measurementPolicy(_ policy: MeasurementPolicyTerms, asOf: SequenceNumber) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.measurementPolicy(policy)
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    mutating func measurementPolicy(_ terms: MeasurementPolicyTerms) {
        member("samples_min", terms.samplesMin)
        member("half_life_s", terms.halfLife / 1_000_000)
        member("interval_s", terms.interval / 1_000_000)
        member("lifetime_s", terms.lifetime / 1_000_000)
    }

    /// How an account delivers, by what was countersigned: what offers show, and the sums that it comes from.
    mutating func performances(_ records: [PerformanceRecord], models: ModelTable) {
        key("performance")
        beginArray()
        for record in records {
            beginObject()
            member("model", models.record(record.model)?.terms.name ?? record.model.text)
            optional("throughput_tps", record.throughputTPS == 0 ? nil : record.throughputTPS)
            optional("ttft_ms", record.ttftMS == 0 ? nil : record.ttftMS)
            optional("success_bp", record.successBP == 0 ? nil : record.successBP)
            let isShown = record.publishedAt != .zero
            time("published_at", isShown ? record.publishedAt : .never)
            time("expires_at", isShown ? record.expiresAt : .never)
            member("tokens", record.tally.tokens)
            member("milliseconds", record.tally.milliseconds)
            member("interval_count", record.tally.intervals)
            member("first_token_ms", record.tally.firstTokenMilliseconds)
            member("first_token_count", record.tally.firstTokens)
            member("succeeded_count", record.tally.succeeded)
            member("job_count", record.tally.jobs)
            time("halved_at", record.halvedAt)
            endObject()
        }
        endArray()
    }
}
