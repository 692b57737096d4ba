/// Why a market or a trace cannot be used.
package enum DemonstrationError: Error, Equatable, Sendable {
    /// A line of a table breaks a rule. `source` is the file as the user named it, `line` counts from 1.
    case badLine(source: String, line: Int, rule: String)
    /// A table has a header and nothing else, or not even that.
    case emptyTable(source: String)
    /// No listing has a price, so there is nothing to sell.
    case nothingToSell
    /// At this price of TON the listing's price is outside the exchange's limits.
    case priceOutOfRange(listing: String)
    /// Every request of the trace is empty, or none was asked for.
    case nothingToBuy
    /// The bids together would need more money than the exchange takes on deposit.
    case demandTooLarge
}

extension DemonstrationError: CustomStringConvertible {
    /// A sentence for the user.
    package var description: String {
        switch self {
        case .badLine(let source, let line, let rule): "\(source), line \(line): \(rule)"
        case .emptyTable(let source): "\(source): there is no row below the header line"
        case .nothingToSell: "no listing of the market has an input price above zero"
        case .priceOutOfRange(let listing):
            "at this price of TON, the listing \(listing) costs less or more than the exchange accepts"
        case .nothingToBuy: "no request of the trace has a token, so there is nothing to buy"
        case .demandTooLarge: "the bids need more money than the exchange takes on deposit: choose fewer orders"
        }
    }
}
