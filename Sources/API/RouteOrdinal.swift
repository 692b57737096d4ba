extension Route {
    /// The place in ``allCases``, without a search: what is kept for each route lies in an array.
    package var ordinal: Int {
        switch self {
        case .placeOffer: 0
        case .placeBid: 1
        case .getOrder: 2
        case .listOrders: 3
        case .cancelOrder: 4
        case .getBook: 5
        case .listTrades: 6
        case .listModels: 7
        case .getModel: 8
        case .getFees: 9
        case .getAccount: 10
        case .listTransfers: 11
        case .createAccount: 12
        case .createKey: 13
        case .createDeposit: 14
        case .setAttestation: 15
        case .setModel: 16
        case .setFees: 17
        case .getHealth: 18
        case .headHealth: 19
        case .getReadiness: 20
        case .headReadiness: 21
        case .getMetrics: 22
        case .getContract: 23
        case .getQuote: 24
        case .listCandles: 25
        case .getIndex: 26
        case .listEndpoints: 27
        case .previewOrder: 28
        }
    }
}
