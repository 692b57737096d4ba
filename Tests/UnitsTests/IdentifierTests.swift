import Testing
import Units

@Suite struct IdentifierTests {
    @Test func `An identifier is its letter and its number`() {
        #expect(OrderID(17).text == "o17")
        #expect(OrderID(text: Array("o17".utf8)) == OrderID(17))
        #expect(AccountID(text: Array("a9223372036854775807".utf8)) == AccountID(.max))
    }

    @Test(arguments: ["", "o", "17", "a17", "o0", "o017", "o-1", "o+1", "o1x", "O1", "o9223372036854775808", "o 1"])
    func `Anything else is no order id`(text: String) {
        #expect(OrderID(text: Array(text.utf8)) == nil)
    }
}
