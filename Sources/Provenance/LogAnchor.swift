package import Cryptography

/// What a message on TON says of a log: how large it is and which root it has.
///
/// It is the whole body of a message that a wallet of the exchange sends itself. It has 80 bytes, numbers big-endian:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 8 | `BXANCH01` |
/// | 8 | 32 | SHA-256 of the log's name, the origin of its checkpoints |
/// | 40 | 8 | size: how many leaves the log has, from 1 |
/// | 48 | 32 | root |
package struct LogAnchor: Hashable, Sendable {
    package let originHash: Digest256
    package let size: Int64
    package let root: Digest256

    /// How many bytes it has.
    package static let byteCount = 80

    private static let magic = Array("BXANCH01".utf8)

    /// An anchor of a log whose name has the hash; `nil` unless it has leaves.
    package init?(originHash: Digest256, size: Int64, root: Digest256) {
        guard size >= 1 else { return nil }
        self.originHash = originHash
        self.size = size
        self.root = root
    }

    /// The anchor that `bytes` are; `nil` if they are none.
    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard bytes.count == Self.byteCount, reader.take(Self.magic.count) == Self.magic,
            let originHash = reader.digest(), let size = reader.number(), let root = reader.digest()
        else { return nil }
        self.init(originHash: originHash, size: size, root: root)
    }

    /// The 80 bytes.
    package var bytes: [UInt8] {
        var bytes = Self.magic
        originHash.append(to: &bytes)
        bytes.append(number: size)
        root.append(to: &bytes)
        return bytes
    }

    /// The hash that names a log, by its name.
    package static func originHash(of origin: String) -> Digest256 { SHA256.hash(Array(origin.utf8)) }
}
