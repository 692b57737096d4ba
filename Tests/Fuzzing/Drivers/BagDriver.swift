import TON

/// Bags of cells, and what is read from their cells.
enum BagDriver {
    static func run(_ input: [UInt8]) throws {
        guard let root = try? BagOfCells.read(input, allowsExotic: true) else {
            try check((try? BagOfCells.read(input)) == nil, "what is refused with exotic cells is refused without")
            return
        }
        if let ordinary = try? BagOfCells.read(input) { try check(ordinary == root, "a bag has one meaning") }
        try check(root.levels == .zero && root.depth <= Cell.depthMax, "a root leaves nothing out")
        try rewrite(root)
        try read(root)
    }

    /// What is written is read as the same tree, in every form, and each form is shorter than or as long as the limit.
    private static func rewrite(_ root: Cell) throws {
        for options in [[], .index, .checksum, [.index, .checksum]] as [BagOfCells.Options] {
            let bytes = try BagOfCells.write(root, options)
            try check(try BagOfCells.read(bytes, allowsExotic: true) == root, "a bag is read as it was written")
            var changed = bytes
            changed[changed.count - 1] ^= 1
            guard options.contains(.checksum) else { continue }
            try check((try? BagOfCells.read(changed, allowsExotic: true)) == nil, "a wrong checksum is refused")
        }
    }

    /// Whatever a cell is read as, writing that and reading it again gives the same.
    private static func read(_ root: Cell) throws {
        if let text = Comment.text(in: root) {
            try check(Comment.text(in: try Comment.cell(text)) == text, "a comment is read as it was written")
        }
        if let message = try? InternalMessage(root) {
            // A first state in place may leave no room for a reference; then it is not written.
            if let cell = try? message.cell() {
                try check(try InternalMessage(cell) == message, "an internal message is read as it was written")
            }
            _ = message.body.flatMap { try? Jetton.Notification($0) }
        }
        if let message = try? ExternalMessage(root) {
            if let cell = try? message.cell() {
                let again = try ExternalMessage(cell)
                try check(again == message, "an external message is read as it was written")
                try check(try again.normalizedHash() == message.normalizedHash(), "it has one normalized hash")
            }
            _ = try? HighloadWalletV3.Request(body: message.body)
        }
        if let state = try? StateInit(root) { try check(try state.cell() == root, "a first state has one form") }
        for keyBits in [1, 8, 13, 32, 256] {
            guard let entries = try? CellDictionary.entries(root, keyBits: keyBits) else { continue }
            var built: [(key: BitString, value: CellBuilder)] = []
            for entry in entries {
                var value = entry.value
                var builder = CellBuilder()
                builder.store(contentsOf: try value.rest())
                built.append((entry.key, builder))
                try check(try CellDictionary.value(of: entry.key, in: root) != nil, "each entry is found")
            }
            try check(try CellDictionary.root(built, keyBits: keyBits) == root, "a dictionary has one form")
        }
    }
}
