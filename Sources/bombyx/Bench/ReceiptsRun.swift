internal import Cryptography
internal import Demonstration
internal import JSON
internal import Provenance
internal import Sockets
internal import Units

/// Carries out `bombyx bench receipts` with a server that runs.
struct ReceiptsRun {
    private let options: BenchReceipts
    private let server: TemporaryServer

    init(_ options: BenchReceipts, _ server: TemporaryServer) {
        self.options = options
        self.server = server
    }

    /// One worker's side of the measurement.
    private struct Lane: Sendable {
        let key: String
        let bodies: [[UInt8]]
        let signed: [SignedReceipt]
        let workerKey: [UInt8]
        let appKey: [UInt8]
    }

    /// True when every receipt was recorded and is in the log.
    func run() throws -> Bool {
        try server.start()
        let endpoint = try Endpoint(server.running())
        let operations = try ExchangeClient(endpoint, key: server.operatorKey())
        defer { operations.close() }
        try server.makeModel(by: operations)
        complain("  signing \(options.workers * options.receipts) receipts twice each")
        let parties = LeaseParties(server, operations, endpoint)
        let lanes = try (0..<options.workers).map { number in try lane(number, parties) }
        let alone = verifyAlone(lanes[0])
        let pid = try server.running().pid
        // It has entries that are no receipts.
        let size = try logSize(operations)
        let before = ProcessTimes.microseconds(of: pid)
        let started = MonotonicClock.nanoseconds()
        let recorded = try handIn(lanes, endpoint)
        let seconds = Double(MonotonicClock.nanoseconds() - started) / 1e9
        let cpu = ProcessTimes.microseconds(of: pid) - before
        let total = options.workers * options.receipts
        let log = try logSize(operations) - size
        report(total: total, recorded: recorded, log: log, seconds: seconds, cpu: cpu, alone: alone)
        return recorded == total && log == Int64(total)
    }

    private func logSize(_ client: ExchangeClient) throws -> Int64 {
        guard let size = try client.json("GET", "/v1/log/checkpoint")["size"]?.integer else {
            throw CommandFailure("the log does not say how long it is")
        }
        return size
    }

    private func lane(_ number: Int, _ parties: LeaseParties) throws -> Lane {
        let pair = try parties.open(number, lots: Int64(options.receipts / 100 + 1))
        var signed: [SignedReceipt] = []
        var last: Receipt?
        for sequence in 1...options.receipts {
            let receipt = pair.receipt(UInt32(sequence), tokens: Int64(sequence) * 10, after: last)
            signed.append(SignedReceipt(receipt, signedBy: pair.worker).countersigned(by: pair.app))
            last = receipt
        }
        let bodies = stride(from: 0, to: signed.count, by: options.batch).map { start in
            receiptsBody(signed[start..<min(start + options.batch, signed.count)])
        }
        return Lane(
            key: pair.workerToken,
            bodies: bodies,
            signed: signed,
            workerKey: pair.worker.publicKey,
            appKey: pair.app.publicKey
        )
    }

    /// Receipts a second of one thread that does nothing but check both signatures.
    private func verifyAlone(_ lane: Lane) -> Double {
        let sample = lane.signed.prefix(2_000)
        let started = MonotonicClock.nanoseconds()
        var sound = 0
        for signed in sample {
            let claim = SignedReceipt.Claim(receipt: signed, workerKey: lane.workerKey, appKey: lane.appKey)
            if claim.verdict == .bothSigned { sound += 1 }
        }
        let seconds = Double(MonotonicClock.nanoseconds() - started) / 1e9
        return Double(sound) / seconds
    }

    /// Hands everything in, each worker on its own thread and connection; the number that was recorded.
    private func handIn(_ lanes: [Lane], _ endpoint: Endpoint) throws -> Int {
        let sum = Lock(0)
        let failure = Lock<String?>(nil)
        let threads = try lanes.map { lane in
            try SharedThread(named: "worker") {
                do {
                    let client = try ExchangeClient(endpoint, key: lane.key)
                    defer { client.close() }
                    for body in lane.bodies {
                        let results = try client.json("POST", "/v1/receipts:batch", body)["results"]?.elements ?? []
                        let count = results.count { $0["receipt"]?["result"]?.string == "recorded" }
                        sum.withLock { $0 += count }
                        if let problem = results.first(where: { $0["problem"] != nil }) {
                            throw CommandFailure("\(problem)")
                        }
                    }
                } catch {
                    failure.withLock { $0 = "\(error)" }
                }
            }
        }
        for thread in threads { thread.join() }
        if let text = failure.withLock({ $0 }) { throw CommandFailure(text) }
        return sum.withLock { $0 }
    }

    private func report(total: Int, recorded: Int, log: Int64, seconds: Double, cpu: Int64, alone: Double) {
        let rate = Int64(Double(recorded) / seconds)
        if options.json {
            let members: [(String, JSONValue?)] = [
                ("workers", .integer(Int64(options.workers))), ("receipts", .integer(Int64(total))),
                ("recorded", .integer(Int64(recorded))), ("logged", .integer(log)),
                ("receipts_per_s", .integer(rate)), ("verified_alone_per_s", .integer(Int64(alone))),
                ("server_cpu_us_per_receipt", .integer(cpu / Int64(max(1, recorded)))),
            ]
            return say(String(decoding: jsonObject(members), as: UTF8.self))
        }
        for line in facts([
            ("receipts", "\(recorded) of \(total) recorded, \(log) in the log"),
            ("recorded and durable", "\(rate) a second"),
            ("both signatures, one thread", "\(Int64(alone)) a second"),
            ("CPU of the server", "\(cpu / Int64(max(1, recorded))) µs a receipt"),
        ]) { say(line) }
    }
}

/// The body of `POST /v1/receipts:batch`.
func receiptsBody(_ receipts: some Collection<SignedReceipt>) -> [UInt8] {
    var writer = JSONWriter(capacity: 1_024 * receipts.count)
    writer.beginObject()
    writer.key("receipts")
    writer.beginArray()
    for signed in receipts { writer.receiptRequest(signed) }
    writer.endArray()
    writer.endObject()
    return writer.finish()
}

extension JSONWriter {
    /// A receipt as it is handed in.
    fileprivate mutating func receiptRequest(_ signed: SignedReceipt) {
        beginObject()
        member("receipt", Base64URL.encode(signed.receipt.bytes))
        member("worker_signature", Base64URL.encode(signed.workerSignature))
        if let signature = signed.appSignature { member("app_signature", Base64URL.encode(signature)) }
        endObject()
    }
}
