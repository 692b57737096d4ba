internal import API
internal import Cryptography
internal import Engine
internal import HTTP2
internal import Provenance
internal import Units

/// The threads that check the signatures of receipts, off the network's and the engine's: two curve multiplications
/// for each signature. What is signed as it should goes to the engine as commands.
///
/// Requests of one account are checked by one thread, so that they reach the engine in the order in which they came.
final class VerifierPool: Sendable {
    private let lanes: [Monitor<Lane>]
    private let inbox: Inbox
    private let loops: LoopMailboxes

    private struct Lane {
        var jobs: [Job] = []
        var bytes = 0
        var isStopping = false
    }

    /// Receipts with the keys of their leases.
    struct Job: Sendable {
        let stream: StreamReference
        let batch: ReceiptBatch
        /// Of the leases that are named.
        let keys: [LeaseID: LeaseKeys]
    }

    init(threads: Int, inbox: Inbox, loops: LoopMailboxes) {
        lanes = (0..<max(1, threads)).map { _ in Monitor(Lane()) }
        self.inbox = inbox
        self.loops = loops
    }

    var threads: Int { lanes.count }

    /// Requests that wait.
    var waitingJobs: Int { lanes.reduce(0) { sum, lane in sum + lane.withLock { $0.jobs.count } } }

    /// False when too many wait.
    func post(_ job: Job) -> Bool {
        let lane = lanes[Int(job.batch.account.rawValue % Int64(lanes.count))]
        let bytes = job.batch.bytes
        return lane.withLock(waking: true) { lane in
            let limit = BatchLimits.receipts
            guard !lane.isStopping, limit.admits(items: 1, bytes: bytes, besides: lane.jobs.count, lane.bytes) else {
                return false
            }
            lane.jobs.append(job)
            lane.bytes += bytes
            return true
        }
    }

    func stop() { for lane in lanes { lane.withLock(waking: true) { $0.isStopping = true } } }

    /// Checks what comes on one lane until ``stop()``. The network has ended then, so nobody waits for what is left.
    func run(lane number: Int) {
        let lane = lanes[number]
        while true {
            let job = lane.wait { lane -> Job?? in
                if lane.isStopping { return .some(nil) }
                guard !lane.jobs.isEmpty else { return nil }
                let job = lane.jobs.removeFirst()
                lane.bytes -= job.batch.bytes
                return .some(job)
            }
            guard let job = job ?? nil else { return }
            handOver(job)
        }
    }

    private func handOver(_ job: Job) {
        let batch = job.batch
        let items = job.judged()
        let commands = BatchItem.commands(of: items)
        guard !commands.isEmpty else { return answer(job, ReceiptAnswers.refused(items, batch)) }
        var submission = Submission(loop: job.stream.loop)
        for command in commands { command.encode(into: &submission.commandBytes) }
        let work: Submission.Work
        switch batch.kind {
        case .list: work = .batch(items)
        case .single, .equivocation: work = .command(commands[0], .receiptRecorded)
        }
        submission.append(.init(stream: job.stream, requestID: batch.requestID, work: work))
        switch inbox.post(submission, cancelsOnly: false) {
        case nil: return
        case .full: refuse(job, .overloaded)
        case .closed(let reason): refuse(job, reason)
        }
    }

    private func answer(_ job: Job, _ response: API.Response) {
        loops.answer(ReadyAnswer(stream: job.stream, requestID: job.batch.requestID, response: response))
    }

    private func refuse(_ job: Job, _ reason: Unavailable) {
        let item = RefusedItems.Item(stream: job.stream, requestID: job.batch.requestID)
        loops.post(RefusedItems(items: [item], reason: reason), to: job.stream.loop)
    }
}

extension VerifierPool.Job {
    /// Each receipt as a command, or why it is none.
    func judged() -> [BatchItem] {
        if batch.kind == .equivocation { return [judgedEquivocation()] }
        return batch.items.map { item in
            switch item {
            case .refused(let problem): .refused(problem)
            case .receipt(let signed): judged(signed)
            }
        }
    }

    private func judged(_ signed: SignedReceipt) -> BatchItem {
        let workerKey: [UInt8]?
        let appKey: [UInt8]?
        do throws(Problem) {
            (workerKey, appKey) = try keys(of: signed.receipt.lease)
        } catch {
            return .refused(error)
        }
        let claim = SignedReceipt.Claim(receipt: signed, workerKey: workerKey, appKey: appKey)
        if let problem = Problem(of: claim.verdict) { return .refused(problem) }
        let salt = SecureRandom.bytes(LogEntry.saltByteCount)
        return .command(command(.lease(.recordReceipt(ReceiptTerms(signed, salt: salt)))))
    }

    private func judgedEquivocation() -> BatchItem {
        var receipts: [SignedReceipt] = []
        for item in batch.items {
            switch item {
            case .refused(let problem): return .refused(problem)
            case .receipt(let signed): receipts.append(signed)
            }
        }
        guard receipts.count == 2, let proof = Equivocation(receipts[0], receipts[1]) else {
            return .refused(Problem(.internalError))
        }
        let workerKey: [UInt8]?
        do throws(Problem) {
            workerKey = try keys(of: proof.first.receipt.lease).worker
        } catch {
            return .refused(error)
        }
        for signed in [proof.first, proof.second] {
            let unanswered = SignedReceipt(receipt: signed.receipt, workerSignature: signed.workerSignature)
            let claim = SignedReceipt.Claim(receipt: unanswered, workerKey: workerKey, appKey: nil)
            if let problem = Problem(of: claim.verdict) { return .refused(problem) }
        }
        let salt = SecureRandom.bytes(LogEntry.saltByteCount)
        return .command(command(.lease(.proveEquivocation(EquivocationTerms(proof, salt: salt)))))
    }

    /// The keys of an open lease, if the account is a party of it; others do not learn that there is one.
    private func keys(of lease: LeaseID) throws(Problem) -> (worker: [UInt8]?, app: [UInt8]?) {
        switch keys[lease] {
        case .open(let buyer, let worker, let appKey, let workerKey):
            guard batch.account == buyer || batch.account == worker else { throw Problem(.leaseNotFound) }
            return (workerKey, appKey)
        case .ended: throw Problem(.leaseEnded)
        case .unknown, nil: throw Problem(.leaseNotFound)
        }
    }

    private func command(_ action: Command.Action) -> Command {
        Command(account: batch.account, key: batch.key, requestID: batch.requestID, action: action)
    }
}

extension Problem {
    /// What is wrong with the signatures of a receipt; `nil` when nothing is.
    init?(of verdict: SignedReceipt.Verdict) {
        switch verdict {
        case .workerSigned, .bothSigned: return nil
        case .keyMissing: self.init(.receiptKeyMissing)
        case .keyForeign: self.init(.receiptForeign)
        case .workerSignatureInvalid: self.init(.workerSignatureInvalid)
        case .appSignatureInvalid: self.init(.appSignatureInvalid)
        }
    }
}

/// Answers to receipts that never reach the engine.
enum ReceiptAnswers {
    static func refused(_ items: [BatchItem], _ batch: ReceiptBatch) -> API.Response {
        guard batch.kind == .list else {
            for case .refused(let problem) in items { return problem.response(requestID: batch.requestID) }
            return Problem(.internalError).response(requestID: batch.requestID)
        }
        return BatchAnswers.refused(items, batch.requestID)
    }
}
