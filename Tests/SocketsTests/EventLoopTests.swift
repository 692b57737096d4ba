import Glibc
import Testing

@testable import Sockets

@Suite struct EventLoopTests {
    @Test func `Messages of another thread come in order, before the turn ends`() throws {
        let mailbox = try Mailbox()
        let owner = Recorder(stoppingAfter: 3)
        for number in 1...3 { #expect(mailbox.post(number)) }
        try owner.run(mailbox)
        #expect(owner.heard == ["message 1", "message 2", "message 3", "end"])
    }

    @Test func `Messages of many threads all arrive, those of one thread in order`() throws {
        let mailbox = try Mailbox(capacity: 1_000_000)
        let threadsCount = 4
        let messagesPerThread = 20_000
        let threads = try (0..<threadsCount).map { thread in
            try SharedThread(named: "poster-\(thread)") {
                for number in 0..<messagesPerThread { mailbox.post(thread * messagesPerThread + number) }
            }
        }
        let owner = Counter(stoppingAfter: threadsCount * messagesPerThread)
        let loop = try EventLoop(mailbox: mailbox)
        owner.loop = loop
        try loop.run(for: owner)
        for thread in threads { thread.join() }
        for thread in 0..<threadsCount {
            let own = owner.numbers.filter { $0 / messagesPerThread == thread }
            #expect(own == Array(thread * messagesPerThread..<(thread + 1) * messagesPerThread))
        }
    }

    @Test func `A full mailbox refuses, so that the caller can say it is busy`() throws {
        let mailbox = try Mailbox(capacity: 2)
        #expect(mailbox.post(1))
        #expect(mailbox.post(2))
        #expect(!mailbox.post(3))
    }

    @Test func `A handler is told what arrives, and that the peer hung up`() throws {
        let pair = try SocketPair()
        let mailbox = try Mailbox()
        let owner = Recorder(stoppingAfter: .max)
        let loop = try EventLoop(mailbox: mailbox)
        let reader = Reader(pair.ours) { if $0 == nil { loop.stop() } }
        _ = try loop.register(reader, fileDescriptor: reader.socket.rawValue)
        #expect(try pair.theirs.send([1, 2, 3].span) == .bytes(3))
        pair.theirs.hangUp()
        try loop.run(for: owner)
        #expect(reader.received == [1, 2, 3])
    }

    @Test func `A late event of a descriptor that was closed reaches nobody`() throws {
        // Both become readable in one turn; the first to be told closes the other, and registers a successor,
        // which gets its slot.
        let (first, second, third) = (try SocketPair(), try SocketPair(), try SocketPair())
        let loop = try EventLoop(mailbox: try Mailbox())
        let owner = Recorder(stoppingAfter: .max)
        var registrations: [EventLoop.Registration] = []
        var told: [Int] = []
        let successor = Told { told.append(3) }
        for (index, pair) in [first, second].enumerated() {
            let handler = Told {
                told.append(index)
                loop.deregister(registrations[1 - index])
                _ = try? loop.register(successor, fileDescriptor: third.ours.rawValue, for: .readable)
                owner.stopsAfterTurn = true
            }
            registrations.append(try loop.register(handler, fileDescriptor: pair.ours.rawValue, for: .readable))
            _ = try pair.theirs.send([1].span)
        }
        owner.loop = loop
        try loop.run(for: owner)
        #expect(told.count == 1, "one of the first two, and not the successor")
    }

    @Test func `A handler that asks is called again, without a wait`() throws {
        let pair = try SocketPair()
        let loop = try EventLoop(mailbox: try Mailbox())
        let owner = Recorder(stoppingAfter: .max)
        owner.loop = loop
        var calls = 0
        var registration: EventLoop.Registration?
        let handler = Told {
            calls += 1
            if calls < 5, let registration { loop.callAgain(registration, .readable) } else { loop.stop() }
        }
        registration = try loop.register(handler, fileDescriptor: pair.ours.rawValue, for: .readable)
        _ = try pair.theirs.send([1].span)
        try loop.run(for: owner)
        #expect(calls == 5)
    }

    /// Twenty descriptors that ask for another turn each time, and take two milliseconds each.
    private func runBusy(
        until end: @escaping (Int) -> Bool,
        _ called: @escaping (Int, EventLoop) -> Void
    ) throws {
        let pairs = try (0..<20).map { _ in try SocketPair() }
        let loop = try EventLoop(mailbox: try Mailbox())
        let owner = Recorder(stoppingAfter: .max)
        owner.loop = loop
        var registrations: [EventLoop.Registration] = []
        var calls = 0
        for (index, pair) in pairs.enumerated() {
            let handler = Told {
                usleep(2_000)
                calls += 1
                called(index, loop)
                loop.callAgain(registrations[index], .readable)
                if end(calls) { loop.stop() }
            }
            registrations.append(
                try loop.register(handler, fileDescriptor: pair.ours.rawValue, for: [.readable, .writable])
            )
            _ = try pair.theirs.send([1].span)
        }
        try loop.run(for: owner)
    }

    @Test func `What has just come does not wait for all that ask again and again`() throws {
        let modest = try SocketPair()
        var callsSince = 0
        var callsBefore: Int?
        var calls = 0
        var registration: EventLoop.Registration?
        try runBusy(until: { $0 == 200 || callsBefore != nil }) { _, loop in
            calls += 1
            if registration == nil {
                let handler = Told { callsBefore = callsSince }
                registration = try? loop.register(handler, fileDescriptor: modest.ours.rawValue, for: .readable)
            }
            if calls == 50 { _ = try? modest.theirs.send([1].span) }
            if calls > 50 { callsSince += 1 }
        }
        // Each of them takes half of what a turn gives to all of them.
        #expect(try #require(callsBefore) <= 2, "of twenty")
    }

    @Test func `A flood of what has just come takes no more than half of a turn from those that ask again`() throws {
        let flood = try (0..<20).map { _ in try SocketPair() }
        var (floodCalls, busyCalls) = (0, 0)
        var isFlooded = false
        try runBusy(until: { _ in floodCalls >= 200 }) { _, loop in
            if !isFlooded {
                isFlooded = true
                for pair in flood {
                    // Each time it is heard, it says something more.
                    let handler = Told {
                        usleep(2_000)
                        floodCalls += 1
                        _ = try? pair.theirs.send([1].span)
                    }
                    _ = try? loop.register(handler, fileDescriptor: pair.ours.rawValue, for: .readable)
                    _ = try? pair.theirs.send([1].span)
                }
            }
            if floodCalls > 0 { busyCalls += 1 }
        }
        #expect(busyCalls > floodCalls / 3, "\(busyCalls) calls beside \(floodCalls)")
    }

    @Test func `Those that ask again are called in turns, however often the kernel speaks of them`() throws {
        var order: [Int] = []
        let chatty = try SocketPair()
        try runBusy(until: { $0 == 100 }) { index, _ in order.append(index) }
        for round in 0..<5 { #expect(order[round * 20..<round * 20 + 20].elementsEqual(0..<20), "round \(round)") }

        var calls = 0
        let loop = try EventLoop(mailbox: try Mailbox())
        let owner = Recorder(stoppingAfter: .max)
        owner.loop = loop
        var registration: EventLoop.Registration?
        let handler = Told {
            calls += 1
            _ = try? chatty.theirs.send([1].span)
            if let registration, calls < 5 {
                loop.callAgain(registration, .readable)
                loop.callAgain(registration, .readable)
            }
            owner.stopsAfterTurn = calls == 5
        }
        registration = try loop.register(handler, fileDescriptor: chatty.ours.rawValue, for: .readable)
        _ = try chatty.theirs.send([1].span)
        try loop.run(for: owner)
        #expect(calls == 5)
        #expect(owner.heard.filter { $0 == "end" }.count == 5, "once in each turn")
    }

    @Test func `Who is gone is not called again, nor who got its place`() throws {
        let (pair, other) = (try SocketPair(), try SocketPair())
        let loop = try EventLoop(mailbox: try Mailbox())
        let owner = Recorder(stoppingAfter: .max)
        owner.loop = loop
        var registration: EventLoop.Registration?
        var calls = 0
        let handler = Told {
            calls += 1
            guard let gone = registration else { return }
            loop.callAgain(gone, .readable)
            loop.deregister(gone)
            loop.callAgain(gone, .readable)
            _ = try? loop.register(Told { calls += 100 }, fileDescriptor: other.ours.rawValue, for: .readable)
            #expect(loop.postponedCount == 1)
            loop.doNotWait()
        }
        registration = try loop.register(handler, fileDescriptor: pair.ours.rawValue, for: .readable)
        _ = try pair.theirs.send([1].span)
        owner.turnsMax = 3
        try loop.run(for: owner)
        #expect(calls == 1)
        #expect(loop.postponedCount == 0)
    }

    @Test func `Ticks come while something is registered`() throws {
        let pair = try SocketPair()
        let loop = try EventLoop(mailbox: try Mailbox())
        loop.tickMilliseconds = 1
        let owner = Recorder(stoppingAfter: .max)
        owner.loop = loop
        owner.ticksMax = 3
        _ = try loop.register(Told {}, fileDescriptor: pair.ours.rawValue, for: .readable)
        try loop.run(for: owner)
        #expect(owner.heard.filter { $0 == "tick" }.count == 3)
    }
}

/// Writes down what it is told, and stops the loop after some messages.
private final class Recorder: EventLoop.Owner {
    var heard: [String] = []
    var loop: EventLoop?
    var stopsAfterTurn = false
    var ticksMax = Int.max
    var turnsMax = Int.max
    private var messagesLeft: Int

    init(stoppingAfter messages: Int) { messagesLeft = messages }

    func run(_ mailbox: Mailbox) throws {
        let loop = try EventLoop(mailbox: mailbox)
        self.loop = loop
        try loop.run(for: self)
    }

    func receive(_ message: any Sendable) {
        heard.append("message \(message)")
        messagesLeft -= 1
        if messagesLeft == 0 { loop?.stop() }
    }

    func endTurn() {
        heard.append("end")
        turnsMax -= 1
        if stopsAfterTurn || turnsMax == 0 { loop?.stop() }
        if turnsMax < .max / 2 { loop?.doNotWait() }
    }

    func tick() {
        heard.append("tick")
        ticksMax -= 1
        if ticksMax == 0 { loop?.stop() }
    }
}

/// Collects numbers.
private final class Counter: EventLoop.Owner {
    var numbers: [Int] = []
    var loop: EventLoop?
    private let last: Int

    init(stoppingAfter count: Int) { last = count }

    func receive(_ message: any Sendable) {
        if let number = message as? Int { numbers.append(number) }
        if numbers.count == last { loop?.stop() }
    }

    func endTurn() {}
    func tick() {}
}

/// Calls a closure.
private final class Told: EventLoop.Handler {
    private let tell: () -> Void
    init(_ tell: @escaping () -> Void) { self.tell = tell }
    func becameReady(_ readiness: EventLoop.Readiness) { tell() }
}

/// Keeps what it reads.
private final class Reader: EventLoop.Handler {
    let socket: Descriptor
    private(set) var received: [UInt8] = []
    private let onRead: (Int?) -> Void

    init(_ socket: Descriptor, onRead: @escaping (Int?) -> Void) {
        self.socket = socket
        self.onRead = onRead
    }

    func becameReady(_ readiness: EventLoop.Readiness) {
        var buffer = [UInt8](repeating: 0, count: 2)
        while true {
            var span = buffer.mutableSpan
            switch try? socket.read(into: &span) {
            case .bytes(let count):
                received += buffer[..<count]
                onRead(count)
            case .wouldBlock: return
            case .endOfFile, nil: return onRead(nil)
            }
        }
    }
}
