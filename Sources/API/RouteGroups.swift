internal import Engine

// Routes that belong together, so that the lists of all of them stay short enough to be read.
extension Route {
    /// Method, path and scopes.
    typealias Entry = (method: RequestMethod, template: String, scopes: Scopes)

    /// Of what the server shows to people.
    var pageEntry: Entry {
        switch self {
        case .getDocumentation: (.get, "/docs", [])
        case .headDocumentation: (.head, "/docs", [])
        case .getDocumentationPart: (.get, "/docs/{name}", [])
        case .headDocumentationPart: (.head, "/docs/{name}", [])
        case .getProblemPage: (.get, "/problems/{code}", [])
        default: (.head, "/problems/{code}", [])
        }
    }

    /// As ``ordinal``.
    var pageOrdinal: Int {
        switch self {
        case .getDocumentation: 34
        case .headDocumentation: 35
        case .getDocumentationPart: 36
        case .headDocumentationPart: 37
        case .getProblemPage: 38
        default: 39
        }
    }

    /// Of logins.
    var loginEntry: Entry {
        switch self {
        case .createLoginNonce: (.post, "/v1/login/ton/nonce", [])
        case .loginTON: (.post, "/v1/login/ton", [])
        case .linkTON: (.post, "/v1/account/logins/ton", .withdraw)
        case .linkTelegram: (.post, "/v1/account/logins/telegram", .withdraw)
        case .unlinkLogin: (.delete, "/v1/account/logins/{sequence}", .withdraw)
        default: (.post, "/v1/login/telegram", [])
        }
    }

    /// As ``ordinal``.
    var loginOrdinal: Int {
        switch self {
        case .createLoginNonce: 83
        case .loginTON: 84
        case .linkTON: 100
        case .linkTelegram: 101
        case .unlinkLogin: 102
        default: 85
        }
    }
}
