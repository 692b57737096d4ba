package import Cryptography
internal import Engine
internal import JSON
internal import TON
package import Units

/// Whoever proves who it is gets a key for some hours.
extension Request {
    func logIn(_ newKey: () -> APIKey) throws(Problem) -> Admission {
        guard let settings = context.login else { throw Problem(.loginDisabled) }
        switch route {
        case .createLoginNonce:
            try Bodies.empty(body)
            guard !settings.domains.isEmpty else { throw Problem(.loginDisabled) }
            return .loginNonce
        case .loginTON:
            guard !settings.domains.isEmpty else { throw Problem(.loginDisabled) }
            let proof = try Bodies.walletProof(body)
            try LoginCheck.check(proof, settings, now: context.now)
            return try login("ton:" + proof.proof.address.description, .payload(proof.proof.payload), newKey())
        default:
            guard let check = settings.telegram else { throw Problem(.loginDisabled) }
            let data = try LoginCheck.data(try Bodies.miniAppData(body), check, now: context.now)
            return try login("telegram:\(data.user)", .none, newKey())
        }
    }

    /// Links a login to the account of a key, or takes one off it.
    func keepLogins(_ principal: Principal) throws(Problem) -> Admission {
        if route == .unlinkLogin {
            try QueryRequests.none(head.query)
            guard let sequence = name.decimal, sequence >= 1 else { throw Problem(.loginNotFound) }
            return try command(.unlinkLogin(SequenceNumber(sequence)), .loginUnlinked, principal)
        }
        guard let settings = context.login else { throw Problem(.loginDisabled) }
        if route == .linkTON {
            guard !settings.domains.isEmpty else { throw Problem(.loginDisabled) }
            let proof = try Bodies.walletProof(body)
            try LoginCheck.check(proof, settings, now: context.now)
            let link = Command.Action.linkLogin(subject: "ton:" + proof.proof.address.description)
            return .login(.payload(proof.proof.payload), command(link, of: principal), .loginLinked)
        }
        guard let check = settings.telegram else { throw Problem(.loginDisabled) }
        let data = try LoginCheck.data(try Bodies.miniAppData(body), check, now: context.now)
        let link = Command.Action.linkLogin(subject: "telegram:\(data.user)")
        return .login(.data(data.digest), command(link, of: principal), .loginLinked)
    }

    /// Without an identity: a proof is good once, so nothing of this can be sent again.
    private func command(_ action: Command.Action, of principal: Principal) -> Command {
        Command(account: principal.account, key: principal.key, requestID: context.requestID, action: action)
    }

    private func login(_ subject: String, _ proof: UsedProof, _ key: APIKey) throws(Problem) -> Admission {
        let end = LogicalTime(microseconds: context.now.microseconds + Limits.loginKeyLife)
        let fields = KeyFields(scopes: .login, label: "login", expiresAt: end)
        let action = Command.Action.login(LoginTerms(subject: subject, key: try terms(fields, key, .system)))
        let command = Command(account: .system, requestID: context.requestID, action: action)
        return .login(proof, command, .keyCreated(key))
    }
}

/// What of a proof must be used up, so that it proves nothing a second time.
package enum UsedProof: Hashable, Sendable {
    case none
    /// One of this server's own (``Problem/loginPayloadRefused``).
    case payload(String)
    /// Mini App data (``Problem/loginDataRefused``).
    case data(Digest256)
}

/// A wallet's proof, with what TON Connect tells beside it.
struct WalletProof {
    var proof: TONProof
    var network: TONNetwork
}

/// Judges what somebody brings to prove who it is.
enum LoginCheck {
    /// Throws unless the wallet's owner has signed this for us. Whether the payload is one of ours, and new, is for the
    /// server to say, which knows the payloads.
    static func check(_ proof: WalletProof, _ settings: LoginSettings, now: LogicalTime) throws(Problem) {
        // Nobody signs the network: that it is the right one only saves its owner from a mistake.
        guard proof.network == settings.network else {
            throw refusal("network", "This exchange is on TON's \(settings.network) (\(settings.network.rawValue)).")
        }
        do throws(TONProof.Refusal) {
            try proof.proof.check(domains: settings.domains, now: UInt64(max(0, now.microseconds / 1_000_000)))
        } catch {
            switch error {
            case .domain: throw refusal("domain", "The proof is for another domain than this exchange's.")
            case .time:
                throw refusal("timestamp", "The proof is older than 15 minutes, or from the future by more than 60 s.")
            case .stateInit:
                throw refusal(
                    "state_init",
                    "state_init must be the first state of a wallet v3r2, v4r2 or v5r1, and the one of this address."
                )
            case .signature: throw refusal("signature", "The wallet's owner has not signed this.")
            }
        }
    }

    /// The number of the user whose data they are, and what tells these data from others, however they are written.
    static func data(
        _ text: ArraySlice<UInt8>,
        _ check: TelegramCheck,
        now: LogicalTime
    ) throws(Problem) -> (user: Int64, digest: Digest256) {
        guard let data = MiniAppData(text) else {
            throw refusal("init_data", "init_data must be a query string that has each name once.")
        }
        guard data.isSigned(by: check) else {
            throw refusal("init_data", "init_data is not signed for this exchange's bot.")
        }
        let seconds = now.microseconds / 1_000_000
        guard let date = data.authDate, date <= seconds + Limits.miniAppAheadMax,
            seconds - date <= Limits.miniAppAgeMax
        else { throw refusal("init_data", "init_data is older than an hour, or from the future by more than 60 s.") }
        guard let user = data.user else { throw refusal("init_data", "init_data names no user.") }
        return (user, data.digest)
    }

