internal import Cryptography
internal import TON

/// A user's wallet, v5r1 or v4r2: one request after the other by a sequence number. Extensions and plugins are absent:
/// a request for one is refused like one of an unknown form.
struct SequenceState {
    let publicKey: [UInt8]
    let walletID: UInt64
    private(set) var sequenceNumber: UInt64 = 0

    /// A wallet as it is made.
    init(_ wallet: WalletV5R1) {
        publicKey = wallet.publicKey
        walletID = UInt64(wallet.walletID)
    }

    /// A wallet as it is made.
    init(_ wallet: WalletV4R2) {
        publicKey = wallet.publicKey
        walletID = UInt64(wallet.walletID)
    }

    /// From the first data of a new wallet v5r1; `nil` if it is another.
    init?(v5 data: Cell) {
        guard var slice = try? CellSlice(data), (try? slice.bit()) == true, (try? slice.number(32)) == 0,
            let walletID = try? slice.number(32), let key = try? slice.bytes(32), (try? slice.bit()) == false,
            (try? slice.end()) != nil
        else { return nil }
        publicKey = key
        self.walletID = walletID
    }

    /// From the first data of a new wallet v4r2; `nil` if it is another.
    init?(v4 data: Cell) {
        guard var slice = try? CellSlice(data), (try? slice.number(32)) == 0, let walletID = try? slice.number(32),
            let key = try? slice.bytes(32), (try? slice.bit()) == false, (try? slice.end()) != nil
        else { return nil }
        publicKey = key
        self.walletID = walletID
    }

    private static let cellUnderflow: Int64 = 9

    /// What a wallet v5r1 does with a message from outside.
    mutating func receiveV5(_ body: Cell, now: UInt64) -> OutsideResult {
        guard var slice = try? CellSlice(body), let operation = try? slice.number(32) else {
            return .refused(Self.cellUnderflow)
        }
        guard operation == 0x7369_676E else { return .refused(138) }
        let signedBits = body.bitCount - Ed25519.signatureByteCount * 8
        guard signedBits >= 32, let signature = body.bytes(Ed25519.signatureByteCount, from: signedBits),
            let signed = Cell(bits: body.bits[0..<signedBits], references: body.references)
        else { return .refused(Self.cellUnderflow) }
        guard Ed25519.isValid(signature, of: signed.hash, by: publicKey) else { return .refused(135) }
        guard let wallet = try? slice.number(32), let until = try? slice.number(32),
            let number = try? slice.number(32)
        else { return .refused(Self.cellUnderflow) }
        guard number == sequenceNumber else { return .refused(133) }
        guard wallet == walletID else { return .refused(134) }
        guard until > now else { return .refused(136) }
        sequenceNumber += 1
        var result = Computation(gas: Gas.walletV5Outside)
        guard let list = try? slice.maybeReference(), let actions = SendAction.read(list) else { return .done(result) }
        if actions.allSatisfy({ $0.mode.contains(.ignoresErrors) }) {
            result.actions = actions
            result.gas += Gas.walletV5Message * Int64(actions.count)
        } else {
            result.exitCode = 137
        }
        return .done(result)
    }

    /// What a wallet v4r2 does with a message from outside.
    mutating func receiveV4(_ body: Cell, now: UInt64) -> OutsideResult {
        guard var slice = try? CellSlice(body), let signature = try? slice.bytes(Ed25519.signatureByteCount),
            let signed = try? slice.rest(), var request = try? CellSlice(signed),
            let wallet = try? request.number(32), let until = try? request.number(32),
            let number = try? request.number(32)
        else { return .refused(Self.cellUnderflow) }
        guard until > now else { return .refused(36) }
        guard number == sequenceNumber else { return .refused(33) }
        guard wallet == walletID else { return .refused(34) }
        guard Ed25519.isValid(signature, of: signed.hash, by: publicKey) else { return .refused(35) }
        sequenceNumber += 1
        var result = Computation(gas: Gas.walletV4Outside)
        guard (try? request.number(8)) == 0 else {
            result.exitCode = Self.cellUnderflow
            return .done(result)
        }
        var actions: [SendAction] = []
        while request.referencesLeft > 0 {
            guard let mode = try? request.number(8), let message = try? request.reference() else {
                result.exitCode = Self.cellUnderflow
                return .done(result)
            }
            actions.append(SendAction(message, mode: SendMode(rawValue: UInt8(mode))))
        }
        result.actions = actions
        result.gas += Gas.walletV4Message * Int64(actions.count)
        return .done(result)
    }
}

extension SequenceState {
    /// All that it is.
    func write(to writer: inout StateWriter) {
        writer.write(publicKey)
        writer.write(walletID)
        writer.write(sequenceNumber)
    }

    /// What was written.
    init(_ reader: inout StateReader) throws(ChainStateError) {
        publicKey = try reader.hash()
        walletID = try reader.number()
        sequenceNumber = try reader.number()
    }
}
