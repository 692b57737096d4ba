internal import HTTP2
internal import Measurement
internal import Sockets
internal import Synchronization

// What comes back.
extension LoadThread {
    /// Between two tries of a question that the tables cannot answer yet.
    private static let questionPause: UInt64 = 200_000_000

    func isReady(_ channel: ClientChannel) {
        let lane = lanes[channel.index]
        lane.reconnectPause = LoadLane.reconnectPauseMin
        gauges.streamsGranted.store(channel.pipeline.streamsMax, ordering: .relaxed)
        gauges.readyLanes.add(1, ordering: .sequentiallyConsistent)
        let now = MonotonicClock.nanoseconds()
        fill(channel.index, now)
        sendWaiting(now)
    }

    func hasEnded(_ channel: ClientChannel, tokens: [Int], because reason: HTTP2Error) {
        let lane = lanes[channel.index]
        for token in tokens {
            let flight = lane.take(token)
            if let question = flight.question {
                lane.questions.append(question)
            } else if phase.rawValue < Phase.settling.rawValue {
                result.losses.unknown += 1
            }
        }
        if phase != .connecting { result.losses.connections += 1 }
        gauges.failed.add(tokens.count, ordering: .relaxed)
        noteFailure(channel.index, "\(reason)", MonotonicClock.nanoseconds())
    }

    func hasAnswers(_ channel: ClientChannel) {
        let now = MonotonicClock.nanoseconds()
        let place = channel.index
        let lane = lanes[place]
        let bodies = channel.pipeline.bodies
        var answered = 0
        var failed = 0
        for answer in channel.pipeline.answers {
            let flight = lane.take(answer.token)
            let body = bodies.span.extracting(answer.body)
            if let question = flight.question {
                check(question, answer, body, lane, now)
            } else if phase.rawValue >= Phase.settling.rawValue {
                // It was given up, and is counted as unknown.
                continue
            } else if answer.resetCode != nil {
                noteReset(answer)
                failed += 1
            } else {
                answered += 1
                if !record(answer, flight, body, lane, now) { failed += 1 }
            }
        }
        gauges.answered.add(answered, ordering: .relaxed)
        if failed > 0 { gauges.failed.add(failed, ordering: .relaxed) }
        fill(place, now)
        sendWaiting(now)
    }

    private func noteReset(_ answer: ClientPipeline.Answer) {
        // REFUSED_STREAM: not processed (RFC 9113, section 8.7).
        if answer.resetCode == 7 { result.losses.refused += 1 } else { result.losses.unknown += 1 }
    }

    /// Counts an answer of the load and learns from it. Returns whether it is a success.
    private func record(
        _ answer: ClientPipeline.Answer,
        _ flight: LoadLane.Flight,
        _ body: Span<UInt8>,
        _ lane: LoadLane,
        _ now: UInt64
    ) -> Bool {
        let operation = flight.operation
        count(flight, now)
        result.lastAnswerAt = now
        guard answer.status == (operation.kind.isPlacement ? 201 : 200) else {
            noteFailure(answer, body, lane, now)
            return false
        }
        if answer.status == 201 { result.created += 1 } else { result.fulfilled += 1 }
        guard operation.kind.isCommand else { return true }
        if let sequence = AnswerCheck.sequence(of: operation.kind, in: body) {
            result.sequences.add(sequence)
            if operation.kind.isPlacement { lane.workload.wasPlaced(operation, order: sequence) }
        } else {
            result.verification.malformed += 1
        }
        switch operation.kind {
        case .cancel: result.resting -= 1
        case _ where operation.isPassive: result.resting += 1
        case .offer:
            result.atMarket += 1
            result.marketOffers += 1
        default: result.atMarket -= 1
        }
        if operation.isSampled { takeSample(operation, answer.status, body, lane) }
        return true
    }

    private func count(_ flight: LoadLane.Flight, _ now: UInt64) {
        guard flight.intendedAt >= measuredFrom else {
            result.answeredInRamp += 1
            return
        }
        result.answered += 1
        let kind = flight.operation.kind.rawValue
        switch plan.pace {
        case .closed: result.latencies[kind].record(sinceSent: now - flight.sentAt)
        case .open:
            result.latencies[kind].record(sinceSent: now - flight.sentAt, sinceIntended: now - flight.intendedAt)
        }
    }

    private func noteFailure(_ answer: ClientPipeline.Answer, _ body: Span<UInt8>, _ lane: LoadLane, _ now: UInt64) {
        let code = AnswerCheck.problemCode(body)
        result.refusals[ServerRefusal.Kind(status: answer.status, code: code), default: 0] += 1
        // A rejection by the engine has a sequence number too.
        if let sequence = AnswerCheck.rejectedSequence(body) { result.sequences.add(sequence) }
        guard case .closed = plan.pace, answer.retryAfterSeconds > 0 else { return }
        let seconds = UInt64(min(answer.retryAfterSeconds, LoadPlan.pauseSecondsMax))
        lane.pausedUntil = now + seconds * 1_000_000_000
        wantAttention(of: lane.channel.index, at: lane.pausedUntil)
    }
}

// Verification.
extension LoadThread {
    private func takeSample(_ operation: Operation, _ status: Int, _ body: Span<UInt8>, _ lane: LoadLane) {
        guard result.verification.sampled < Int64(LoadPlan.samplesMax / plan.threads) else { return }
        result.verification.sampled += 1
        let sample = LoadLane.Sample(operation, status: status, answer: body.indices.map { body[$0] })
        if let fault = AnswerCheck.acknowledgement(sample.answer, of: lane.expected(operation)) {
            result.verification.found(fault)
        }
        lane.questions.append(LoadLane.Question(sample: sample, kind: .readBack))
        lane.questions.append(LoadLane.Question(sample: sample, kind: .repetition))
    }

    private func check(
        _ question: LoadLane.Question,
        _ answer: ClientPipeline.Answer,
        _ body: Span<UInt8>,
        _ lane: LoadLane,
        _ now: UInt64
    ) {
        result.verification.requests += 1
        // Reset, or the tables are not that far: later again.
        guard answer.resetCode == nil, answer.status != 503, answer.status != 429 else {
            var again = question
            again.notBefore = now + Self.questionPause
            lane.questions.append(again)
            return wantAttention(of: lane.channel.index, at: again.notBefore)
        }
        let sample = question.sample
        let bytes = body.indices.map { body[$0] }
        let expected = lane.expected(sample.operation)
        let fault: String?
        switch question.kind {
        case .readBack:
            result.verification.readBack += 1
            fault =
                answer.status == 200
                ? AnswerCheck.readBack(bytes, of: expected, acknowledged: sample.answer)
                : "o\(sample.order), acknowledged and asked back: status \(answer.status)"
        case .repetition:
            result.verification.repeated += 1
            fault = AnswerCheck.repetition(
                status: answer.status,
                bytes,
                isReplayed: answer.isReplayed,
                of: expected,
                first: (sample.status, sample.answer)
            )
        }
        if let fault { result.verification.found(fault) }
    }
}
