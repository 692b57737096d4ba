package import Cryptography

/// A wallet that pays many at once, and each message once (`highload-wallet-v3`).
///
/// A message from outside names a query id and when it was made. The wallet refuses it with 33 if the signature is not
/// its own, 34 for another subwallet, 38 for another timeout, 35 if it is older than the timeout or of the future, and
/// 36 if it knows the query id. Then it remembers the id, **and only then sends**: that an id is known does not mean
/// that anything was paid.
package struct HighloadWalletV3: Hashable, Sendable {
    package let publicKey: [UInt8]
    package let subwallet: UInt32
    /// Seconds for which a message is good, and a query id remembered: 1…4,194,303.
    package let timeout: UInt32
    /// Its first data.
    package let data: Cell
    package let address: Address

    /// The subwallet that its authors recommend.
    package static let subwalletDefault: UInt32 = 0x10AD
    package static let timeoutMax: UInt32 = 1 << 22 - 1
    /// Payouts of a batch: the contract may have 255 actions, and one more is its own.
    package static let payoutsMax = 254
    /// What the batch's message to the wallet itself begins with.
    static let transferOperation: UInt64 = 0xAE42_E5A4

    /// Throws ``MessageError/timeout``. The key has 32 bytes.
    package init(
        publicKey: [UInt8],
        subwallet: UInt32 = subwalletDefault,
        timeout: UInt32
    ) throws(MessageError) {
        precondition(publicKey.count == Ed25519.publicKeyByteCount, "a public key has 32 bytes")
        guard (1...Self.timeoutMax).contains(timeout) else { throw .timeout }
        self.publicKey = publicKey
        self.subwallet = subwallet
        self.timeout = timeout
        data = Cell.fixed { builder in
            builder.store(publicKey)
            builder.store(UInt64(subwallet), bits: 32)
            // No old and no new query ids, and never cleaned.
            builder.store(0, bits: 2)
            builder.store(0, bits: 64)
            builder.store(UInt64(timeout), bits: 22)
        }
        guard let address = ContractCode.highloadV3.address(data: data) else {
            preconditionFailure("0 is a workchain")
        }
        self.address = address
    }

    /// One payout without a batch: the cheapest way for one. `createdAt` is in seconds since 1970 by the chain's clock.
    package func direct(_ payout: Payout, _ id: QueryID, createdAt: UInt64) throws(MessageError) -> Request {
        try request(try payout.message(), mode: .paysFees, id, createdAt: createdAt)
    }

    /// Up to ``payoutsMax`` payouts, of which all are paid or none. `value` is what the wallet sends itself for it: the
    /// sum and the fees; too much of it stays in the wallet.
    package func batch(
        _ payouts: [Payout],
        value: Coins,
        _ id: QueryID,
        createdAt: UInt64
    ) throws(MessageError) -> Request {
        guard (1...Self.payoutsMax).contains(payouts.count) else { throw .count(max: Self.payoutsMax) }
        guard value > .zero else { throw .amount }
        var actions: [SendAction] = []
        for payout in payouts { actions.append(SendAction(try payout.message(), mode: .paysFees)) }
        return try request(try transfer(actions, value: value, id), mode: .paysFees, id, createdAt: createdAt)
    }

    /// The message by which the wallet makes itself carry out actions.
    package func transfer(_ actions: [SendAction], value: Coins, _ id: QueryID) throws(MessageError) -> Cell {
        do {
            let list = try SendAction.list(actions)
            let body = try Cell.build { builder in
                builder.store(Self.transferOperation, bits: 32)
                builder.store(UInt64(id.rawValue), bits: 64)
                builder.store(reference: list)
            }
            return try InternalMessage(to: address, value: value, isBounceable: true, body: body).cell()
        } catch {
            throw .size(.depth)
        }
    }

    /// What is signed to have `message` sent. The message must not deploy anything: the wallet would remember the query
    /// id and send nothing.
    package func request(
        _ message: Cell,
        mode: SendMode,
        _ id: QueryID,
        createdAt: UInt64
    ) throws(MessageError) -> Request {
        guard let parsed = try? InternalMessage(message), parsed.stateInit == nil else { throw .stateInit }
        return Request(
            subwallet: subwallet,
            message: message,
            mode: mode,
            queryID: id,
            createdAt: createdAt,
            timeout: timeout
        )
    }

    /// The message to be sent to the chain. `code` deploys the wallet with it; the account must have money by then.
    package func message(
        _ request: Request,
        signedBy key: borrowing SigningKey,
        deploying code: Cell? = nil
    ) throws(MessageError) -> ExternalMessage {
        ExternalMessage(
            to: address,
            stateInit: try StateInit.of(code, .highloadV3, data),
            body: try request.signed(by: key)
        )
    }
}

extension HighloadWalletV3 {
    /// What the owner signs.
    package struct Request: Hashable, Sendable {
        package let subwallet: UInt32
        package let message: Cell
        package let mode: SendMode
        package let queryID: QueryID
        /// Seconds since 1970.
        package let createdAt: UInt64
        package let timeout: UInt32

        /// The cell whose hash is signed.
        package var cell: Cell {
            Cell.fixed { builder in
                builder.store(UInt64(subwallet), bits: 32)
                builder.store(reference: message)
                builder.store(UInt64(mode.rawValue), bits: 8)
                builder.store(UInt64(queryID.rawValue), bits: 23)
                builder.store(createdAt, bits: 64)
                builder.store(UInt64(timeout), bits: 22)
            }
        }

        /// The body of the message from outside. Throws ``MessageError/size(_:)`` if the message is too deep.
        package func signed(by key: borrowing SigningKey) throws(MessageError) -> Cell {
            guard message.depth < Cell.depthMax - 4 else { throw .size(.depth) }
            let request = cell
            let signature = key.sign(request.hash)
            return Cell.fixed { builder in
                builder.store(signature)
                builder.store(reference: request)
            }
        }
    }
}

extension HighloadWalletV3.Request {
    /// Reads the body of a message from outside, as the wallet's history shows it; the signature is not looked at.
    package init(body: Cell) throws(CellError) {
        var outer = try CellSlice(body)
        _ = try outer.bytes(Ed25519.signatureByteCount)
        var inner = try CellSlice(outer.reference())
        try outer.end()
        subwallet = UInt32(try inner.number(32))
        message = try inner.reference()
        mode = SendMode(rawValue: UInt8(try inner.number(8)))
        guard let id = QueryID(rawValue: UInt32(try inner.number(23))) else { throw .malformed }
        queryID = id
        createdAt = try inner.number(64)
        timeout = UInt32(try inner.number(22))
        try inner.end()
    }
}

extension Cell {
    /// A cell of a fixed form, which has room for what it is made of, and references to shallow cells only.
    static func fixed(_ build: (inout CellBuilder) -> Void) -> Cell {
        var builder = CellBuilder()
        build(&builder)
        guard let cell = try? builder.cell() else { preconditionFailure("a cell of this form fits") }
        return cell
    }
}

extension StateInit {
    /// The first state for deployment, with code that must be the known one; `nil` without code.
    static func of(_ code: Cell?, _ known: ContractCode, _ data: Cell) throws(MessageError) -> StateInit? {
        guard let code else { return nil }
        guard known.matches(code) else { throw .code }
        return StateInit(code: code, data: data)
    }
}
