internal import Cryptography

/// Everything that the server shows to people, by its whole path. It is made once; what is not in it does not exist,
/// and no path of a request ever becomes the path of a file.
package struct Pages: Sendable {
    private var pages: [[UInt8]: Page] = [:]
    /// The interactive reference is there.
    package let hasReference: Bool

    /// The pages; `reference` is the bundle that shows the contract, and without it `/docs` is a plain list.
    package init(reference: ReferenceBundle? = nil) {
        hasReference = reference != nil
        add("/docs", .html, Array((reference == nil ? DocumentationPages.plain : DocumentationPages.reference).utf8))
        add("/docs/style.css", .css, PackageResources.style_css)
        add("/docs/problems", .html, Array(ProblemPages.index.utf8))
        let cookbook = String(decoding: PackageResources.cookbook_md, as: UTF8.self)
        add("/docs/cookbook", .html, Array(HTML.page(title: "Cookbook", body: Markdown.html(cookbook)).utf8))
        if let reference {
            add("/docs/reference.js", .javascript, PackageResources.reference_js)
            add("/docs/swagger-ui-bundle.js", .javascript, reference.script)
            add("/docs/swagger-ui.css", .css, reference.style)
            add("/docs/swagger-ui-license.txt", .text, reference.license)
        }
        for code in ProblemCode.allCases {
            let path = "/problems/" + code.rawValue
            add(path, .html, Array(ProblemPages.html(code).utf8))
            pages[Array(path.utf8)]?.json = Self.response(.json, ProblemPages.json(code))
        }
    }

    private struct Page: Sendable {
        let response: APIResponse
        /// The same for programs, if there is such a form.
        var json: APIResponse?
    }

    private mutating func add(_ path: String, _ type: ContentType, _ body: [UInt8]) {
        pages[Array(path.utf8)] = Page(response: Self.response(type, body))
    }

    private static func response(_ type: ContentType, _ body: [UInt8]) -> APIResponse {
        var response = APIResponse(status: 200, contentType: type, body: body)
        response.entityTag = Array("\"\(Hex.encode(Array(SHA256.hash(body).bytes.prefix(16))))\"".utf8)
        return response
    }

    /// The answer to a request for one of them: the page, 304 for a client that has it, or 404.
    package func answer(_ request: PageRequest, requestID: UInt64) -> APIResponse {
        guard let page = pages[request.path] else { return Problem(.notFound).response(requestID: requestID) }
        let wantsJSON = request.accept.contains("json") && !request.accept.contains("text/html")
        let response = wantsJSON ? page.json ?? page.response : page.response
        guard let tag = response.entityTag, request.hasCopy(tag) else { return response }
        var unchanged = APIResponse(status: 304, contentType: response.contentType, body: [])
        unchanged.entityTag = tag
        return unchanged
    }
}

/// A request for a page.
package struct PageRequest: Hashable, Sendable {
    package var path: [UInt8]
    /// The field `accept`; empty when absent.
    package var accept = ""
    /// The field `if-none-match`; empty when absent.
    package var ifNoneMatch = ""

    package init(path: [UInt8], accept: String = "", ifNoneMatch: String = "") {
        self.path = path
        self.accept = accept
        self.ifNoneMatch = ifNoneMatch
    }

    init(_ head: RequestHead) {
        path = Array(head.path)
        accept = head.accept?.text ?? ""
        ifNoneMatch = head.ifNoneMatch?.text ?? ""
    }

    /// Weak comparison with a list of tags (RFC 9110, section 13.1.2).
    func hasCopy(_ tag: [UInt8]) -> Bool {
        let tag = String(decoding: tag, as: UTF8.self)
        return ifNoneMatch.split(separator: ",").contains { entry in
            var entry = entry.drop { $0 == " " || $0 == "\t" }
            if entry.hasPrefix("W/") { entry = entry.dropFirst(2) }
            while let last = entry.last, last == " " || last == "\t" { entry.removeLast() }
            return entry == "*" || entry == tag
        }
    }
}

/// Swagger UI (Apache License 2.0), as `Deploy/run` fetches it.
package struct ReferenceBundle: Sendable {
    /// `swagger-ui-bundle.js`.
    package var script: [UInt8]
    /// `swagger-ui.css`.
    package var style: [UInt8]
    /// Its licence.
    package var license: [UInt8]

    package init(script: [UInt8], style: [UInt8], license: [UInt8]) {
        self.script = script
        self.style = style
        self.license = license
    }
}
