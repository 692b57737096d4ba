internal import Cryptography
internal import JSON
internal import TON

/// A value in a provider's answer and the way to it. What is not as it must be is said with its place.
struct AnswerField {
    let json: JSONValue
    let path: String

    /// Levels of an answer: providers decode what messages say, and nest it.
    private static let depthMax = 128

    /// A whole answer.
    init(_ body: [UInt8], bytesMax: Int) throws(ChainError) {
        do {
            json = try JSONValue(body, limits: JSONLimits(depthMax: Self.depthMax, bytesMax: bytesMax))
        } catch {
            throw .answer("the answer is no JSON: \(error)")
        }
        path = ""
    }

    private init(_ json: JSONValue, _ path: String) {
        self.json = json
        self.path = path
    }

    /// What is wrong here.
    func wrong(_ rule: String) -> ChainError { .answer("\(path.isEmpty ? "the answer" : path): \(rule)") }

    /// A member that must be there; `null` is a value.
    func member(_ name: String) throws(ChainError) -> AnswerField {
        guard let found = member(of: name) else { throw wrong("must be an object with the member \(name)") }
        return found
    }

    /// A member, unless it is absent or `null`.
    func optional(_ name: String) throws(ChainError) -> AnswerField? {
        guard json.members != nil else { throw wrong("must be an object") }
        guard let found = member(of: name), found.json != .null else { return nil }
        return found
    }

    private func member(of name: String) -> AnswerField? {
        json[name].map { AnswerField($0, path.isEmpty ? name : "\(path).\(name)") }
    }

    /// The elements of an array of at most `countMax`.
    func elements(countMax: Int) throws(ChainError) -> [AnswerField] {
        guard let elements = json.elements else { throw wrong("must be an array") }
        guard elements.count <= countMax else { throw wrong("must have at most \(countMax) elements") }
        return elements.enumerated().map { AnswerField($1, "\(path)[\($0)]") }
    }

    func text() throws(ChainError) -> String {
        guard let text = json.string else { throw wrong("must be a string") }
        return text
    }

    func flag() throws(ChainError) -> Bool {
        guard let flag = json.boolean else { throw wrong("must be true or false") }
        return flag
    }

    /// A number of the type's range, as a number or as a string of its digits.
    func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(ChainError) -> Number {
        let text: String
        switch json {
        case .integer(let value): text = String(value)
        case .number(let written), .string(let written): text = written
        default: throw wrong("must be a number, or a string of its digits")
        }
        // Written back it is the same: no plus, no leading zeros, no fraction.
        guard let value = Number(text), String(value) == text else {
            throw wrong("must be a whole number in \(Number.min)…\(Number.max)")
        }
        return value
    }

    func coins() throws(ChainError) -> Coins {
        guard let coins = Coins(exactly: try number(UInt128.self)) else { throw wrong("must be less than 2^120") }
        return coins
    }

    /// 32 bytes in base 64 of either alphabet.
    func hash() throws(ChainError) -> [UInt8] {
        let text = try text()
        guard text.utf8.count <= 44, let hash = Base64.decode(text) ?? Base64URL.decode(text), hash.count == 32 else {
            throw wrong("must be 32 bytes in base64")
        }
        return hash
    }

    /// In the raw form, which says nothing of a network.
    func address() throws(ChainError) -> Address {
        guard let address = Address(raw: try text()) else { throw wrong("must be a raw address") }
        return address
    }
}
