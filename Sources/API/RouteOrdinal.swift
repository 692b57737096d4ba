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
        case .getHealth: 25
        case .headHealth: 26
        case .getReadiness: 27
        case .headReadiness: 28
        case .getMetrics: 29
        case .getContract: 30
        case .listKeys: 18
        case .revokeKey: 19
        case .setKeyLimits: 20
        case .listOwnKeys: 21
        case .createOwnKey: 22
        case .revokeOwnKey: 23
        case .listAudit: 24
        }
    }
}
