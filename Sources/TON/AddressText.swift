internal import Cryptography

/// Why a text is not an address, or not one for us.
package enum AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Neither 48 characters of base 64 nor a workchain, a colon and 64 hexadecimal digits.
    case form
    /// Characters of both alphabets of base 64.
    case alphabet
    /// The first byte is no kind of address.
    case tag
    /// Neither the base chain nor the masterchain.
    case workchain
    case checksum
    /// An address for tests only, on the chain where money is real.
    case testOnly

    package var description: String {
        switch self {
        case .form: "an address has 48 characters of base 64, or is a workchain, a colon and 64 hexadecimal digits"
        case .alphabet: "an address has characters of one alphabet: - and _, or + and /"
        case .tag: "the first byte of an address is 0x11 or 0x51, or one of these and 0x80"
        case .workchain: "an address is in workchain 0 or -1"
        case .checksum: "the checksum of the address is wrong"
        case .testOnly: "the address is for tests only"
        }
    }
}

/// An address as people write it (TEP-2), and what they say with it.
package struct AddressText: Hashable, Sendable {
    package var address: Address
    /// Whether what is sent shall come back when nobody is there to take it. `nil` in the raw form, which does not say.
    package var isBounceable: Bool?
    package var isTestOnly: Bool

    package init(_ address: Address, isBounceable: Bool, isTestOnly: Bool = false) {
        self.address = address
        self.isBounceable = isBounceable
        self.isTestOnly = isTestOnly
    }

    /// Characters of the friendly form.
    package static let characterCount = 48

    /// Reads either form. Strict: nothing before or behind it, one alphabet, and a right checksum.
    package init(_ text: String, on network: Network) throws(AddressError) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            address = try Self.raw(text)
            isBounceable = nil
            isTestOnly = false
            return
        }
        let bytes = try Self.decode(text)
        let tag = bytes[0] & 0x7F
        guard tag == 0x11 || tag == 0x51 else { throw .tag }
        guard CRC16.of(bytes[..<34]) == UInt16(bytes[34]) << 8 | UInt16(bytes[35]) else { throw .checksum }
        let workchain = Int32(Int8(bitPattern: bytes[1]))
        guard let address = Address(workchain: workchain, hash: Array(bytes[2..<34])) else { throw .workchain }
        self.address = address
        isBounceable = tag == 0x11
        isTestOnly = bytes[0] & 0x80 != 0
        guard !isTestOnly || network == .testnet else { throw .testOnly }
    }

    /// The friendly form, in the alphabet for URLs. An address that does not say whether it bounces does not.
    package var text: String {
        let tag: UInt8 = isBounceable == true ? 0x11 : 0x51
        var bytes = [tag | (isTestOnly ? 0x80 : 0), UInt8(truncatingIfNeeded: address.workchain)] + address.hash
        let checksum = CRC16.of(bytes)
        bytes += [UInt8(checksum >> 8), UInt8(checksum & 0xFF)]
        return Base64URL.encode(bytes)
    }

    private static func raw(_ text: String) throws(AddressError) -> Address {
        if let address = Address(raw: text) { return address }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 64, Hex.decode(String(parts[1])) != nil,
            let workchain = Int32(parts[0]), String(workchain) == parts[0]
        else { throw .form }
        throw .workchain
    }

    /// The 36 bytes of the friendly form.
    private static func decode(_ text: String) throws(AddressError) -> [UInt8] {
        var characters = Array(text.utf8)
        guard characters.count == characterCount else { throw .form }
        let standard: [UInt8: UInt8] = [
            UInt8(ascii: "+"): UInt8(ascii: "-"), UInt8(ascii: "/"): UInt8(ascii: "_"),
        ]
        if characters.contains(where: { standard[$0] != nil }) {
            guard !characters.contains(UInt8(ascii: "-")), !characters.contains(UInt8(ascii: "_")) else {
                throw .alphabet
            }
            characters = characters.map { standard[$0] ?? $0 }
        }
        guard let bytes = Base64URL.decode(characters.span) else { throw .form }
        return bytes
    }
}
