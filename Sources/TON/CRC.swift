/// CRC-32C (Castagnoli), as bags of cells end with it, little-endian.
enum CRC32C {
    static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
        return ~crc
    }

    private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
        (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
}

/// CRC-16/XMODEM: polynomial 0x1021, from 0, as addresses end with it, big-endian.
enum CRC16 {
    static func of(_ bytes: some Sequence<UInt8>) -> UInt16 {
        bytes.reduce(0) { crc, byte in
            (0..<8).reduce(crc ^ UInt16(byte) << 8) { crc, _ in crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
        }
    }
}

/// A method of a contract that is asked without a transaction.
package enum GetMethod {
    /// The number by which the contract knows the method of this name.
    package static func id(_ name: String) -> UInt32 { UInt32(CRC16.of(name.utf8)) | 0x10000 }
}
