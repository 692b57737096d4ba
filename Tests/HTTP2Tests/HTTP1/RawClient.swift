import Glibc
import Sockets
import TLS
import Testing

@testable import HTTP2

/// A client that sends bytes as they are, over TCP or TLS.
final class RawClient {
    private var socket: FileDescriptor?
    private let tls: TLSSession?
    private let deadline = MonotonicClock.milliseconds() + 20_000
    /// What the server sent.
    private(set) var received: [UInt8] = []
    /// The server ended the connection properly, not by a reset.
    private(set) var hasEnded = false

    /// Connects; `afterHello` is called when the first part of the handshake has been answered.
    init(to address: SocketAddress, tls context: TLSContext? = nil, afterHello: () throws -> Void = {}) throws {
        socket = try FileDescriptor(connectingTo: address, deadline: deadline)
        tls = try context.map { try TLSSession(connecting: $0, serverName: "localhost") }
        guard let tls else { return }
        while try !tls.handshake() {
            try sendCiphertext()
            guard let bytes = try read() else { throw HTTP2Error.connectionClosed }
            try afterHello()
            try tls.receive(bytes.span)
        }
        try sendCiphertext()
    }

    var text: String { String(decoding: received, as: UTF8.self) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        guard let tls else { return try sendAll(bytes) }
        if !bytes.isEmpty { try tls.write(bytes.span) }
        try sendCiphertext()
    }

    /// Sends one part through TLS and another past it, in one write.
    func send(_ bytes: [UInt8], thenInTheClear rest: [UInt8]) throws {
        var all: [UInt8] = []
        try tls?.write(bytes.span)
        tls?.takeCiphertext(into: &all)
        try sendAll(all + rest)
    }

    /// The same socket once more, for a thread that sends without TLS.
    func duplicate() throws -> SharedSocket {
        SharedSocket(try FileDescriptor(owning: dup(socket?.rawValue ?? -1), from: "dup"))
    }

    /// Ends this direction only.
    func endSending() throws {
        tls?.close()
        try sendCiphertext()
        try socket?.endSending()
    }

    /// Ends both, without a word of TLS.
    func close() { socket = nil }

    /// Reads until the server ends the connection; what it sent.
    @discardableResult
    func readToEnd() throws -> String {
        while let bytes = try read() { try take(bytes) }
        hasEnded = true
        return text
    }

    /// Reads until `isEnough`.
    func read(until isEnough: (String) -> Bool) throws {
        while !isEnough(text) {
            guard let bytes = try read() else { throw HTTP2Error.connectionClosed }
            try take(bytes)
        }
    }

    private func take(_ bytes: [UInt8]) throws {
        guard let tls else { return received += bytes }
        try tls.receive(bytes.span)
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            var span = buffer.mutableSpan
            guard case .bytes(let count) = try tls.read(into: &span) else { return }
            received += buffer[..<count]
        }
    }

    private func sendCiphertext() throws {
        var bytes: [UInt8] = []
        tls?.takeCiphertext(into: &bytes)
        try sendAll(bytes)
    }

    private func sendAll(_ bytes: [UInt8]) throws {
        var start = 0
        while start < bytes.count {
            switch try socket?.send(bytes.span.extracting(start..<bytes.count)) {
            case .bytes(let count): start += count
            case .wouldBlock:
                guard try socket?.wait(for: .writable, deadline: deadline) == true else { throw HTTP2Error.timedOut }
            case nil: return
            }
        }
    }

    /// `nil` at the end.
    private func read() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while try socket?.wait(for: .readable, deadline: deadline) == true {
            var span = buffer.mutableSpan
            switch try socket?.read(into: &span) {
            case .bytes(let count): return Array(buffer[..<count])
            case .wouldBlock: continue
            case .endOfFile, nil: return nil
            }
        }
        throw HTTP2Error.timedOut
    }
}

/// A socket that a thread may hold.
final class SharedSocket: Sendable {
    private let socket: FileDescriptor

    init(_ socket: consuming FileDescriptor) { self.socket = socket }

    func send(_ bytes: Span<UInt8>) throws -> WriteResult { try socket.send(bytes) }
}

/// An answer of HTTP/1.1, taken apart.
struct RawAnswer {
    let status: Int
    let head: String
    let body: String
    private let fields: [(name: String, value: String)]

    init(_ text: String) throws {
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "\(text.debugDescription)")
        head = String(parts[0])
        body = String(parts[1])
        let lines = parts[0].split(separator: "\r\n")
        let words = try #require(lines.first).split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        try #require(words.count == 3 && words[0] == "HTTP/1.1", "\(text.debugDescription)")
        status = try #require(Int(words[1]))
        fields = lines.dropFirst().map { line in
            let colon = line.firstRange(of: ": ")
            return (
                String(line[..<(colon?.lowerBound ?? line.endIndex)]),
                String(line[(colon?.upperBound ?? line.endIndex)...])
            )
        }
    }

    subscript(name: String) -> String? {
        let values = fields.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }
}

extension ServerFixture {
    /// A client that offers `protocols` by ALPN; none offers none.
    func connectRaw(overTLS: Bool = false, protocols: [String] = ["http/1.1"]) throws -> RawClient {
        let context = try overTLS ? TLSContext.client(authorityPath: certificatePath, protocols: protocols) : nil
        return try RawClient(to: overTLS ? server.tls[0] : server.cleartext[0], tls: context)
    }

    /// A client that speaks no TLS, also where the server expects it.
    func connectPlain(to address: SocketAddress) throws -> RawClient { try RawClient(to: address) }

    /// Sends a text, and gives what comes until the end.
    func ask(_ text: String, overTLS: Bool = false) throws -> RawAnswer {
        let client = try connectRaw(overTLS: overTLS)
        try client.send(text)
        return try RawAnswer(client.readToEnd())
    }
}

/// Tells what it heard: the method and the path, a line for each field, and the body.
final class MirrorService: Service {
    func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        if request.isBodyTooLarge { return _ = server.respond(to: stream, Response(status: 413)) }
        var lines: [String] = []
        for field in RequestField.allCases {
            guard let value = request.bytes(of: field) else { continue }
            lines.append("\(field.name)=\(String(decoding: value, as: UTF8.self))")
        }
        lines.append(String(decoding: request.body, as: UTF8.self))
        let text = Array(lines.joined(separator: "\n").utf8)
        server.respond(to: stream, Response(status: 200, contentType: "text/plain", body: text))
    }
}
