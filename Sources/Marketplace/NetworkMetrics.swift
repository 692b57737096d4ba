internal import API
internal import HTTP2

extension ServerCounters {
    /// What the network did, for `/metrics`.
    func write(into text: inout MetricsText) {
        let counters: [(String, String, UInt64)] = [
            ("http_requests_total", "Requests heard.", requests),
            ("http_connections_total", "Connections accepted.", connectionsAccepted),
            ("tls_handshakes_failed_total", "TLS handshakes that failed.", handshakesFailed),
            ("http_received_bytes_total", "Bytes read from sockets.", bytesReceived),
            ("http_sent_bytes_total", "Bytes written to sockets.", bytesSent),
            ("http_streams_reset_total", "Streams reset for an error of the client.", streamsReset),
            ("http_streams_refused_total", "Streams refused, which may be sent again.", streamsRefused),
            ("http_streams_cancelled_total", "Streams that clients cancelled.", streamsCancelled),
        ]
        for (name, help, value) in counters { text.metric("bombyx_\(name)", .counter, help, Int64(clamping: value)) }
        let gauges: [(String, String, UInt64)] = [
            ("http_connections", "Open connections.", connectionsOpen),
            ("http_body_bytes", "Bytes of bodies that wait for their rest.", bodyBytesKept),
        ]
        for (name, help, value) in gauges { text.metric("bombyx_\(name)", .gauge, help, Int64(clamping: value)) }

        let refused = "bombyx_http_connections_refused_total"
        text.describe(refused, .counter, "Connections closed at once, by reason.")
        for reason in ConnectionRefusal.allCases {
            text.sample(refused, [("reason", reason.label)], Int64(clamping: self[reason]))
        }
        let ended = "bombyx_http_sessions_ended_total"
        text.describe(ended, .counter, "Connections that the server ended, by reason.")
        for reason in SessionEnd.allCases {
            text.sample(ended, [("reason", reason.label)], Int64(clamping: self[reason]))
        }
    }
}
