internal import Engine
internal import Exchange
internal import Ledger
internal import Postgres
internal import Units

/// A table that replay can derive, with the columns that are compared: all but those that have their own source, such
/// as the database's clock.
package struct CheckedTable: Hashable, Sendable {
    /// With its schema.
    package let name: String
    package let columns: [String]
    /// Columns that name a row, at most two numbers; none of a table with one row.
    package let key: [String]
    /// Columns whose value is known only from the command that made the row: unknown for rows of a checkpoint.
    let lateColumns: Set<String>

    init(_ name: String, _ columns: [String], key: [String], late: Set<String> = []) {
        self.name = name
        self.columns = columns
        self.key = key
        lateColumns = late
    }

    /// From the list `schema.table (column, …)`.
    init(_ copied: CopiedTable, key: [String], late: Set<String> = []) {
        let parts = copied.rawValue.split(separator: " (")
        let list = parts[1].dropLast().split(separator: ",")
        self.init(
            String(parts[0]),
            list.map { String($0.drop { $0 == " " }) },
            key: key,
            late: late
        )
    }

    package static let transfers = CheckedTable(.transfers, key: ["sequence", "ordinal"])
    package static let trades = CheckedTable(.trades, key: ["trade"])
    package static let orders = CheckedTable(.orders, key: ["id"])
    package static let leases = CheckedTable(.leases, key: ["lease"], late: ["last_sequence"])
    package static let requests = CheckedTable(.requests, key: ["sequence"])
    package static let classes = CheckedTable(.classes, key: ["class"])
    package static let profiles = CheckedTable(.profiles, key: ["profile"])
    package static let accounts = CheckedTable(.accounts, key: ["account"], late: ["sequence"])
    package static let keys = CheckedTable(.keys, key: ["key"], late: ["sequence"])
    package static let fees = CheckedTable(.fees, key: ["sequence"])
    package static let checkpoints = CheckedTable(.checkpoints, key: ["sequence"])
    package static let budgetedOrders = CheckedTable(.budgetedOrders, key: ["id"])
    package static let logins = CheckedTable(.logins, key: ["sequence"])
    package static let loginEnds = CheckedTable(.loginEnds, key: ["login"])
    package static let forgottenKeys = CheckedTable(.forgottenKeys, key: ["key"])
    package static let audit = CheckedTable(.audit, key: ["sequence"])
    package static let keyStandings = CheckedTable(
        "market.key_standings",
        ["key", "made_by", "revoked_at", "order_budget", "day_budget", "total_budget", "networks", "sequence"],
        key: ["key"],
        late: ["sequence"]
    )
    package static let keySpendings = CheckedTable(
        "market.key_spendings",
        ["key", "day", "on_day", "total", "sequence"],
        key: ["key"],
        late: ["sequence"]
    )
    package static let models = CheckedTable(
        "market.models",
        [
            "model", "version", "name", "hugging_face_id", "revision", "weights_sha256", "weight_set", "quality",
            "context_length", "created_at", "sequence",
        ],
        key: ["model", "version"],
        late: ["sequence"]
    )
    package static let attestations = CheckedTable(
        "market.attestations",
        ["account", "tees", "expires_at", "set_at", "sequence", "tcb_status", "attested_at"],
        key: ["account"],
        late: ["sequence"]
    )
    package static let controls = CheckedTable(
        "market.controls",
        ["model", "halted", "low", "high", "sequence"],
        key: ["model"]
    )
    package static let operations = CheckedTable(
        "market.mass_operations",
        ["sequence", "account", "kind", "side", "model", "profile", "cursor", "ordinal"],
        key: ["sequence", "account"],
        late: ["ordinal"]
    )
    package static let notice = CheckedTable(
        "market.fee_notice",
        ["only_row", "maker_bps", "taker_bps", "minimum_notional", "effective_at"],
        key: []
    )
    package static let measurements = CheckedTable(
        "market.measurements",
        ["account", "model", "throughput_tps", "ttft_ms", "uptime_bp", "expires_at", "set_at", "sequence"],
        key: ["account", "model"],
        late: ["sequence"]
    )
    package static let balances = CheckedTable(
        "ledger.accounts",
        ["account", "owner", "kind", "debits", "credits", "balance"],
        key: ["account"]
    )
    package static let cursor = CheckedTable(
        "projection.cursor",
        ["batch", "sequence", "logical_time_us", "last_trade", "grace_us", "only_row"],
        key: []
    )

    /// Those whose rows are compared in their last state.
    package static let final: [CheckedTable] =
        [
            cursor, accounts, keys, models, attestations, measurements, classes, profiles, fees, checkpoints, orders,
            leases, balances, requests, controls, operations, notice, keyStandings, keySpendings, budgetedOrders, audit,
            partyProfiles, leasePolicy, standings, slashes, logins, loginEnds, forgottenKeys, performances,
            measurementPolicy,
        ] + settlementFinal
    /// Those whose rows never change, and are compared while the journal is replayed.
    package static let growing: [CheckedTable] =
        [transfers, trades, receipts, equivocations, leaves, nodes, breaches, statements] + settlementGrowing

    /// `SELECT` of all columns in the order of the key; `range` is a condition.
    func selection(where range: String = "true") -> String {
        let order = key.isEmpty ? "1" : key.joined(separator: ", ")
        return "SELECT \(columns.joined(separator: ", ")) FROM \(name) WHERE \(range) ORDER BY \(order)"
    }

    var keyColumns: [Int] { key.compactMap { columns.firstIndex(of: $0) } }
}

