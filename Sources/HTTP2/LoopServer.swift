package import Sockets
internal import TLS

/// One loop of a ``Server``: its thread, its connections, its service.
package final class LoopServer: EventLoop.Owner {
    /// Which of the server's loops this is, from 0.
    package let index: Int
    /// What clients are granted.
    package let limits: ServerLimits
    let loop: EventLoop
    /// Where other threads leave messages for this loop's service.
    package var mailbox: Mailbox { loop.mailbox }
    private(set) var service: (any Service)?
    private let pool = StreamPool()
    private let published: LoopCounters
    private let addresses: AddressTable
    var counters = ServerCounters()

    private var acceptors: [Acceptor] = []
    private var connections: [Connection?] = []
    private var generations: [UInt32] = []
    private var peers: [SocketAddress] = []
    private var freeSlots: [UInt32] = []
    private var dirty: [Connection] = []
    private var flushing: [Connection] = []
    /// Answers that went on and have ended, until the service has been told.
    private var ended: [StreamReference] = []
    private var drainDeadline: UInt64?
    private var hasRefusedNewStreams = false
    /// Connections that were read in this turn, and whether there were many in the last one, with those that wait.
    private var reads = 0
    private var wasCrowded = false
    /// Connections that ask for much while many do, in the order in which they came.
    private var line: [Connection] = []

    // Shared by the loop's connections, which use them one after the other.
    private let wholeInput: SharedBuffer
    private let partialInput: SharedBuffer
    /// What a crowded loop reads from one connection that has not waited in line.
    let readBytesCrowded: Int
    let plaintext = SharedBuffer(count: TLSSession.chunkBytes)
    var output: [UInt8] = []
    var plainOutput: [UInt8] = []

    /// The time between two looks at the connections of a server that drains.
    private static let drainTickMilliseconds: UInt64 = 20

    init(index: Int, limits: ServerLimits, loop: EventLoop, counters: LoopCounters, addresses: AddressTable) {
        self.index = index
        self.addresses = addresses
        self.limits = limits
        self.loop = loop
        published = counters
        wholeInput = SharedBuffer(count: limits.readBytesPerTurn)
        readBytesCrowded = min(limits.readBytesCrowded, limits.readBytesPerTurn)
        partialInput = SharedBuffer(count: readBytesCrowded)
    }

    /// Runs until the server is told to drain and has drained.
    func run(_ endpoints: [Endpoint], makeService: (LoopServer) -> any Service) throws(SystemError) {
        service = makeService(self)
        for endpoint in endpoints {
            let acceptor = Acceptor(endpoint, on: self)
            acceptor.registration = try loop.register(
                acceptor,
                fileDescriptor: endpoint.listener.fileDescriptor,
                for: .readable
            )
            acceptors.append(acceptor)
        }
        try loop.run(for: self)
        service = nil
    }

    /// Answers a request. Returns `false`, and drops the answer, if the request is gone or was answered.
    ///
    /// Only on the loop's thread; other threads send the service a message.
    @discardableResult
    package func respond(to stream: StreamReference, _ response: consuming Response) -> Bool {
        guard let connection = connection(of: stream) else { return false }
        let isOpen = connection.session.respond(response, on: stream.id)
        if isOpen { markDirty(connection) }
        return isOpen
    }

    /// The client still waits for the answer.
    package func isOpen(_ stream: StreamReference) -> Bool {
        connection(of: stream)?.session.isOpen(stream.id) ?? false
    }

    func connection(of stream: StreamReference) -> Connection? {
        let slot = Int(stream.slot)
        guard stream.loop == index, slot < generations.count, generations[slot] == stream.generation else { return nil }
        return connections[slot]
    }
}

// What the loop calls.
extension LoopServer {
    package func receive(_ message: any Sendable) {
        if let drain = message as? Drain { return beginDrain(deadline: drain.deadline) }
        service?.receive(message, on: self)
    }

    package func endTurn() {
        wasCrowded = reads + loop.postponedCount + line.count > limits.readsPerTurnCalm
        reads = 0
        serveLine()
        pool.date.update()
        tellEnded()
        service?.endTurn(on: self)
        flushDirty()
    }

    /// Reads from those in line, for a slice of time, while the service needs more. Each is read as far as a calm loop
    /// would: it has waited for all the others, and what it needs is in the processor's caches now.
    private func serveLine() {
        guard !line.isEmpty else { return }
        let end = MonotonicClock.nanoseconds() + EventLoop.postponedNanoseconds
        var served = 0
        while served < line.count, !isFull, served == 0 || MonotonicClock.nanoseconds() < end {
            served += 1
            line[served - 1].readInLine()
        }
        line.removeFirst(served)
        if !line.isEmpty, !isFull { loop.doNotWait() }
    }

