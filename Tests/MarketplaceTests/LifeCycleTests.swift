import Testing

@testable import Marketplace

/// Every transition of the life cycle of a server and its batches, and every event that must not happen.
@Suite struct LifeCycleTests {
    typealias State = LifeCycle.State
    typealias Event = LifeCycle.Event
    typealias Action = LifeCycle.Action

    static let leader = LifeCycle.Leader(epoch: 7, holder: "other", address: "https://other:8443")
    static let next = LifeCycle.Leader(epoch: 8, holder: "third", address: "")

    /// What leads to each state that the table speaks of, by events alone.
    static let ways: [(state: State, events: [Event])] = [
        (.starting, []),
        (.following(leader), [.foundLeader(leader)]),
        (.rebuilding(reason: "this server has taken the leadership", isLeader: true), [.tookLeadership]),
        (.rebuilding(reason: "gone", isLeader: false), [.tookLeadership, .databaseFailed("gone")]),
        (.serving(.idle), serving),
        (.serving(.committing), committing),
        (.stopping(.idle), serving + [.stopAsked]),
        (.stopping(.committing), committing + [.stopAsked]),
        (.interrupted(.refused("full"), isStopping: false), committing + [.journalEnded(.refused("full"))]),
        (.interrupted(.unknown("lost"), isStopping: false), committing + [.journalEnded(.unknown("lost"))]),
        (.interrupted(.lost("lost"), isStopping: false), serving + [.journalEnded(.lost("lost"))]),
        (.interrupted(.fenced, isStopping: false), serving + [.journalEnded(.fenced)]),
        (.interrupted(.fenced, isStopping: true), serving + [.journalEnded(.fenced), .stopAsked]),
        (.stopped, [.stopAsked]),
        (.failed("damaged"), [.tookLeadership, .stateIsUnusable("damaged")]),
    ]
    static let serving: [Event] = [.tookLeadership, .rebuilt]
    static let committing = serving + [.engineIsFree(.open, .nothing)]

    static let events: [Event] = [
        .engineIsFree(.empty, .nothing), .engineIsFree(.empty, .few), .engineIsFree(.empty, .many),
        .engineIsFree(.open, .nothing), .engineIsFree(.open, .few), .engineIsFree(.open, .many),
        .engineIsFree(.full, .nothing), .engineIsFree(.full, .few), .engineIsFree(.full, .many),
        .foundLeader(next), .tookLeadership, .rebuilt, .databaseFailed("down"), .stateIsUnusable("damaged"),
        .committed, .journalEnded(.refused("no")), .journalEnded(.unknown("?")), .journalEnded(.lost("cut")),
        .journalEnded(.fenced), .stopAsked,
    ]

    struct Row {
        let state: State
        let event: Event
        let actions: [Action]
        let end: State
    }

    /// Every pair that is not here must be refused.
    static let table: [Row] =
        lookingRows + followingRows + rebuildingRows + servingRows + stoppingRows + interruptedRows + endRows

    private static func row(_ state: State, _ event: Event, _ actions: [Action], _ end: State) -> Row {
        Row(state: state, event: event, actions: actions, end: end)
    }

    /// What the engine's thread is told whatever waits, while it has no open batch.
    private static func idle(_ state: State, _ action: Action, _ end: State? = nil) -> [Row] {
        [.nothing, .few, .many].map { row(state, .engineIsFree(.empty, $0), [action], end ?? state) }
    }

    /// What becomes of a batch, the same while the exchange serves and while it stops.
    private static func batch(idle: State, busy: State) -> [Row] {
        [
            // What waits is executed before the batch is sealed; a full batch takes no more.
            row(idle, .engineIsFree(.empty, .few), [.execute], idle),
            row(idle, .engineIsFree(.empty, .many), [.execute], idle),
            row(idle, .engineIsFree(.open, .few), [.execute], idle),
            row(idle, .engineIsFree(.open, .many), [.execute], idle),
            row(idle, .engineIsFree(.open, .nothing), [.seal], busy),
            row(idle, .engineIsFree(.full, .few), [.seal], busy),
            row(idle, .engineIsFree(.full, .many), [.seal], busy),
            row(idle, .engineIsFree(.full, .nothing), [.seal], busy),
            // One batch commits, one more is executed beside it and waits: little of it before the commit is over.
            row(busy, .engineIsFree(.empty, .nothing), [], busy),
            row(busy, .engineIsFree(.empty, .few), [], busy),
            row(busy, .engineIsFree(.empty, .many), [.execute], busy),
            row(busy, .engineIsFree(.open, .few), [], busy),
            row(busy, .engineIsFree(.open, .many), [.execute], busy),
            row(busy, .engineIsFree(.open, .nothing), [], busy),
            row(busy, .engineIsFree(.full, .few), [], busy),
            row(busy, .engineIsFree(.full, .many), [], busy),
            row(busy, .engineIsFree(.full, .nothing), [], busy),
        ]
    }

