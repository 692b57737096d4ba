/// The alphabets of HTTP/1, one bit a rule, looked up by the byte.
enum HTTP1Grammar {
    /// `tchar` (RFC 9110, section 5.6.2): methods and names of fields.
    static func isToken(_ byte: UInt8) -> Bool { kinds[Int(byte)] & token != 0 }

    /// What stands in a path or a query: `pchar`, `/` and `?` (RFC 3986, sections 3.3 and 3.4).
    static func isTarget(_ byte: UInt8) -> Bool { kinds[Int(byte)] & target != 0 }

    /// `unreserved` (RFC 3986, section 2.3), which is what names of hosts are written in.
    static func isUnreserved(_ byte: UInt8) -> Bool { kinds[Int(byte)] & unreserved != 0 }

    /// What stands between the brackets of an IPv6 address.
    static func isAddress(_ byte: UInt8) -> Bool { kinds[Int(byte)] & address != 0 }

    /// `0` to `9`.
    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// `OWS` (RFC 9110, section 5.6.3).
    static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// A control byte other than the tab; CR and LF are told apart before.
    static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }

    /// The letter in lower case; other bytes as they are.
    static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static let token: UInt8 = 1
    private static let target: UInt8 = 2
    private static let unreserved: UInt8 = 4
    private static let address: UInt8 = 8

    private static let kinds: [256 of UInt8] = {
        let digits = "0123456789"
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        var kinds = [256 of UInt8](repeating: 0)
        for byte in (letters + digits + "!#$%&'*+-.^_`|~").utf8 { kinds[Int(byte)] |= token }
        for byte in (letters + digits + "-._~!$&'()*+,;=:@/?%").utf8 { kinds[Int(byte)] |= target }
        for byte in (letters + digits + "-._~").utf8 { kinds[Int(byte)] |= unreserved }
        for byte in (digits + "ABCDEFabcdef:.").utf8 { kinds[Int(byte)] |= address }
        return kinds
    }()
}

/// Whether `bytes` in this range, without regard to case, are `text`, which is in lower case.
func isSame(_ bytes: [UInt8], _ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { expected in
        for offset in 0..<range.count
        where unsafe HTTP1Grammar.lowercased(bytes[range.lowerBound + offset]) != expected[offset] {
            return false
        }
        return true
    }
}

/// Whether two ranges of `bytes` hold the same, without regard to case.
func isSame(_ bytes: [UInt8], _ left: Range<Int>, _ right: Range<Int>) -> Bool {
    guard left.count == right.count else { return false }
    for offset in 0..<left.count
    where HTTP1Grammar.lowercased(bytes[left.lowerBound + offset])
        != HTTP1Grammar.lowercased(bytes[right.lowerBound + offset])
    {
        return false
    }
    return true
}
