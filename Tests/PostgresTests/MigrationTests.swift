import Postgres
import Testing

@Suite struct MigrationTests {
    let first = Migration.Record(number: 1, name: "accounts", checksum: [11])
    let second = Migration.Record(number: 2, name: "orders", checksum: [22])

    @Test func `An empty database gets every migration, in order`() throws {
        #expect(try Migration.pending(available: [first, second], applied: []) == 0..<2)
    }

    @Test func `A database that is behind gets the rest`() throws {
        #expect(try Migration.pending(available: [first, second], applied: [first]) == 1..<2)
    }

    @Test func `A database that is up to date gets none`() throws {
        #expect(try Migration.pending(available: [first, second], applied: [first, second]).isEmpty)
        #expect(try Migration.pending(available: [], applied: []).isEmpty)
    }

    @Test func `A released migration must not change`() {
        for edited in [
            Migration.Record(number: 1, name: "accounts", checksum: [99]),
            Migration.Record(number: 1, name: "owners", checksum: [11]),
        ] {
            let error = #expect(throws: MigrationError.self) {
                try Migration.pending(available: [edited, second], applied: [first])
            }
            #expect(error == .changedAfterRelease(first))
        }
    }

    @Test func `An old server does not touch the database of a newer one`() {
        #expect(throws: MigrationError.unknown(second)) {
            try Migration.pending(available: [first], applied: [first, second])
        }
    }

    @Test func `A gap in the program or in the database is found`() {
        #expect(throws: MigrationError.numberMissing(1)) {
            try Migration.pending(available: [second], applied: [])
        }
        #expect(throws: MigrationError.numberMissing(2)) {
            try Migration.pending(available: [first, first], applied: [])
        }
        #expect(throws: MigrationError.recordMissing(1)) {
            try Migration.pending(available: [first, second], applied: [second])
        }
    }

    @Test func `A migration is named as its folder`() {
        #expect("\(Migration(number: 7, name: "offer-region", up: [], check: []))" == "0007-offer-region")
        #expect("\(first)" == "0001-accounts")
        #expect("\(MigrationError.unknown(second))".contains("0002-orders"))
    }
}
