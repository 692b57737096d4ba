internal import Demonstration
internal import Glibc
internal import HTTP2
internal import Measurement
internal import Sockets
internal import Synchronization

/// One thread of a load: an event loop, its lanes, and when they send.
final class LoadThread: EventLoop.Owner, ClientChannel.Owner {
    /// Where a thread is; it never goes back.
    enum Phase: Int {
        /// Connections are made.
        case connecting
        /// Requests are sent.
        case loading
        /// What is under way is waited for.
        case draining
        /// Nothing of the load is under way; the verification may be.
        case settling
        /// Nothing is left to do.
        case settled
    }

    /// What the main thread says.
    enum Order: Sendable {
        /// The load begins at this time of ``MonotonicClock``.
        case start(UInt64)
        /// No further requests.
        case stop
        /// The end, whatever is left.
        case finish
    }

    let plan: LoadPlan
    let gauges: LoadGauges
    let loop: EventLoop
    var lanes: [LoadLane] = []
    var result: LoadResult
    var phase = Phase.connecting {
        didSet { gauges.phase.store(phase.rawValue, ordering: .sequentiallyConsistent) }
    }
    /// When the figures begin, behind the ramp.
    var measuredFrom: UInt64 = .max
    /// When the load ends.
    var endsAt: UInt64 = .max

    private let index: Int
    private let timer: Timer
    private var startsAt: UInt64 = .max
    private var drainsUntil: UInt64 = .max
    private var requestsLeft: Int
    private var schedule: ArrivalSchedule?
    private var nextArrival: UInt64 = .max
    /// When requests should have been sent that wait for a free stream.
    private var backlog: [UInt64] = []
    private var backlogStart = 0
    private var nextLane = 0
    /// When the first of the lanes that wait wants attention that no answer brings.
    private var attentionAt: UInt64 = .max
    /// The places of those lanes, each once.
    private var waiting: [Int] = []
    private var dirty: [Int] = []
    private var isDirty: [Bool] = []

    /// Requests that may wait for a free stream; more are not sent at all.
    private static let backlogMax = 10_000_000
    /// A request that is sent later than this is late.
    private static let lateNanoseconds: UInt64 = 1_000_000
    /// A lane with questions is looked at so often at most, beside its answers.
    private static let questionNanoseconds: UInt64 = 5_000_000

    init(_ index: Int, _ plan: LoadPlan, _ gauges: LoadGauges, mailbox: Mailbox) throws {
        self.index = index
        self.plan = plan
        self.gauges = gauges
        loop = try EventLoop(mailbox: mailbox)
        timer = try Timer()
        result = LoadResult(after: plan.baseSequence)
        requestsLeft = plan.requests(of: index) ?? .max
    }

    /// Connects and works until it is told to finish.
    func run() throws {
        try timer.attach(to: loop)
        for (place, number) in plan.lanes(of: index).enumerated() {
            lanes.append(LoadLane(number, plan, channel: try ClientChannel(index: place, on: loop, owner: self)))
            isDirty.append(false)
        }
        wantAttentionOfAll()
        if case .open(let perSecond, let spacing) = plan.pace {
            schedule = ArrivalSchedule(
                perSecond: perSecond / Double(plan.threads),
                rampSeconds: Double(plan.ramp) / 1_000_000_000,
                spacing: spacing,
                phase: Double(index) / Double(plan.threads),
                random: SeededGenerator(seed: plan.seed, stream: UInt64(index))
            )
        }
        let before = Self.processorMicroseconds()
        try timer.set(1)
        try loop.run(for: self)
        for lane in lanes { lane.channel.close() }
        for lane in lanes { result.verification.open += Int64(lane.questions.count + lane.questionCount) }
        result.processorMicroseconds = Self.processorMicroseconds() - before
        let found = result
        gauges.result.withLock { $0 = found }
    }

    /// What this thread has used.
    private static func processorMicroseconds() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    func receive(_ message: any Sendable) {
        guard let order = message as? Order else { return }
        switch order {
        case .start(let time): start(at: time)
        case .stop: endsAt = 0
        case .finish: loop.stop()
        }
    }

    private func start(at time: UInt64) {
        startsAt = time
        measuredFrom = time + plan.ramp
        if let duration = plan.duration { endsAt = min(endsAt, measuredFrom + duration) }
        for lane in lanes {
            let share = Double(lane.number) / Double(plan.connections)
            lane.pausedUntil = schedule == nil ? time + UInt64(Double(plan.ramp) * share) : time
        }
        advanceSchedule()
        phase = .loading
        wantAttentionOfAll()
    }

    func endTurn() {
        let now = MonotonicClock.nanoseconds()
        if phase == .loading {
            sendDue(now)
            if now >= endsAt || requestsLeft == 0 { endLoad(now) }
        }
        if now >= attentionAt { attend(now) }
        flush()
        settle(now)
        let load = phase == .loading ? min(nextArrival, endsAt) : drainsUntil
        let next = min(attentionAt, load)
        if next != .max { try? timer.set(max(next, now + 20_000)) }
    }

    func tick() {}

    /// Asks for a look at a lane at `time`, or before.
    func wantAttention(of place: Int, at time: UInt64) {
        let lane = lanes[place]
        if lane.attentionAt == .max { waiting.append(place) }
        lane.attentionAt = min(lane.attentionAt, time)
        attentionAt = min(attentionAt, time)
    }

    private func wantAttentionOfAll() {
        for place in lanes.indices { wantAttention(of: place, at: 0) }
    }

