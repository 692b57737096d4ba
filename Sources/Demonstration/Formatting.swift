import Units

/// Figures as people read them. Exact integer arithmetic; only what is shown is rounded, halves up.
package enum Figures {
    /// `19,366`.
    package static func count(_ value: some BinaryInteger) -> String {
        var digits: [Character] = []
        for (index, digit) in String(value.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { digits.append(",") }
            digits.append(digit)
        }
        return (value < 0 ? "−" : "") + String(digits.reversed())
    }

    /// `1,234.567` of a number in 10^−`scale` units, with `decimals` decimals (1 to `scale`).
    package static func decimal(_ value: Int128, scale: Int, decimals: Int) -> String {
        let unit = power(decimals)
        let step = power(scale - decimals)
        let rounded = (Int128(value.magnitude) + step / 2) / step
        let fraction = String(rounded % unit)
        let padding = String(repeating: "0", count: decimals - fraction.count)
        return (value < 0 && rounded > 0 ? "−" : "") + count(rounded / unit) + "." + padding + fraction
    }

    /// `12.345 TON`; small sums with more decimals.
    package static func toncoins(_ nanoTON: Int128) -> String {
        decimal(nanoTON, scale: 9, decimals: decimals(nanoTON)) + " TON"
    }

    /// `$12.35`; small sums with more decimals.
    package static func dollars(_ nanoUSD: Int128) -> String {
        "$" + decimal(nanoUSD, scale: 9, decimals: nanoUSD.magnitude < 1_000_000_000 ? 4 : 2)
    }

    /// `82.1 %`; of nothing `–`.
    package static func percent(_ part: Int128, of whole: Int128) -> String {
        guard whole > 0 else { return "–" }
        return decimal(rounded(part * 1_000, by: whole), scale: 1, decimals: 1) + " %"
    }

    /// `−12.3 %`: how far `value` lies from `base`; of nothing `–`.
    package static func difference(_ value: Int128, from base: Int128) -> String {
        guard base > 0 else { return "–" }
        return (value > base ? "+" : "") + percent(value - base, of: base)
    }

    /// `███████▌  `: a part of a whole in eighths of a character, always `width` characters wide.
    package static func bar(_ part: Int128, of whole: Int128, width: Int) -> String {
        let eighths = whole > 0 ? Int(min(part, whole) * Int128(width) * 8 / whole) : 0
        let full = String(repeating: "█", count: eighths / 8)
        let rest = eighths % 8 == 0 ? "" : String(["▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8 - 1])
        return padded(full + rest, width)
    }

    /// `850 µs`, `1.24 ms`, `3.1 s`.
    package static func duration(_ microseconds: Int64) -> String {
        switch microseconds {
        case ..<1_000: "\(microseconds) µs"
        case ..<1_000_000: decimal(Int128(microseconds), scale: 3, decimals: 2) + " ms"
        default: decimal(Int128(microseconds), scale: 6, decimals: 1) + " s"
        }
    }

    /// `1.2 MiB`.
    package static func bytes(_ count: Int64) -> String {
        switch count {
        case ..<1_024: "\(count) B"
        case ..<1_048_576: decimal(Int128(count) * 10 / 1_024, scale: 1, decimals: 1) + " KiB"
        default: decimal(Int128(count) * 10 / 1_048_576, scale: 1, decimals: 1) + " MiB"
        }
    }

    /// Filled up with blanks to `width` characters.
    package static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - text.count))
        return right ? blanks + text : text + blanks
    }

    private static func decimals(_ nanoTON: Int128) -> Int {
        switch nanoTON.magnitude {
        case ..<1_000_000: 9
        case ..<10_000_000_000: 6
        default: 3
        }
    }

    private static func rounded(_ value: Int128, by divisor: Int128) -> Int128 {
        let half = divisor / 2
        return value < 0 ? -((-value + half) / divisor) : (value + half) / divisor
    }

    private static func power(_ exponent: Int) -> Int128 {
        (0..<exponent).reduce(1) { product, _ in product * 10 }
    }
}

/// Columns of text, as wide as their widest field, two blanks apart.
package struct TextTable: Sendable {
    private let isRight: [Bool]
    private var rows: [[String]] = []

    /// One letter a column: `l` is flush left, `r` flush right.
    package init(_ alignment: String) { isRight = alignment.map { $0 == "r" } }

    /// One field for each column.
    package mutating func row(_ fields: String...) { rows.append(fields) }

    /// The lines, `indent` blanks in front, nothing behind.
    package func lines(indent: Int = 2) -> [String] {
        let widths = isRight.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = String(repeating: " ", count: indent)
            for column in row.indices {
                if column > 0 { line += "  " }
                line += Figures.padded(row[column], widths[column], right: isRight[column])
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