    private func tellEnded() {
        while !ended.isEmpty {
            let told = ended
            ended = []
            for stream in told { service?.ended(stream, on: self) }
        }
    }

    private func flushDirty() {
        // A flush may make another connection dirty; it is flushed in the next turn, which then does not wait.
        swap(&dirty, &flushing)
        for connection in flushing {
            connection.isDirty = false
            if connection.isPostponed { connection.flushesInItsTurn = true } else { connection.flush() }
        }
        flushing.removeAll(keepingCapacity: true)
        counters.bodyBytesKept = UInt64(pool.bodyBytesKept)
        published.publish(counters)
        if drainDeadline != nil, counters.connectionsOpen == 0 { loop.stop() }
    }

    package func tick() {
        let now = loop.now
        for connection in connections { connection?.checkTime(now, limits) }
        // After the process ran out of descriptors no readiness comes for those who waited then.
        for acceptor in acceptors { acceptor.becameReady(.readable) }
        if let drainDeadline { goOnDraining(now, deadline: drainDeadline) } else { service?.tick(on: self) }
        flushDirty()
    }

    private func beginDrain(deadline: UInt64) {
        guard drainDeadline == nil else { return }
        drainDeadline = deadline
        for acceptor in acceptors { acceptor.stop() }
        acceptors.removeAll()
        for connection in connections { connection?.announceShutdown() }
        service?.beginDrain(on: self)
        loop.tickMilliseconds = Self.drainTickMilliseconds
    }

    /// The client had a moment to hear that the server goes away; then new streams are refused, the open ones
    /// are finished, and at the deadline the rest is cut off.
    private func goOnDraining(_ now: UInt64, deadline: UInt64) {
        if now >= deadline {
            for connection in connections { connection?.close() }
        } else if !hasRefusedNewStreams {
            hasRefusedNewStreams = true
            for connection in connections { connection?.refuseNewStreams() }
        }
    }
}

// What connections and acceptors call.
extension LoopServer {
    func accept(_ socket: consuming FileDescriptor, from peer: SocketAddress, tls context: ReloadableTLSContext?) {
        counters.connectionsAccepted &+= 1
        if let refusal = addresses.admit(peer) {
            counters[refusal] &+= 1
            return
        }
        let slot = freeSlots.popLast() ?? UInt32(connections.count)
        if Int(slot) == connections.count {
            connections.append(nil)
            generations.append(0)
            peers.append(peer)
        }
        peers[Int(slot)] = peer
        do {
            let tls = try context.map { context in try TLSSession(accepting: context.current) }
            let connection = try Connection(
                consume socket,
                session: Conversation(limits: limits, pool: pool, peer: peer, isTLS: context != nil),
                tls: tls,
                slot: slot,
                generation: generations[Int(slot)],
                on: self
            )
            connections[Int(slot)] = connection
            counters.connectionsOpen += 1
        } catch {
            freeSlots.append(slot)
            addresses.release(peer)
            counters[.failure] &+= 1
        }
    }

    func forget(_ connection: Connection) {
        let slot = Int(connection.slot)
        connections[slot] = nil
        generations[slot] &+= 1
        freeSlots.append(connection.slot)
        addresses.release(peers[slot])
        counters.connectionsOpen -= 1
    }

    /// The service is told at the end of the turn, when nobody is in the middle of something.
    func noteEnded(_ stream: StreamReference) {
        ended.append(stream)
        loop.doNotWait()
    }

    /// More requests wait for answers than the service needs to be busy.
    private var isFull: Bool { pool.waitingCount >= limits.waitingRequestsCalm }

    private var isCrowded: Bool { wasCrowded || reads > limits.readsPerTurnCalm }

    /// Whoever asks for much has to wait in line.
    var hasLine: Bool { isFull || isCrowded }

    func lineUp(_ connection: Connection) {
        line.append(connection)
        if !isFull { loop.doNotWait() }
    }

    /// What the next connection is read into: the smaller, the more are waiting, unless it has waited.
    func nextInput(hasWaited: Bool) -> SharedBuffer {
        reads += 1
        return isCrowded && !hasWaited ? partialInput : wholeInput
    }

    func markDirty(_ connection: Connection) {
        if connection.isDirty { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    /// Flushes in the next turn, which then does not wait.
    func flushAgain(_ connection: Connection) {
        markDirty(connection)
        loop.doNotWait()
    }
}

/// A buffer that a loop's connections use one after the other. It is lent by value, so nobody can use it twice.
final class SharedBuffer {
    private var bytes: [UInt8]

    init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

    func lend() -> [UInt8] {
        var lent: [UInt8] = []
        swap(&lent, &bytes)
        return lent
    }

    func giveBack(_ lent: consuming [UInt8]) { bytes = lent }
}
