internal import JSON

/// The pages at which the `type` of a problem points.
enum ProblemPages {
    /// A page for people.
    static func html(_ code: ProblemCode) -> String {
        let guide = ProblemGuide(code)
        var html = HTML()
        html.element("h1", code.title.description)
        html.markup("<dl>\n")
        for (name, value) in [
            ("Code", code.rawValue), ("Status", String(code.status)), ("Retryable", retryable(code)),
            ("When", guide.occasion), ("What to do", guide.remedy),
        ] {
            html.element("dt", name)
            html.element("dd", value)
        }
        html.markup("</dl>\n<h2>Example</h2>\n<pre tabindex=\"0\"><code>")
        html.escaped(example(code))
        html.markup("</code></pre>\n")
        return HTML.page(title: code.rawValue, body: html.text)
    }

    /// The same for programs.
    static func json(_ code: ProblemCode) -> [UInt8] {
        let guide = ProblemGuide(code)
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.member("code", code.rawValue)
        writer.member("type", "/problems/" + code.rawValue)
        writer.member("title", word: code.title)
        writer.member("status", Int64(code.status))
        writer.member("retryable", code.isRetryable)
        writer.member("when", guide.occasion)
        writer.member("remedy", guide.remedy)
        writer.endObject()
        return writer.finish()
    }

    /// All of them, by status.
    static var index: String {
        var html = HTML()
        html.element("h1", "Problems")
        html.element(
            "p",
            "Every refusal is application/problem+json (RFC 9457). Programs switch on code; each type is a page here."
        )
        var status = 0
        let codes = ProblemCode.allCases.sorted { ($0.status, $0.rawValue) < ($1.status, $1.rawValue) }
        for code in codes {
            if code.status != status {
                if status > 0 { html.markup("</ul>\n") }
                status = code.status
                html.markup("<h2>\(status)</h2>\n<ul>\n")
            }
            html.markup("<li><a href=\"/problems/\(code.rawValue)\"><code>\(code.rawValue)</code></a> ")
            html.escaped(code.title.description)
            html.markup("</li>\n")
        }
        html.markup("</ul>\n")
        return HTML.page(title: "Problems", body: html.text)
    }

    private static func retryable(_ code: ProblemCode) -> String {
        code.isRetryable ? "yes: the same request may succeed later" : "no: the same request is refused again"
    }

    /// The body as it is sent, one member a line.
    private static func example(_ code: ProblemCode) -> String {
        var problem = Problem(code)
        if code == .invalidFields {
            problem = Problem(invalid: [
                FieldError(.pointer("#/quantity_lots"), .outOfRange, "quantity_lots is 1 to 1000000000.")
            ])
        }
        problem.leader = code == .notLeader ? "https://exchange.example:8443" : nil
        let text = String(decoding: problem.response(requestID: 0x4D2).body, as: UTF8.self)
        return "HTTP/2 \(code.status)\ncontent-type: application/problem+json\n\n" + broken(text)
    }

    /// Line breaks behind the commas between members.
    private static func broken(_ json: String) -> String {
        var isInString = false
        var result = ""
        for character in json {
            if character == "\"" { isInString.toggle() }
            result.append(character)
            if character == ",", !isInString { result += "\n " }
        }
        return result
    }
}
