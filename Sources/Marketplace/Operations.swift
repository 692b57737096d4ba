internal import API
package import HTTP2
internal import JSON
internal import Sockets
internal import Synchronization
internal import Units

/// What the server says of itself.
extension Marketplace {
    func answer(_ operation: Operation, requestID: UInt64) -> APIResponse {
        switch operation {
        case .readiness: return readiness(requestID)
        case .metrics:
            var text = MetricsText()
            let moment = Metrics.Moment(
                projected: progress.sequence,
                published: published.book.asOf,
                engineWaiting: inbox.waitingItems,
                readersWaiting: readers.waitingJobs,
                isReady: currentStatus == .ready
            )
            metrics.write(into: &text, at: moment)
            (network.withLock { $0 }?.counters ?? ServerCounters()).write(into: &text)
            return text.response
        }
    }

    /// 200 while commands are taken, and where the exchange stands; else 503, and why.
    private func readiness(_ requestID: UInt64) -> APIResponse {
        let reason: String
        switch currentStatus {
        case .ready: return standing
        case .starting: reason = "The exchange is starting."
        case .rebuilding(let failure): reason = "The exchange rebuilds its state from the database: \(failure)."
        case .stopping: reason = "The exchange is stopping."
        case .failed(let failure): reason = "The exchange cannot go on: \(failure)."
        }
        return Problem(.notReady, reason, retryAfterSeconds: 1).response(requestID: requestID)
    }

    private var standing: APIResponse {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("status", word: "ready")
        writer.member("sequence", metrics.durableSequence.rawValue)
        writer.member("batch", metrics.durableBatch)
        writer.member("projected_sequence", progress.sequence.rawValue)
        let lag = max(0, metrics.durableSequence.rawValue - progress.sequence.rawValue)
        writer.member("projection_lag_sequence", lag)
        writer.endObject()
        return APIResponse(status: 200, body: writer.finish())
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
        text.metric(
            "bombyx_tls_handshakes_failed_total",
            .counter,
            "TLS handshakes that failed.",
            Int64(handshakesFailed)
        )
        text.metric("bombyx_http_received_bytes_total", .counter, "Bytes read from sockets.", Int64(bytesReceived))
        text.metric("bombyx_http_sent_bytes_total", .counter, "Bytes written to sockets.", Int64(bytesSent))
    }
}
