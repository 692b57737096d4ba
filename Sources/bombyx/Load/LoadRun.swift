internal import Demonstration
internal import Foundation
internal import HTTP2
internal import JSON
internal import Measurement
internal import Sockets
internal import Synchronization

/// One `bombyx load`, from the server to the report.
struct LoadRun {
    private let options: LoadCommand
    private let signals: StopSignals

    /// Until every connection stands.
    private static let connectDeadline = Duration.seconds(60)
    /// Until all samples have been verified, once the tables are level.
    private static let settleDeadline = Duration.seconds(60)

    init(_ options: LoadCommand, _ signals: StopSignals) {
        self.options = options
        self.signals = signals
    }

    /// Carries the load out and reports it.
    func run() throws -> LoadOutcome {
        try raiseDescriptorLimit()
        try preparePlotFolder()
        let hasOwn = options.server.url == nil && options.server.stateDir == nil
        guard hasOwn else { return try measure(nil) }
        // Beside the streams of the load the verification needs some.
        let streams = String(max(128, options.load.streams + 16))
        let own = try TemporaryServer(of: "load", options: ["--streams", streams] + options.server.serve)
        defer { own.end(keepingFolder: false) }
        do {
            return try measure(own)
        } catch {
            throw CommandFailure("\(error)\nThe server's last words:\n\(own.logTail)")
        }
    }

    /// Each connection takes a descriptor here and one in a server of our own, which inherits the limit.
    private func raiseDescriptorLimit() throws {
        let readers = options.load.scenario == .streams ? options.load.readerConnections : 0
        let needed = options.load.connections + readers + 200
        guard DescriptorLimit.current < needed else { return }
        DescriptorLimit.raise()
        let allowed = DescriptorLimit.current
        guard allowed >= needed else {
            throw CommandFailure("\(needed) open files are needed and \(allowed) allowed: raise `ulimit -n`")
        }
    }

