import Engine
import Postgres
import Store
import Testing

/// Messages of batches, and who may store one.
@Suite struct SettlementMessageTests {
    @Test func `An epoch that has ended stores nothing, and a message that is stored stays`() throws {
        let exchange = try TestExchange()
        let connection = try exchange.connect()
        let old = try Leadership.acquire(holder: "a", backends: [], on: connection)
        let (first, second) = (SettlementID(5), SettlementID(6))
        try SettlementMessages.store([1, 2], of: first, under: old, on: connection)
        try old.resign(on: connection)
        let new = try Leadership.acquire(holder: "b", backends: [], on: connection)
        for batch in [first, second] {
            #expect(throws: StoreError.fenced) {
                try SettlementMessages.store([3], of: batch, under: old, on: connection)
            }
        }
        #expect(try SettlementMessages.read(second, on: connection) == nil)
        try SettlementMessages.store([4], of: first, under: new, on: connection)
        #expect(try SettlementMessages.read(first, on: connection) == [1, 2], "the first stays")
        try SettlementMessages.store([4], of: second, under: new, on: connection)
        #expect(try SettlementMessages.read(second, on: connection) == [4])
    }
}
