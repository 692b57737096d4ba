/// What a browser may do with our pages.
enum ContentPolicy {
    /// Scripts and styles only from this server's own list, requests only to this server, no frames, no forms. Images
    /// in `data:` are the small signs inside the reference's style.
    static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """

    /// The fields of every page. A browser keeps a copy and asks each time whether it still holds.
    static func fields(_ entityTag: [UInt8]) -> [(name: StaticString, value: [UInt8])] {
        [
            ("etag", entityTag), ("cache-control", Array("no-cache".utf8)), ("vary", Array("accept".utf8)),
            ("content-security-policy", Array(policy.utf8)), ("x-content-type-options", Array("nosniff".utf8)),
            ("referrer-policy", Array("no-referrer".utf8)),
        ]
    }
}
