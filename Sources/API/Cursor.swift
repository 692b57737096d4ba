internal import Cryptography
internal import Units

/// Where the next page of a list begins. To clients it is opaque; it holds for the list and the filters that it was
/// made for, whatever the limit.
///
/// 30 bytes in base64url: version, list, filters (8 bytes of SHA-256), two numbers of the position, and 4 bytes of
/// SHA-256 over all of it. The check finds mistakes, not forgers: a forged position shows nothing that the list
/// itself would not show, and is one that the database understands, because positions are not negative.
package struct Cursor: Equatable, Sendable {
    package let list: List
    package let filters: UInt64
    package let first: Int64
    package var second: Int64 = 0

    /// The lists that have pages.
    package enum List: UInt8, CaseIterable, Sendable {
        case orders = 1
        case trades
        case transfers
        case accounts = 4
        case audit = 5
        case candles = 6
        case leases = 7
        case receipts = 8
        case deposits = 20
        case withdrawals = 21
        case settlements = 22
        case suspense = 23
        case anchors = 24
    }

    private static let version: UInt8 = 1
    private static let byteCount = 30

    package init(list: List, filters: UInt64, first: Int64, second: Int64 = 0) {
        self.list = list
        self.filters = filters
        self.first = first
        self.second = second
    }

    /// Reads the form in URLs; throws unless it is a cursor of this list with these filters.
    package init(_ text: ArraySlice<UInt8>, list: List, filters: UInt64) throws(Problem) {
        guard let bytes = Base64URL.decode(text.span), bytes.count == Self.byteCount,
            Array(bytes[26...]) == Self.check(bytes[..<26])
        else { throw Problem(.badCursor, "The cursor is not one that a list has given.") }
        guard bytes[0] == Self.version, bytes[1] == list.rawValue, Self.number(bytes[2..<10]) == filters else {
            throw Problem(.badCursor, "The cursor was given for another list, other filters or another account.")
        }
        let first = Int64(bitPattern: Self.number(bytes[10..<18]))
        let second = Int64(bitPattern: Self.number(bytes[18..<26]))
        guard first >= 0, second >= 0 else { throw Problem(.badCursor, "The cursor is not one that a list has given.") }
        self.init(list: list, filters: filters, first: first, second: second)
    }

    /// The form in URLs: 40 characters.
    package var text: String {
        var bytes: [UInt8] = [Self.version, list.rawValue]
        for number in [filters, UInt64(bitPattern: first), UInt64(bitPattern: second)] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
            }
        }
        return Base64URL.encode(bytes + Self.check(bytes[...]))
    }

    /// What stands for a list's filters in its cursors.
    package static func filters(_ canonical: String) -> UInt64 { SHA256.hash(Array(canonical.utf8)).prefix }

    private static func check(_ bytes: ArraySlice<UInt8>) -> [UInt8] { Array(SHA256.hash(bytes.span).bytes.prefix(4)) }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
