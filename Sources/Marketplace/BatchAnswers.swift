internal import API
internal import Engine
internal import Units

/// The answers to the orders or receipts of one request, once the batch of the journal that they are in is durable.
struct BatchAnswers: Sendable {
    let batch: SealedBatch
    /// The index of the first command; the others follow.
    let first: Int
    let items: [BatchItem]
    let requestID: UInt64

    /// The newest command of before that one of the orders repeats; `nil` when all are new.
    var newestReplay: SequenceNumber? {
        let count = BatchItem.commands(of: items).count
        return (first..<(first + count)).compactMap { replayed(at: $0) }.max()
    }

    /// Some of it was done now: nobody may be told that nothing was.
    var hasNew: Bool {
        let placed = Delivery.Outcome.batch(first: first, items).placed
        return placed.contains { replayed(at: $0) == nil }
    }

    /// A repetition has this event last, or before the one that keeps its new key.
    private func replayed(at index: Int) -> SequenceNumber? {
        for event in batch.group(index).suffix(2) {
            if case .replayed(let sequence) = event { return sequence }
        }
        return nil
    }

    /// One answer with all of them; `again` gives that of an order that is repeated.
    func response<Failure: Error>(
        _ again: (SequenceNumber, Command.Action) throws(Failure) -> API.Response?
    ) throws(Failure) -> API.Response {
        var answers: [API.Response] = []
        answers.reserveCapacity(items.count)
        var index = first
        for item in items {
            switch item {
            case .refused(let problem): answers.append(problem.response(requestID: requestID))
            case .opening: index += 1
            case .command(let command), .announced(let command):
                if let sequence = replayed(at: index), let answer = try again(sequence, command.action) {
                    answers.append(answer)
                } else {
                    let outcome = Outcome(
                        sequence: batch.sequence(index),
                        events: batch.group(index),
                        requestID: requestID
                    )
                    answers.append(Answer.render(command.action.isReceipt ? .receiptRecorded : .placed, outcome))
                }
                index += 1
            }
        }
        let isOfReceipts = BatchItem.commands(of: items).first?.action.isReceipt ?? false
        return Answer.batch(answers, of: isOfReceipts ? "receipt" : "order")
    }

    /// When all of them are refused before the engine.
    static func refused(_ items: [BatchItem], _ requestID: UInt64) -> API.Response {
        Answer.batch(
            items.compactMap { item in
                if case .refused(let problem) = item { problem.response(requestID: requestID) } else { nil }
            }
        )
    }
}

extension Command.Action {
    /// A batch of these is answered as receipts.
    fileprivate var isReceipt: Bool {
        if case .lease(.recordReceipt) = self { true } else { false }
    }
}
