import JSON
import Testing

@testable import Measurement

/// A server that lies is found.
@Suite struct AnswerCheckTests {
    private static let placed = """
        {"id":"o17","side":"offer","state":"open","close_reason":null,"price_nanoton_per_mtok":"30000000",\
        "quantity_lots":5,"filled_lots":0,"remaining_lots":5,"time_in_force":"gtc","client_order_id":"r-0-1",\
        "held_nanoton":"0","maker_fee_bps":10,"taker_fee_bps":30,"created_at":"2026-11-21T01:00:00.000000Z",\
        "sequence":17,"trade_count":0,"trades":[]}
        """
    private static let taken = """
        {"id":"o18","side":"bid","state":"filled","close_reason":"filled","price_nanoton_per_mtok":"26000000",\
        "quantity_lots":5,"filled_lots":5,"remaining_lots":0,"time_in_force":"ioc","client_order_id":null,\
        "held_nanoton":"0","created_at":"2026-11-21T01:00:00.000000Z","sequence":18,"trade_count":1,"trades":\
        [{"id":"t1","lease_id":"l1","price_nanoton_per_mtok":"25000000","quantity_lots":5}]}
        """
    private static let cancelled = """
        {"id":"o17","state":"cancelled","close_reason":"cancelled","remaining_lots":5,\
        "released_nanoton":"0","sequence":21}
        """
    private static let read = """
        {"id":"o17","side":"offer","state":"open","close_reason":null,"price_nanoton_per_mtok":"30000000",\
        "quantity_lots":5,"filled_lots":0,"remaining_lots":5,"time_in_force":"gtc","client_order_id":"r-0-1",\
        "created_at":"2026-11-21T01:00:00.000000Z","account_id":"a2","last_sequence":17,"as_of_sequence":20}
        """

    private static let offer = AnswerCheck.Expected(
        Operation(kind: .offer, account: 0, price: 30_000_000, lots: 5, number: 1, isPassive: true),
        account: "a2",
        clientOrderID: "r-0-1"
    )
    private static let bid = AnswerCheck.Expected(
        Operation(kind: .bid, account: 1, price: 26_000_000, lots: 5, number: 2, isImmediate: true),
        account: "a3",
        clientOrderID: nil
    )
    private static let cancel = AnswerCheck.Expected(
        Operation(kind: .cancel, account: 0, lots: 5, number: 3, order: 17),
        account: "a2",
        clientOrderID: nil
    )

    @Test func `True answers are true`() {
        #expect(AnswerCheck.acknowledgement(Array(Self.placed.utf8), of: Self.offer) == nil)
        #expect(AnswerCheck.acknowledgement(Array(Self.taken.utf8), of: Self.bid) == nil)
        #expect(AnswerCheck.acknowledgement(Array(Self.cancelled.utf8), of: Self.cancel) == nil)
        let acknowledged = Array(Self.placed.utf8)
        #expect(AnswerCheck.readBack(Array(Self.read.utf8), of: Self.offer, acknowledged: acknowledged) == nil)
    }

    @Test(
        arguments: [
            ("\"id\":\"o17\"", "\"id\":\"o18\"", "id and sequence number differ"),
            ("\"offer\"", "\"bid\"", "side is not"), ("30000000", "30001000", "price_nanoton_per_mtok is not"),
            ("\"quantity_lots\":5", "\"quantity_lots\":6", "quantity_lots is not"),
            ("\"remaining_lots\":5", "\"remaining_lots\":4", "do not add up"),
            ("\"gtc\"", "\"ioc\"", "time_in_force is not"), ("r-0-1", "r-0-2", "client_order_id is not"),
            ("\"open\"", "\"cancelled\"", "the state is cancelled"), ("\"sequence\":17,", "", "no sequence number"),
            ("\"trade_count\":0", "\"trade_count\":1", "it traded far from the market"),
            ("]}", "]", "no JSON document"),
        ]
    )
    func `An order that is not what was asked for is found`(truth: String, lie: String, words: String) {
        let answer = Self.placed.replacing(truth, with: lie)
        #expect(answer != Self.placed)
        let fault = AnswerCheck.acknowledgement(Array(answer.utf8), of: Self.offer)
        #expect(fault?.contains(words) == true, "\(fault ?? "nothing was found")")
    }

