/// What h2load measured, from the text that it prints.
struct H2LoadReport: Equatable {
    /// Requests a second, of 1,000 seconds.
    let requestsPerKilosecond: Int64
    /// Answers with a status of 200 to 299.
    let succeeded: Int64
    let meanMicroseconds: Int64
    let maxMicroseconds: Int64

    /// `nil` when a line is missing or has another form.
    init?(_ text: String) {
        var rate: Double?
        var succeeded: Int64?
        var times: [Int64] = []
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "," })
            if line.hasPrefix("finished in"), words.count > 4 { rate = Double(words[3]) }
            if line.hasPrefix("status codes:"), words.count > 3 { succeeded = Int64(words[2]) }
            if line.hasPrefix("time for request:") { times = words.dropFirst(3).compactMap(Self.microseconds) }
        }
        // The smallest, the largest, the mean, and the standard deviation.
        guard let rate, let succeeded, times.count >= 3, rate.isFinite, rate < 1e12 else { return nil }
        requestsPerKilosecond = Int64((rate * 1_000).rounded())
        self.succeeded = succeeded
        maxMicroseconds = times[1]
        meanMicroseconds = times[2]
    }

    /// Reads `850us`, `12.34ms`, `1.20s`.
    private static func microseconds(_ word: Substring) -> Int64? {
        let units: [(String, Double)] = [("us", 1), ("ms", 1_000), ("s", 1_000_000)]
        guard let (unit, scale) = units.first(where: { word.hasSuffix($0.0) }) else { return nil }
        return Double(word.dropLast(unit.count)).map { Int64(($0 * scale).rounded()) }
    }
}
