internal import Cryptography
internal import JSON
internal import TON

extension ToncenterClient {
    /// The JSON that answers a question; asked again while nobody answers.
    mutating func answer(_ path: String) throws(ChainError) -> AnswerField {
        let answer = try ask(path, body: nil) { $0 == 429 || (500...504).contains($0) }
        guard answer.status == 200 else { throw .answer("status \(answer.status): \(Self.words(answer.body))") }
        return try AnswerField(answer.body, bytesMax: settings.answerBytesMax)
    }

    /// Sends a message and understands what the provider says to it.
    mutating func send(_ bag: [UInt8], _ hash: [UInt8]) throws(ChainError) -> SendAnswer {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("boc")
        writer.string(Base64.encode(bag))
        writer.endObject()
        // Whoever is turned away has sent nothing. With any other status the message may be on its way.
        let answer = try ask("/message", body: writer.finish()) { $0 == 429 || $0 == 503 }
        switch answer.status {
        case 200:
            let stated = try AnswerField(answer.body, bytesMax: settings.answerBytesMax).optional("message_hash_norm")
            if let stated, try stated.hash() != hash { throw stated.wrong("must be that of the message that was sent") }
            return .taken
        case 400, 422: throw .message
        case 401, 403, 404, 405: throw .answer("status \(answer.status): \(Self.words(answer.body))")
        default:
            let words = Self.words(answer.body)
            if words.contains("cannot apply external message") { return .refused(exitCode: Self.exitCode(in: words)) }
            lastTrouble = "status \(answer.status): \(words)"
            throw .noAnswer
        }
    }

    /// Asks at the provider's pace until there is an answer of a status for which it is not asked again.
    private mutating func ask(
        _ path: String,
        body: [UInt8]?,
        isTriedAgain: (Int) -> Bool
    ) throws(ChainError) -> HTTPAnswer {
        let end = settings.clock() + settings.callMilliseconds
        var number = 0
        while true {
            try wait(pace.wait(at: settings.clock()), until: end)
            number += 1
            var retryAfter: UInt64 = 0
            let now = settings.clock()
            let left = min(end > now ? end - now : 1, settings.requestMilliseconds)
            do throws(TransferError) {
                let answer = try transfer(path, body, left)
                guard isTriedAgain(answer.status) else { return answer }
                retryAfter = answer.retryAfter
                lastTrouble = "status \(answer.status): \(Self.words(answer.body))"
            } catch {
                lastTrouble = "\(error)"
                switch error {
                case .tooLarge(let bytesMax): throw Self.tooLarge(bytesMax)
                case .cancelled: throw .noAnswer
                // What is sent may have arrived.
                case .failed: if body != nil { throw .noAnswer }
                }
            }
            guard number < settings.triesMax else { throw .noAnswer }
            let delay = settings.retry.milliseconds(number, retryAfter: retryAfter, using: &generator)
            try wait(delay, until: end)
        }
    }

    private mutating func transfer(
        _ path: String,
        _ body: [UInt8]?,
        _ milliseconds: UInt64
    ) throws(TransferError) -> HTTPAnswer {
        if connection == nil { connection = CurlConnection(settings) }
        guard let connection else { throw .failed(code: 27, words: "there is no memory for a connection") }
        return try connection.ask(path, body: body, within: milliseconds)
    }

    /// Waits in parts of a second at most, so that it can be given up; throws when the call's time would be over.
    private func wait(_ milliseconds: UInt64, until end: UInt64) throws(ChainError) {
        var left = milliseconds
        guard settings.clock() + left <= end else { throw .noAnswer }
        while left > 0 {
            guard !settings.isCancelled() else { throw .noAnswer }
            let part = min(left, 1_000)
            settings.sleep(part)
            left -= part
        }
        guard !settings.isCancelled() else { throw .noAnswer }
    }

    /// What a provider says went wrong: the member `error` or the beginning of the body, visible characters of ASCII
    /// and no more than 200.
    static func words(_ body: [UInt8]) -> String {
        let said = (try? JSONValue(body, limits: JSONLimits(depthMax: 16)))?["error"]?.string
        let bytes = said.map { Array($0.utf8) } ?? body
        return String(decoding: bytes.prefix(200).map { (0x20..<0x7F).contains($0) ? $0 : 0x20 }, as: UTF8.self)
    }

    /// What a node reports as `exitcode=33`; `nil` if it does not.
    static func exitCode(in words: String) -> Int64? {
        guard let place = words.firstRange(of: "exitcode=") else { return nil }
        let rest = words[place.upperBound...]
        let digits = rest.dropFirst(rest.hasPrefix("-") ? 1 : 0).prefix { $0.isASCII && $0.isNumber }
        return Int64((rest.hasPrefix("-") ? "-" : "") + digits)
    }
}
