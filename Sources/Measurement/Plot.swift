internal import Demonstration

/// A line chart, drawn as SVG.
package struct Plot: Sendable {
    /// One line, or a step of it at a time.
    package struct Series: Sendable {
        package let name: String
        /// In ascending order of `x`.
        package let points: [(x: Double, y: Double)]

        package init(_ name: String, _ points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }

    /// A place on an axis with its label.
    package struct Mark: Sendable {
        package let value: Double
        package let label: String

        package init(_ value: Double, _ label: String) {
            self.value = value
            self.label = label
        }
    }

    private let title: String
    private let xTitle: String
    private let yTitle: String
    private let series: [Series]
    private let xMarks: [Mark]?
    /// Values below this are drawn at it.
    private let logarithmicFrom: Double?

    private static let size = (width: 900.0, height: 480.0)
    private static let frame = (left: 90.0, top: 50.0, right: 870.0, bottom: 420.0)
    /// Told apart by people who do not see red and green as different (Okabe and Ito).
    private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"]

    /// A chart of these lines. The x axis has `xMarks` or round numbers; the y axis is logarithmic from
    /// `logarithmicFrom` (above 0) on, or begins at 0.
    package init(
        _ title: String,
        x xTitle: String,
        y yTitle: String,
        _ series: [Series],
        xMarks: [Mark]? = nil,
        logarithmicFrom: Double? = nil
    ) {
        self.title = title
        self.xTitle = xTitle
        self.yTitle = yTitle
        self.series = series
        self.xMarks = xMarks
        self.logarithmicFrom = logarithmicFrom
    }

    /// The whole document.
    package var svg: String {
        let (width, height) = (Self.number(Self.size.width), Self.number(Self.size.height))
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)" font-family="sans-serif" font-size="13" role="img">
            <title>\(Self.escaped(title))</title>
            <rect width="100%" height="100%" fill="#ffffff"/>

            """
        text += Self.label(title, x: Self.size.width / 2, y: 28, size: 17)
        text += Self.label(xTitle, x: (Self.frame.left + Self.frame.right) / 2, y: 464)
        text += Self.label(yTitle, x: 12, y: 42, anchor: "start")
        for mark in xAxis { text += vertical(mark) }
        for mark in yAxis { text += horizontal(mark) }
        for (index, line) in series.enumerated() { text += draw(line, index) }
        return text + "</svg>\n"
    }

    private func draw(_ line: Series, _ index: Int) -> String {
        let colour = Self.colours[index % Self.colours.count]
        let places = line.points.map { "\(Self.number(place(x: $0.x))),\(Self.number(place(y: $0.y)))" }
        let top = Self.frame.top + 16 + 20 * Double(index)
        let left = Self.frame.left + 14
        return """
            <polyline fill="none" stroke="\(colour)" stroke-width="2" points="\(places.joined(separator: " "))"/>
            <line x1="\(Self.number(left))" x2="\(Self.number(left + 24))" y1="\(Self.number(top - 4))" \
            y2="\(Self.number(top - 4))" stroke="\(colour)" stroke-width="3"/>

            """ + Self.label(line.name, x: left + 32, y: top, anchor: "start")
    }

    private func vertical(_ mark: Mark) -> String {
        let x = Self.number(place(x: mark.value))
        return """
            <line x1="\(x)" x2="\(x)" y1="\(Self.number(Self.frame.top))" y2="\(Self.number(Self.frame.bottom))" \
            stroke="#dddddd"/>

            """ + Self.label(mark.label, x: place(x: mark.value), y: Self.frame.bottom + 20)
    }

    private func horizontal(_ mark: Mark) -> String {
        let y = Self.number(place(y: mark.value))
        return """
            <line x1="\(Self.number(Self.frame.left))" x2="\(Self.number(Self.frame.right))" y1="\(y)" y2="\(y)" \
            stroke="#dddddd"/>

            """ + Self.label(mark.label, x: Self.frame.left - 8, y: place(y: mark.value) + 4, anchor: "end")
    }
}

// Axes.
extension Plot {
    private var points: [(x: Double, y: Double)] { series.flatMap(\.points) }
    private var xRange: (least: Double, most: Double) {
        let values = points.map(\.x) + (xMarks ?? []).map(\.value)
        let (least, most) = (values.min() ?? 0, values.max() ?? 1)
        return (least, most > least ? most : least + 1)
    }
    private var yMost: Double { max(points.map(\.y).max() ?? 0, logarithmicFrom ?? 0) }

    private var xAxis: [Mark] {
        if let xMarks { return xMarks }
        let step = Self.step(xRange.most - xRange.least)
        return stride(from: (xRange.least / step).rounded(.up) * step, through: xRange.most, by: step).map {
            Mark($0, Self.shown($0))
        }
    }

    private var yAxis: [Mark] {
        guard let least = logarithmicFrom else {
            let step = Self.step(max(yMost, 1))
            return stride(from: 0, through: max(yMost, 1) + step * 0.999, by: step).map { Mark($0, Self.shown($0)) }
        }
        var marks = [Mark(least, Self.shown(least))]
        while let last = marks.last, last.value < yMost {
            marks.append(Mark(last.value * 10, Self.shown(last.value * 10)))
        }
        if marks.count == 1 { marks.append(Mark(least * 10, Self.shown(least * 10))) }
        return marks
    }

    private func place(x: Double) -> Double {
        let range = xRange
        return Self.frame.left + (x - range.least) / (range.most - range.least) * (Self.frame.right - Self.frame.left)
    }

    private func place(y: Double) -> Double {
        let top = yAxis.last?.value ?? 1
        let part =
            if let least = logarithmicFrom {
                Logarithm.decimal(max(y, least) / least) / Logarithm.decimal(top / least)
            } else {
                y / top
            }
        return Self.frame.bottom - part * (Self.frame.bottom - Self.frame.top)
    }

    /// A round number, of which four to ten fit into `range`.
    private static func step(_ range: Double) -> Double {
        var step = 1.0
        while step * 10 < range { step *= 10 }
        while step > range { step /= 10 }
        return range / step < 2 ? step / 5 : range / step < 5 ? step / 2 : step
    }

    /// A number for people.
    package static func shown(_ value: Double) -> String {
        value == value.rounded() ? Figures.count(Int64(value)) : number(value)
    }

    /// With at most two decimals.
    static func number(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        if hundredths % 100 == 0 { return String(hundredths / 100) }
        let fraction = String(hundredths.magnitude % 100)
        return "\(hundredths < 0 ? "-" : "")\(hundredths.magnitude / 100).\(fraction.count == 1 ? "0" : "")\(fraction)"
    }

    private static func label(_ text: String, x: Double, y: Double, anchor: String = "middle", size: Int = 13) -> String
    {
        """
        <text x="\(number(x))" y="\(number(y))" text-anchor="\(anchor)" font-size="\(size)">\(escaped(text))</text>

        """
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