    private func preparePlotFolder() throws {
        guard let folder = options.plot else { return }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func measure(_ own: TemporaryServer?) throws -> LoadOutcome {
        var outcome = LoadOutcome()
        outcome.machine = LoadFacts.machine
        outcome.machine.append(LoadOutcome.Fact("rate_limit", own == nil ? "as the server has it" : "off"))
        let (target, setup) = try prepare(own)
        let before = try ServerMetrics(target.client())
        let plan = plan(target, setup, after: before.sequence)
        let crew = try LoadCrew(plan)
        var watch = LoadWatch(target, crew.gauges)
        do {
            try crew.connect(deadline: Self.connectDeadline)
        } catch {
            crew.finish()
            throw error
        }
        let streams = try openStreams(target, setup)
        defer { streams?.close() }
        outcome.settings = settings(target, plan, crew)
        outcome.changes = setup.changes
        let usage = ProcessUsage(target)
        crew.start()
        outcome.isInterrupted = supervise(crew, &watch)
        defer { crew.finish() }
        (outcome.lagAtEnd, outcome.catchUpMicroseconds) = try watch.catchUp { isAbandoned(target) }
        let settled = ContinuousClock.now + Self.settleDeadline
        while !watch.haveReached(.settled), ContinuousClock.now < settled, !isAbandoned(target) {
            pause(milliseconds: 10)
        }
        crew.finish()
        let result = try crew.result()
        outcome.processor = usage.since(result)
        outcome.timeline = watch.timeline
        complete(&outcome, result, plan, startedAt: crew.startedAt)
        let after = try ServerMetrics(target.client())
        if after.commands >= before.commands {
            outcome.commands = after.commands - before.commands
            outcome.batches = after.batches - before.batches
        }
        let findings = LoadFindings(target, plan, result, sequence: after.sequence)
        outcome.checks = try findings.checks(&outcome)
        if let streams {
            let expected = try findings.trades(of: setup.terms)
            let told = try streams.finish(expected) { isAbandoned(target) }
            let count = options.load.readerConnections * options.load.readerStreams
            outcome.checks += LoadFindings.checks(of: told, of: count)
        }
        try report(outcome)
        return outcome
    }

    /// Starts the load's own server, if it has one, and does what the operator has to.
    private func prepare(_ own: TemporaryServer?) throws -> (LoadTarget, LoadSetup) {
        let watch = try own.map { try InterruptWatch(signals, $0, keepsFolder: false) }
        defer { watch?.end() }
        if let own {
            complain("  starting a server with an empty state folder")
            try own.start()
        }
        let target = try LoadTarget(options.server, own: own)
        return (target, try LoadSetup(options, target))
    }

    private func openStreams(_ target: LoadTarget, _ setup: LoadSetup) throws -> LoadStreams? {
        guard options.load.scenario == .streams else { return nil }
        let (connections, streams) = (options.load.readerConnections, options.load.readerStreams)
        complain("  opening \(Figures.count(connections * streams)) streams")
        return try LoadStreams(
            target.endpoint,
            models: (0..<options.models).map { setup.terms.modelName($0) },
            connections: connections,
            streams: streams
        )
    }

    private func plan(_ target: LoadTarget, _ setup: LoadSetup, after sequence: Int64) -> LoadPlan {
        LoadPlan(
            endpoint: target.endpoint,
            accounts: setup.accounts,
            terms: setup.terms,
            books: (0..<options.models).map { model in
                let path = "/v1/book?requirement=model:in=" + setup.terms.modelName(model)
                return target.endpoint.head("GET", path, [])
            },
            connections: options.load.connections,
            streams: options.load.streams,
            threads: options.load.threads,
            pace: options.load.pace,
            requests: options.load.requests,
            duration: options.load.durationNanoseconds,
            ramp: UInt64(options.load.ramp) * 1_000_000_000,
            seed: options.seed,
            baseSequence: sequence
        )
    }

    /// Watches until nothing of the load is under way. Returns whether it was interrupted.
    private func supervise(_ crew: LoadCrew, _ watch: inout LoadWatch) -> Bool {
        var isInterrupted = false
        var nextTick: Int64 = 1_000_000
        while !watch.haveReached(.settling) {
            if signals.next(milliseconds: 20) == .stop {
                // A second one does not wait for what is under way.
                if isInterrupted { break }
                isInterrupted = true
                complain("\nbombyx load: interrupted; the report follows")
                crew.tell(.stop)
            }
            guard watch.elapsed >= nextTick else { continue }
            watch.tick()
            nextTick += 1_000_000
        }
        watch.tick(mayShow: false)
        watch.endLine()
        return isInterrupted
    }

    /// Somebody does not want to wait any longer.
    private func isAbandoned(_ target: LoadTarget) -> Bool { signals.next(milliseconds: 0) == .stop }
}

// The report.
extension LoadRun {
    private func settings(_ target: LoadTarget, _ plan: LoadPlan, _ crew: LoadCrew) -> [LoadOutcome.Fact] {
        let pace =
            switch plan.pace {
            case .closed: "closed loop"
            case .open(let perSecond, let spacing):
                "open loop, \(Plot.shown(perSecond)) a second, times between requests: \(spacing.rawValue)"
            }
        let requests = options.load.requests.map { "\(Figures.count($0)) requests" }
        let seconds = options.load.durationNanoseconds.map { "\($0 / 1_000_000_000) s" }
        let own = target.own == nil ? "" : ", a server of its own"
        return [
            LoadOutcome.Fact("server", target.url + own),
            LoadOutcome.Fact("scenario", plan.terms.scenario.rawValue),
            LoadOutcome.Fact("loop", pace),
            LoadOutcome.Fact("connections", Figures.count(plan.connections)),
            LoadOutcome.Fact(
                "streams",
                "\(plan.streams) on each, of \(Figures.count(crew.streamsGranted)) that the server grants"
            ),
            LoadOutcome.Fact("generator_threads", String(plan.threads)),
            LoadOutcome.Fact("length", [requests, seconds].compactMap { $0 }.joined(separator: ", at most ")),
            LoadOutcome.Fact("ramp", options.load.ramp == 0 ? "none" : "\(options.load.ramp) s"),
            LoadOutcome.Fact("accounts", Figures.count(plan.accounts.count)),
            LoadOutcome.Fact("client_order_ids", plan.terms.hasClientOrderIDs ? "on every order" : "none"),
            LoadOutcome.Fact("sampled", options.sample == 0 ? "none" : "1 of \(Figures.count(options.sample))"),
            LoadOutcome.Fact("seed", String(plan.seed)),
        ]
    }

