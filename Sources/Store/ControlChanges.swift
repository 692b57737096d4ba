internal import Engine
internal import Exchange
internal import Units

/// What a transaction changes in the records of market control, by the last event of each.
struct ControlChanges: Hashable {
    var records: [ModelID: MarketControlRecord] = [:]
    /// Accounts of before.
    var accounts: [AccountID: AccountRecord] = [:]
    private(set) var operations: [OperationKey: Operation] = [:]
    /// What became of announced fees last; `nil` for nothing.
    private(set) var notice: Notice?

    var isEmpty: Bool { records.isEmpty && accounts.isEmpty && operations.isEmpty && notice == nil }

    /// What names a mass operation.
    struct OperationKey: Hashable {
        let sequence: SequenceNumber
        let account: AccountID
    }

    /// What became of a mass operation.
    enum Operation: Hashable {
        /// `ordinal` counts where it has begun.
        case set(MassOperation, ordinal: Int32)
        case ended
    }

    /// What became of announced fees.
    enum Notice: Hashable {
        case announced(FeeNoticeTerms)
        /// They are in force.
        case over
    }

    mutating func set(_ operation: MassOperation, _ ordinal: Int32) {
        let key = OperationKey(sequence: operation.sequence, account: operation.account)
        if case .set(_, let first)? = operations[key] {
            operations[key] = .set(operation, ordinal: first)
        } else {
            operations[key] = .set(operation, ordinal: ordinal)
        }
    }

    mutating func end(_ sequence: SequenceNumber, _ account: AccountID) {
        operations[OperationKey(sequence: sequence, account: account)] = .ended
    }

    mutating func announce(_ terms: FeeNoticeTerms) { notice = .announced(terms) }

    /// Announced fees have come into force. Other fees that are set leave the notice as it is.
    mutating func noticeIsOver() { notice = .over }
}

// MARK: - Orders

/// What an amendment, a new part of an iceberg, or an order of the same owner changes in a row of `market.orders` that
/// is there already.
struct OrderMove: Hashable {
    let id: Int64
    private(set) var amendment: OrderAmendment?
    /// 0 when it stays.
    private(set) var displayed: Int64 = 0
    /// 0 when it stays.
    private(set) var priority: Int64 = 0
    /// In all; 0 when it stays.
    private(set) var lowered: Int64 = 0

    init(id: Int64) { self.id = id }

    mutating func amend(_ amendment: OrderAmendment) {
        self.amendment = amendment
        priority = amendment.priority.rawValue
    }

    mutating func show(_ lots: Lots, _ priority: Priority) {
        displayed = lots.count
        self.priority = priority.rawValue
    }

    mutating func lower(_ lots: Lots) { lowered = lots.count }
}

extension OrderRecord {
    /// Changes a record that has no row yet.
    mutating func apply(_ move: OrderMove) {
        if let amendment = move.amendment {
            price = amendment.price
            lots = amendment.lots
            var rules = self.rules
            rules.expiresAt = amendment.expiresAt
            self.rules = rules
        }
        if move.displayed > 0 { displayed = Lots(move.displayed) }
        if move.priority != 0 { priority = Priority(rawValue: move.priority) }
        if move.lowered > 0 { loweredLots = Lots(move.lowered) }
    }
}
