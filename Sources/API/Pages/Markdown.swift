/// The part of Markdown that our own pages are written in, as HTML: headings, paragraphs, lists with one level, fenced
/// code, and `code`, **strong** and [links](/to) within a line. Everything else is text.
struct Markdown {
    private var html = HTML()
    private var paragraph: [Substring] = []
    private var isInList = false
    private var isInCode = false

    /// The HTML of a document.
    static func html(_ source: String) -> String {
        var markdown = Markdown()
        for line in source.split(separator: "\n", omittingEmptySubsequences: false) { markdown.take(line) }
        markdown.endBlock()
        return markdown.html.text
    }

    private mutating func take(_ line: Substring) {
        if line.hasPrefix("```") {
            endBlock()
            html.markup(isInCode ? "</code></pre>\n" : "<pre tabindex=\"0\"><code>")
            isInCode.toggle()
        } else if isInCode {
            html.escaped(line + "\n")
        } else if line.hasPrefix("#") {
            endBlock()
            let level = min(line.prefix { $0 == "#" }.count, 6)
            let title = line.dropFirst(level).drop { $0 == " " }
            html.markup("<h\(level)>\(Self.inline(title))</h\(level)>\n")
        } else if line.hasPrefix("- ") {
            endParagraph()
            if !isInList { html.markup("<ul>\n") }
            isInList = true
            paragraph = [line.dropFirst(2)]
        } else if line.isEmpty {
            endBlock()
        } else {
            paragraph.append(line.drop { $0 == " " })
        }
    }

    private mutating func endParagraph() {
        guard !paragraph.isEmpty else { return }
        let name = isInList ? "li" : "p"
        html.markup("<\(name)>\(Self.inline(paragraph.joined(separator: "\n")[...]))</\(name)>\n")
        paragraph = []
    }

    private mutating func endBlock() {
        endParagraph()
        if isInList { html.markup("</ul>\n") }
        isInList = false
    }

    private static func inline(_ text: Substring) -> String {
        var result = ""
        var rest = text
        while let first = rest.first {
            if first == "`", let inner = between(rest, "`", "`") {
                result += "<code>\(HTML.escape(String(inner)))</code>"
                rest = rest[inner.endIndex...].dropFirst()
            } else if rest.hasPrefix("**"), let inner = between(rest, "**", "**") {
                result += "<strong>\(HTML.escape(String(inner)))</strong>"
                rest = rest[inner.endIndex...].dropFirst(2)
            } else if first == "[", let label = between(rest, "[", "]("),
                let target = between(rest[label.endIndex...], "](", ")"), target.hasPrefix("/")
            {
                let (reference, name) = (HTML.escape(String(target)), HTML.escape(String(label)))
                result += "<a href=\"\(reference)\">\(name)</a>"
                rest = rest[target.endIndex...].dropFirst()
            } else {
                result += HTML.escape(String(first))
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// What stands between `opening`, with which `text` begins, and the next `closing`; `nil` without one.
    private static func between(_ text: Substring, _ opening: String, _ closing: String) -> Substring? {
        var rest = text.dropFirst(opening.count)
        let start = rest.startIndex
        while !rest.isEmpty {
            if rest.hasPrefix(closing) { return start == rest.startIndex ? nil : text[start..<rest.startIndex] }
            rest = rest.dropFirst()
        }
        return nil
    }
}
