package import JSON

extension LoadOutcome {
    /// The report for programs. Times are in microseconds.
    package var json: JSONValue {
        .object([
            member("settings", Self.object(settings)),
            member("changes", Self.object(changes)),
            member("machine", Self.object(machine)),
            member("database", Self.object(database)),
            member("open_loop", .boolean(isOpenLoop)),
            member("interrupted", .boolean(isInterrupted)),
            member("elapsed_microseconds", .integer(microseconds)),
            member("answered", .integer(answered)),
            member("answered_in_ramp", .integer(answeredInRamp)),
            member("verification_requests", .integer(verificationRequests)),
            member("requests_per_second", .integer(perSecond)),
            member("answers", .array(answers.map(Self.json))),
            member("losses", lossesJSON),
            member("latency", Self.json(latencies)),
            member("latency_by_kind", byKindJSON),
            member("processor", processorJSON),
            member("commands", commands.map { .integer($0) } ?? .null),
            member("batches", batches.map { .integer($0) } ?? .null),
            member("lag_microseconds_max", .integer(lagMicrosecondsMax)),
            member("lag_at_end", .integer(lagAtEnd)),
            member("catch_up_microseconds", .integer(catchUpMicroseconds)),
            member("timeline", .array(timeline.map(Self.json))),
            member("checks", .array(checks.map(\.json))),
            member("sound", .boolean(isSound)),
        ])
    }

    private func member(_ name: String, _ value: JSONValue) -> JSONValue.Member { JSONValue.Member(name, value) }

    private static func object(_ facts: [Fact]) -> JSONValue {
        .object(facts.map { JSONValue.Member($0.name, .string($0.value)) })
    }

    private static func json(_ answer: AnswerCount) -> JSONValue {
        .object([
            JSONValue.Member("status", .integer(Int64(answer.status))),
            JSONValue.Member("code", answer.code.isEmpty ? .null : .string(answer.code)),
            JSONValue.Member("count", .integer(answer.count)),
        ])
    }

    private var lossesJSON: JSONValue {
        .object([
            member("unknown", .integer(losses.unknown)),
            member("refused", .integer(losses.refused)),
            member("connections", .integer(losses.connections)),
            member("late", .integer(losses.late)),
            member("unsent", .integer(losses.unsent)),
            member("retries", .integer(0)),
        ])
    }

    private static func json(_ latencies: Latencies) -> JSONValue {
        .object([
            JSONValue.Member("corrected", json(latencies.corrected)),
            JSONValue.Member("from_sending", json(latencies.measured)),
        ])
    }

    private static func json(_ summary: Latencies.Summary) -> JSONValue {
        .object([
            JSONValue.Member("count", .integer(summary.count)),
            JSONValue.Member("mean_microseconds", .integer(summary.mean)),
            JSONValue.Member("p50_microseconds", .integer(summary.p50)),
            JSONValue.Member("p90_microseconds", .integer(summary.p90)),
            JSONValue.Member("p99_microseconds", .integer(summary.p99)),
            JSONValue.Member("p999_microseconds", .integer(summary.p999)),
            JSONValue.Member("max_microseconds", .integer(summary.max)),
        ])
    }

    private var byKindJSON: JSONValue {
        .object(
            byKind.filter { $0.latencies.measured.count > 0 }.map { entry in
                member(entry.kind.replacing(" ", with: "_"), Self.json(entry.latencies))
            }
        )
    }

    private var processorJSON: JSONValue {
        .object([
            member("generator_microseconds", .integer(processor.generator)),
            member("server_microseconds", processor.server.map { .integer($0) } ?? .null),
            member("database_microseconds", processor.database.map { .integer($0) } ?? .null),
            member("requests", .integer(processorRequests)),
        ])
    }

    private static func json(_ tick: Tick) -> JSONValue {
        .object([
            JSONValue.Member("microseconds", .integer(tick.microseconds)),
            JSONValue.Member("answered", .integer(tick.answered)),
            JSONValue.Member("failed", .integer(tick.failed)),
            JSONValue.Member("lag", tick.lag.map { .integer($0) } ?? .null),
            JSONValue.Member("lag_microseconds", tick.lagMicroseconds.map { .integer($0) } ?? .null),
        ])
    }
}

extension LoadOutcome.Check {
    /// As in every report in JSON.
    package var json: JSONValue {
        .object([
            JSONValue.Member("rule", .string(rule)),
            JSONValue.Member("holds", .boolean(holds)),
            JSONValue.Member("detail", .string(detail)),
        ])
    }
}
