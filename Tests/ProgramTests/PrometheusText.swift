/// A strict reader of Prometheus's text format, version 0.0.4: whatever a scraper might stumble over is an error.
struct PrometheusText {
    /// One metric: all samples of a name.
    struct Family: Equatable {
        let type: String
        var samples: [Sample] = []
    }

    struct Sample: Equatable {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    struct Fault: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private(set) var families: [String: Family] = [:]

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Fault("the last line has no end") }
        var help: String?
        var current: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            if line.hasPrefix("# HELP ") {
                guard words.count == 4, Self.isName(words[2]), !words[3].isEmpty, help == nil else {
                    throw Fault("a bad HELP: \(line)")
                }
                help = words[2]
            } else if line.hasPrefix("# TYPE ") {
                guard words.count == 4, help == words[2], ["counter", "gauge", "histogram"].contains(words[3]) else {
                    throw Fault("a TYPE without its HELP: \(line)")
                }
                guard families[words[2]] == nil else { throw Fault("\(words[2]) stands twice") }
                guard (words[3] == "counter") == words[2].hasSuffix("_total") else {
                    throw Fault("a bad name: \(line)")
                }
                families[words[2]] = Family(type: words[3])
                current = words[2]
                help = nil
            } else {
                guard let family = current, help == nil else { throw Fault("a sample without a family: \(line)") }
                let sample = try Self.sample(line)
                try check(sample, of: family)
                families[family]?.samples.append(sample)
            }
        }
        guard help == nil else { throw Fault("a HELP without its TYPE") }
        for (name, family) in families where family.type == "histogram" { try Self.checkHistogram(name, family) }
    }

    private func check(_ sample: Sample, of family: String) throws {
        guard let known = families[family] else { throw Fault("no family \(family)") }
        let names = known.type == "histogram" ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
        guard names.contains(sample.name) else { throw Fault("\(sample.name) is no sample of \(family)") }
        guard !known.samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
            throw Fault("\(sample.name) \(sample.labels) stands twice")
        }
        guard known.type != "counter" || sample.value >= 0 else { throw Fault("\(sample.name) is below zero") }
        guard (sample.labels["le"] != nil) == sample.name.hasSuffix("_bucket") else {
            throw Fault("\(sample.name): le stands with buckets only")
        }
    }

    /// Buckets ascend to +Inf, which is the count.
    private static func checkHistogram(_ name: String, _ family: Family) throws {
        var groups: [[String: String]: [Sample]] = [:]
        for sample in family.samples { groups[sample.labels.filter { $0.key != "le" }, default: []].append(sample) }
        for (labels, samples) in groups {
            let buckets = samples.filter { $0.name == name + "_bucket" }
            let bounds = buckets.compactMap { Self.number($0.labels["le"] ?? "") }
            guard bounds.count == buckets.count, bounds.last == .infinity, bounds == bounds.sorted(),
                Set(bounds).count == bounds.count
            else { throw Fault("\(name) \(labels): bad bounds") }
            guard buckets.map(\.value) == buckets.map(\.value).sorted() else { throw Fault("\(name): buckets fall") }
            let counts = samples.filter { $0.name == name + "_count" }
            guard counts.map(\.value) == [buckets.last?.value ?? -1] else { throw Fault("\(name): count differs") }
            guard samples.count(where: { $0.name == name + "_sum" }) == 1 else { throw Fault("\(name): no sum") }
        }
    }

    /// `NAME{LABEL="VALUE",…} NUMBER`.
    private static func sample(_ line: Substring) throws -> Sample {
        var rest = line
        let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" })
        guard isName(name) else { throw Fault("a bad name: \(line)") }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                let label = String(rest.prefix { $0 != "=" })
                guard isName(label), !label.contains(":"), rest.dropFirst(label.count).hasPrefix("=\"") else {
                    throw Fault("a bad label: \(line)")
                }
                rest = rest.dropFirst(label.count + 2)
                guard labels.updateValue(try value(&rest), forKey: label) == nil else {
                    throw Fault("a label stands twice: \(line)")
                }
            } while rest.first == ","
            guard rest.first == "}" else { throw Fault("labels do not end: \(line)") }
            rest = rest.dropFirst()
        }
        guard rest.first == " ", let number = number(String(rest.dropFirst())) else {
            throw Fault("a bad number: \(line)")
        }
        return Sample(name: name, labels: labels, value: number)
    }

    /// A quoted value; `rest` stands behind its opening quote, and afterwards behind the closing one.
    private static func value(_ rest: inout Substring) throws -> String {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                switch rest.popFirst() {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: throw Fault("a bad escape")
                }
            default: value.append(character)
            }
        }
        throw Fault("a value does not end")
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": return .infinity
        case "-Inf": return -.infinity
        case "NaN": return .nan
        default:
            guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
            return Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }
}
