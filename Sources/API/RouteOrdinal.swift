extension Route {
    /// The place in ``allCases``, without a search: what is kept for each route lies in an array.
    package var ordinal: Int {
        switch self {
        case .placeOffer: 0
        case .placeBid: 1
        case .getOrder: 2
        case .listOrders: 3
        case .cancelOrder: 4
        case .placeBatch: 5
        case .amendOrder: 6
        case .cancelOrders: 7
        case .setCancelAfter: 8
        case .getMarketStatus: 9
        case .setHalt: 10
        case .setPriceBand: 11
        case .setAccountLimits: 12
        case .getBook: 13
        case .listTrades: 14
        case .listModels: 15
        case .getModel: 16
        case .getFees: 17
        case .getAccount: 18
        case .listTransfers: 19
        case .createAccount: 20
        case .createKey: 21
        case .createDeposit: 22
        case .setAttestation: 23
        case .setModel: 24
        case .setFees: 25
        case .getHealth: 26
        case .headHealth: 27
        case .getReadiness: 28
        case .headReadiness: 29
        case .getMetrics: 30
        case .getContract: 31
        case .getQuote: 32
        case .listCandles: 33
        case .getIndex: 34
        case .listEndpoints: 35
        case .previewOrder: 36
        }
    }
}
