import Glibc
import Sockets
import Synchronization
import Testing

@testable import HTTP2

/// In which order a loop with much to read serves its connections.
@Suite struct CrowdTests {
    /// The paths of requests in the order in which they were heard; the first one is held up until the gate opens.
    private final class Record: Sendable {
        let isOpen = Atomic(false)
        let isHeld = Atomic(false)
        let paths = Lock<[String]>([])
    }

    private final class RecordingService: Service {
        private let record: Record

        init(_ record: Record) { self.record = record }

        func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
            let path = String(decoding: request.bytes(of: .path) ?? [], as: UTF8.self)
            record.paths.withLock { $0.append(path) }
            record.isHeld.store(true, ordering: .sequentiallyConsistent)
            while !record.isOpen.load(ordering: .sequentiallyConsistent) { usleep(1_000) }
            server.respond(to: stream, Response(status: 200, contentType: "text/plain", body: []))
        }
    }

    /// How many requests of a connection that sends a hundred come before the only one of another.
    private func requestsBefore(_ limits: ServerLimits) throws -> Int {
        let record = Record()
        let fixture = try ServerFixture(limits: limits) { _ in RecordingService(record) }
        defer { fixture.stop() }
        let (first, greedy, modest) = (try fixture.connect(), try fixture.connect(), try fixture.connect())
        fixture.wait { $0.connectionsOpen == 3 }
        try first.send(ClientRequest("GET", "/first"))
        while !record.isHeld.load(ordering: .sequentiallyConsistent) { usleep(1_000) }
        for _ in 0..<100 { try greedy.queue(ClientRequest("GET", "/greedy")) }
        greedy.wait(timeoutMilliseconds: 0)
        try modest.send(ClientRequest("GET", "/modest"))
        record.isOpen.store(true, ordering: .sequentiallyConsistent)
        for client in [first, greedy, modest] {
            while client.openCount > 0 {
                let answers = client.receive(timeoutMilliseconds: 10_000)
                try #require(!answers.isEmpty)
                for answer in answers { #expect(try answer.result.get().status == 200) }
            }
            client.close()
        }
        let paths = record.paths.withLock { $0 }
        #expect(paths.count == 102)
        return try #require(paths.firstIndex(of: "/modest")) - 1
    }

    @Test func `In a crowd whoever asks for little waits for some requests of the others, and not for all`() throws {
        var limits = ServerLimits()
        limits.readsPerTurnCalm = 0
        limits.readBytesCrowded = 512
        #expect(try requestsBefore(limits) < 60)
        limits.readsPerTurnCalm = 64
        #expect(try requestsBefore(limits) == 100, "where it is calm, what has come is read at once")
    }

    /// Answers in the same turn, but after all connections were read, as with what other threads have found out.
    private final class LateService: Service {
        private struct Late: Sendable {
            let stream: StreamReference
        }

        func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
            server.mailbox.post(Late(stream: stream))
        }

        func receive(_ message: any Sendable, on server: LoopServer) {
            guard let late = message as? Late else { return }
            server.respond(to: late.stream, Response(status: 200, contentType: "text/plain", body: []))
        }
    }

    @Test func `An answer to who waits for another turn goes out in it, though there is nothing more to read`() throws {
        var limits = ServerLimits()
        // After each byte there may be more, as far as the server knows.
        limits.readBytesPerTurn = 1
        let fixture = try ServerFixture(limits: limits) { _ in LateService() }
        defer { fixture.stop() }
        let client = try fixture.connect()
        defer { client.close() }
        // With the first one settings come and go; behind the others there is nothing.
        for _ in 0..<3 {
            try client.send(ClientRequest("GET", "/late"))
            let answers = client.receive(timeoutMilliseconds: 5_000)
            #expect(answers.count == 1)
            for answer in answers { #expect(try answer.result.get().status == 200) }
        }
    }
}
