import Cryptography
import Engine
import Foundation
import JSON
import Testing
import Units

@testable import API

/// What wallets and Telegram sign; one of the texts was signed by Telegram itself.
private func vectors(_ name: String) throws -> [JSONValue] {
    let url = try #require(Bundle.module.url(forResource: "logins", withExtension: "json", subdirectory: "Vectors"))
    let json = try JSONValue(Array(try Data(contentsOf: url)), limits: JSONLimits(depthMax: 8, bytesMax: 1 << 22))
    return try #require(json[name]?.elements)
}

@Suite struct MiniAppTests {
    private let token = "123456789:AAExampleExampleExampleExampleExampleEx"

    @Test func `The vectors of both signatures`() throws {
        var (tokens, keys) = (0, 0)
        for vector in try vectors("telegram") {
            let name = vector["name"]?.string ?? ""
            let text = Array(try #require(vector["init_data"]?.string).utf8)
            let data = try #require(MiniAppData(text[...]), "\(name)")
            let isValid = vector["valid"]?.boolean == true
            if let token = vector["bot_token"]?.string {
                #expect(data.isSigned(by: .secret(try #require(BotSecret(token: token)))) == isValid, "\(name)")
                #expect(!data.isSigned(by: .secret(try #require(BotSecret(token: token + "x")))), "\(name)")
                tokens += 1
            }
            if let id = vector["bot_id"]?.integer {
                let hex = vector["ed25519_public_key_hex"]?.string ?? ""
                let key = try #require(Hex.decode(hex))
                #expect(data.isSigned(forBot: id, by: key) == isValid, "\(name)")
                #expect(!data.isSigned(forBot: id + 1, by: key), "\(name)")
                #expect(data.isSigned(by: .signature(bot: id, isTest: false)) == (key == MiniAppData.productionKey))
                #expect(!data.isSigned(by: .signature(bot: id, isTest: true)), "\(name)")
                keys += 1
            }
            #expect(data.user == 279_058_397 || !isValid)
        }
        #expect(tokens == 5 && keys == 2)
        #expect(MiniAppData.testKey.count == 32 && MiniAppData.testKey != MiniAppData.productionKey)
    }

    @Test func `Data of which anything was changed are signed by nobody`() throws {
        let vector = try vectors("telegram")[0]
        let text = Array(try #require(vector["init_data"]?.string).utf8)
        let check = TelegramCheck.secret(try #require(BotSecret(token: token)))
        #expect(MiniAppData(text[...])?.isSigned(by: check) == true)
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == UInt8(ascii: "7") ? UInt8(ascii: "8") : UInt8(ascii: "7")
            #expect(MiniAppData(changed[...])?.isSigned(by: check) != true, "byte \(index)")
        }
        for addition in ["&a=1", "&signature=", "&hash2=", "&=", "&"] {
            #expect(MiniAppData((text + addition.utf8)[...])?.isSigned(by: check) != true, "\(addition)")
        }
        // The order of the fields is no part of what is signed.
        let parts = text.split(separator: UInt8(ascii: "&"))
        let turned = Array(parts.reversed().joined(separator: [UInt8(ascii: "&")]))
        #expect(MiniAppData(turned[...])?.isSigned(by: check) == true)
    }

    @Test(
        arguments: [
            "", "a", "a=1&a=2", "a=%", "a=%4", "=1", "a=1&", "&a=1", "a%0A=1", "a%3D=1", "a=%FF", "a=1%0Ab=2",
            "a=1&%61=2", (0...64).map { "f\($0)=" }.joined(separator: "&"),
            "a=" + String(repeating: "b", count: Limits.miniAppBytesMax - 1),
        ]
    )
    func `What is no strict query string is refused`(text: String) {
        #expect(MiniAppData(Array(text.utf8)[...]) == nil)
    }

    @Test(
        arguments: [
            ("user=%7B%22id%22%3A7%7D", 7), ("user=%7B%22id%22%3A-7%7D", nil), ("user=%7B%22id%22%3A0%7D", nil),
            ("user=%7B%22id%22%3A%227%22%7D", nil), ("user=%7B%22id%22%3A7.5%7D", nil), ("user=", nil), ("a=1", nil),
            ("user=%7B%22id%22%3A4503599627370495%7D", 4_503_599_627_370_495), ("user=%5B7%5D", nil),
        ] as [(String, Int64?)]
    )
    func `A user is a number above zero`(text: String, user: Int64?) {
        #expect(MiniAppData(Array(text.utf8)[...])?.user == user)
    }

    @Test(
        arguments: [
            "", ":", "123456789", "123456789:", ":AAExampleExampleEx", "x:AAExampleExampleEx", "0:AAExampleExampleEx",
            "123456789:short", "123456789:AAExampleExample Ex", "123456789:AAExampleExample:Ex",
            "-1:AAExampleExampleEx", "123456789:" + String(repeating: "A", count: 129),
        ]
    )
    func `What is no bot's token is refused`(token: String) {
        #expect(BotSecret(token: token) == nil)
    }

    @Test func `The secret of a bot cannot be printed`() throws {
        let secret = try #require(BotSecret(token: token))
        let check = TelegramCheck.secret(secret)
        let settings = LoginSettings(telegram: check)
        for text in ["\(secret)", String(reflecting: secret), "\(check)", String(reflecting: check), "\(settings)"] {
            #expect(!text.contains("AAExample") && !text.contains(secret.key.hex), "\(text)")
        }
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("AAExample") && !dumped.contains("words") && !dumped.contains("first:"), "\(dumped)")
    }
}

@Suite struct LoginTests {
    private let wallets = LoginSettings(domains: ["market.example.com"])
    private static let seconds: Int64 = 1_800_000_000