    static let follow = Action.pause(milliseconds: 500)
    static let retry = Action.pause(milliseconds: 250)

    static let lookingRows =
        idle(.starting, .lookForLeadership) + [
            row(.starting, .foundLeader(next), [follow], .following(next)),
            row(
                .starting,
                .tookLeadership,
                [],
                .rebuilding(reason: "this server has taken the leadership", isLeader: true)
            ),
            row(.starting, .databaseFailed("down"), [], .failed("down")),
            row(.starting, .stopAsked, [], .stopped),
        ]

    static let followingRows =
        idle(.following(leader), .lookForLeadership) + [
            row(.following(leader), .foundLeader(next), [follow], .following(next)),
            row(
                .following(leader),
                .tookLeadership,
                [],
                .rebuilding(reason: "this server has taken the leadership", isLeader: true)
            ),
            row(.following(leader), .databaseFailed("down"), [retry], .following(leader)),
            row(.following(leader), .stopAsked, [], .stopped),
        ]

    static let ours = State.rebuilding(reason: "this server has taken the leadership", isLeader: true)
    static let nobodys = State.rebuilding(reason: "gone", isLeader: false)
    static let rebuildingRows =
        idle(ours, .rebuild) + idle(nobodys, .lookForLeadership) + [
            row(ours, .rebuilt, [], .serving(.idle)),
            row(ours, .databaseFailed("down"), [retry], .rebuilding(reason: "down", isLeader: false)),
            row(ours, .stateIsUnusable("damaged"), [], .failed("damaged")),
            row(ours, .stopAsked, [], .stopped),
            row(nobodys, .foundLeader(next), [follow], .following(next)),
            row(nobodys, .tookLeadership, [], .rebuilding(reason: "gone", isLeader: true)),
            row(nobodys, .databaseFailed("down"), [retry], nobodys),
            row(nobodys, .stopAsked, [], .stopped),
        ]

    static let idleServing = State.serving(.idle)
    static let busyServing = State.serving(.committing)
    static let servingRows =
        batch(idle: idleServing, busy: busyServing) + [
            row(idleServing, .engineIsFree(.empty, .nothing), [], idleServing),
            row(idleServing, .journalEnded(.lost("cut")), [], .interrupted(.lost("cut"), isStopping: false)),
            row(idleServing, .journalEnded(.fenced), [], .interrupted(.fenced, isStopping: false)),
            row(idleServing, .stopAsked, [], .stopping(.idle)),
            row(busyServing, .committed, [.release], idleServing),
            row(busyServing, .stopAsked, [], .stopping(.committing)),
            row(
                busyServing,
                .journalEnded(.refused("no")),
                [.refuseCommitting(.rebuilding)],
                .interrupted(.refused("no"), isStopping: false)
            ),
            row(
                busyServing,
                .journalEnded(.unknown("?")),
                [.refuseCommitting(.outcomeUnknown)],
                .interrupted(.unknown("?"), isStopping: false)
            ),
            // The batch was handed over while the leadership was being renewed: it was never sent.
            row(
                busyServing,
                .journalEnded(.lost("cut")),
                [.refuseCommitting(.rebuilding)],
                .interrupted(.lost("cut"), isStopping: false)
            ),
            row(
                busyServing,
                .journalEnded(.fenced),
                [.refuseCommitting(.notLeader(address: ""))],
                .interrupted(.fenced, isStopping: false)
            ),
        ]

    static let idleStopping = State.stopping(.idle)
    static let busyStopping = State.stopping(.committing)
    static let stoppingRows =
        batch(idle: idleStopping, busy: busyStopping) + [
            row(idleStopping, .engineIsFree(.empty, .nothing), [.end], .stopped),
            row(idleStopping, .journalEnded(.lost("cut")), [], .interrupted(.lost("cut"), isStopping: true)),
            row(idleStopping, .journalEnded(.fenced), [], .interrupted(.fenced, isStopping: true)),
            row(idleStopping, .stopAsked, [], idleStopping),
            row(busyStopping, .committed, [.release], idleStopping),
            row(busyStopping, .stopAsked, [], busyStopping),
            row(
                busyStopping,
                .journalEnded(.refused("no")),
                [.refuseCommitting(.rebuilding)],
                .interrupted(.refused("no"), isStopping: true)
            ),
            row(
                busyStopping,
                .journalEnded(.unknown("?")),
                [.refuseCommitting(.outcomeUnknown)],
                .interrupted(.unknown("?"), isStopping: true)
            ),
            row(
                busyStopping,
                .journalEnded(.lost("cut")),
                [.refuseCommitting(.rebuilding)],
                .interrupted(.lost("cut"), isStopping: true)
            ),
            row(
                busyStopping,
                .journalEnded(.fenced),
                [.refuseCommitting(.notLeader(address: ""))],
                .interrupted(.fenced, isStopping: true)
            ),
        ]

