internal import Exchange
internal import Units

/// An offer that rests in a book that is asked.
struct RestingOffer {
    let capability: Capability
    let price: Price
}

/// A bid that asks a book.
struct BookQuestion: Hashable {
    let requirement: Requirement
    let limit: Price
}

/// A full book and the bids that ask it for their best offer.
final class MatchStage {
    let name: String
    let about: String
    /// How many questions of the last round found an offer.
    private(set) var answered = 0

    /// Questions of a round.
    var count: Int { bids.count }

    private var book = Book()
    private let offers: [RestingOffer]
    private let questions: [BookQuestion]
    private var bids: [BookOrder] = []

    /// Fewer are enough to find a wrong rule, and a search through every offer takes its time.
    private static let comparedQuestionsMax = 24

    init(_ name: String, _ about: String, _ offers: [RestingOffer], _ questions: [BookQuestion]) {
        self.name = name
        self.about = about
        self.offers = offers
        self.questions = questions
        for (index, offer) in offers.enumerated() {
            let group = book.findClass(offer.capability) ?? book.addClass(offer.capability)
            let slot = book.add(
                BookOrder(
                    id: OrderID(Int64(index) + 1),
                    account: AccountID(2),
                    isOffer: true,
                    price: offer.price,
                    remaining: Lots(10),
                    free: BookOrder.unlimited,
                    group: group
                )
            )
            book.enter(slot)
        }
        for (index, question) in questions.enumerated() {
            let group = book.findProfile(question.requirement) ?? book.addProfile(question.requirement)
            bids.append(
                BookOrder(
                    id: OrderID(Int64(offers.count + index) + 1),
                    account: AccountID(3),
                    isOffer: false,
                    price: question.limit,
                    remaining: Lots(1),
                    free: BookOrder.unlimited,
                    group: group
                )
            )
        }
    }

    /// Asks every question once.
    func run(_ sampler: Sampler, sampleSize: Int) -> RoundFigures {
        answered = 0
        return sampler.measure(operations: bids.count, sampleSize: sampleSize) { index in
            if best(for: index) != nil { answered += 1 }
        }
    }

    /// The number of the best offer for a question.
    private func best(for question: Int) -> OrderID? {
        let slot = book.add(bids[question])
        book.beginWalk(of: slot)
        let maker = book.nextCandidate()
        book.remove(slot)
        return maker.map { book.orders[Int($0)].id }
    }

    /// Compares some answers with what a search through every offer finds.
    func faults() -> [String] {
        let step = max(1, questions.count / Self.comparedQuestionsMax)
        return stride(from: 0, to: questions.count, by: step).compactMap { index in
            let (found, expected) = (best(for: index), bestOfAll(for: questions[index]))
            if found == expected { return nil }
            let (one, other) = (found.map { $0.text } ?? "none", expected.map { $0.text } ?? "none")
            return "\(name): question \(index) was answered with \(one) instead of \(other)"
        }
    }

    /// By price, attested before unattested, then by age: DESIGN's ranking, the slow way.
    private func bestOfAll(for question: BookQuestion) -> OrderID? {
        var best: (index: Int, offer: RestingOffer)?
        for (index, offer) in offers.enumerated() where offer.price <= question.limit {
            if let best {
                guard offer.price <= best.offer.price else { continue }
                let isBetter = offer.capability.isAttested && !best.offer.capability.isAttested
                guard offer.price < best.offer.price || isBetter else { continue }
            }
            if question.requirement.isMet(by: offer.capability) { best = (index, offer) }
        }
        return best.map { OrderID(Int64($0.index) + 1) }
    }
}
