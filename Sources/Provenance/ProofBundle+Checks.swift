internal import Cryptography
internal import Units

extension ProofBundle {
    /// What was checked of a bundle, in order, up to the first thing that is wrong.
    package struct Report: Equatable, Sendable {
        package var checks: [Check] = []

        /// The first check that failed; `nil` when the bundle proves what it says.
        package var failure: Check? { checks.first { $0.outcome == .failed } }

        /// Whether nothing failed.
        package var isValid: Bool { failure == nil }
    }

    /// One thing that was checked.
    package struct Check: Equatable, Sendable {
        package let name: Name
        package let outcome: Outcome
        /// What was found, in plain words.
        package let finding: String
    }

    /// The checks in the order in which they are made.
    package enum Name: String, CaseIterable, Sendable {
        case workerSignature = "worker_signature"
        case appSignature = "app_signature"
        case amount
        case entry
        case logKey = "log_key"
        case checkpoint
        case inclusion
        case consistency
        case anchor
    }

    /// What came of a check.
    package enum Outcome: String, Sendable {
        case passed
        case failed
        /// The bundle has nothing of it, or it takes more than the bundle to check it.
        case skipped
    }

    /// Checks everything that the bundle says against `publicKey`, the 32 bytes of the exchange's key for its log.
    package func verify(publicKey: [UInt8]) -> Report {
        var report = Report()
        for name in Name.allCases {
            let check = check(name, publicKey)
            report.checks.append(check)
            if check.outcome == .failed { break }
        }
        return report
    }

    private func check(_ name: Name, _ publicKey: [UInt8]) -> Check {
        func require(_ condition: Bool, _ finding: String, else fault: String) -> Check {
            Check(name: name, outcome: condition ? .passed : .failed, finding: condition ? finding : fault)
        }
        let receipt = signed.receipt
        switch name {
        case .workerSignature:
            return require(
                signed.verifyWorker(workerKey),
                "the worker has signed receipt \(receipt.sequence) of lease \(receipt.lease.text)",
                else: "the receipt is not signed by the worker that it names"
            )
        case .appSignature:
            guard let appKey else {
                return Check(name: name, outcome: .skipped, finding: "the app has not countersigned")
            }
            return require(
                signed.verifyApp(appKey),
                "the app has countersigned",
                else: "the receipt is not countersigned by the app that it names"
            )
        case .amount:
            return require(
                receipt.amount == receipt.amountDue,
                "\(receipt.adjusted.count) adjusted tokens cost \(receipt.amount.count) nanoTON",
                else: "\(receipt.adjusted.count) adjusted tokens cost \(receipt.amountDue.count) nanoTON, "
                    + "not \(receipt.amount.count)"
            )
        case .entry:
            let expected = LogEntry(
                kind: .receipt,
                milliseconds: entry.milliseconds,
                salt: salt,
                payload: signed.payloadHash
            )
            return require(
                entry == expected,
                "the entry of the log commits to the receipt and its signatures",
                else: "the entry of the log is not of this receipt with these signatures"
            )
        case .logKey:
            return require(
                logKey.publicKey == publicKey,
                "the log's key is the given one, under the name \(logKey.name)",
                else: "the bundle is of another log: its key is not the given one"
            )
        case .checkpoint, .inclusion, .consistency, .anchor: return checkLog(name)
        }
    }

    private func checkLog(_ name: Name) -> Check {
        func fail(_ fault: String) -> Check { Check(name: name, outcome: .failed, finding: fault) }
        func pass(_ finding: String) -> Check { Check(name: name, outcome: .passed, finding: finding) }
        let head: Checkpoint
        do { head = try Checkpoint(checkpoint, signedBy: logKey) } catch { return fail("checkpoint: \(error)") }
        switch name {
        case .inclusion:
            let isIncluded = MerkleVerifier.isIncluded(
                entry.leafHash,
                at: index,
                in: head.size,
                root: head.root,
                proof: inclusion
            )
            guard isIncluded else { return fail("the entry is not number \(index) of the \(head.size) in the log") }
            return pass("the entry is number \(index) of the \(head.size) in the log, counted from 0")
        case .consistency:
            guard let consistency else {
                return Check(name: name, outcome: .skipped, finding: "the bundle names no older checkpoint")
            }
            let old: Checkpoint
            do { old = try Checkpoint(consistency.checkpoint, signedBy: logKey) } catch {
                return fail("older checkpoint: \(error)")
            }
            let isConsistent = MerkleVerifier.isConsistent(
                from: old.size,
                root: old.root,
                to: head.size,
                root: head.root,
                proof: consistency.proof
            )
            guard isConsistent else { return fail("the log of \(head.size) does not begin as that of \(old.size) was") }
            return pass("the log of \(head.size) entries begins with the \(old.size) of the older checkpoint")
        case .anchor: return checkAnchor(head)
        default: return pass("the log has signed that it has \(head.size) entries and which")
        }
    }
}
