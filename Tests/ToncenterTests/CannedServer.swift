import Foundation
import Synchronization

/// What a client asked: bytes as they came.
struct CannedRequest: Sendable {
    /// Request line and headers.
    let head: String
    let body: [UInt8]

    /// `GET /path?x=y`.
    var line: String { String(head.prefix { $0 != "\r\n" }.split(separator: " ").prefix(2).joined(separator: " ")) }
}

/// A server that says what it is told to, well formed or not, one connection after the other.
final class CannedServer: Sendable {
    let port: UInt16
    private let socket: Int32
    private let asked = Mutex<[CannedRequest]>([])

    /// `answer` gives the bytes of an answer; `nil` says nothing until the client gives up.
    init(_ answer: @escaping @Sendable (CannedRequest) -> [UInt8]?) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (socket, given) = (socket, size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, given) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard status else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else {
                    // Not before: another socket could get the number.
                    close(socket)
                    return
                }
                serve(connection, answer)
                close(connection)
            }
        }
    }

    /// Ends the thread; its last connection with it.
    func stop() { _ = shutdown(socket, Int32(SHUT_RDWR)) }

    /// What was asked up to now.
    var requests: [CannedRequest] { asked.withLock { $0 } }

    /// An answer that closes its connection.
    static func http(_ status: Int, _ body: String, headers: String = "") -> [UInt8] {
        Array(
            "HTTP/1.1 \(status) X\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
                .utf8
        )
    }

    private func serve(_ connection: Int32, _ answer: (CannedRequest) -> [UInt8]?) {
        var received: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let place = received.firstRange(of: end) {
                let head = String(decoding: received[..<place.lowerBound], as: UTF8.self)
                let length = head.lowercased().firstRange(of: "content-length: ").map { range in
                    Int(head.lowercased()[range.upperBound...].prefix { $0.isNumber }) ?? 0
                }
                let body = Array(received[place.upperBound...])
                if body.count >= length ?? 0 {
                    let request = CannedRequest(head: head, body: body)
                    asked.withLock { $0.append(request) }
                    if let bytes = answer(request) {
                        _ = unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                        return
                    }
                }
            }
            var part = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe recv(connection, &part, part.count, 0)
            guard count > 0 else { return }
            received += part[..<count]
        }
    }
}
