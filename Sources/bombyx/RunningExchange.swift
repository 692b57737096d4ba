internal import API
internal import Cryptography
internal import Engine
internal import Foundation
internal import HTTP2
internal import Log
internal import Marketplace
internal import Postgres
internal import Sockets
internal import Store
internal import TLS
internal import Units

/// All parts of a running server, started in order and stopped in the reverse one.
final class RunningExchange {
    private let log: EventLog
    private let cluster: EmbeddedCluster?
    private let marketplace: Marketplace
    private var threads: Marketplace.Running?
    private let server: Server
    private let certificate: ReloadableTLSContext?
    private let chain: EmbeddedChain?
    private let state: StateFolder
    private let drainTimeoutMilliseconds: UInt64
    private let started: Instant
    /// Where this server is has been written down and said.
    private var isAnnounced = false
    private var restartPolicy = RestartPolicy()
    private var clusterStarted = ContinuousClock.now
    /// When a cluster that has died will be started again.
    private var clusterRestart: ContinuousClock.Instant?

    init(_ options: Serve, _ log: EventLog) throws {
        self.log = log
        started = Instant.now
        let lock = try StateLock(folder: options.stateDir)
        state = StateFolder(path: lock.folder)
        drainTimeoutMilliseconds = UInt64(options.drainTimeout) * 1_000
        // Before the database: a wrong path should not cost a cluster.
        certificate = try Self.certificate(options, in: state)
        let database: String
        if let external = ProcessInfo.processInfo.environment["DATABASE_URL"], !external.isEmpty {
            cluster = nil
            database = external
            try Self.requireCurrentSchema(external)
            // The lock lives as long as the process.
            state.keep(lock)
        } else {
            let cluster = try EmbeddedCluster(lock)
            self.cluster = cluster
            if let notice = cluster.notice { log.write(.warning, "cluster", notice) }
            database = cluster.connectionString(.server)
            try Self.migrate(cluster, log)
            let milliseconds = Instant.now.microseconds(since: started) / 1_000
            let text = "PostgreSQL is ready in \(cluster.place.folder) after \(milliseconds) ms"
            log.write(.info, "database_ready", text, [.init("milliseconds", milliseconds)])
        }
        var configuration = Marketplace.Configuration(
            database: database,
            holder: try state.holder(),
            loops: options.loops,
            events: log
        )
        configuration.streams = options.streamLimits
        configuration.checkpointBatches = options.checkpointBatches
        if let waitingMax = options.waitingMax { configuration.waitingMax = waitingMax }
        configuration.pages = Pages(reference: try DataFolder.reference(options.dataDir))
        configuration.rateLimit = Int64(options.rateLimit).flatMap { RateLimit($0) }
        configuration.login = try options.logins.settings()
        configuration.network = options.logins.network
        chain = try options.settlement.localChain(file: state.chainPath)
        configuration.settlement = try options.settlement.settings(options.logins.chainNetwork, chain)
        configuration.loginLimit = options.logins.limit
        configuration.verifiers = options.loops
        configuration.signing = SigningKeyring(try SigningFolder(path: state.signingPath).load())
        marketplace = Marketplace(configuration)
        // The network first: who takes the leadership says where its clients reach it.
        server = try Self.listen(options, certificate: certificate, for: marketplace)
        marketplace.attach(server)
        do {
            let address = options.advertise ?? Self.address(of: server)
            threads = try marketplace.start(address: address) { [state] in try state.makeOperatorKey() }
        } catch {
            server.drain(timeoutMilliseconds: 0)
            throw error
        }
    }

    /// The first address at which it listens.
    private static func address(of server: Server) -> String {
        server.cleartext.first.map { "http://\($0)" } ?? server.tls.first.map { "https://\($0)" } ?? ""
    }

    private static func migrate(_ cluster: EmbeddedCluster, _ log: EventLog) throws {
        let connection = try Connection(cluster.connectionString(.owner))
        let done = try Schema.migrate(connection)
        if let last = done.last { log.write(.info, "migrated", "migrated to \(last.name)", [.init("name", last.name)]) }
    }

    private static func requireCurrentSchema(_ database: String) throws {
        let pending = try Schema.plan(try Connection(database))
        guard pending.isEmpty else {
            throw ServeError("the database lacks \(pending.count) migrations; run `bombyx migrate` first")
        }
    }

    private static func certificate(_ options: Serve, in state: StateFolder) throws -> ReloadableTLSContext? {
        guard options.tlsListen != "off" else { return nil }
        if let certificate = options.tlsCert, let key = options.tlsKey {
            do {
                return try ReloadableTLSContext(certificatePath: certificate, keyPath: key)
            } catch {
                throw ServeError("--tls-cert and --tls-key: \(error)")
            }
        }
        try SelfSignedCertificate.makeIfMissing(
            certificatePath: state.certificatePath,
            keyPath: state.certificateKeyPath
        )
        return try ReloadableTLSContext(certificatePath: state.certificatePath, keyPath: state.certificateKeyPath)
    }

    /// Clients may take all descriptors but those that the server itself needs: also in a rush it must be able to
    /// connect to its database again.
    private static func allowance(_ options: Serve) throws -> ConnectionAllowance {
        let needed = descriptorsReserved + descriptorsPerLoopReserved * options.loops
        let places = DescriptorLimit.current - needed
        let allowance = ConnectionAllowance(
            total: options.connections,
            perAddress: options.connectionsPerAddress,
            places: places
        )
        guard let allowance else {
            throw ServeError("--connections \(options.connections ?? 0): raise `ulimit -n`, which allows \(places)")
        }
        return allowance
    }