    private func ask(
        _ route: Route,
        _ members: [JSONValue.Member],
        _ settings: LoginSettings?,
        at seconds: Int64 = Self.seconds
    ) -> Admission {
        var writer = JSONWriter()
        writer.value(.object(members))
        let now = LogicalTime(microseconds: seconds * 1_000_000)
        var context = RequestContext(directory: Directory(), now: now, requestID: 1)
        context.login = settings
        let head = RequestHead(
            method: .post,
            target: Array(route.template.utf8)[...],
            contentType: Array("application/json".utf8)[...]
        )
        return API.admit(head, body: writer.finish(), in: context, newKey: { Market.unknown })
    }

    /// The code of a problem and where it is, as in `login_refused #/domain`.
    private func problem(_ admission: Admission) throws -> String {
        guard case .answer(let response) = admission else { return "none" }
        let json = try JSONValue(response.body)
        let places = (json["errors"]?.elements ?? []).compactMap { $0["pointer"]?.string }
        return ([json["code"]?.string ?? ""] + places).joined(separator: " ")
    }

    private func proof(_ vector: JSONValue) -> [JSONValue.Member] {
        let names = [
            ("address", "address_raw"), ("timestamp", "timestamp"), ("domain", "domain"), ("payload", "payload"),
            ("signature", "signature_b64"), ("state_init", "state_init_boc_b64"),
        ]
        return names.map { JSONValue.Member($0, vector[$1] ?? .null) } + [.init("network", .string("-239"))]
    }

    private func replacing(_ name: String, with value: JSONValue, in members: [JSONValue.Member]) -> [JSONValue.Member]
    {
        members.map { $0.key == name ? .init(name, value) : $0 }
    }

    @Test func `A wallet's proof asks for a key of whoever has its address`() throws {
        for vector in try vectors("proofs") {
            let admission = ask(.loginTON, proof(vector), wallets)
            guard case .login(let payload, let command, .keyCreated(let key)) = admission,
                case .login(let terms) = command.action
            else { throw Unexpected(admission) }
            #expect(payload == .payload("nonce-0123456789abcdef"))
            #expect(command.account == .system && command.key == KeyID(0) && command.idempotency == nil)
            #expect(terms.subject == "ton:" + (vector["address_raw"]?.string ?? ""))
            #expect(terms.key.owner == .system && terms.key.scopes == [.offer, .bid, .read, .withdraw])
            #expect(terms.key.hash.bytes == key.digest.bytes)
            #expect(terms.key.expiresAt.microseconds == Self.seconds * 1_000_000 + 12 * 3_600 * 1_000_000)
        }
    }

    @Test func `However an address is written, it is one wallet`() throws {
        let vector = try vectors("proofs")[0]
        let address = try #require(vector["address_raw"]?.string)
        let members = replacing("address", with: .string(address.uppercased()), in: proof(vector))
        guard case .login(_, let command, _) = ask(.loginTON, members, wallets), case .login(let terms) = command.action
        else { throw Unexpected(ask(.loginTON, members, wallets)) }
        #expect(terms.subject == "ton:" + address)
    }

    @Test func `A proof of another kind, domain, network or time is refused, and says where it is wrong`() throws {
        let all = try vectors("proofs")
        let good = proof(all[0])
        let other = all[1]
        let masterchain = "-1:" + (all[0]["address_raw"]?.string ?? "").dropFirst(2)
        let changes: [(String, JSONValue, String)] = [
            ("network", .string("-3"), "login_refused #/network"),
            ("network", .string("mainnet"), "invalid_fields #/network"),
            ("network", .integer(-239), "invalid_fields #/network"),
            ("domain", .string("evil.example.com"), "login_refused #/domain"),
            ("domain", .string("market.example.com:443"), "login_refused #/domain"),
            ("domain", .string("Market.example.com"), "login_refused #/domain"),
            ("domain", .string("market.example.com "), "invalid_fields #/domain"),
            ("timestamp", .integer(Self.seconds - 901), "login_refused #/timestamp"),
            ("timestamp", .integer(Self.seconds + 61), "login_refused #/timestamp"),
            ("timestamp", .integer(Self.seconds - 1), "login_refused #/signature"),
            ("timestamp", .integer(-1), "invalid_fields #/timestamp"),
            ("payload", .string("nonce-0123456789abcdeF"), "login_refused #/signature"),
            ("address", .string(masterchain), "login_refused #/signature"),
            ("address", other["address_raw"] ?? .null, "login_refused #/state_init"),
            ("address", .string("UQ" + String(repeating: "A", count: 46)), "invalid_fields #/address"),
            ("state_init", other["state_init_boc_b64"] ?? .null, "login_refused #/state_init"),
            ("state_init", .string("AAAA"), "login_refused #/state_init"),
            ("state_init", .string("AAA"), "invalid_fields #/state_init"),
            ("signature", other["signature_b64"] ?? .null, "login_refused #/signature"),
            ("signature", .string("AAAA"), "invalid_fields #/signature"),
            ("signature", .null, "invalid_fields #/signature"),
        ]
        for (name, value, code) in changes {
            let members = replacing(name, with: value, in: good)
            #expect(try problem(ask(.loginTON, members, wallets)) == code, "\(name) \(value)")
        }
        for member in good {
            let members = good.filter { $0.key != member.key }
            #expect(try problem(ask(.loginTON, members, wallets)) == "invalid_fields #/\(member.key)")
        }
        let testnet = LoginSettings(domains: ["market.example.com"], network: .testnet)
        #expect(try problem(ask(.loginTON, good, testnet)) == "login_refused #/network")
        #expect(
            try problem(ask(.loginTON, good + [.init("public_key", .string("00"))], wallets)).contains("public_key")
        )
    }