    /// Output of the lane goes out at the end of the turn.
    func markDirty(_ place: Int) {
        guard !isDirty[place] else { return }
        isDirty[place] = true
        dirty.append(place)
    }

    private func flush() {
        while let place = dirty.popLast() {
            isDirty[place] = false
            lanes[place].channel.flush()
        }
    }
}

// When requests are sent.
extension LoadThread {
    /// A lane of a closed loop sends what it may.
    func fill(_ place: Int, _ now: UInt64) {
        let lane = lanes[place]
        if phase == .loading, schedule == nil, now >= lane.pausedUntil, now < endsAt {
            while requestsLeft > 0, lane.hasRoom {
                lane.begin(now: now, intended: now)
                requestsLeft -= 1
                markDirty(place)
            }
        }
        guard !lane.questions.isEmpty else { return }
        lane.askBack(now: now)
        markDirty(place)
    }

    private func advanceSchedule() {
        nextArrival = schedule == nil ? .max : startsAt + (schedule?.next() ?? 0)
    }

    /// Sends what is due in an open loop, on any lane that has a free stream.
    private func sendDue(_ now: UInt64) {
        guard schedule != nil else { return }
        while nextArrival <= min(now, endsAt), requestsLeft > 0 {
            if backlog.count - backlogStart < Self.backlogMax {
                backlog.append(nextArrival)
            } else {
                leaveUnsent(nextArrival, now)
            }
            requestsLeft -= 1
            advanceSchedule()
        }
        sendBacklog(now)
    }

    private func sendBacklog(_ now: UInt64) {
        var full = 0
        while backlogStart < backlog.count, full < lanes.count {
            let place = nextLane
            nextLane = (nextLane + 1) % lanes.count
            guard lanes[place].hasRoom else {
                full += 1
                continue
            }
            full = 0
            let intended = backlog[backlogStart]
            backlogStart += 1
            if now - intended > Self.lateNanoseconds { result.losses.late += 1 }
            lanes[place].begin(now: now, intended: intended)
            markDirty(place)
        }
        if backlogStart == backlog.count {
            backlog.removeAll(keepingCapacity: true)
            backlogStart = 0
        } else if backlogStart > 1_000_000 {
            backlog.removeFirst(backlogStart)
            backlogStart = 0
        }
    }

    /// A stream is free: the oldest that waits takes it.
    func sendWaiting(_ now: UInt64) {
        if phase == .loading, backlogStart < backlog.count { sendBacklog(now) }
    }

    private func leaveUnsent(_ intended: UInt64, _ now: UInt64) {
        result.losses.unsent += 1
        if intended >= measuredFrom { result.unsent.recordUnsent(sinceIntended: now - intended) }
    }

    private func endLoad(_ now: UInt64) {
        if requestsLeft == 0, now < endsAt, backlogStart < backlog.count { return }
        for intended in backlog[backlogStart...] { leaveUnsent(intended, now) }
        backlog = []
        backlogStart = 0
        nextArrival = .max
        drainsUntil = now + LoadPlan.drainNanoseconds
        phase = .draining
    }

    /// Looks after lanes that nothing else wakes: the ramp, pauses, lost connections, questions that were put off. Only
    /// those that wait are visited: there are thousands of others.
    private func attend(_ now: UInt64) {
        let places = waiting
        waiting.removeAll(keepingCapacity: true)
        attentionAt = .max
        for place in places {
            let lane = lanes[place]
            let time = lane.attentionAt
            lane.attentionAt = .max
            if time > now { wantAttention(of: place, at: time) } else { attend(place, now) }
        }
    }

    private func attend(_ place: Int, _ now: UInt64) {
        let lane = lanes[place]
        if !lane.channel.isOpen {
            if now >= lane.reconnectAt { connect(place, now) }
            if !lane.channel.isOpen { wantAttention(of: place, at: lane.reconnectAt) }
            return
        }
        if phase == .loading, schedule == nil, now < lane.pausedUntil {
            wantAttention(of: place, at: lane.pausedUntil)
        }
        fill(place, now)
        if let next = lane.nextQuestionAt { wantAttention(of: place, at: max(next, now + Self.questionNanoseconds)) }
    }

    private func connect(_ place: Int, _ now: UInt64) {
        do {
            let name = plan.endpoint.serverName ?? plan.endpoint.address.hostDescription
            try lanes[place].channel.open(to: plan.endpoint.address, tls: plan.endpoint.tls, serverName: name)
        } catch {
            noteFailure(place, "\(error)", now)
        }
    }

    /// A connection has failed: the next try follows after a pause that doubles.
    func noteFailure(_ place: Int, _ reason: String, _ now: UInt64) {
        let lane = lanes[place]
        lane.reconnectAt = now + lane.reconnectPause
        lane.reconnectPause = min(lane.reconnectPause * 2, LoadLane.reconnectPauseMax)
        gauges.lastFailure.withLock { $0 = reason }
        wantAttention(of: place, at: lane.reconnectAt)
    }

    /// Goes on to the next phase when the one before is over.
    private func settle(_ now: UInt64) {
        if phase == .draining, lanes.allSatisfy({ $0.loadCount == 0 }) || now >= drainsUntil {
            result.losses.unknown += lanes.reduce(0) { $0 + Int64($1.loadCount) }
            drainsUntil = .max
            phase = .settling
            // From here on samples have time: the verification goes on with what the load has left.
            wantAttentionOfAll()
        }
        if phase == .settling, lanes.allSatisfy({ $0.questions.isEmpty && $0.questionCount == 0 }) {
            phase = .settled
        }
    }
}
