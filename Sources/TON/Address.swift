internal import Cryptography

/// A standard address (`addr_std` without anycast): a workchain and the hash of the account's first state.
package struct Address: Hashable, Sendable, CustomStringConvertible {
    /// 0, the base chain, or −1, the masterchain.
    package let workchain: Int32
    /// 32 bytes.
    package let hash: [UInt8]

    /// `nil` unless it is one of the two chains and 32 bytes.
    package init?(workchain: Int32, hash: [UInt8]) {
        guard workchain == 0 || workchain == -1, hash.count == 32 else { return nil }
        self.workchain = workchain
        self.hash = hash
    }

    /// Reads the raw form: `0:` or `-1:`, and 64 hexadecimal digits.
    package init?(raw text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 64, let hash = Hex.decode(String(parts[1])) else { return nil }
        switch parts[0] {
        case "0": self.init(workchain: 0, hash: hash)
        case "-1": self.init(workchain: -1, hash: hash)
        default: return nil
        }
    }

    /// The raw form, in lower case.
    package var description: String { "\(workchain):" + Hex.encode(hash) }
}
