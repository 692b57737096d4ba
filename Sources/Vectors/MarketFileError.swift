import JSON

/// Why a market file cannot be read.
package enum MarketFileError: Error, Equatable, Sendable {
    /// The bytes are not JSON, or too much of it.
    case notJSON(String)
    /// A value breaks a rule of the file's form.
    case invalid(place: String, rule: String)
}

extension MarketFileError: CustomStringConvertible {
    /// A sentence for people: where and what.
    package var description: String {
        switch self {
        case .notJSON(let reason): "the file is not JSON that can be read: \(reason)"
        case .invalid(let place, let rule): "\(place): \(rule)"
        }
    }
}
