import TON

extension Seeds {
    /// What our wallets send and chains answer, in every form of a bag, and exotic cells.
    static let bags: [[UInt8]] = {
        let hash = [UInt8](repeating: 7, count: 32)
        guard let address = Address(workchain: 0, hash: hash), let all = try? cells(address) else { return [] }
        let forms = all.enumerated().compactMap { index, cell in
            try? BagOfCells.write(cell, BagOfCells.Options(rawValue: UInt8(index % 4)))
        }
        return forms + (all.compactMap { try? BagOfCells.write($0, []) })
    }()

    private static func cells(_ address: Address) throws -> [Cell] {
        let empty = try CellBuilder().cell()
        let text = try Comment.cell("order 42")
        let payouts = (1...3).map { Payout(to: address, amount: Coins(UInt64($0) << 30), comment: "payout \($0)") }
        let wallet = try HighloadWalletV3(publicKey: address.hash, timeout: 3_600)
        let batch = try wallet.batch(
            payouts,
            value: Coins(9_000_000_000),
            QueryID(counter: 5),
            createdAt: 1_800_000_000
        )
        let signed = try Cell.build { (builder) throws(CellError) in
            builder.store([UInt8](repeating: 1, count: 64))
            builder.store(reference: batch.cell)
        }
        let state = StateInit(code: text, data: wallet.data)
        let dictionary = (0..<9 as Range<UInt64>).map { number in
            var value = CellBuilder()
            value.store(Coins(number * 1_000))
            return (key: BitString(number * 7, count: 8), value: value)
        }
        let proof = Cell(bits: BitString([3] + text.hash + [0, 0]), references: [text], isExotic: true)
        let library = Cell(bits: BitString([2] + text.hash), isExotic: true)
        let pruned = Cell(bits: BitString([1, 1] + text.hash + [0, 0]), isExotic: true)
        let hidden = try pruned.map { pruned in try Cell.build { $0.store(reference: pruned) } }
        let bare = try Cell.build { $0.store(reference: text) }
        let pruning = hidden.flatMap {
            Cell(bits: BitString([3] + bare.hash + [0, 1]), references: [$0], isExotic: true)
        }
        let notification = Jetton.Notification(queryID: 1, amount: Coins(5), sender: address, forwardPayload: text)
        return try [
            empty, text, Comment.cell(String(repeating: "long ", count: 90)), payouts[0].message(), batch.message,
            ExternalMessage(to: address, body: signed).cell(),
            ExternalMessage(to: address, stateInit: state, body: signed).cell(), state.cell(), wallet.data,
            notification.cell(), Cell.build { $0.store(Optional(address)) },
        ] + [CellDictionary.root(dictionary, keyBits: 8), proof, library, pruning].compactMap(\.self)
    }
}
