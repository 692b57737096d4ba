import Cryptography
import Foundation

/// A secret in the forms in which a program might write it.
struct Secret {
    let name: String
    private let forms: Set<Data>

    /// `text` is how the secret is told, `value` the bytes that it stands for, if they are others.
    init(_ name: String, text: String, value: [UInt8]? = nil) {
        self.name = name
        forms = Self.forms(of: Array(text.utf8)).union(value.map(Self.forms) ?? [])
    }

    /// The bytes themselves, in hexadecimal, and in base 64, where they may stand inside of something longer.
    private static func forms(of bytes: [UInt8]) -> Set<Data> {
        let hex = Hex.encode(bytes)
        var texts = [hex, hex.uppercased()]
        for before in 0..<3 {
            let longer = [UInt8](repeating: 0, count: before) + bytes
            // The first and the last characters tell of their neighbours too: only those between are the secret's.
            let (first, end) = ((8 * before + 5) / 6, 8 * longer.count / 6)
            texts += [Base64.encode(longer), Base64URL.encode(longer)].map { String($0.prefix(end).dropFirst(first)) }
        }
        return Set(texts.map { Data($0.utf8) } + [Data(bytes)])
    }

    /// Whether it stands there in any form.
    func isIn(_ text: Data) -> Bool { forms.contains { text.range(of: $0) != nil } }
}

extension [Secret] {
    /// The names of those that stand in a text.
    func found(in text: Data) -> [String] { filter { $0.isIn(text) }.map(\.name) }
}
