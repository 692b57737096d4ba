"use strict";

// "Try it out" goes to the server that shows the page, wherever that is; the contract's own addresses are examples.
const thisServer = () => ({
    statePlugins: {
        spec: {
            wrapActions: {
                updateJsonSpec: (original) => (contract) => original({...contract, servers: [{url: "/"}]}),
            },
        },
    },
});

window.addEventListener("DOMContentLoaded", () => {
    SwaggerUIBundle({
        url: "/openapi.yaml",
        dom_id: "#reference",
        deepLinking: true,
        docExpansion: "list",
        defaultModelsExpandDepth: 0,
        displayOperationId: true,
        validatorUrl: null,
        plugins: [thisServer],
    });
});
