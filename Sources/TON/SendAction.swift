/// A message that a contract shall send, and how (`action_send_msg`).
package struct SendAction: Hashable, Sendable {
    package var mode: SendMode
    package var message: Cell

    package init(_ message: Cell, mode: SendMode) {
        self.mode = mode
        self.message = message
    }

    /// Actions that a contract may have at once.
    package static let countMax = 255

    /// The list (`OutList`) in which the first is carried out first: it stands the deepest.
    package static func list(_ actions: [SendAction]) throws(CellError) -> Cell {
        var list = try CellBuilder().cell()
        for action in actions {
            var builder = CellBuilder()
            builder.store(reference: list)
            builder.store(0x0EC3_C86D, bits: 32)
            builder.store(UInt64(action.mode.rawValue), bits: 8)
            builder.store(reference: action.message)
            list = try builder.cell()
        }
        return list
    }
}

/// How a message is sent.
package struct SendMode: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The sender pays the fees; the receiver gets the whole value.
    package static let paysFees = SendMode(rawValue: 1)
    /// A message that cannot be sent is left out without a word.
    package static let ignoresErrors = SendMode(rawValue: 2)
    /// All that the contract has.
    package static let wholeBalance = SendMode(rawValue: 128)
}
