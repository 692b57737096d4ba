internal import API
internal import Engine
internal import Exchange
internal import Units

// Who reads.
extension StreamCore {
    /// How a stream begins.
    struct Beginning {
        let isResumed: Bool
        /// Everything up to this command is in it.
        let sequence: SequenceNumber
        /// In the order of the stream's channels.
        var topics: [TopicID] = []
        /// What the reader has missed, the sequence numbers rising.
        var missed: [StreamMessage] = []
        /// Channels of which some of that is not there any more.
        var missing: [StreamChannel] = []
        /// What is so now.
        var current: [StreamMessage] = []

        /// All of it.
        var text: [UInt8] {
            var bytes: [UInt8] = []
            for (index, message) in missed.enumerated() {
                let isLast = index + 1 == missed.count || missed[index + 1].sequence > message.sequence
                bytes += message.text
                bytes += StreamText.closing(isLast ? message.sequence : nil)
            }
            if !isResumed {
                bytes += StreamText.opened(asOf: sequence) + StreamText.closing(sequence)
            } else if !missing.isEmpty {
                bytes += StreamText.reset(missing, asOf: sequence) + StreamText.closing(sequence)
            }
            // A book may be older than what was told already, and an id must never go back.
            for message in current { bytes += message.text + StreamText.closing(nil) }
            return bytes
        }
    }

    /// A new reader of these topics in a loop; `nil` when there are too many different views already. Everything that
    /// was taken before must have been sent.
    mutating func open(_ query: StreamQuery, loop: Int, _ names: some StreamNames) -> Beginning? {
        let keys = query.topics
        let newViews = keys.count { $0.channel.conflates && ids[$0] == nil }
        guard viewTopics.count + newViews <= Limits.streamViewsMax else { return nil }
        var beginning = Beginning(isResumed: query.lastEventID != nil, sequence: sequence)
        for key in keys {
            let topic = topic(for: key)
            topic.readers[loop] += 1
            topic.idleSince = nil
            beginning.topics.append(topic.id)
            if key.channel.conflates {
                // All that counts is what is there now, whatever was missed.
                if let snapshot = snapshot(of: topic.id, names) { beginning.current.append(snapshot) }
                continue
            }
            if let last = query.lastEventID {
                if last <= sequence, let missed = topic.messages(after: last) {
                    beginning.missed += missed
                    continue
                }
                beginning.missing.append(key.channel)
            }
            guard case .balances(let account) = key else { continue }
            let text = balances(of: account, [], at: sequence)
            let now = StreamMessage(topic: topic.id, channel: .balances, sequence: sequence, text: text)
            beginning.current.append(now)
        }
        beginning.missed = Self.sorted(beginning.missed)
        return beginning
    }

    /// A reader has gone.
    mutating func close(_ ids: [TopicID], loop: Int, at now: Instant) {
        for id in ids {
            guard let topic = topics[id] else { continue }
            topic.readers[loop] -= 1
            if !topic.isRead { topic.idleSince = now }
            // A view costs work as long as it lives, and has no past that anybody could come back to.
            if !topic.isRead, topic.view != nil { drop(topic) }
        }
    }

    /// Forgets what is too old or too much. `history` is in milliseconds.
    mutating func clean(at now: Instant, history: Int64 = Limits.streamHistoryMilliseconds) {
        let oldest = now.adding(milliseconds: -history)
        for topic in Array(topics.values) {
            if let idle = topic.idleSince, idle < oldest { drop(topic) } else { topic.forget(before: oldest) }
        }
        guard historyBytes > Limits.streamHistoryBytesMax else { return }
        for topic in Array(topics.values) where topic.idleSince != nil { drop(topic) }
        guard historyBytes > Limits.streamHistoryBytesMax else { return }
        for topic in topics.values { topic.forget(untilBytes: topic.bytes / 2) }
    }

    private mutating func topic(for key: TopicKey) -> StreamTopic {
        if let id = ids[key], let topic = topics[id] { return topic }
        let topic = StreamTopic(id: TopicID(number: nextTopic), key: key, loops: loops, after: sequence)
        nextTopic += 1
        topics[topic.id] = topic
        ids[key] = topic.id
        switch key {
        case .book(let query): watch(topic, query)
        case .ticker(let requirement): watch(topic, BookQuery(requirement: requirement, depth: 1))
        case .trades, .orders, .balances, .leases: commandTopics += 1
        }
        return topic
    }

    private mutating func watch(_ topic: StreamTopic, _ query: BookQuery) {
        var view = WatchedView(query)
        for levels in classes.values { view.take(levels) }
        for levels in profiles.values { view.take(levels) }
        view.begin(asOf: bookSequence)
        view.lastTrade = lastTrade(query.requirement)?.trade.id
        topic.view = view
        viewTopics.append(topic)
    }

    private mutating func drop(_ topic: StreamTopic) {
        topics[topic.id] = nil
        ids[topic.key] = nil
        if topic.view == nil { commandTopics -= 1 } else { viewTopics.removeAll { $0 === topic } }
    }
}
