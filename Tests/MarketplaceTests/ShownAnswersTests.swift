import API
import Engine
import Testing
import Units

@testable import Marketplace

/// Answers from what was published are kept for as long as they are true.
@Suite struct ShownAnswersTests {
    private static let target = Array("/v1/book?requirement=model:in=good".utf8)[...]

    private static func response(_ bytes: Int, status: Int = 200) -> APIResponse {
        APIResponse(status: status, body: [UInt8](repeating: 0x20, count: bytes))
    }

    /// Asks, and has the answer kept that was given when there was none.
    private static func fill(
        _ answers: inout ShownAnswers,
        _ target: ArraySlice<UInt8> = target,
        _ route: Route = .getBook,
        from book: PublishedBook,
        _ response: APIResponse = response(10)
    ) {
        #expect(answers.answer(to: target, from: book, 1) == nil)
        answers.ask(target, route)
        answers.keep(response)
    }

    @Test func `The same question to the same book has the same answer`() {
        var (answers, book) = (ShownAnswers(), PublishedBook(asOf: SequenceNumber(1)))
        Self.fill(&answers, from: book)
        let kept = answers.answer(to: Self.target, from: book, 1)
        #expect(kept?.response == Self.response(10) && kept?.route == .getBook)
    }

    @Test func `Another book, another version of the names or another target has another answer`() {
        var (answers, book) = (ShownAnswers(), PublishedBook(asOf: SequenceNumber(1)))
        Self.fill(&answers, from: book)
        #expect(answers.answer(to: Self.target.dropLast(), from: book, 1) == nil)
        #expect(answers.answer(to: Self.target, from: book, 2) == nil)
        #expect(answers.count == 0 && answers.bytes == 0, "what is no longer true is not kept")
        Self.fill(&answers, from: book)
        // Also one with the same number, as after another server has led.
        #expect(answers.answer(to: Self.target, from: PublishedBook(asOf: SequenceNumber(1)), 1) == nil)
    }

    @Test(arguments: [200, 400, 404, 422, 429, 503])
    func `Only what succeeds is kept`(status: Int) {
        var (answers, book) = (ShownAnswers(), PublishedBook())
        Self.fill(&answers, from: book, Self.response(10, status: status))
        #expect((answers.answer(to: Self.target, from: book, 1) != nil) == (status == 200))
    }

    @Test(arguments: Route.allCases)
    func `Only answers are kept that depend on nothing but the target and what was published`(route: Route) {
        var (answers, book) = (ShownAnswers(), PublishedBook())
        Self.fill(&answers, Self.target, route, from: book)
        let shown: [Route] = [.getBook, .getQuote, .listModels, .getModel, .listEndpoints]
        #expect((answers.answer(to: Self.target, from: book, 1) != nil) == shown.contains(route))
        // They are the public ones: who asks changes nothing.
        if shown.contains(route) { #expect(route.scopes.rawValue == 0) }
    }

    @Test func `What is kept is bounded in number and in bytes`() {
        var (answers, book) = (ShownAnswers(), PublishedBook())
        for number in 0..<(3 * ShownAnswers.countMax) {
            Self.fill(&answers, Array("/v1/models/\(number)".utf8)[...], .getModel, from: book)
            #expect(answers.count <= ShownAnswers.countMax)
        }
        for number in 0..<20 {
            let large = Self.response(ShownAnswers.bytesMax / 4 + number)
            Self.fill(&answers, Array("/v1/book?\(number)".utf8)[...], from: book, large)
            #expect(answers.bytes <= ShownAnswers.bytesMax && answers.count > 0)
        }
        Self.fill(&answers, from: book, Self.response(ShownAnswers.bytesMax + 1))
        #expect(answers.answer(to: Self.target, from: book, 1) == nil)
    }
}
