internal import API
internal import Cryptography
internal import Engine
internal import HTTP2
internal import Units

/// What the engine knows about a question on settlement.
enum SettlementFinding: Sendable {
    /// How the account pays in. The tables must show `touched` to be asked for what it has paid in.
    case deposits(DepositsQuery, touched: SequenceNumber)
    case payoutTerms(AccountID, PayoutTermsRecord?, TONNetwork)
    case terms(SettlementTerms)
    case status(SettlementStatus, TONNetwork)
    case anchors(AnchorsState)
    case noAccount
}

extension SettlementQuestion {
    /// Looked up on the engine's thread.
    func finding(in engine: Engine) -> SettlementFinding {
        switch self {
        case .deposits(var query):
            guard engine.account(query.account) != nil else { return .noAccount }
            query.opening = DepositOpening(
                wallet: engine.depositWallet?.terms.address,
                memo: engine.depositMemo(of: query.account)
            )
            return .deposits(query, touched: engine.lastTouched(query.account))
        case .payoutTerms(let account, let network):
            guard engine.account(account) != nil else { return .noAccount }
            return .payoutTerms(account, engine.payoutTerms(of: account), network)
        case .terms: return .terms(engine.currentSettlementTerms)
        case .status(let network): return .status(engine.settlementStatus, network)
        case .anchors: return .anchors(engine.anchors)
        }
    }
}

extension DepositMemo {
    /// One that nobody can guess.
    static func random() -> DepositMemo {
        let digits = SecureRandom.bytes(length).map { alphabet[Int($0 & 31)] }
        guard let memo = DepositMemo(reading: String(decoding: digits, as: UTF8.self)) else {
            preconditionFailure("made of the digits of a memo")
        }
        return memo
    }
}

// What was found, as answers.
extension RequestService {
    func answer(
        _ finding: SettlementFinding,
        asOf: SequenceNumber,
        to stream: StreamReference,
        _ requestID: UInt64,
        at now: Instant,
        on server: LoopServer
    ) {
        let response: API.Response
        switch finding {
        case .deposits(let query, let touched):
            guard query.opening.wallet != nil else {
                response = Problem(.walletMissing).response(requestID: requestID)
                break
            }
            guard query.opening.memo == nil, let key = query.opener else {
                let question = HistoryQuery.settlement(.deposits(query))
                return read(.history(question), needs: touched, stream, requestID, on: server)
            }
            let command = Command(
                account: query.account,
                key: key,
                requestID: requestID,
                action: .settlement(.openDeposits(.random()))
            )
            return take(command, .depositsOpened(query), stream, requestID, on: server)
        case .payoutTerms(let account, let record, let network):
            response = View.payoutTerms(of: account, record, on: network, asOf: asOf)
        case .terms(let terms): response = View.settlementTerms(terms, asOf: asOf)
        case .status(let status, let network): response = View.settlementStatus(status, on: network, asOf: asOf)
        case .anchors(let anchors): response = View.anchorPolicy(anchors, asOf: asOf)
        case .noAccount: response = Problem(.accountUnknown).response(requestID: requestID)
        }
        answer(response, to: stream, requestID, at: now, on: server)
    }

    /// Lets settlement begin its next round now.
    func runSettlement(_ stream: StreamReference, _ requestID: UInt64, on server: LoopServer) {
        if let reason = marketplace.inbox.refusal { return refuse(stream, requestID, reason, on: server) }
        let problem = Problem(.walletMissing, "This server settles nothing: it was started without --wallet-key.")
        let isAsked = marketplace.askForSettlement()
        let response = isAsked ? View.settlementRound : problem.response(requestID: requestID)
        answer(response, to: stream, requestID, on: server)
    }

    /// What follows a command before it is answered; `nil` when nothing does.
    func question(after shape: AnswerShape, _ outcome: Outcome) -> HistoryQuery? {
        guard case .depositsOpened(var query) = shape, let memo = outcome.memo else { return nil }
        query.opening.memo = memo
        return .settlement(.deposits(query))
    }
}
