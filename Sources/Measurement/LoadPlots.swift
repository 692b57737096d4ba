extension LoadOutcome {
    /// The charts of a load, each with the name of its file.
    package var plots: [(file: String, plot: Plot)] {
        [("latency.svg", latencyPlot), ("throughput.svg", throughputPlot), ("lag.svg", lagPlot)]
    }

    /// The curve of all percentiles: each step to the right has a tenth of the requests to its right.
    private var latencyPlot: Plot {
        let curves = [("corrected", latencies.correctedCurve), ("from sending", latencies.measuredCurve)]
        let series = curves.map { name, points in
            Plot.Series(name, points.compactMap { point in Self.place(point).map { ($0, Double(point.microseconds)) } })
        }
        let marks = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"].enumerated().map {
            Plot.Mark(Double($0.offset), $0.element)
        }
        let least = latencies.measuredCurve.first.map { Double(max(1, $0.microseconds)) } ?? 1
        var floor = 1.0
        while floor * 10 <= least { floor *= 10 }
        return Plot(
            "Latency by percentile",
            x: "percentile",
            y: "µs",
            series,
            xMarks: marks,
            logarithmicFrom: floor
        )
    }

    /// Nines of a percentile; `nil` for 100 and what is beyond the last mark.
    private static func place(_ point: Latencies.Point) -> Double? {
        let rest = 1 - point.percentile / 100
        guard rest >= 0.000_01 else { return nil }
        return -Logarithm.decimal(rest)
    }

    private var throughputPlot: Plot {
        var before: Int64 = 0
        var answered: [(x: Double, y: Double)] = []
        var failed: [(x: Double, y: Double)] = []
        for tick in timeline where tick.microseconds > before {
            let seconds = Double(tick.microseconds - before) / 1_000_000
            let x = Double(tick.microseconds) / 1_000_000
            answered.append((x, Double(tick.answered) / seconds))
            failed.append((x, Double(tick.failed) / seconds))
            before = tick.microseconds
        }
        return Plot(
            "Throughput over time",
            x: "seconds",
            y: "requests a second",
            [Plot.Series("answered", answered), Plot.Series("failed", failed)]
        )
    }

    private var lagPlot: Plot {
        let points = timeline.compactMap { tick in
            tick.lag.map { (x: Double(tick.microseconds) / 1_000_000, y: Double($0)) }
        }
        return Plot(
            "Commands that the tables lack",
            x: "seconds",
            y: "commands",
            [Plot.Series("lag of the tables", points)]
        )
    }
}
