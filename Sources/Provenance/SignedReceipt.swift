package import Cryptography

/// A receipt with the signature of its worker and, once the app has agreed, that of the app.
package struct SignedReceipt: Hashable, Sendable {
    package let receipt: Receipt
    /// 64 bytes (RFC 8032), not checked yet.
    package let workerSignature: [UInt8]
    /// 64 bytes (RFC 8032), not checked yet; `nil` while the app has not countersigned.
    package let appSignature: [UInt8]?

    package init(receipt: Receipt, workerSignature: [UInt8], appSignature: [UInt8]? = nil) {
        self.receipt = receipt
        self.workerSignature = workerSignature
        self.appSignature = appSignature
    }

    /// A receipt signed by its worker.
    package init(_ receipt: Receipt, signedBy worker: Ed25519.SigningKey) {
        self.init(receipt: receipt, workerSignature: worker.sign(Receipt.signingInput(of: receipt.bytes)))
    }

    /// The same receipt, countersigned.
    package func countersigned(by app: Ed25519.SigningKey) -> SignedReceipt {
        let input = Receipt.acknowledgementInput(of: receipt.bytes, workerSignature: workerSignature)
        return SignedReceipt(receipt: receipt, workerSignature: workerSignature, appSignature: app.sign(input))
    }

    /// Whether `key`, 32 bytes, is the key that the receipt names as its worker's, and signed it.
    package func verifyWorker(_ key: [UInt8]) -> Bool {
        PartyID(receiptKey: key) == receipt.worker
            && Ed25519.isValid(workerSignature, of: Receipt.signingInput(of: receipt.bytes), by: key)
    }

    /// Whether `key`, 32 bytes, is the key that the receipt names as its app's, and countersigned it.
    package func verifyApp(_ key: [UInt8]) -> Bool {
        guard let appSignature, PartyID(receiptKey: key) == receipt.app else { return false }
        let input = Receipt.acknowledgementInput(of: receipt.bytes, workerSignature: workerSignature)
        return Ed25519.isValid(appSignature, of: input, by: key)
    }

    /// What the log commits to: SHA-256 of the 312 bytes, the worker's signature and, where there is one, the app's.
    package var payloadHash: Digest256 { SHA256.hash(receipt.bytes + workerSignature + (appSignature ?? [])) }
}

extension SignedReceipt {
    /// A receipt and the keys of the two parties of its lease, as the exchange knows them; `nil` where a party has
    /// given none.
    package struct Claim: Sendable {
        package let receipt: SignedReceipt
        package let workerKey: [UInt8]?
        package let appKey: [UInt8]?

        package init(receipt: SignedReceipt, workerKey: [UInt8]?, appKey: [UInt8]?) {
            self.receipt = receipt
            self.workerKey = workerKey
            self.appKey = appKey
        }
    }

    /// What the signatures of a receipt are worth. In order of precedence: when several apply, the first is given.
    package enum Verdict: String, CaseIterable, Sendable {
        /// The worker signed; there is no countersignature.
        case workerSigned = "worker_signed"
        /// Both signed.
        case bothSigned = "both_signed"
        /// A party that should have signed has given no receipt key.
        case keyMissing = "receipt_key_missing"
        /// The receipt names another key than a party of the lease has.
        case keyForeign = "receipt_foreign"
        /// The worker's signature is not one.
        case workerSignatureInvalid = "worker_signature_invalid"
        /// The worker signed; what stands as the app's signature is none.
        case appSignatureInvalid = "app_signature_invalid"
    }

    /// Judges the signatures of many receipts, each for itself: one that is wrong takes nothing from the others.
    ///
    /// Two curve multiplications for each signature, so it belongs on a thread of its own.
    package static func verdicts(of claims: [Claim]) -> [Verdict] { claims.map(\.verdict) }
}

extension SignedReceipt.Claim {
    /// What the signatures of this receipt are worth.
    package var verdict: SignedReceipt.Verdict {
        guard let workerKey else { return .keyMissing }
        guard PartyID(receiptKey: workerKey) == receipt.receipt.worker else { return .keyForeign }
        if receipt.appSignature != nil {
            guard let appKey else { return .keyMissing }
            guard PartyID(receiptKey: appKey) == receipt.receipt.app else { return .keyForeign }
        }
        guard receipt.verifyWorker(workerKey) else { return .workerSignatureInvalid }
        guard receipt.appSignature != nil else { return .workerSigned }
        guard let appKey, receipt.verifyApp(appKey) else { return .appSignatureInvalid }
        return .bothSigned
    }
}

/// Proof that a worker said two things at once: two receipts of one lease and sequence with different bytes, both
/// signed by it.
package struct Equivocation: Hashable, Sendable {
    /// The receipt whose bytes come first in order.
    package let first: SignedReceipt
    package let second: SignedReceipt

    /// `nil` unless the receipts are of one lease, worker and sequence and differ. Signatures are not checked here.
    package init?(_ one: SignedReceipt, _ other: SignedReceipt) {
        let (left, right) = (one.receipt, other.receipt)
        guard left.lease == right.lease, left.worker == right.worker, left.sequence == right.sequence, left != right
        else { return nil }
        let isInOrder = left.bytes.lexicographicallyPrecedes(right.bytes)
        (first, second) = isInOrder ? (one, other) : (other, one)
    }

    /// Whether `workerKey`, 32 bytes, signed both.
    package func verify(_ workerKey: [UInt8]) -> Bool {
        first.verifyWorker(workerKey) && second.verifyWorker(workerKey)
    }

    /// What the log commits to: SHA-256 of both receipts' 312 bytes and worker's signatures, in order. It is the same
    /// whichever of them came first.
    package var payloadHash: Digest256 {
        SHA256.hash(
            first.receipt.bytes + first.workerSignature + second.receipt.bytes + second.workerSignature
        )
    }
}