/// A row as replay gives it: the fields as `COPY` writes them in binary.
struct ExpectedRow {
    var key: RowKey
    var bytes: [UInt8]
    /// Numbers of the columns that are not known.
    var unknown: Set<Int> = []

    /// Field by field; `nil` is null.
    static func fields(_ bytes: [UInt8]) -> [ArraySlice<UInt8>?] {
        var fields: [ArraySlice<UInt8>?] = []
        var offset = 2
        while offset + 4 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(Int32(0)) { $0 << 8 | Int32($1) }
            offset += 4
            guard length >= 0 else {
                fields.append(nil)
                continue
            }
            fields.append(bytes[offset..<offset + Int(length)])
            offset += Int(length)
        }
        return fields
    }

    /// Whether a row of the table is this one, as far as it is known.
    func equals(_ actual: [UInt8]) -> Bool {
        bytes == actual || !unknown.isEmpty && firstDifference(actual) == nil
    }

    /// The first column that differs, with both values.
    func firstDifference(_ actual: [UInt8]) -> (column: Int, expected: [UInt8]?, found: [UInt8]?)? {
        let (mine, other) = (Self.fields(bytes), Self.fields(actual))
        for index in mine.indices where !unknown.contains(index) && mine[index] != other[index] {
            return (index, mine[index].map { Array($0) }, other[index].map { Array($0) })
        }
        return nil
    }
}

/// What names a row: one number, or two.
struct RowKey: Hashable, Comparable, Sendable {
    var first: Int64
    var second: Int64 = 0

    static func < (left: Self, right: Self) -> Bool {
        left.first != right.first ? left.first < right.first : left.second < right.second
    }
}

extension Row {
    /// The fields as `COPY` writes them in binary.
    func copyBytes(columns: Int) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(columns >> 8), UInt8(columns & 0xFF)]
        for column in 0..<columns {
            guard let field = raw(column) else {
                bytes += [0xFF, 0xFF, 0xFF, 0xFF]
                continue
            }
            let length = UInt32(field.count)
            for shift in stride(from: 24, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(shift)))
            }
            bytes += field
        }
        return bytes
    }
}

extension CopyWriter {
    mutating func add(_ record: ModelRecord, _ sequence: SequenceNumber) {
        beginRow()
        int8(record.id.rawValue)
        int4(record.version)
        text(record.terms.name)
        text(record.terms.huggingFaceID)
        text(record.terms.revision)
        text(record.terms.weightsSHA256)
        int2(Int16(record.terms.weightSet.rawValue))
        if let quality = record.terms.quality { int8(quality) } else { null() }
        int8(record.terms.contextLength)
        timestamp(microsecondsSince1970: record.createdAt.microseconds)
        int8(sequence.rawValue)
    }

    mutating func add(_ record: AttestationRecord, _ sequence: SequenceNumber) {
        beginRow()
        int8(record.terms.account.rawValue)
        int4(Int32(record.terms.tees))
        value(.orNull(record.terms.expiresAt))
        timestamp(microsecondsSince1970: record.setAt.microseconds)
        int8(sequence.rawValue)
        int2(Int16(record.terms.tcbStatus))
        value(.orNull(record.terms.attestedAt ?? .never))
    }

    mutating func add(_ account: LedgerAccount, _ counters: LedgerCounters) {
        beginRow()
        int8(account.rawValue)
        int8(account.owner.rawValue)
        text(account.kindName)
        numeric(counters.debits)
        numeric(counters.credits)
        int8(Int64(truncatingIfNeeded: counters.balance(isAsset: account.isAsset)))
    }

    mutating func add(_ cursor: ProjectionCursor) {
        beginRow()
        int8(cursor.batch)
        int8(cursor.sequence.rawValue)
        int8(cursor.time.microseconds)
        int8(cursor.lastTrade.rawValue)
        int8(cursor.grace)
        bool(true)
    }
}
