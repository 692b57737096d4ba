import Glibc
import Testing

@testable import Sockets

@Suite struct SocketsTests {
    @Test(
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1:8080"), ("localhost:1", "127.0.0.1:1"), (":80", "0.0.0.0:80"),
            ("*:65535", "0.0.0.0:65535"), ("[::1]:8443", "[::1]:8443"), ("[::]:0", "[::]:0"),
            ("[2001:db8::a]:443", "[2001:db8::a]:443"),
            ("", nil), ("127.0.0.1", nil), ("127.0.0.1:", nil), ("127.0.0.1:65536", nil), ("127.0.0.1:-1", nil),
            ("256.0.0.1:1", nil), ("::1:80", nil), ("[::1]", nil), ("[127.0.0.1]:1", nil), ("example.com:80", nil),
            ("127.0.0.1:+1", nil), ("127.0.0.1:8080 ", nil),
        ] as [(String, String?)]
    )
    func `An address is read as it is written, or not at all`(text: String, expected: String?) {
        #expect(SocketAddress(text)?.description == expected)
    }

    @Test func `A name is resolved, an address is taken as it is`() throws {
        #expect(try SocketAddress.resolve("10.1.2.3", port: 4) == [SocketAddress(.v4(0x0A01_0203), port: 4)])
        #expect(try SocketAddress.resolve("::1", port: 4) == [SocketAddress(.v6(1), port: 4)])
        #expect(try SocketAddress.resolve("localhost", port: 4).contains(.loopback(port: 4)))
    }

    @Test(arguments: ["127.0.0.1:0", "[::1]:0"]) func `A listener tells its port and takes connections`(
        text: String
    ) throws {
        let address = try #require(SocketAddress(text))
        let listener = try Listener(on: address)
        #expect(listener.address.port != 0)
        guard case .wouldBlock = try listener.accept() else {
            Issue.record("nobody waits yet")
            return
        }
        let client = try FileDescriptor(
            connectingTo: listener.address,
            deadline: MonotonicClock.milliseconds() + 10_000
        )
        switch try listener.accept() {
        case .connection(let server, let peer):
            #expect(peer.hostDescription == address.hostDescription)
            #expect(try server.send([7].span) == .bytes(1))
            #expect(try client.wait(for: .readable, deadline: MonotonicClock.milliseconds() + 10_000))
            var buffer: [UInt8] = [0, 0]
            var span = buffer.mutableSpan
            #expect(try client.read(into: &span) == .bytes(1))
            #expect(buffer == [7, 0])
        default: Issue.record("the client waits")
        }
    }

    @Test func `Listeners that join share a port and its connections, others are refused`() throws {
        let first = try Listener(on: .loopback(port: 0))
        let second = try Listener(on: first.address, joining: true)
        #expect(first.address == second.address)
        #expect(throws: SystemError(call: "bind \(first.address)", errno: EADDRINUSE)) {
            try Listener(on: first.address)
        }
        // Each connection goes to either with the same chance: all to one would be a chance of 2 in 2^100.
        var (atFirst, atSecond) = (0, 0)
        for _ in 0..<100 {
            let deadline = MonotonicClock.milliseconds() + 10_000
            _ = try FileDescriptor(connectingTo: first.address, deadline: deadline)
            if case .connection = try first.accept() { atFirst += 1 }
            if case .connection = try second.accept() { atSecond += 1 }
        }
        #expect(atFirst + atSecond == 100)
        #expect(atFirst > 0 && atSecond > 0)
    }

    @Test func `A listener that was stopped refuses`() throws {
        let listener = try Listener(on: .loopback(port: 0))
        listener.stop()
        #expect(throws: SystemError(call: "connect \(listener.address)", errno: ECONNREFUSED)) {
            let deadline = MonotonicClock.milliseconds() + 10_000
            _ = try FileDescriptor(connectingTo: listener.address, deadline: deadline)
        }
    }

    @Test func `A connection to nobody is refused with the address`() throws {
        let listener = try Listener(on: .loopback(port: 0))
        let address = listener.address
        _ = consume listener
        #expect(throws: SystemError(call: "connect \(address)", errno: ECONNREFUSED)) {
            _ = try FileDescriptor(connectingTo: address, deadline: MonotonicClock.milliseconds() + 10_000)
        }
    }

    @Test func `A closed descriptor is closed once, and an error names its reason`() {
        #expect(throws: SystemError.self) { _ = try FileDescriptor(owning: -1, from: "test") }
        #expect("\(SystemError(call: "bind 127.0.0.1:80", errno: EACCES))" == "bind 127.0.0.1:80: Permission denied")
    }

    @Test func `A thread runs its closure under its name`() throws {
        let name = Lock("")
        let thread = try Thread(named: "a name that is longer than fifteen bytes") {
            var text = [UInt8](repeating: 0, count: 64)
            let path = "/proc/thread-self/comm"
            guard let file = try? FileDescriptor(owning: unsafe open(path, O_RDONLY), from: path) else { return }
            var span = text.mutableSpan
            guard case .bytes(let count) = try? file.read(into: &span) else { return }
            name.withLock { $0 = String(decoding: text[..<count], as: UTF8.self) }
        }
        thread.join()
        #expect(name.withLock { $0 } == "a name that is \n")
    }

    @Test func `A peer that is gone is an error, not a signal`() throws {
        let pair = try SocketPair()
        pair.theirs.hangUp()
        #expect(throws: SystemError(call: "send", errno: EPIPE)) { _ = try pair.ours.send([1].span) }
    }
}