    /// Mini App data that have linked a login already.
    static let dataRefusal = refusal("init_data", "These data have linked a login already: open the Mini App again.")

    /// A payload that is none of ours, too old, or was used.
    static let payloadRefusal = refusal("payload", "The payload is none of this server's, is too old, or was used.")

    private static func refusal(_ field: String, _ detail: String) -> Problem {
        var problem = Problem(.loginRefused, detail)
        problem.errors = [FieldError(.pointer("#/" + field), .notAllowed, detail)]
        return problem
    }
}

extension Problem {
    /// The payload of a login is none of this server's, too old, or was used.
    package static var loginPayloadRefused: Problem { LoginCheck.payloadRefusal }
    /// The Mini App data of a link were used before.
    package static var loginDataRefused: Problem { LoginCheck.dataRefusal }
}

extension View {
    /// `POST /v1/login/ton/nonce`.
    package static func loginNonce(
        _ payload: String,
        until expiresAt: LogicalTime,
        _ settings: LoginSettings
    ) -> APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("payload", payload)
        writer.time("expires_at", expiresAt)
        writer.names("domains", settings.domains.sorted())
        writer.member("network", settings.network.rawValue)
        writer.endObject()
        return APIResponse(status: 201, body: writer.finish())
    }
}

// MARK: - Bodies

enum WalletProofField: Int, BodyField {
    case address, network, timestamp, domain, payload, signature, stateInit
    static let names: [StaticString] = [
        "address", "network", "timestamp", "domain", "payload", "signature", "state_init",
    ]
}

enum MiniAppField: Int, BodyField {
    case initData
    static let names: [StaticString] = ["init_data"]
}

extension Vocabularies {
    static let tonNetwork = Vocabulary(TONNetwork.allCases.map { ($0.rawValue, $0) })
}

extension Bodies {
    /// `POST /v1/login/ton`.
    static func walletProof(_ body: [UInt8]) throws(Problem) -> WalletProof {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var address: Address?
            var network: TONNetwork?
            var (timestamp, domain, payload): (Int64, String, String) = (0, "", "")
            var (signature, stateInit): ([UInt8], [UInt8]) = ([], [])
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(WalletProofField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .address: address = try reader.tonAddress(at: place)
                case .network: network = try reader.choice(of: Vocabularies.tonNetwork, at: place)
                case .timestamp: timestamp = try reader.integer(at: place, in: 0...lastSecond) ?? 0
                case .domain: domain = try reader.visibleText(at: place, max: LoginSettings.domainBytesMax) ?? ""
                case .payload: payload = try reader.visibleText(at: place, max: payloadBytesMax) ?? ""
                case .signature:
                    signature = try reader.base64(at: place, bytes: signatureBytes...signatureBytes) ?? []
                case .stateInit: stateInit = try reader.base64(at: place, bytes: 1...stateInitBytesMax) ?? []
                }
            }
            for field in WalletProofField.allCases { reader.require(field, of: .document, seen: seen) }
            guard let address, let network else { return nil }
            let proof = TONProof(
                address: address,
                timestamp: UInt64(timestamp),
                domain: domain,
                payload: payload,
                signature: signature,
                stateInit: stateInit
            )
            return WalletProof(proof: proof, network: network)
        }
    }

    /// The end of the year 9999.
    private static let lastSecond: Int64 = 253_402_300_799
    /// As long as wallets take one (TON Connect, `ton_proof`).
    private static let payloadBytesMax = 128
    private static let signatureBytes = Ed25519.signatureByteCount
    /// The first states of wallets have less than 1,000.
    private static let stateInitBytesMax = 8_190

    /// `POST /v1/login/telegram`.
    static func miniAppData(_ body: [UInt8]) throws(Problem) -> ArraySlice<UInt8> {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var data: String?
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(MiniAppField.self, of: .document, seen: &seen) {
                data = try reader.visibleText(at: .document.field(field.name), max: Limits.miniAppBytesMax)
            }
            reader.require(MiniAppField.initData, of: .document, seen: seen)
            return data.map { Array($0.utf8)[...] }
        }
    }
}

extension BodyReader {
    fileprivate mutating func visibleText(at place: BodyPlace, max: Int) throws(JSONError) -> String? {
        guard let text = try text(at: place) else { return nil }
        if (1...max).contains(text.count), text.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { return text.text }
        fail(place, .badFormat, "\(place.name) must be 1 to \(max) visible ASCII characters.")
        return nil
    }

    fileprivate mutating func tonAddress(at place: BodyPlace) throws(JSONError) -> Address? {
        guard let text = try text(at: place) else { return nil }
        if text.count <= 67, let address = Address(raw: text.text) { return address }
        fail(place, .badFormat, "\(place.name) must be in raw form: 0: or -1: and 64 hexadecimal digits.")
        return nil
    }

    /// RFC 4648, section 4, with its padding.
    fileprivate mutating func base64(at place: BodyPlace, bytes: ClosedRange<Int>) throws(JSONError) -> [UInt8]? {
        guard let text = try text(at: place) else { return nil }
        if text.count <= (bytes.upperBound + 2) / 3 * 4, let decoded = Base64.decode(text.span),
            bytes.contains(decoded.count)
        {
            return decoded
        }
        let size = bytes.count == 1 ? "\(bytes.lowerBound)" : "\(bytes.lowerBound) to \(bytes.upperBound)"
        fail(place, .badFormat, "\(place.name) must be \(size) bytes in base64 with padding.")
        return nil
    }
}
