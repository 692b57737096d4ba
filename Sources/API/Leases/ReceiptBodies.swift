internal import Cryptography
internal import Engine
internal import JSON
package import Provenance
package import Units

/// Receipts that are to be recorded, or two that contradict each other: their signatures are checked off the threads of
/// the network and of the engine, by keys that the engine tells.
package struct ReceiptBatch: Sendable {
    /// Whose commands they become.
    package let account: AccountID
    package let key: KeyID
    package let requestID: UInt64
    package let items: [Item]
    package let kind: Kind

    /// One of them, as it was read.
    package enum Item: Sendable {
        /// Sound in itself; whose signatures it bears is not known yet.
        case receipt(SignedReceipt)
        /// Refused as it was sent.
        case refused(Problem)
    }

    /// How it is answered.
    package enum Kind: Sendable {
        /// One receipt: its own answer.
        case single
        /// Each with its own result.
        case list
        /// The two of one command.
        case equivocation
    }

    package init(account: AccountID, key: KeyID, requestID: UInt64, items: [Item], kind: Kind) {
        self.account = account
        self.key = key
        self.requestID = requestID
        self.items = items
        self.kind = kind
    }

    /// The leases that are named, each once, in the order in which they come.
    package var leases: [LeaseID] {
        var seen: Set<LeaseID> = []
        return items.compactMap { item in
            guard case .receipt(let signed) = item, seen.insert(signed.receipt.lease).inserted else { return nil }
            return signed.receipt.lease
        }
    }

    /// What it takes of a mailbox.
    package var bytes: Int { items.count * 1_024 }
}

enum ReceiptField: Int, BodyField {
    case receipt, workerSignature, appSignature
    static let names: [StaticString] = ["receipt", "worker_signature", "app_signature"]
}

enum ReceiptListField: Int, BodyField {
    case receipts
    static let names: [StaticString] = ["receipts"]
}

enum EquivocationField: Int, BodyField {
    case first, second
    static let names: [StaticString] = ["first", "second"]
}

extension Bodies {
    /// `POST /v1/receipts`.
    static func receipt(_ body: [UInt8]) throws(Problem) -> SignedReceipt {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in try reader.receipt(at: .document) }
    }

    /// `POST /v1/receipts:batch`: the bytes of each receipt.
    static func receipts(_ body: [UInt8]) throws(Problem) -> [ArraySlice<UInt8>] {
        let place = BodyPlace.document.field("receipts")
        var items: [ArraySlice<UInt8>] = []
        _ = try read(body, bytesMax: Limits.batchBytesMax) { (reader: inout BodyReader) throws(JSONError) -> Bool? in
            var seen = JSONFieldSet()
            guard try reader.beginObject(at: .document) else { return nil }
            while try reader.nextField(ReceiptListField.self, of: .document, seen: &seen) != nil {
                let errorsBefore = reader.errors.count
                let isFilled = try reader.elements(at: place, max: Limits.receiptsPerBatchMax) {
                    (reader: inout BodyReader, _) throws(JSONError) in
                    items.append(try reader.value())
                }
                if !isFilled, reader.errors.count == errorsBefore {
                    reader.fail(place, .empty, "receipts needs at least one entry.")
                }
            }
            reader.require(ReceiptListField.receipts, of: .document, seen: seen)
            return true
        }
        return items
    }

    /// `POST /v1/receipts:equivocation`: two receipts, each with its worker's signature.
    static func equivocation(_ body: [UInt8]) throws(Problem) -> Equivocation {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var (first, second): (SignedReceipt?, SignedReceipt?)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(EquivocationField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .first: first = try reader.receipt(at: place)
                case .second: second = try reader.receipt(at: place)
                }
            }
            for field in EquivocationField.allCases { reader.require(field, of: .document, seen: seen) }
            guard let first, let second else { return nil }
            let proof = Equivocation(first, second)
            if proof == nil {
                let detail = "second must differ from first, and have its lease, worker and sequence."
                reader.fail(.document.field("second"), .notAllowed, detail)
            }
            return proof
        }
    }
}

extension BodyReader {
    /// A receipt with its signatures.
    fileprivate mutating func receipt(at place: BodyPlace) throws(JSONError) -> SignedReceipt? {
        var seen = JSONFieldSet()
        var (body, worker, app): ([UInt8]?, [UInt8]?, [UInt8]?)
        guard try beginObject(at: place) else { return nil }
        while let field = try nextField(ReceiptField.self, of: place, seen: &seen) {
            let place = place.field(field.name)
            switch field {
            case .receipt: body = try base64URL(at: place, bytes: Receipt.byteCount)
            case .workerSignature: worker = try base64URL(at: place, bytes: Ed25519.signatureByteCount)
            case .appSignature:
                if try readsNull() { continue }
                app = try base64URL(at: place, bytes: Ed25519.signatureByteCount)
            }
        }
        require(ReceiptField.receipt, of: place, seen: seen)
        require(ReceiptField.workerSignature, of: place, seen: seen)
        guard let body, let worker else { return nil }
        do throws(ReceiptError) {
            return SignedReceipt(receipt: try Receipt(bytes: body), workerSignature: worker, appSignature: app)
        } catch {
            fail(place.field("receipt"), .badFormat, "receipt is not sound: \(error).")
            return nil
        }
    }

    /// So many bytes in base64url without padding.
    mutating func base64URL(at place: BodyPlace, bytes count: Int) throws(JSONError) -> [UInt8]? {
        guard let text = try text(at: place) else { return nil }
        if let bytes = Base64URL.decode(text.span), bytes.count == count { return bytes }
        fail(place, .badFormat, "\(place.name) must be \(count) bytes in base64url, without padding.")
        return nil
    }
}

/// Receipts that come with a request.
extension Request {
    func receipts(_ principal: Principal) throws(Problem) -> Admission {
        let kind: ReceiptBatch.Kind
        var items: [ReceiptBatch.Item] = []
        switch route {
        case .recordReceipt:
            kind = .single
            items = [.receipt(try Bodies.receipt(body))]
        case .proveEquivocation:
            kind = .equivocation
            let proof = try Bodies.equivocation(body)
            items = [.receipt(proof.first), .receipt(proof.second)]
        default:
            kind = .list
            let bodies = try Bodies.receipts(body)
            items.reserveCapacity(bodies.count)
            for body in bodies {
                do throws(Problem) {
                    items.append(.receipt(try Bodies.receipt(Array(body))))
                } catch {
                    items.append(.refused(error))
                }
            }
        }
        let batch = ReceiptBatch(
            account: principal.account,
            key: principal.key,
            requestID: context.requestID,
            items: items,
            kind: kind
        )
        return .receipts(batch)
    }
}