    @Test(
        arguments: [
            ("\"quantity_lots\":5}", "\"quantity_lots\":4}", "the trades are not what was filled"),
            ("25000000", "26001000", "beyond the limit"),
            ("\"filled\",\"close", "\"open\",\"close", "the state is open"),
        ]
    )
    func `A trade that is not right is found`(truth: String, lie: String, words: String) {
        let answer = Self.taken.replacing(truth, with: lie)
        #expect(answer != Self.taken)
        let fault = AnswerCheck.acknowledgement(Array(answer.utf8), of: Self.bid)
        #expect(fault?.contains(words) == true, "\(fault ?? "nothing was found")")
    }

    @Test(
        arguments: [
            ("\"o17\"", "\"o16\"", "id is not"), ("\"state\":\"cancelled\"", "\"state\":\"open\"", "not cancelled"),
            ("\"remaining_lots\":5", "\"remaining_lots\":6", "too much was left"),
        ]
    )
    func `A cancel that is not right is found`(truth: String, lie: String, words: String) {
        let answer = Self.cancelled.replacing(truth, with: lie)
        let fault = AnswerCheck.acknowledgement(Array(answer.utf8), of: Self.cancel)
        #expect(fault?.contains(words) == true, "\(fault ?? "nothing was found")")
    }

    @Test(
        arguments: [
            ("\"a2\"", "\"a3\"", "another account's"), ("\"o17\"", "\"o18\"", "id has changed"),
            ("30000000", "29000000", "price_nanoton_per_mtok has changed"),
            ("01:00:00", "01:00:01", "created_at has changed"),
            ("\"as_of_sequence\":20", "\"as_of_sequence\":16", "older than the acknowledgement"),
            ("\"remaining_lots\":5", "\"remaining_lots\":4", "do not add up"),
        ]
    )
    func `An order that has changed behind its acknowledgement is found`(truth: String, lie: String, words: String) {
        let answer = Self.read.replacing(truth, with: lie)
        #expect(answer != Self.read)
        let fault = AnswerCheck.readBack(
            Array(answer.utf8),
            of: Self.offer,
            acknowledged: Array(Self.placed.utf8)
        )
        #expect(fault?.contains(words) == true, "\(fault ?? "nothing was found")")
    }

    @Test func `An order that rests although its cancel was acknowledged is found`() {
        let fault = AnswerCheck.readBack(
            Array(Self.read.replacing("\"as_of_sequence\":20", with: "\"as_of_sequence\":21").utf8),
            of: Self.cancel,
            acknowledged: Array(Self.cancelled.utf8)
        )
        #expect(fault?.contains("the state is open") == true, "\(fault ?? "nothing was found")")
    }

    @Test(
        arguments: [
            (true, 201, "x", nil), (false, 201, "x", "not marked"), (true, 409, "x", "status 409"),
            (true, 201, "y", "another answer"),
        ] as [(Bool, Int, String, String?)]
    )
    func `A repetition has the same answer and says so`(isReplayed: Bool, status: Int, body: String, words: String?) {
        let fault = AnswerCheck.repetition(
            status: status,
            Array(body.utf8),
            isReplayed: isReplayed,
            of: Self.offer,
            first: (201, Array("x".utf8))
        )
        #expect((fault == nil) == (words == nil))
        if let words { #expect(fault?.contains(words) == true, "\(fault ?? "")") }
    }

    @Test(
        arguments: [
            (Operation.Kind.offer, placed, 17), (.bid, taken, 18), (.cancel, cancelled, 21),
            // Other orders of the members, and blanks, are right too.
            (.offer, "{\"sequence\":5, \"id\":\"o5\"}", 5), (.cancel, "{\"sequence\":9,\"id\":\"o17\"}", 9),
            (.offer, "{}", nil), (.cancel, "", nil), (.cancel, "17}", nil), (.offer, "{\"id\":\"o17", nil),
        ] as [(Operation.Kind, String, Int64?)]
    )
    func `The sequence number is found`(kind: Operation.Kind, body: String, sequence: Int64?) {
        #expect(AnswerCheck.sequence(of: kind, in: Array(body.utf8).span) == sequence)
    }

    @Test func `Problems are counted by their code`() {
        #expect(AnswerCheck.problemCode(Array("{\"code\":\"overloaded\",\"status\":503}".utf8).span) == "overloaded")
        #expect(AnswerCheck.problemCode(Array("<html>".utf8).span) == "no code")
    }
}
