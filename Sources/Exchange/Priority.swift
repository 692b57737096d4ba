public import Units

/// Where an order stands among those of its price: the command that put it there, and which of that command's orders it
/// was. An arrival has ordinal 0; the next part of an iceberg goes to the back of its price with a higher one.
public struct Priority: Hashable, Comparable, Sendable {
    public let rawValue: Int64

    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }

    @inlinable public init(_ sequence: SequenceNumber, ordinal: Int64 = 0) {
        precondition(ordinal < 1 << Self.ordinalBits, "a command visits fewer orders than that")
        rawValue = sequence.rawValue << Self.ordinalBits | ordinal
    }

    /// Of an order that has never moved.
    @inlinable public init(_ order: OrderID) { self.init(SequenceNumber(order.rawValue)) }

    @inlinable static var ordinalBits: Int64 { 16 }

    @inlinable public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
