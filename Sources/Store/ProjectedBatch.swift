package import Engine
package import Ledger
package import Units

/// What a durable batch did, as the projector gets it.
package struct ProjectedBatch: Hashable, Sendable {
    /// Of the journal.
    package let number: Int64
    package let firstSequence: SequenceNumber
    package let lastSequence: SequenceNumber
    package let time: LogicalTime
    /// Microseconds by which all gaps up to here have held the lease clock back.
    package let grace: Int64
    /// The events of all commands, one command after the other.
    package let events: [Event]
    /// For each command, from ``firstSequence`` on, the index behind its last event. A command without events has the
    /// same as the one before it.
    package let ends: [Int32]

    package init(
        number: Int64,
        firstSequence: SequenceNumber,
        lastSequence: SequenceNumber,
        time: LogicalTime,
        grace: Int64 = 0,
        events: [Event],
        ends: [Int32]
    ) {
        self.number = number
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.time = time
        self.grace = grace
        self.events = events
        self.ends = ends
    }
}

/// Where the tables stand: the end of a batch.
package struct ProjectionCursor: Hashable, Sendable {
    /// 0 before the first.
    package var batch: Int64
    package var sequence: SequenceNumber
    package var time: LogicalTime
    package var lastTrade: TradeID
    /// Microseconds by which all gaps have held the lease clock back.
    package var grace: Int64

    package init(
        batch: Int64 = 0,
        sequence: SequenceNumber = .none,
        time: LogicalTime = .zero,
        lastTrade: TradeID,
        grace: Int64 = 0
    ) {
        self.batch = batch
        self.sequence = sequence
        self.time = time
        self.lastTrade = lastTrade
        self.grace = grace
    }

    /// Of an exchange that has done nothing.
    package static let start = ProjectionCursor(lastTrade: TradeID(0))
}

/// A row of `ledger.transfers`.
package struct TransferRow: Hashable, Sendable {
    package let sequence: SequenceNumber
    /// Place among the events of the command, from 0.
    package let ordinal: Int32
    package let transfer: Transfer
    package let at: LogicalTime

    package init(sequence: SequenceNumber, ordinal: Int32, transfer: Transfer, at: LogicalTime) {
        self.sequence = sequence
        self.ordinal = ordinal
        self.transfer = transfer
        self.at = at
    }
}

/// A row of `market.trades`.
package struct TradeRow: Hashable, Sendable {
    package let trade: Trade
    /// The command that caused it.
    package let sequence: SequenceNumber
    package let at: LogicalTime

    package init(trade: Trade, sequence: SequenceNumber, at: LogicalTime) {
        self.trade = trade
        self.sequence = sequence
        self.at = at
    }
}
