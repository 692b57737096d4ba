/// An IP address of either family. An IPv4 address written as an IPv6 one (`::ffff:0:0/96`, RFC 4291, section 2.5.5.2)
/// is the IPv4 address.
package struct NetworkAddress: Hashable, Sendable {
    /// The 128 bits in the order of the wire; an IPv4 address is in its mapped form.
    package let bits: UInt128

    package init(v4 bits: UInt32) { self.bits = UInt128(0xFFFF) << 32 | UInt128(bits) }
    package init(v6 bits: UInt128) { self.bits = bits }

    package var isV4: Bool { bits >> 32 == 0xFFFF }
}

/// A block of addresses, as in `192.0.2.0/24` or `2001:db8::/32` (RFC 4632, RFC 4291).
package struct NetworkPrefix: Hashable, Sendable, CustomStringConvertible {
    /// The first address; all bits behind the prefix are zero.
    package let first: NetworkAddress
    /// Bits that all addresses of the block share, 0…128; of an IPv4 block 96 more than it says.
    package let length: UInt8

    /// `nil` when a bit behind the prefix is set, or the prefix is longer than an address.
    package init?(_ first: NetworkAddress, length: UInt8) {
        guard length <= 128, length == 128 || first.bits << UInt128(length) == 0 else { return nil }
        // A shorter prefix of an IPv4 address would hold addresses of both families.
        guard !first.isV4 || length >= 96 else { return nil }
        self.first = first
        self.length = length
    }

    /// Reads `ADDRESS` or `ADDRESS/LENGTH` of either family. `nil` for anything else, a set bit behind the prefix
    /// included. An IPv6 address has no dotted part.
    package init?(text: some Sequence<UInt8>) {
        let parts = Array(text).split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        let address = Array(parts[0])
        let isV4 = address.contains(UInt8(ascii: "."))
        let bits: UInt128
        if isV4 {
            guard let host = Self.v4(address) else { return nil }
            bits = NetworkAddress(v4: host).bits
        } else {
            guard let host = Self.v6(address), host >> 32 != 0xFFFF else { return nil }
            bits = host
        }
        var length: UInt32 = 128
        if parts.count == 2 {
            guard let stated = Self.decimal(Array(parts[1]), max: isV4 ? 32 : 128) else { return nil }
            length = isV4 ? stated + 96 : stated
        }
        self.init(NetworkAddress(v6: bits), length: UInt8(length))
    }

    /// Whether the address is in the block. A block of one family has no address of the other.
    package func contains(_ address: NetworkAddress) -> Bool {
        guard address.isV4 == first.isV4 else { return false }
        return length == 0 || (address.bits ^ first.bits) >> UInt128(128 - length) == 0
    }

    /// The form that ``init(text:)`` reads, always with the length; IPv6 as RFC 5952 says.
    package var description: String {
        if first.isV4 {
            let host = UInt32(truncatingIfNeeded: first.bits)
            let bytes = [24, 16, 8, 0].map { String(host >> UInt32($0) & 0xFF) }
            return bytes.joined(separator: ".") + "/\(length - 96)"
        }
        return Self.text(v6: first.bits) + "/\(length)"
    }

    // MARK: Text

    private static func decimal(_ text: [UInt8], max: UInt32) -> UInt32? {
        guard (1...3).contains(text.count), text.count == 1 || text[0] != UInt8(ascii: "0") else { return nil }
        var value: UInt32 = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + UInt32(byte - UInt8(ascii: "0"))
        }
        return value <= max ? value : nil
    }

    private static func v4(_ text: [UInt8]) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var host: UInt32 = 0
        for part in parts {
            guard let byte = decimal(Array(part), max: 255) else { return nil }
            host = host << 8 | byte
        }
        return host
    }

    private static func v6(_ text: [UInt8]) -> UInt128? {
        let colon = UInt8(ascii: ":")
        guard let gap = text.indices.first(where: { text[$0...].starts(with: [colon, colon]) }) else {
            guard let groups = groups(text[...]), groups.count == 8 else { return nil }
            return groups.reduce(0) { $0 << 16 | UInt128($1) }
        }
        guard let head = groups(text[..<gap]), let tail = groups(text[(gap + 2)...]) else { return nil }
        // The two colons stand for one group at least.
        guard head.count + tail.count <= 7 else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - head.count - tail.count)
        return (head + zeros + tail).reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        for part in text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            guard (1...4).contains(part.count), groups.count < 8 else { return nil }
            var value: UInt16 = 0
            for byte in part {
                guard let digit = hexDigit(byte) else { return nil }
                value = value << 4 | digit
            }
            groups.append(value)
        }
        return groups
    }

    private static func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// The longest run of two or more zero groups, the first of equals, becomes two colons.
    private static func text(v6 bits: UInt128) -> String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128((7 - $0) * 16)) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        let words = groups.map { String($0, radix: 16) }
        guard !best.isEmpty else { return words.joined(separator: ":") }
        return words[..<best.lowerBound].joined(separator: ":") + "::"
            + words[best.upperBound...].joined(separator: ":")
    }
}
