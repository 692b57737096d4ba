/// TON that a wallet sends to somebody.
package struct Payout: Hashable, Sendable {
    package var address: Address
    package var amount: Coins
    package var comment: String?
    /// What the message says instead of a comment.
    package var body: Cell?
    /// Whether it comes back if nobody is there to take it: otherwise it waits there for its owner.
    package var isBounceable: Bool

    package init(to address: Address, amount: Coins, comment: String? = nil, isBounceable: Bool = false) {
        self.address = address
        self.amount = amount
        self.comment = comment
        self.isBounceable = isBounceable
    }

    /// The message. Payouts are in the base chain, and of more than nothing.
    package func message() throws(MessageError) -> Cell {
        guard address.workchain == 0 else { throw .workchain }
        guard amount > .zero else { throw .amount }
        do {
            let body = try self.body ?? comment.map { (text) throws(CellError) -> Cell in try Comment.cell(text) }
            return try InternalMessage(to: address, value: amount, isBounceable: isBounceable, body: body).cell()
        } catch {
            throw .comment
        }
    }
}
