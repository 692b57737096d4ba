import Exchange
import Provenance
import Units

// What version 4 of a state's form has behind version 3.
//
//     top-ups · performances · measurement policy · signing keys
//
//     top-up        lease i64 · the lease that it tops up i64
//     performance   account i64 · model i64 · seven sums i64 · throughput, time to first token, success ratio i64
//                   · halved at i64 · published at i64 · expires at i64
//     policy        as in its command
//     signing key   as in its command · leaf i64

extension EngineState {
    func encodePerformances(into bytes: inout [UInt8]) {
        let topUps = leases.compactMap { lease in
            lease.terms.map { (lease.id, $0.delivery.toppedUp) }
        }.filter { $0.1 != LeaseID(0) }
        bytes.append(list: topUps) { $0.append(integers: [$1.0.rawValue, $1.1.rawValue]) }
        bytes.append(list: delivery.performances) { bytes, record in
            bytes.append(integers: [record.account.rawValue, record.model.rawValue])
            bytes.append(integers: record.tally.numbers + [record.throughputTPS, record.ttftMS, record.successBP])
            for time in [record.halvedAt, record.publishedAt, record.expiresAt] {
                bytes.append(integer: time.microseconds)
            }
        }
        bytes.append(integers: delivery.measurementPolicy.numbers)
        bytes.append(list: delivery.signingKeys) { bytes, record in
            bytes += record.terms.publicKey
            bytes.append(integers: [record.terms.from.microseconds, record.index])
        }
    }

    mutating func readPerformances(_ reader: inout StateReader) throws(StateCodingError) {
        for _ in 0..<(try reader.integer("top-ups") as UInt32) {
            let id = LeaseID(try reader.integer("lease"))
            let other = LeaseID(try reader.integer("topped up lease"))
            guard let place = leases.firstIndex(where: { $0.id == id }), leases[place].terms != nil,
                other.rawValue > 0
            else { throw reader.error("top-up") }
            leases[place].terms?.delivery.toppedUp = other
        }
        delivery.performances = try reader.list("performances") { (r) throws(StateCodingError) in
            try PerformanceRecord(&r)
        }
        delivery.measurementPolicy = try reader.part("measurement policy") {
            (bytes, cursor) throws(CommandDecodingError) in try MeasurementPolicyTerms.decode(bytes, &cursor)
        }
        delivery.signingKeys = try reader.list("signing keys") { (r) throws(StateCodingError) in
            let key = Array(try r.take(32, "signing key"))
            let terms = SigningKeyTerms(publicKey: key, from: try r.time("time of a key"))
            return SigningKeyRecord(terms: terms, index: try r.integer("leaf of a key"))
        }
    }
}

extension PerformanceRecord {
    fileprivate init(_ reader: inout StateReader) throws(StateCodingError) {
        let account = AccountID(try reader.integer("account"))
        self.init(account: account, model: ModelID(try reader.integer("model")), at: .zero)
        var numbers: [Int64] = []
        for _ in 0..<7 { numbers.append(try reader.integer("sum")) }
        guard let tally = PerformanceTally(numbers: numbers) else { throw reader.error("sum") }
        self.tally = tally
        throughputTPS = try reader.integer("throughput")
        ttftMS = try reader.integer("time to the first token")
        successBP = try reader.integer("success ratio")
        halvedAt = try reader.time("time of halving")
        publishedAt = try reader.time("time of publication")
        expiresAt = try reader.time("end")
    }
}
