internal import Engine
internal import Exchange
internal import Postgres
internal import Units

/// Rows of what offers can do and bids demand beyond the first columns, and of what was measured. The order of columns
/// is that of ``Trait``.
extension Traits {
    /// Of a class.
    static let columns = Trait.allCases.map(\.name)

    /// From the columns of a class.
    init(_ row: Row, from first: Int) throws(PostgresError) {
        self.init()
        for trait in Trait.allCases {
            let number = try row.int8(first + trait.rawValue)
            guard trait.isValid(number) else {
                throw .unexpectedResult("column \(trait.name) has \(number), which no offer has")
            }
            self[trait] = number
        }
    }
}

extension FurtherDemands {
    /// A column of a profile that holds a number.
    private enum Column {
        case least(Trait)
        case most(Trait)
    }

    private static let numberColumns: [Column] = Trait.allCases.flatMap { trait -> [Column] in
        guard case .number = trait.kind else { return [.least(trait)] }
        return (trait.hasLeast ? [.least(trait)] : []) + (trait.hasMost ? [.most(trait)] : [])
    }

    /// Of a profile.
    static let columns: [String] =
        numberColumns.map { column in
            switch column {
            case .least(let trait):
                guard case .number = trait.kind else { return trait.name }
                return trait.name + "_min"
            case .most(let trait): return trait.name + "_max"
            }
        } + [
            "quality_max", "context_length_max", "models_excluded", "regions_excluded", "revisions", "weights",
            "revisions_excluded", "weights_excluded",
        ]

    /// From the columns of a profile.
    init(_ row: Row, from first: Int) throws(PostgresError) {
        self.init()
        var column = first
        for number in Self.numberColumns {
            let value = try row.int8OrNull(column) ?? Self.nothing
            switch number {
            case .least(let trait): least[trait] = value
            case .most(let trait): most[trait] = value
            }
            column += 1
        }
        qualityAtMost = try row.int8OrNull(column) ?? Self.nothing
        contextLengthAtMost = try row.int8OrNull(column + 1) ?? Self.nothing
        modelsExcluded = try row.int8Array(column + 2).map { ModelID($0) }
        for name in try row.textArray(column + 3) { regionsExcluded.append(try row.region(name)) }
        revisions = try row.digests(column + 4)
        weights = try row.digests(column + 5)
        revisionsExcluded = try row.digests(column + 6)
        weightsExcluded = try row.digests(column + 7)
    }

    /// Writes the columns of a profile.
    func write(to writer: inout CopyWriter) {
        func orNull(_ number: Int64, _ writer: inout CopyWriter) {
            if number == Self.nothing { writer.null() } else { writer.int8(number) }
        }
        for number in Self.numberColumns {
            switch number {
            case .least(let trait): orNull(least[trait], &writer)
            case .most(let trait): orNull(most[trait], &writer)
            }
        }
        orNull(qualityAtMost, &writer)
        orNull(contextLengthAtMost, &writer)
        writer.value(.int8Array(modelsExcluded.map(\.rawValue)))
        writer.value(.textArray(regionsExcluded.map(\.name)))
        for list in [revisions, weights, revisionsExcluded, weightsExcluded] {
            writer.value(.textArray(list.map(\.text)))
        }
    }
}

extension MeasurementRecord {
    static let columns = "account, model, throughput_tps, ttft_ms, uptime_bp, expires_at, set_at"

    init(_ row: Row) throws(PostgresError) {
        let terms = MeasurementTerms(
            account: AccountID(try row.int8(0)),
            model: ModelID(try row.int8(1)),
            throughputTPS: try row.int8(2),
            ttftMS: try row.int8(3),
            uptimeBP: try row.int8(4),
            expiresAt: row.isNull(5) ? .never : try row.time(5)
        )
        self.init(terms: terms, setAt: try row.time(6))
    }
}

extension CopyWriter {
    mutating func add(_ record: MeasurementRecord, _ sequence: SequenceNumber) {
        beginRow()
        int8(record.terms.account.rawValue)
        int8(record.terms.model.rawValue)
        for trait in Trait.measured { int8(record.terms[trait]) }
        value(.orNull(record.terms.expiresAt))
        timestamp(microsecondsSince1970: record.setAt.microseconds)
        int8(sequence.rawValue)
    }
}

extension Row {
    fileprivate func digests(_ column: Int) throws(PostgresError) -> [HexDigest] {
        var digests: [HexDigest] = []
        for text in try textArray(column) {
            guard let digest = HexDigest(text.utf8) else { throw .unexpectedResult("\"\(text)\" is no digest") }
            digests.append(digest)
        }
        return digests
    }
}

extension Projector {
    static let measurementStatement = Statement(
        prepared: "measurement_set",
        """
        INSERT INTO market.measurements (account, model, throughput_tps, ttft_ms, uptime_bp, expires_at, set_at,
            sequence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (account, model) DO UPDATE SET throughput_tps = excluded.throughput_tps,
            ttft_ms = excluded.ttft_ms, uptime_bp = excluded.uptime_bp, expires_at = excluded.expires_at,
            set_at = excluded.set_at, sequence = excluded.sequence
        """
    )

    static func parameters(_ record: MeasurementRecord, _ sequence: SequenceNumber) -> [Parameter] {
        [.int8(record.terms.account.rawValue), .int8(record.terms.model.rawValue)]
            + Trait.measured.map { .int8(record.terms[$0]) }
            + [
                .orNull(record.terms.expiresAt), .timestamp(microsecondsSince1970: record.setAt.microseconds),
                .int8(sequence.rawValue),
            ]
    }
}
