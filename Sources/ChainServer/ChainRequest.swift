internal import Cryptography
internal import JSON
internal import TON

/// What is wrong with a request, and the status that says so.
struct ChainProblem: Error, Hashable {
    var status: Int
    var text: String

    /// A field that is missing or not as it must be.
    static func field(_ name: String, _ rule: String) -> ChainProblem {
        ChainProblem(status: 422, text: "\(name): \(rule)")
    }
}

/// The path of a request and the parameters behind it.
struct ChainRequest {
    let path: String
    private let parameters: [(name: String, value: String)]

    /// Throws unless each parameter is written once, as URLs write it.
    init(target: String) throws(ChainProblem) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        var parameters: [(name: String, value: String)] = []
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(sides[0])
            guard sides.count == 2, let value = Self.decode(sides[1]) else {
                throw .field(name, "must have a value, percent-encoded UTF-8")
            }
            guard !parameters.contains(where: { $0.name == name }) else { throw .field(name, "must stand once") }
            parameters.append((name, value))
        }
        self.parameters = parameters
    }

    subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// Throws if there is a parameter that the call does not know.
    func allow(_ names: Set<String>) throws(ChainProblem) {
        for parameter in parameters where !names.contains(parameter.name) {
            throw .field(parameter.name, "is no parameter of this call")
        }
    }

    func address(_ name: String) throws(ChainProblem) -> Address {
        try Self.address(self[name], name)
    }

    /// A number, or `standard` without one.
    func number(_ name: String, _ range: ClosedRange<UInt64>, _ standard: UInt64) throws(ChainProblem) -> UInt64 {
        guard let text = self[name] else { return standard }
        guard let number = UInt64(text), range.contains(number) else {
            throw .field(name, "must be a number in \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    /// `true` or `false`, or `standard` without one.
    func flag(_ name: String, _ standard: Bool) throws(ChainProblem) -> Bool {
        guard let text = self[name] else { return standard }
        guard let flag = Bool(text) else { throw .field(name, "must be true or false") }
        return flag
    }

    /// A hash in any of the three forms that toncenter takes.
    func hash(_ name: String) throws(ChainProblem) -> [UInt8] {
        let text = self[name] ?? ""
        guard let hash = Hex.decode(text) ?? Base64.decode(text) ?? Base64URL.decode(text), hash.count == 32 else {
            throw .field(name, "must be a hash: 32 bytes in hexadecimal, base64 or base64url")
        }
        return hash
    }

    /// An address in any form, of whichever network.
    static func address(_ text: String?, _ name: String) throws(ChainProblem) -> Address {
        let text = text ?? ""
        if let address = Address(raw: text) { return address }
        for network in Network.allCases {
            if let address = try? AddressText(text, on: network).address { return address }
        }
        throw .field(name, "must be an address, raw or of 48 characters")
    }

    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self)), value.count == 1 else {
                return nil
            }
            bytes += value
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The object in a request's body, of which every member must be known.
struct ChainBody {
    private let json: JSONValue

    init(_ bytes: [UInt8], members: Set<String>) throws(ChainProblem) {
        guard let json = try? JSONValue(bytes, limits: JSONLimits(depthMax: 2, bytesMax: 1 << 18)),
            let found = json.members
        else { throw ChainProblem(status: 400, text: "the body must be a JSON object") }
        for member in found where !members.contains(member.key) {
            throw .field(member.key, "is no member of this call")
        }
        self.json = json
    }

    func text(_ name: String) throws(ChainProblem) -> String {
        guard let text = json[name]?.string else { throw .field(name, "must be a string") }
        return text
    }

    func optionalText(_ name: String) throws(ChainProblem) -> String? {
        json[name] == nil ? nil : try text(name)
    }

    func number(_ name: String, _ range: ClosedRange<Int64>) throws(ChainProblem) -> Int64 {
        guard let number = json[name]?.integer, range.contains(number) else {
            throw .field(name, "must be a number in \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    func has(_ name: String) -> Bool { json[name] != nil }
}
