internal import API
internal import Engine
internal import HTTP2
internal import Units

// Logins: the only requests whose outcome depends on what this server alone has given out.
extension RequestService {
    /// Makes something for a wallet to sign, unless another server leads: only the one that made it takes it.
    func giveLoginNonce(_ stream: StreamReference, _ requestID: UInt64, on server: LoopServer) {
        if let refusal = marketplace.inbox.refusal { return refuse(stream, requestID, refusal, on: server) }
        guard let settings = marketplace.configuration.login else {
            return answer(Problem(.loginDisabled).response(requestID: requestID), to: stream, requestID, on: server)
        }
        let now = LogicalTime(microseconds: wallClockMicroseconds())
        let payload = marketplace.loginPayloads.make(at: now)
        let response = View.loginNonce(payload.text, until: payload.expiresAt, settings)
        answer(response, to: stream, requestID, on: server)
    }

    /// Uses the proof up, and gives the command to the engine. While the exchange takes no commands, the proof stays
    /// good.
    func take(
        login command: Command,
        _ proof: UsedProof,
        _ shape: AnswerShape,
        _ stream: StreamReference,
        _ requestID: UInt64,
        on server: LoopServer
    ) {
        if let refusal = marketplace.inbox.refusal { return refuse(stream, requestID, refusal, on: server) }
        do throws(LoginPayloads.Refusal) {
            try marketplace.loginPayloads.use(proof, at: LogicalTime(microseconds: wallClockMicroseconds()))
        } catch {
            switch error {
            case .unknown:
                let problem: Problem = if case .data = proof { .loginDataRefused } else { .loginPayloadRefused }
                return answer(problem.response(requestID: requestID), to: stream, requestID, on: server)
            case .full: return refuse(stream, requestID, .overloaded, on: server)
            }
        }
        take(command, shape, stream, requestID, on: server)
    }
}
