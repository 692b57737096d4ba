internal import Engine

/// `/docs`, with and without the bundle that shows the contract.
enum DocumentationPages {
    /// Swagger UI on the contract.
    static var reference: String {
        HTML.page(
            title: "Bombyx: the interface",
            head: """
                <link rel="stylesheet" href="/docs/swagger-ui.css">
                <script src="/docs/swagger-ui-bundle.js" defer></script>
                <script src="/docs/reference.js" defer></script>

                """,
            body: """
                <noscript><p>The reference needs JavaScript; <a href="/openapi.yaml">openapi.yaml</a> is all of it.
                </p></noscript>
                <div id="reference"></div>
                <p class="license">Shown by Swagger UI, <a href="/docs/swagger-ui-license.txt">Apache License 2.0</a>.
                </p>

                """
        )
    }

    /// Every operation in a table, and where to read more.
    static var plain: String {
        var html = HTML()
        html.element("h1", "Bombyx: the interface")
        html.markup(
            """
            <p>The whole contract is <a href="/openapi.yaml">openapi.yaml</a> (OpenAPI 3.1), which any tool for OpenAPI
            reads. This server was started without the bundle that shows it interactively: <code>Deploy/run</code>
            fetches it, <code>bombyx serve --data-dir</code> says where it lies.</p>
            <div class="wide"><table>
            <thead><tr><th>Method</th><th>Path</th><th>Operation</th><th>Any scope of</th></tr></thead>
            <tbody>

            """
        )
        for route in Route.allCases {
            html.markup("<tr>")
            for cell in [
                route.method.rawValue, route.template, route.operationID, route.scopes.names.joined(separator: ", "),
            ] {
                html.markup("<td>")
                html.escaped(cell)
                html.markup("</td>")
            }
            html.markup("</tr>\n")
        }
        html.markup("</tbody>\n</table></div>\n")
        return HTML.page(title: "Bombyx: the interface", body: html.text)
    }
}