    @Test func `A proof is good for 15 minutes`() throws {
        let members = proof(try vectors("proofs")[0])
        for (seconds, code) in [
            (Self.seconds - 60, "none"), (Self.seconds - 61, "login_refused #/timestamp"), (Self.seconds + 900, "none"),
            (Self.seconds + 901, "login_refused #/timestamp"),
        ] {
            #expect(try problem(ask(.loginTON, members, wallets, at: seconds)) == code, "\(seconds)")
        }
    }

    @Test func `The data of a Mini App ask for a key for an hour`() throws {
        let vector = try vectors("telegram")[0]
        let data = JSONValue.Member("init_data", vector["init_data"] ?? .null)
        let secret = try #require(BotSecret(token: vector["bot_token"]?.string ?? ""))
        let settings = LoginSettings(telegram: .secret(secret))
        let signed: Int64 = 1_799_999_940
        for (seconds, code) in [
            (signed, "none"), (signed - 60, "none"), (signed - 61, "login_refused #/init_data"),
            (signed + 3_600, "none"), (signed + 3_601, "login_refused #/init_data"),
        ] {
            let admission = ask(.loginTelegram, [data], settings, at: seconds)
            #expect(try problem(admission) == code, "\(seconds)")
            guard case .login(let payload, let command, _) = admission else { continue }
            guard case .login(let terms) = command.action else { throw Unexpected(admission) }
            #expect(payload == UsedProof.none && terms.subject == "telegram:279058397")
            #expect(terms.key.scopes == [.offer, .bid, .read, .withdraw])
        }
        let unsigned = JSONValue.Member("init_data", .string("auth_date=\(signed)&user=%7B%22id%22%3A7%7D"))
        #expect(try problem(ask(.loginTelegram, [unsigned], settings, at: signed)) == "login_refused #/init_data")
        let spaced = JSONValue.Member("init_data", .string("a b"))
        #expect(try problem(ask(.loginTelegram, [spaced], settings)) == "invalid_fields #/init_data")
        #expect(try problem(ask(.loginTelegram, [], settings)) == "invalid_fields #/init_data")
        let byTelegram = LoginSettings(telegram: .signature(bot: 7_342_037_359, isTest: false))
        let real = JSONValue.Member("init_data", try vectors("telegram")[3]["init_data"] ?? .null)
        #expect(try problem(ask(.loginTelegram, [real], byTelegram, at: 1_733_584_800)) == "none")
    }

    @Test func `Who may not log in is told so before anything is looked at`() throws {
        let secret = try #require(BotSecret(token: "123456789:AAExampleExampleEx"))
        let telegram = LoginSettings(telegram: .secret(secret))
        let rows: [(Route, LoginSettings?)] = [
            (.createLoginNonce, nil), (.loginTON, nil), (.loginTelegram, nil), (.createLoginNonce, telegram),
            (.loginTON, telegram), (.loginTelegram, wallets),
        ]
        for (route, settings) in rows { #expect(try problem(ask(route, [], settings)) == "login_disabled", "\(route)") }
        guard case .loginNonce = ask(.createLoginNonce, [], wallets) else {
            throw Unexpected(ask(.createLoginNonce, [], wallets))
        }
        let extra = JSONValue.Member("a", .integer(1))
        #expect(try problem(ask(.createLoginNonce, [extra], wallets)) == "invalid_fields #/a")
    }

    @Test(
        arguments: [
            ("market.example.com", true), ("localhost:8443", true), ("xn--e1afmkfd.xn--p1ai", true),
            ("127.0.0.1", true),
            ("", false), ("https://market.example.com", false), ("market.example.com/", false), ("Market.com", false),
            (".com", false), ("a b", false), ("mаrket.com", false), (String(repeating: "a", count: 128), true),
            (String(repeating: "a", count: 129), false),
        ]
    )
    func `A domain is a host as wallets write it`(domain: String, isGood: Bool) {
        #expect(LoginSettings.isDomain(domain) == isGood)
    }
}
