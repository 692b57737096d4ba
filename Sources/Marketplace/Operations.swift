internal import API
package import HTTP2
internal import JSON
internal import Sockets
internal import Synchronization
internal import Units

/// What the server says of itself.
extension Marketplace {
    func answer(_ operation: Operation) -> APIResponse {
        switch operation {
        case .readiness: return readiness
        case .metrics:
            var text = MetricsText()
            metrics.write(into: &text, projected: progress.sequence, waitingItems: inbox.waitingItems)
            network.withLock { $0 }?.counters.write(into: &text)
            return text.response
        }
    }

    /// 200 while commands are taken, else 503; the body says where the exchange stands.
    private var readiness: APIResponse {
        let status = currentStatus
        let lag = max(0, metrics.durableSequence.rawValue - progress.sequence.rawValue)
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        switch status {
        case .starting: writer.member("status", word: "starting")
        case .ready: writer.member("status", word: "ready")
        case .rebuilding(let reason):
            writer.member("status", word: "rebuilding")
            writer.member("reason", reason)
        case .stopping: writer.member("status", word: "stopping")
        }
        writer.member("sequence", metrics.durableSequence.rawValue)
        writer.member("batch", metrics.durableBatch)
        writer.member("projected_sequence", progress.sequence.rawValue)
        writer.member("projection_lag_sequence", lag)
        writer.endObject()
        return APIResponse(status: status == .ready ? 200 : 503, body: writer.finish())
    }

    /// Lets `/metrics` count what the network does.
    package func attach(_ server: Server) { network.withLock { $0 = server } }
}

extension ServerCounters {
    fileprivate func write(into text: inout MetricsText) {
        text.metric("bombyx_http_requests_total", .counter, "Requests heard.", Int64(requests))
        text.metric("bombyx_http_connections", .gauge, "Open connections.", Int64(connectionsOpen))
        text.metric("bombyx_http_connections_total", .counter, "Connections accepted.", Int64(connectionsAccepted))
        text.metric("bombyx_http_connections_refused_total", .counter, "Refused ones.", Int64(connectionsRefused))
    }
}
