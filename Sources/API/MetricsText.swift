/// Writes the text format of Prometheus, version 0.0.4.
package struct MetricsText: Sendable {
    private var text = ""

    package init() {}

    /// What a metric does with time.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// The two lines before a metric's samples. `help` has neither line breaks nor backslashes.
    package mutating func describe(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One sample; `labels` are our own names and values.
    package mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Int64) {
        line(name, labels, String(value))
    }

    /// One sample that is no whole number.
    package mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        line(name, labels, value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)")
    }

    /// A metric with one sample and no labels.
    package mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ value: Int64) {
        describe(name, kind, help)
        sample(name, [], value)
    }

    /// The answer to `GET /metrics`.
    package var response: APIResponse { APIResponse(status: 200, contentType: .metrics, body: Array(text.utf8)) }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    private func escaped(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
