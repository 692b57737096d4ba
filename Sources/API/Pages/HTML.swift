/// Text of HTML, escaped where it is not ours.
struct HTML {
    private(set) var text = ""

    /// Appends markup as it is.
    mutating func markup(_ markup: String) { text += markup }

    /// Appends text for people.
    mutating func escaped(_ plain: String) { text += Self.escape(plain) }

    /// Appends an element with text in it.
    mutating func element(_ name: String, _ plain: String) { text += "<\(name)>\(Self.escape(plain))</\(name)>\n" }

    /// What may stand in an element and in an attribute within quotation marks (HTML, section 13.3).
    static func escape(_ plain: String) -> String {
        var escaped = ""
        for scalar in plain.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A whole page. `head` and `body` are markup.
    static func page(title: String, head: String = "", body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escape(title))</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/docs/style.css">
        \(head)</head>
        <body>
        <nav><a href="/docs">Bombyx</a> <a href="/docs/cookbook">Cookbook</a> <a href="/docs/problems">Problems</a>
        <a href="/openapi.yaml">openapi.yaml</a></nav>
        <main>
        \(body)</main>
        </body>
        </html>

        """
    }
}
