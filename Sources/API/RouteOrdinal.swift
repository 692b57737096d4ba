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
        case .setMeasurements: 16
        case .setModel: 17
        case .setFees: 18
        case .getHealth: 19
        case .headHealth: 20
        case .getReadiness: 21
        case .headReadiness: 22
        case .getMetrics: 23
        case .getContract: 24
        case .getCapabilitySchema: 25
        case .getRequirementSchema: 26
        }
    }
}
