internal import JSON
package import Units

/// Where a server stands: the answer to `GET /readyz`.
package struct Readiness: Hashable, Sendable {
    package var status: Status
    /// Why it takes no orders; `nil` while it does.
    package var reason: String?
    /// Where the server is that leads instead, a URL; `nil` when it did not say, or this one leads.
    package var leader: String?
    /// The name of the server that leads, if this one follows it; otherwise of this one.
    package var holder: String
    /// The newest leadership that this server has had or followed.
    package var epoch: Int64
    /// The last durable command that this server knows of.
    package var sequence: SequenceNumber
    /// The last durable batch of the journal.
    package var batch: Int64
    /// The last command that the tables show.
    package var projected: SequenceNumber
    /// Seconds for which a request is remembered at least.
    package var idempotencyWindowSeconds: Int64

    /// What the server does; the words are the contract's.
    package enum Status: String, CaseIterable, Sendable {
        case starting, following, rebuilding, ready, stopping, failed
    }

    package init(
        _ status: Status,
        reason: String? = nil,
        leader: String? = nil,
        holder: String,
        epoch: Int64,
        sequence: SequenceNumber,
        batch: Int64,
        projected: SequenceNumber,
        idempotencyWindowSeconds: Int64
    ) {
        self.status = status
        self.reason = reason
        self.leader = leader
        self.holder = holder
        self.epoch = epoch
        self.sequence = sequence
        self.batch = batch
        self.projected = projected
        self.idempotencyWindowSeconds = idempotencyWindowSeconds
    }

    /// 200 while orders are taken, else 503, so that a balancer sends them to the server that does.
    package var response: APIResponse {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("status", status.rawValue)
        if let reason { writer.member("reason", reason) }
        if let leader { writer.member("leader", leader) }
        writer.member("holder", holder)
        writer.member("epoch", epoch)
        writer.member("sequence", sequence.rawValue)
        writer.member("batch", batch)
        writer.member("projected_sequence", projected.rawValue)
        writer.member("projection_lag_sequence", max(0, sequence.rawValue - projected.rawValue))
        writer.member("idempotency_window_s", idempotencyWindowSeconds)
        writer.endObject()
        var response = APIResponse(status: status == .ready ? 200 : 503, body: writer.finish())
        if status != .ready { response.retryAfterSeconds = 1 }
        return response
    }
}
