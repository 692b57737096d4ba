internal import API
internal import HTTP2
internal import Units

/// Answers of one loop from what was published, kept as long as they are true: until another book is published or a
/// name changes. Whoever asks again before that gets the same bytes without their being made anew.
struct ShownAnswers {
    /// An answer with its route, so that it is charged and counted like one that was just made.
    struct Answer {
        let target: [UInt8]
        let route: Route
        let response: API.Response
    }

    /// Bytes of targets and bodies that are kept; what would be more begins anew.
    static let bytesMax = 4 << 20
    /// Answers that are kept.
    static let countMax = 1_024

    private var book: PublishedBook?
    private var directoryVersion = 0
    /// By the hash of the target. Of two targets with one hash the later one is kept.
    private var answers: [Int: Answer] = [:]
    private(set) var bytes = 0
    /// What is being answered anew.
    private var asked: (target: [UInt8], route: Route)?
    var count: Int { answers.count }

    /// What was answered to this target from this very book and version of the directory.
    mutating func answer(to target: ArraySlice<UInt8>, from book: PublishedBook, _ directoryVersion: Int) -> Answer? {
        asked = nil
        if self.book !== book || self.directoryVersion != directoryVersion {
            forget()
            self.book = book
            self.directoryVersion = directoryVersion
        }
        guard let answer = answers[target.hashValue], target.elementsEqual(answer.target) else { return nil }
        return answer
    }

    /// The target of which there was no answer is one of this route.
    mutating func ask(_ target: ArraySlice<UInt8>, _ route: Route) {
        asked = route.isShown ? (Array(target), route) : nil
    }

    /// Keeps the answer to what was asked last, which was made from the book of the last question or a later one, and
    /// goes with that. Problems are not kept: they bear the number of their request.
    mutating func keep(_ response: API.Response) {
        guard let (target, route) = asked, response.status == 200 else { return }
        asked = nil
        let size = target.count + response.body.count
        if bytes + size > Self.bytesMax || answers.count >= Self.countMax { forget() }
        guard size <= Self.bytesMax else { return }
        let answer = Answer(target: target, route: route, response: response)
        if let former = answers.updateValue(answer, forKey: target[...].hashValue) {
            bytes -= former.target.count + former.response.body.count
        }
        bytes += size
    }

    private mutating func forget() {
        answers.removeAll(keepingCapacity: true)
        bytes = 0
    }
}

extension Route {
    /// Its answer depends on nothing but the target and what was published.
    var isShown: Bool {
        switch self {
        case .getBook, .getQuote, .listModels, .getModel, .listEndpoints: true
        default: false
        }
    }
}

extension RequestService {
    /// The answer to this target, if it was given before and is still true.
    func keptAnswer(to target: ArraySlice<UInt8>, _ directoryVersion: Int) -> ShownAnswers.Answer? {
        guard marketplace.published.hasBook else { return nil }
        return shown.answer(to: target, from: marketplace.published.book, directoryVersion)
    }

    /// A kept answer costs its asker what one costs that is made anew.
    func charged(
        _ kept: ShownAnswers.Answer,
        _ peer: NetworkAddress,
        _ requestID: UInt64,
        _ parent: TraceParent?
    ) -> Admission {
        observer.heard(requestID, .get, kept.route, account: nil, parent: parent)
        do throws(Problem) {
            try throttle.charge(kept.route, nil, peer: peer, requestID: requestID)
            return .answer(kept.response)
        } catch {
            return .answer(error.response(requestID: requestID))
        }
    }

    /// What was published here is the leader's to show: a follower's copy is as old as its own leadership.
    func show(
        _ response: @autoclosure () -> API.Response,
        _ stream: StreamReference,
        _ requestID: UInt64,
        on server: LoopServer
    ) {
        if !marketplace.published.hasBook, let refusal = marketplace.inbox.refusal {
            refuse(stream, requestID, refusal, on: server)
        } else {
            let response = response()
            shown.keep(response)
            answer(response, to: stream, requestID, on: server)
        }
    }
}
