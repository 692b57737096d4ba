import Cryptography
import Engine
import JSON
import Testing

@testable import API

/// What people read is there, and is what the contract says.
@Suite struct PageTests {
    let contract: Contract
    let pages = Pages(
        reference: ReferenceBundle(script: Array("script".utf8), style: Array("style".utf8), license: Array("law".utf8))
    )

    init() throws { contract = try Contract() }

    private func ask(_ path: String, accept: String = "", ifNoneMatch: String = "") -> APIResponse {
        pages.answer(
            PageRequest(path: Array(path.utf8), accept: accept, ifNoneMatch: ifNoneMatch),
            requestID: 1
        )
    }

    @Test(arguments: ProblemCode.allCases)
    func `The type of every problem is the path of a page that explains it`(code: ProblemCode) throws {
        let problem = try JSONValue(Problem(code).response(requestID: 1).body)
        let path = try #require(problem["type"]?.string)
        let page = ask(path)
        #expect(page.status == 200)
        #expect(page.contentType == .html)
        let text = String(decoding: page.body, as: UTF8.self)
        let guide = ProblemGuide(code)
        for part in [code.rawValue, code.title.description, String(code.status), guide.occasion, guide.remedy] {
            #expect(text.contains(HTML.escape(part)), "\(code): \(part)")
        }
        #expect(text.contains("&quot;code&quot;:&quot;\(code.rawValue)&quot;"), "the example")
        #expect(guide.occasion.hasSuffix(".") && guide.remedy.hasSuffix("."), "\(code)")
        #expect(code.title.description != "The request was refused.", "\(code) has no title of its own")
        #expect(String(decoding: ask("/docs/problems").body, as: UTF8.self).contains("href=\"\(path)\""))
    }

    @Test(arguments: Rejection.allCases)
    func `Every rejection of the engine has a page`(rejection: Rejection) {
        #expect(ask("/problems/\(rejection.code)").status == 200)
    }

    @Test(arguments: ProblemCode.allCases)
    func `A problem's page is there for programs too`(code: ProblemCode) throws {
        let page = ask("/problems/\(code.rawValue)", accept: "application/json")
        #expect(page.contentType == .json)
        let json = try JSONValue(page.body)
        #expect(SchemaValidator(contract: contract).faults(json, try contract.schema("ProblemGuide")).isEmpty)
        #expect(json["status"]?.integer == Int64(code.status))
        // A browser accepts everything, and gets HTML.
        #expect(ask("/problems/\(code.rawValue)", accept: "text/html,application/json,*/*").contentType == .html)
    }

    @Test(
        arguments: [
            "/docs/", "/docs/..", "/docs/../openapi.yaml", "/docs/../../etc/passwd", "/docs/%2e%2e/openapi.yaml",
            "/docs//style.css", "/docs/Style.css", "/docs/style.css/", "/docs/cookbook.md", "/docs/LICENSE",
            "/problems/", "/problems/no_such", "/problems/..", "/problems/not_found/", "/problems",
        ]
    )
    func `What is not in the list does not exist`(path: String) {
        #expect(ask(path).status == 404)
    }

    @Test(
        arguments: [
            ("/docs", ContentType.html), ("/docs/cookbook", .html), ("/docs/problems", .html),
            ("/docs/style.css", .css),
            ("/docs/reference.js", .javascript), ("/docs/swagger-ui-bundle.js", .javascript),
            ("/docs/swagger-ui.css", .css), ("/docs/swagger-ui-license.txt", .text),
        ]
    )
    func `A page has its media type, a tag and a strict policy`(path: String, type: ContentType) throws {
        let page = ask(path)
        #expect(page.status == 200)
        #expect(page.contentType == type)
        let fields = Dictionary(
            uniqueKeysWithValues: page.fields.map { ("\($0.name)", String(decoding: $0.value, as: UTF8.self)) }
        )
        #expect(
            fields["content-security-policy"]?.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'")
                == true
        )
        #expect(fields["content-security-policy"]?.contains("unsafe") == false)
        #expect(fields["x-content-type-options"] == "nosniff")
        let tag = try #require(fields["etag"])
        for form in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
            let again = ask(path, ifNoneMatch: form)
            #expect(again.status == 304, "\(form)")
            #expect(again.body.isEmpty)
            #expect(again.fields.contains { "\($0.name)" == "etag" })
        }
        #expect(ask(path, ifNoneMatch: "\"other\"").status == 200)
        #expect(ask(path, ifNoneMatch: String(tag.dropLast(2)) + "\"").status == 200)
    }

    @Test func `No page holds script or style of its own, or asks anybody else for something`() {
        let all =
            ["/docs", "/docs/cookbook", "/docs/problems"] + ProblemCode.allCases.map { "/problems/\($0.rawValue)" }
        for path in all {
            let text = String(decoding: ask(path).body, as: UTF8.self)
            for forbidden in ["<style", " style=", "javascript:", "src=\"http", "href=\"http", " onclick="] {
                #expect(!text.contains(forbidden), "\(path): \(forbidden)")
            }
            #expect(!text.contains("<script>"), "\(path)")
        }
    }

    @Test func `Without the bundle, /docs lists every operation and leads to the contract`() {
        let plain = Pages()
        let response = plain.answer(PageRequest(path: Array("/docs".utf8)), requestID: 1)
        let text = String(decoding: response.body, as: UTF8.self)
        for route in Route.allCases { #expect(text.contains("<td>\(route.operationID)</td>"), "\(route)") }
        #expect(text.contains("href=\"/openapi.yaml\""))
        #expect(!text.contains("<script"))
        let missing = plain.answer(PageRequest(path: Array("/docs/swagger-ui-bundle.js".utf8)), requestID: 1)
        #expect(missing.status == 404)
    }

    @Test(
        arguments: [
            ("# A <b>", "<h1>A &lt;b&gt;</h1>\n"),
            ("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>\n"),
            ("- a\n  b\n- c\n\nd", "<ul>\n<li>a\nb</li>\n<li>c</li>\n</ul>\n<p>d</p>\n"),
            (
                "`a<b` **c** [d](/e) [f](http://g)",
                "<p><code>a&lt;b</code> <strong>c</strong> <a href=\"/e\">d</a> [f](http://g)</p>\n"
            ),
            (
                "```sh\n# a & b\n\n- c\n```\nd",
                "<pre tabindex=\"0\"><code># a &amp; b\n\n- c\n</code></pre>\n<p>d</p>\n"
            ),
            ("` **", "<p>` **</p>\n"),
        ]
    )
    func `Markdown becomes HTML`(source: String, html: String) {
        #expect(Markdown.html(source) == html)
    }
}
