extension Route {
    /// A number of its own, without a search: what is kept for each route lies in an array. Not every number is given.
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
        case .openStream: 32
        case .createCheckpoint: 33
        case .getDocumentation, .headDocumentation, .getDocumentationPart, .headDocumentationPart, .getProblemPage,
            .headProblemPage:
            pageOrdinal
        case .createLoginNonce, .loginTON, .loginTelegram, .linkTON, .linkTelegram, .unlinkLogin: loginOrdinal
        case .listAccounts: 40
        case .listKeys: 41
        case .revokeKey: 42
        case .setKeyLimits: 43
        case .listOwnKeys: 44
        case .createOwnKey: 45
        case .revokeOwnKey: 46
        case .listAudit: 47
        case .setMeasurements: 48
        case .getCapabilitySchema: 49
        case .getRequirementSchema: 50
        case .getQuote: 51
        case .listCandles: 52
        case .getIndex: 53
        case .listEndpoints: 54
        default: laterOrdinal
        }
    }

    /// Of what came later.
    private var laterOrdinal: Int {
        switch self {
        case .previewOrder: 55
        case .listSigningKeys: 56
        case .getProfile: 57
        case .setProfile: 58
        case .listLeases: 59
        case .getLease: 60
        case .getLeaseTicket: 61
        case .listLeaseReceipts: 62
        case .closeLease: 63
        case .disputeClaim: 64
        case .pardonLease: 65
        case .recordReceipt: 66
        case .recordReceipts: 67
        case .proveEquivocation: 68
        case .listReceipts: 69
        case .getReceiptBundle: 70
        case .getBond: 71
        case .lockBond: 72
        case .releaseBond: 73
        case .getLeasePolicy: 74
        case .setLeasePolicy: 75
        case .getAccountRecord: 76
        case .getLogCheckpoint: 77
        case .getInclusionProof: 78
        case .getConsistencyProof: 79
        case .listLogEntries: 80
        case .getCheckpointNote: 81
        case .getLogTile: 82
        case .getMeasurementPolicy: 86
        case .setMeasurementPolicy: 87
        default: settlementOrdinal
        }
    }
}