    /// For the database's sessions, each of which may be made anew before the old one is gone, logs, locks and files
    /// that are open for a moment.
    private static let descriptorsReserved = 48
    /// For a loop's epoll, its wake-up, its listeners and their spares.
    private static let descriptorsPerLoopReserved = 8

    private static func listen(
        _ options: Serve,
        certificate: ReloadableTLSContext?,
        for marketplace: Marketplace
    ) throws -> Server {
        var limits = ServerLimits()
        limits.concurrentStreamsMax = options.streams
        limits.bodyBytesMax = Limits.bodyBytesMax
        limits.largeBodyPaths = [Route.placeBatch, .recordReceipts].map { Array($0.template.utf8) }
        limits.largeBodyBytesMax = Limits.batchBytesMax
        let allowance = try allowance(options)
        limits.connectionsMax = allowance.total
        limits.connectionsPerAddressMax = allowance.perAddress
        let configuration = ServerConfiguration(
            cleartext: options.listen == "off" ? [] : [SocketAddress(options.listen)].compactMap(\.self),
            tls: options.tlsListen == "off" ? [] : [SocketAddress(options.tlsListen)].compactMap(\.self),
            certificate: certificate,
            loops: options.loops,
            limits: limits
        )
        do {
            return try Server(configuration) { RequestService(marketplace, for: $0) }
        } catch {
            throw ServeError("cannot listen: \(error); choose another address with --listen or --tls-listen")
        }
    }

    /// Says where the server is, once it leads or follows.
    private func announceWhenSettled() throws {
        switch marketplace.currentStatus {
        case .ready, .following: break
        case .starting, .rebuilding, .stopping, .failed: return
        }
        isAnnounced = true
        for address in server.cleartext {
            let text = "listening on http://\(address) (HTTP/1.1 and HTTP/2)"
            log.write(.info, "listening", text, [.init("address", "http://\(address)")])
        }
        for address in server.tls {
            let text = "listening on https://\(address) (HTTP/1.1 and HTTP/2, TLS)"
            log.write(.info, "listening", text, [.init("address", "https://\(address)")])
        }
        if FileManager.default.fileExists(atPath: state.operatorKeyPath) {
            log.write(.info, "operator_key", "the operator's key is in \(state.operatorKeyPath)")
        }
        if let url = chain?.url { log.write(.info, "chain", "the local chain is at \(url)") }
        if let cluster { log.write(.info, "psql", "psql \"\(cluster.connectionString(.auditor))\"") }
        try state.writeRunning(
            RunningFacts(
                http: server.cleartext.first?.description,
                https: server.tls.first?.description,
                certificate: certificate?.certificatePath,
                psql: cluster?.connectionString(.auditor),
                chain: chain?.url
            )
        )
        let milliseconds = Instant.now.microseconds(since: started) / 1_000
        log.write(.info, "ready", "ready after \(milliseconds) ms", [.init("milliseconds", milliseconds)])
    }

    /// Watches over the cluster until a signal says to stop. Throws when the exchange can never go on.
    func supervise(until signals: StopSignals) throws {
        while true {
            if case .failed(let reason) = marketplace.currentStatus { throw ServeError(reason) }
            if !isAnnounced { try announceWhenSettled() }
            switch signals.next(milliseconds: isAnnounced ? 500 : 10) {
            case .stop: return
            case .reload:
                reloadCertificate()
                reloadSigningKeys()
            case nil: restartClusterIfDead()
            }
        }
    }

    private func reloadCertificate() {
        guard let certificate else { return }
        do {
            try certificate.reload()
            log.write(.info, "certificate", "read the certificate again")
        } catch {
            log.write(.warning, "certificate", "kept the old certificate: \(error)")
        }
    }

    private func reloadSigningKeys() {
        do {
            let keys = try SigningFolder(path: state.signingPath).read()
            marketplace.sign(with: keys)
            log.write(.info, "signing_keys", "signs with \(keys.count) keys", [.init("count", Int64(keys.count))])
        } catch {
            log.write(.warning, "signing_keys", "kept the old signing keys: \(error)")
        }
    }

    private func restartClusterIfDead() {
        guard let cluster, !cluster.isAlive else { return }
        if clusterRestart == nil {
            let pause = restartPolicy.pause(afterUptime: clusterStarted.duration(to: .now))
            clusterRestart = .now + pause
            let text = "PostgreSQL has died, starting it again" + (pause == .zero ? "" : " in \(pause)")
            log.write(.warning, "database_died", text)
        }
        guard let moment = clusterRestart, moment <= .now else { return }
        clusterRestart = nil
        clusterStarted = .now
        do {
            try cluster.restart()
            log.write(.info, "database_ready", "PostgreSQL is running again")
        } catch {
            log.write(.warning, "database_died", "PostgreSQL does not start: \(error)")
        }
    }

    /// Says goodbye to the clients, finishes what was accepted, brings the tables up to date, stops the cluster.
    func stop() {
        log.write(.info, "stopping", "stopping")
        if let error = server.drain(timeoutMilliseconds: drainTimeoutMilliseconds) {
            log.write(.warning, "network", "\(error)")
        }
        if let running = threads.take() { marketplace.stop(running) }
        chain?.stop()
        cluster?.stop()
        state.removeRunning()
        log.write(.info, "stopped", "stopped")
    }
}

/// A sentence for the operator.
struct ServeError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
