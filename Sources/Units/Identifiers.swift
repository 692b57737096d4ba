/// A number that names one thing. In JSON it is a string of a letter and the number: `"o17"` (ENGINE §1).
public protocol Identifier: Hashable, Comparable, Sendable {
    /// The letter in front of the number in JSON.
    static var letter: UInt8 { get }
    /// 1 or greater; 0 stands for "none" where a field is optional in a packed record.
    var rawValue: Int64 { get }
    init(_ rawValue: Int64)
}

extension Identifier {
    // Public, because only then other modules get the code itself: it is on the way of every command.
    @inlinable public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The form in JSON and URLs.
    public var text: String { String(UnicodeScalar(Self.letter)) + String(rawValue) }

    /// Reads the form in JSON and URLs. `nil` unless it is the letter and a number from 1 without leading zeros.
    public init?(text: some Collection<UInt8>) {
        guard text.first == Self.letter else { return nil }
        let digits = text.dropFirst()
        guard let first = digits.first, first != UInt8(ascii: "0"), digits.count <= 19 else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else { return nil }
            value = sum
        }
        self.init(value)
    }
}

/// An owner of money: a worker, an app, or both.
public struct AccountID: Identifier {
    public static let letter = UInt8(ascii: "a")
    public let rawValue: Int64
    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }
    /// Owner of the system's own ledger accounts, and the account of commands that the server itself gives.
    @inlinable public static var system: AccountID { AccountID(0) }
}

/// The sequence number of the command that placed the order.
public struct OrderID: Identifier {
    public static let letter = UInt8(ascii: "o")
    public let rawValue: Int64
    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// A trade; the lease that it opens has the same number.
public struct TradeID: Identifier {
    public static let letter = UInt8(ascii: "t")
    public let rawValue: Int64
    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// The lease of the trade with the same number.
public struct LeaseID: Identifier {
    public static let letter = UInt8(ascii: "l")
    public let rawValue: Int64
    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// An API key. The key itself is never stored, only its hash.
public struct KeyID: Identifier {
    public static let letter = UInt8(ascii: "k")
    public let rawValue: Int64
    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// A model's name, whatever its version. In JSON a model is known by its name, not by this number.
public struct ModelID: Identifier {
    public static let letter = UInt8(ascii: "m")
    public let rawValue: Int64
    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }
    /// Stands for a name that the registry does not have.
    @inlinable public static var unknown: ModelID { ModelID(0) }
}

/// An interned capability: offers that can do exactly the same share one class.
public struct ClassID: Identifier {
    public static let letter = UInt8(ascii: "c")
    public let rawValue: Int64
    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// An interned requirement: bids that demand exactly the same share one profile.
public struct ProfileID: Identifier {
    public static let letter = UInt8(ascii: "p")
    public let rawValue: Int64
    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// The number of a command: from 1, no gaps, rejected commands too. In JSON an integer.
public struct SequenceNumber: Hashable, Comparable, Sendable {
    public let rawValue: Int64

    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// Before the first command.
    @inlinable public static var none: SequenceNumber { SequenceNumber(0) }

    @inlinable public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    @inlinable public var next: SequenceNumber { SequenceNumber(rawValue + 1) }
}

/// The exchange's own time, in microseconds since 1970 UTC: monotone, one value for a whole batch (DESIGN §2).
public struct LogicalTime: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    @inlinable public init(microseconds: Int64) { self.microseconds = microseconds }

    @inlinable public static var zero: LogicalTime { LogicalTime(microseconds: 0) }
    /// Later than any time that a batch can carry; stands for "never" in a packed record.
    @inlinable public static var never: LogicalTime { LogicalTime(microseconds: .max) }
    @inlinable public static func == (left: Self, right: Self) -> Bool { left.microseconds == right.microseconds }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
}
