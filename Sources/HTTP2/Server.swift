package import Sockets
package import TLS

/// What a ``Server`` listens on, and how.
package struct ServerConfiguration: Sendable {
    /// Where HTTP/1.1, and HTTP/2 by prior knowledge (RFC 9113, section 3.3), are spoken without TLS.
    package var cleartext: [SocketAddress]
    /// Where both are spoken over TLS, as ALPN chooses.
    package var tls: [SocketAddress]
    /// Certificate and key; needed if ``tls`` is not empty.
    package var certificate: ReloadableTLSContext?
    /// Threads, at least one; each has its own connections and its own service.
    package var loops: Int
    /// What clients are granted.
    package var limits: ServerLimits

    /// A configuration of these parts.
    package init(
        cleartext: [SocketAddress] = [],
        tls: [SocketAddress] = [],
        certificate: ReloadableTLSContext? = nil,
        loops: Int = 1,
        limits: ServerLimits = ServerLimits()
    ) {
        self.cleartext = cleartext
        self.tls = tls
        self.certificate = certificate
        self.loops = loops
        self.limits = limits
    }
}

/// A listener, and what is spoken there.
struct Endpoint: Sendable {
    let listener: Listener
    let tls: ReloadableTLSContext?
}

/// Tells a loop to drain.
struct Drain: Sendable {
    /// By ``MonotonicClock``, in milliseconds.
    let deadline: UInt64
}

/// A server of HTTP/2 and HTTP/1.1: some threads that share its ports. It runs from `init` until
/// ``drain(timeoutMilliseconds:)``, which must be called before it is dropped.
package final class Server: Sendable {
    /// Why a loop has ended too early, if it has.
    private final class Failure: Sendable {
        let reason = Lock<SystemError?>(nil)
    }

    /// One loop, as other threads see it.
    private struct LoopHandle: Sendable {
        let mailbox: Mailbox
        let counters: LoopCounters
        let thread: SharedThread
        let failure: Failure
    }

    private let loops: [LoopHandle]
    /// Where it listens without TLS, with the ports that the kernel chose.
    package let cleartext: [SocketAddress]
    /// Where it listens with TLS, with the ports that the kernel chose.
    package let tls: [SocketAddress]

    /// Binds, then starts the threads; `makeService` is called once on each.
    ///
    /// When it throws, nothing runs.
    package init(
        _ configuration: ServerConfiguration,
        makeService: @escaping @Sendable (LoopServer) -> any Service
    ) throws(SystemError) {
        precondition(configuration.loops > 0, "a server has at least one loop")
        precondition(configuration.tls.isEmpty || configuration.certificate != nil, "TLS needs a certificate")
        var cleartext = configuration.cleartext
        var tls = configuration.tls
        var endpoints: [[Endpoint]] = []
        for loop in 0..<configuration.loops {
            // The first loop finds the free ports, the others join it.
            let plain = try Self.listen(on: &cleartext, tls: nil, joining: loop > 0)
            let secure = try Self.listen(on: &tls, tls: configuration.certificate, joining: loop > 0)
            endpoints.append(plain + secure)
        }
        self.cleartext = cleartext
        self.tls = tls

        let addresses = AddressTable(configuration.limits)
        var loops: [LoopHandle] = []
        for (index, endpoints) in endpoints.enumerated() {
            do throws(SystemError) {
                loops.append(try Self.start(index, endpoints, configuration.limits, addresses, makeService))
            } catch {
                Self.stop(loops, deadline: 0)
                throw error
            }
        }
        self.loops = loops
    }

    private static func listen(
        on addresses: inout [SocketAddress],
        tls: ReloadableTLSContext?,
        joining: Bool
    ) throws(SystemError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for index in addresses.indices {
            let listener = try Listener(on: addresses[index], joining: joining)
            addresses[index] = listener.address
            endpoints.append(Endpoint(listener: listener, tls: tls))
        }
        return endpoints
    }

    private static func start(
        _ index: Int,
        _ endpoints: [Endpoint],
        _ limits: ServerLimits,
        _ addresses: AddressTable,
        _ makeService: @escaping @Sendable (LoopServer) -> any Service
    ) throws(SystemError) -> LoopHandle {
        let mailbox = try Mailbox()
        let counters = LoopCounters()
        let failure = Failure()
        let loop = try EventLoop(mailbox: mailbox)
        let thread = try SharedThread(named: "http2-\(index)") {
            let server = LoopServer(
                index: index,
                limits: limits,
                loop: loop,
                counters: counters,
                addresses: addresses
            )
            do throws(SystemError) {
                try server.run(endpoints, makeService: makeService)
            } catch {
                failure.reason.withLock { $0 = error }
            }
        }
        return LoopHandle(mailbox: mailbox, counters: counters, thread: thread, failure: failure)
    }

    @discardableResult
    private static func stop(_ loops: [LoopHandle], deadline: UInt64) -> SystemError? {
        for loop in loops {
            // A full mailbox empties within a turn.
            while !loop.mailbox.post(Drain(deadline: deadline)) { Thread.yield() }
        }
        for loop in loops { loop.thread.join() }
        return loops.compactMap { $0.failure.reason.withLock { $0 } }.first
    }

    /// How many loops there are.
    package var loopCount: Int { loops.count }

    /// Hands `message` to the service of one loop. Returns `false`, and drops it, if that loop is far behind.
    @discardableResult
    package func post(_ message: any Sendable, to loop: Int) -> Bool { loops[loop].mailbox.post(message) }

    /// Where a thread that outlives no server leaves its messages for one loop's service.
    package func mailbox(of loop: Int) -> Mailbox { loops[loop].mailbox }

    /// What all loops have done so far; from any thread.
    package var counters: ServerCounters { loops.reduce(ServerCounters()) { $0 + $1.counters.current } }

    /// Stops accepting, tells clients to go (GOAWAY), finishes the requests under way, writes their answers, and
    /// ends; what is not finished after `timeoutMilliseconds` is cut off. Returns when the threads have ended,
    /// with what went wrong in one of them, if anything did.
    ///
    /// The services go on receiving messages meanwhile, so that late answers arrive.
    @discardableResult
    package func drain(timeoutMilliseconds: UInt64) -> SystemError? {
        Self.stop(loops, deadline: MonotonicClock.milliseconds() + timeoutMilliseconds)
    }
}
