import API
import Engine
import HTTP2
import Testing
import Units

@testable import Marketplace

/// What is answered to a batch of orders when the tables cannot be asked about those that are repeated.
@Suite struct BatchAnswersTests {
    /// Of each order whether it is repeated, and what is answered.
    static let batches: [(isRepeated: [Bool], isOpened: Bool, answer: Unavailable)] = [
        ([true, true], false, .projectionLag), ([true, true], true, .projectionLag),
        ([true, false], false, .outcomeUnknown), ([false, true], false, .outcomeUnknown),
        ([false, true], true, .outcomeUnknown),
    ]

    @Test(arguments: batches)
    func `Only of a batch that is repeated as a whole nothing was done`(
        isRepeated: [Bool],
        isOpened: Bool,
        answer: Unavailable
    ) {
        let order = Command(account: AccountID(2), action: .placeNext)
        var open = OpenBatch(number: 1, firstSequence: SequenceNumber(7), loops: 1)
        var items: [BatchItem] = isRepeated.map { _ in isOpened ? .announced(order) : .command(order) }
        if isOpened {
            items.insert(.opening(order), at: 0)
            open.ends.append(0)
        }
        for isRepeated in isRepeated {
            open.events.append(isRepeated ? .replayed(SequenceNumber(3)) : .rejected(.insufficientFunds))
            open.ends.append(Int32(open.events.count))
        }
        let batch = SealedBatch(open, stateDigest: Engine().digest, bookChanges: nil)
        let orders = BatchAnswers(batch: batch, first: 0, items: items, requestID: 1)
        let job = ReaderJob(stream: .none, requestID: 1, needs: .none, deadline: .now, question: .batch(orders))
        #expect(job.refusal(.projectionLag) == answer)
    }
}