    /// Whatever the open batch holds, it is dropped with the rest of the memory.
    private static func dropped(
        _ interruption: LifeCycle.Interruption,
        _ reason: String,
        open: Unavailable,
        waiting: Unavailable
    ) -> [Row] {
        let state = State.interrupted(interruption, isStopping: false)
        let questions = events.filter { if case .engineIsFree = $0 { true } else { false } }
        let action = Action.drop(open: open, waiting: waiting)
        return questions.map { row(state, $0, [action], .rebuilding(reason: reason, isLeader: false)) }
            + [row(state, .stopAsked, [], .interrupted(interruption, isStopping: true))]
    }

    static let interruptedRows =
        dropped(.refused("full"), "full", open: .rebuilding, waiting: .rebuilding)
        + dropped(
            .unknown("lost"),
            "a commit was not confirmed: lost",
            open: .outcomeUnknown,
            waiting: .rebuilding
        )
        + dropped(.lost("lost"), "lost", open: .rebuilding, waiting: .rebuilding)
        + dropped(
            .fenced,
            "another server leads this exchange",
            open: .notLeader(address: ""),
            waiting: .notLeader(address: "")
        )
        + stoppedWhileInterrupted

    static let stoppedWhileInterrupted: [Row] = {
        let state = State.interrupted(.fenced, isStopping: true)
        let action = Action.drop(open: .notLeader(address: ""), waiting: .notLeader(address: ""))
        let questions = events.filter { if case .engineIsFree = $0 { true } else { false } }
        return questions.map { row(state, $0, [action], .stopped) } + [row(state, .stopAsked, [], state)]
    }()

    static let endRows =
        idle(.stopped, .end) + idle(.failed("damaged"), .end)
        // A stop may be asked for while the engine's thread asks the database, or the journal's its renewal.
        + [
            .foundLeader(next), .tookLeadership, .rebuilt, .databaseFailed("down"), .stateIsUnusable("damaged"),
            .journalEnded(.lost("cut")), .journalEnded(.fenced), .stopAsked,
        ].map { row(.stopped, $0, [], .stopped) }
        + [row(.failed("damaged"), .stopAsked, [], .failed("damaged"))]

    @Test func `Each event has the effect of the table, and what is not in it cannot happen`() throws {
        var seen = 0
        for (state, way) in Self.ways {
            var reached = LifeCycle()
            for event in way { #expect(reached.apply(event) != nil, "\(event) on the way to \(state)") }
            #expect(reached.state == state)
            for event in Self.events {
                var cycle = reached
                let actions = cycle.apply(event)
                let rows = Self.table.filter { $0.state == state && $0.event == event }
                #expect(rows.count <= 1, "\(state) and \(event) are in the table twice")
                if let row = rows.first {
                    seen += 1
                    #expect(actions == row.actions, "\(state), \(event)")
                    #expect(cycle.state == row.end, "\(state), \(event)")
                } else {
                    #expect(actions == nil, "\(event) cannot happen in \(state)")
                    #expect(cycle.state == state, "a refused event changes nothing")
                }
            }
        }
        #expect(seen == Self.table.count, "every row was tried")
        #expect(seen > 110)
    }

    @Test func `Requests are taken only while a server serves, and are told why otherwise`() {
        let answers: [(State, Unavailable?)] = Self.ways.map { way in
            var cycle = LifeCycle()
            for event in way.events { _ = cycle.apply(event) }
            return (cycle.state, cycle.refusal)
        }
        for (state, answer) in answers {
            switch state {
            case .serving: #expect(answer == nil)
            case .following: #expect(answer == .notLeader(address: "https://other:8443"))
            case .interrupted(.fenced, _): #expect(answer == .notLeader(address: ""))
            default: #expect(answer == .rebuilding, "\(state)")
            }
        }
    }

    @Test func `Whatever happens, nothing of a batch is released twice or after it was refused`() {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0 ... .max, using: &random)
        var generator = SplitMix(state: seed)
        for _ in 0..<2_000 {
            var cycle = LifeCycle()
            var committing = false
            var released = 0
            var sealed = 0
            for _ in 0..<60 {
                let event = Self.events[Int(generator.next() % UInt64(Self.events.count))]
                for action in cycle.apply(event) ?? [] {
                    switch action {
                    case .seal:
                        #expect(!committing, "at most one batch is with the journal; seed \(seed)")
                        committing = true
                        sealed += 1
                    case .release, .refuseCommitting:
                        #expect(committing, "only what the journal has is answered; seed \(seed)")
                        committing = false
                        released += 1
                    case .drop, .end: #expect(!committing, "no batch is forgotten; seed \(seed)")
                    default: break
                    }
                }
            }
            #expect(released <= sealed && sealed <= released + 1)
        }
    }

    private struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