    private func complete(_ outcome: inout LoadOutcome, _ result: LoadResult, _ plan: LoadPlan, startedAt: UInt64) {
        if case .open = plan.pace { outcome.isOpenLoop = true }
        let from = startedAt + plan.ramp
        let span = result.lastAnswerAt > from ? result.lastAnswerAt - from : 0
        outcome.microseconds = Int64(span / 1_000)
        outcome.answered = result.answered
        outcome.answeredInRamp = result.answeredInRamp
        outcome.verificationRequests = result.verification.requests
        outcome.losses = result.losses
        let successes = [(201, result.created), (200, result.fulfilled)].filter { $0.1 > 0 }
        outcome.answers =
            successes.map { LoadOutcome.AnswerCount(status: $0.0, code: "", count: $0.1) }
            + result.refusals.sorted { ($0.key.status, $0.key.code) < ($1.key.status, $1.key.code) }
            .map { LoadOutcome.AnswerCount(status: $0.key.status, code: $0.key.code, count: $0.value) }
        let mean = outcome.microseconds * Int64(plan.connections * plan.streams) / max(1, result.answered)
        for kind in Operation.Kind.allCases {
            var latencies = result.latencies[kind.rawValue]
            outcome.latencies.add(latencies)
            if !outcome.isOpenLoop { latencies.correct(everyMicroseconds: mean) }
            outcome.byKind.append((kind.name, latencies))
        }
        if outcome.isOpenLoop {
            outcome.latencies.add(result.unsent)
        } else {
            outcome.latencies.correct(everyMicroseconds: mean)
        }
    }

    private func report(_ outcome: LoadOutcome) throws {
        var writer = JSONWriter()
        writer.value(outcome.json)
        let json = String(decoding: writer.finish(), as: UTF8.self) + "\n"
        if options.json == "-" {
            put(json, to: 1)
        } else {
            if let file = options.json { try json.write(toFile: file, atomically: true, encoding: .utf8) }
            for line in LoadReport(outcome).lines { say(line) }
        }
        guard let folder = options.plot else { return }
        for (file, plot) in outcome.plots {
            try plot.svg.write(toFile: folder + "/" + file, atomically: true, encoding: .utf8)
        }
        complain("  plots are in \(folder)")
    }
}

/// What the processes on this machine had used before the load.
private struct ProcessUsage {
    private let pid: Int32?
    private let server: Int64
    private let database: Int64

    init(_ target: LoadTarget) {
        pid = target.pid
        server = pid.map { ProcessTimes.microseconds(of: $0) } ?? 0
        database = pid.map { ProcessTimes.microsecondsOfDescendants(of: $0) } ?? 0
    }

    func since(_ result: LoadResult) -> LoadOutcome.Processor {
        var processor = LoadOutcome.Processor()
        processor.generator = result.processorMicroseconds
        // A server that was started again is another process.
        guard let pid, ProcessTimes.microseconds(of: pid) >= server else { return processor }
        processor.server = ProcessTimes.microseconds(of: pid) - server
        processor.database = ProcessTimes.microsecondsOfDescendants(of: pid) - database
        return processor
    }
}
