internal import CTexts

/// Files of the repository that the program carries.
package enum Texts {
    /// A folder of `Migrations/`, such as `0007-offer-region`.
    package struct Migration: Sendable {
        package let number: Int
        package let name: String
        /// `up.sql`.
        package let up: [UInt8]
        /// `check.sql`.
        package let check: [UInt8]
    }

    /// `openapi.yaml`.
    package static let contract = unsafe bytes(CTexts_contract())

    /// All folders of `Migrations/`, in order.
    package static let migrations: [Migration] = (0..<CTexts_migration_count()).map { index in
        let folder = unsafe CTexts_migration(index).pointee
        return unsafe Migration(
            number: Int(folder.number),
            name: String(cString: folder.name),
            up: bytes(folder.up),
            check: bytes(folder.check)
        )
    }

    private static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] { unsafe Array(String(cString: text).utf8) }
}
