internal import Attacks
internal import HTTP2
internal import Sockets
internal import TLS

/// Where attacks arrive.
struct AttackedServer {
    let cleartext: Endpoint
    let tls: Endpoint

    init(_ facts: RunningFacts) throws {
        guard let http = facts.http, let https = facts.https else {
            throw CommandFailure("the server does not listen as it should")
        }
        cleartext = try Endpoint(url: "http://" + Endpoint.reachable(http), certificate: nil)
        tls = try Endpoint(url: "https://" + Endpoint.reachable(https), certificate: facts.certificate)
    }

    func open(_ door: Attack.Door) throws(HTTP2Error) -> ClientTransport {
        let endpoint = door == .cleartext ? cleartext : tls
        return try ClientTransport(
            to: endpoint.address,
            tls: door == .tls ? endpoint.tls : nil,
            serverName: endpoint.address.hostDescription,
            deadline: MonotonicClock.milliseconds() + Self.patienceMilliseconds
        )
    }

    /// A server that is flooded may let a newcomer wait.
    private static let patienceMilliseconds: UInt64 = 10_000
}

/// One connection of an attack, on a thread that carries out many of them in turns: nothing here waits.
struct Attacker {
    private let attack: Attack
    private let server: AttackedServer
    private let door: Attack.Door
    private var transport: ClientTransport?
    private var number: UInt32 = 0
    private var due: UInt64 = 0
    private var scanner = EndScanner()
    private(set) var tally = Tally()

    /// What has happened to connections.
    struct Tally {
        var opened = 0
        /// By the server.
        var ended = 0
        /// That the server did not let in.
        var refused = 0
        var bytes: Int64 = 0

        static func + (left: Tally, right: Tally) -> Tally {
            Tally(
                opened: left.opened + right.opened,
                ended: left.ended + right.ended,
                refused: left.refused + right.refused,
                bytes: left.bytes + right.bytes
            )
        }
    }

    private static let bytesOfTurn = 32_768
    private static let readsOfTurn = 16
    private static let dripMilliseconds: UInt64 = 1_000

    init(_ attack: Attack, _ server: AttackedServer, _ door: Attack.Door) {
        self.attack = attack
        self.server = server
        self.door = door
    }

    /// Whether it has a connection.
    var isOpen: Bool { transport != nil }

    /// Opens a connection and says what comes first.
    mutating func open() {
        do {
            let transport = try server.open(door)
            tally.opened += 1
            (number, due, scanner) = (0, MonotonicClock.milliseconds() + Self.dripMilliseconds, EndScanner())
            self.transport = transport
            say(attack.opening, to: transport)
            if attack.pace == .never { close() }
        } catch {
            tally.refused += 1
        }
    }

    mutating func close() {
        transport?.close()
        transport = nil
    }

    /// Says what is due, if the kernel takes it, and takes what there is. Whether anything was said.
    mutating func turn() -> Bool {
        guard let transport else { return false }
        let bytes = tally.bytes
        if transport.unsentByteCount > 0 { say([], to: transport) }
        if transport.unsentByteCount == 0 { say(dueBytes(), to: transport) }
        if attack.reads { read(from: transport) }
        if transport.hasFailedToSend { end() }
        return tally.bytes > bytes
    }

    private mutating func dueBytes() -> [UInt8] {
        var bytes: [UInt8] = []
        switch attack.pace {
        case .never: break
        case .everySecond:
            guard due <= MonotonicClock.milliseconds() else { break }
            due += Self.dripMilliseconds
            bytes = attack.next(number)
            number += 1
        case .atOnce:
            while bytes.count < Self.bytesOfTurn {
                let more = attack.next(number)
                // Who has said all and is to be told so waits for that.
                if more.isEmpty { break }
                bytes += more
                number += 1
            }
        }
        return bytes
    }

    private mutating func say(_ bytes: [UInt8], to transport: ClientTransport) {
        do {
            try transport.send(bytes)
            tally.bytes += Int64(bytes.count)
        } catch {
            end()
        }
    }

    private mutating func read(from transport: ClientTransport) {
        for _ in 0..<Self.readsOfTurn where isOpen {
            switch try? transport.receive(deadline: MonotonicClock.milliseconds()) {
            case .bytes(let bytes):
                if attack.speaksHTTP2, attack.pace == .everySecond { scanner.take(bytes) }
                if scanner.hasEnd { end() }
            case .timedOut: return
            case .endOfFile, nil: end()
            }
        }
    }

    private mutating func end() {
        guard isOpen else { return }
        tally.ended += 1
        close()
    }
}
