/// The texts of the problems of settlement.
struct SettlementProblem {
    /// See ``ProblemCode/title``.
    let title: StaticString
    /// See ``ProblemGuide``.
    let occasion: StaticString
    /// See ``ProblemGuide``.
    let remedy: StaticString

    private init(_ title: StaticString, _ occasion: StaticString, _ remedy: StaticString) {
        self.title = title
        self.occasion = occasion
        self.remedy = remedy
    }

    /// `nil` for a code that is none of settlement's.
    init?(_ code: ProblemCode) {
        guard let found = Self.ofOwners[code] ?? Self.ofWallets[code] else { return nil }
        self = found
    }

    /// Of requests.
    private static let ofOwners: [ProblemCode: SettlementProblem] = [
        .walletMissing: .init(
            "The exchange has no wallet yet.",
            "No wallet is registered, so nobody could pay in by the chain, and nobody would be paid.",
            "Ask the operator; deposits by command do not need a wallet."
        ),
        .settlementNotFound: .init(
            "There is no such settlement.",
            "No batch has this number, or none of its payouts is the account's.",
            "Look at GET /v1/settlements."
        ),
        .memoTaken: .init(
            "Another account has this memo.",
            "The memo that was drawn is somebody's: that happens once in very many times.",
            "Send the same request again: another memo is drawn."
        ),
        .addressIsWallet: .init(
            "The address is one of the exchange's own wallets.",
            "Money would come back to the exchange as a deposit of nobody.",
            "Name an address of your own."
        ),
        .belowPayoutMinimum: .init(
            "The amount is below the smallest payout.",
            "The amount is below payout_minimum_nanoton of GET /v1/settlement/terms.",
            "Withdraw more at once."
        ),
        .withdrawalDayLimit: .init(
            "The account would withdraw more than it may on one day.",
            "With this one, the withdrawals of this UTC day are above account_day_max_nanoton.",
            "Withdraw less, or on another day: GET /v1/settlement/terms shows the limit."
        ),
        .withdrawalLimit: .init(
            "The account has as many withdrawals under way as it may.",
            "As many of the account's withdrawals wait or are being paid as one account may have.",
            "Wait until one is paid, or cancel one."
        ),
        .addressLimit: .init(
            "The account has named as many addresses as it may.",
            "Each address that an account names is kept, and it has named too many.",
            "Use an address that was named before."
        ),
        .withdrawalNotFound: .init(
            "There is no such withdrawal, or it is over, or it is another account's.",
            "The withdrawal does not exist, is another account's, or was paid or cancelled already.",
            "Look at GET /v1/withdrawals."
        ),
        .withdrawalPlanned: .init(
            "The withdrawal is in a batch already.",
            "Its payout is signed: only the chain decides what becomes of it now.",
            "Wait: GET /v1/withdrawals/{id} shows when it is paid."
        ),
        .approvalNotNeeded: .init(
            "The withdrawal needs no approval, or has it.",
            "The amount is below the threshold, or the withdrawal was approved before.",
            "Nothing is to be done."
        ),
        .suspenseNotFound: .init(
            "There is no such money of nobody.",
            "The entry does not exist, or was assigned already.",
            "Look at GET /v1/suspense."
        ),
    ]

    /// Of what the server and the operator do with wallets.
    private static let ofWallets: [ProblemCode: SettlementProblem] = [
        .walletUnknown: .init(
            "There is no such wallet.",
            "The number is none of a wallet that is registered.",
            "Look at GET /v1/settlement for the wallets."
        ),
        .walletExists: .init(
            "Another wallet has this address.",
            "The wallet is registered already.",
            "Look at GET /v1/settlement; a wallet is registered once."
        ),
        .walletLimit: .init(
            "There are as many wallets as there may be.",
            "As many wallets are registered as the exchange keeps.",
            "Use the wallets that there are."
        ),
        .transactionNotNext: .init(
            "The transaction does not follow the last one of its wallet.",
            "A transaction was told that is known already, or one before it is missing.",
            "Begin again behind the last transaction that GET /v1/settlement shows."
        ),
        .transactionUnbalanced: .init(
            "The transaction does not explain the wallet's balance after it.",
            "What moved, and the fee, do not lead from the balance before to the one after; settlement is held.",
            "A person must look: GET /v1/settlement shows what was expected and what was found."
        ),
        .chainTimeBehind: .init(
            "The chain's time is before one that is known.",
            "The time comes from a node that is behind.",
            "Ask the node again, or another one."
        ),
        .scanIncomplete: .init(
            "The wallet has another last transaction.",
            "The history was said to be complete, and its end is not the one that is known.",
            "Tell the missing transactions first."
        ),
        .settlementHeld: .init(
            "Settlement is held.",
            "The operator, or a difference to the chain, has stopped the planning of payouts.",
            "Look at GET /v1/settlement for the reason; the operator resumes settlement."
        ),
        .nothingToSettle: .init(
            "Nobody waits for a payout.",
            "No withdrawal is due, and no earnings reach their threshold.",
            "Wait until somebody is due."
        ),
        .walletBalanceLow: .init(
            "The wallet has too little for the next payout.",
            "The wallet's balance less its reserve and what is under way does not cover a payout and its fees.",
            "Send toncoins to the wallet, or lower the reserve."
        ),
        .capitalBelowReserve: .init(
            "The operator's capital would fall below its reserve.",
            "Capital and fees less the costs of the network do not cover the fees of a batch.",
            "Pay capital in: bombyx admin capital AMOUNT."
        ),
        .queryIDsInUse: .init(
            "The wallet may still know every number that could be next.",
            "Messages were made faster than the wallet forgets their numbers.",
            "Wait for the wallet's timeout, or use another wallet."
        ),
        .settlementNotContested: .init(
            "The chain does not contradict the batch.",
            "Only what the chain shows decides about a batch that is not contested.",
            "Wait for its verdict: GET /v1/settlements/{id} shows it."
        ),
        .payoutNotOpen: .init(
            "The batch has no such payout, or it is decided already.",
            "A payout was named that is not open.",
            "Look at GET /v1/settlements/{id} for the payouts that are open."
        ),
        .resolutionTooEarly: .init(
            "The batch may still pay.",
            "The wallet's history is not known to the end of the message's time, or money is on its way to the wallet.",
            "Wait until scanned_to of GET /v1/settlement is two minutes behind valid_until of the batch."
        ),
        .walletRetired: .init(
            "The wallet is retired.",
            "Nothing is planned with a wallet that is retired.",
            "Use another wallet, or reinstate it: bombyx admin settlement reinstate WALLET."
        ),
        .settlementLimit: .init(
            "As many batches are under way as there may be.",
            "Too many batches wait for a verdict, or for what may still come back.",
            "Wait until the history of the wallets is known further."
        ),
        .nothingToAnchor: .init(
            "The log has not grown since it was anchored.",
            "The newest confirmed anchor of GET /v1/log/anchors has every entry of the log.",
            "Nothing is to be done."
        ),
        .anchorUnderWay: .init(
            "An anchor of the log is under way.",
            "The chain has not decided on the anchor that was planned last: there is one at a time.",
            "Wait until GET /v1/log/anchors shows it confirmed, and ask again if the log has grown."
        ),
    ]
}
