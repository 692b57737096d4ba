internal import API
internal import Engine
internal import HTTP2
internal import Provenance
internal import Units

// `Prefer: ticket`: the answer to a bid that traded at once has the tickets of its leases. The bid is placed whatever
// becomes of them: where they cannot be had now, its answer comes without.
extension RequestService {
    /// Keeps the answer to a bid, and asks the engine for what its leases' tickets say; false when there are none.
    func askForTickets(
        _ response: API.Response,
        _ shape: AnswerShape,
        _ events: ArraySlice<Event>,
        _ stream: StreamReference,
        _ requestID: UInt64
    ) -> Bool {
        guard case .placedBid(_, withTickets: true) = shape, response.status == 201 else { return false }
        var owner: AccountID?
        var bid: OrderID?
        var leases: [LeaseID] = []
        for event in events {
            switch event {
            case .accepted(let order) where bid == nil: (bid, owner) = (order.id, order.account)
            case .traded(let trade) where trade.bid == bid && trade.delivery != nil:
                if leases.count < Limits.tradesInAnswerMax { leases.append(LeaseID(trade.id.rawValue)) }
            default: continue
            }
        }
        guard let owner, !leases.isEmpty else { return false }
        placed[stream] = response
        submit(.query(.lease(.tickets(leases, owner: owner))), stream, requestID)
        return true
    }

    /// The bid was placed, although its tickets cannot be had; false when the stream waits for something else.
    func answerWithoutTickets(_ stream: StreamReference, _ requestID: UInt64, on server: LoopServer) -> Bool {
        guard let response = placed.removeValue(forKey: stream) else { return false }
        answer(response, to: stream, requestID, isDurable: true, on: server)
        return true
    }

    func sign(
        _ tickets: [(ticket: Ticket, openedAt: LogicalTime)],
        _ stream: StreamReference,
        _ requestID: UInt64,
        at now: Instant,
        on server: LoopServer
    ) {
        guard let response = placed.removeValue(forKey: stream) else { return }
        let job = Signer.Job(stream: stream, requestID: requestID, tickets: tickets, answer: response)
        if tickets.isEmpty || !marketplace.signer.post(job) {
            answer(response, to: stream, requestID, at: now, isDurable: true, on: server)
        }
    }
}
