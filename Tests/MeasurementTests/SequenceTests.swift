import Testing

@testable import Measurement

@Suite struct SequenceTests {
    private func record(_ sequences: [Int64], after base: Int64 = 100) -> SequenceRecord {
        var record = SequenceRecord(after: base)
        for sequence in sequences { record.add(sequence) }
        return record
    }

    @Test func `Numbers that were not acknowledged are counted`() {
        let record = record([101, 103, 104, 700])
        #expect(record.count == 4)
        #expect(record.last == 700)
        #expect(record.missing(upTo: 700) == 596)
        #expect(record.missing(upTo: 100) == 0)
        #expect(record.duplicate == nil)
    }

    @Test func `A number that two acknowledgements have is found, also over threads`() {
        #expect(record([101, 102, 101]).duplicate == 101)
        var all = record([101, 102])
        all.add(record([103, 230, 102]))
        #expect(all.duplicate == 102)
        #expect(all.duplicateCount == 1)
        #expect(all.count == 4)
        #expect(all.last == 230)
    }

    @Test(arguments: [100, 0, -1, 100 + SequenceRecord.spanMax])
    func `A number that cannot be is found`(sequence: Int64) {
        #expect(record([101, sequence]).impossible == sequence)
        var all = record([101])
        all.add(record([sequence]))
        #expect(all.impossible == sequence)
    }

    @Test func `Threads may have seen more or less far`() {
        var all = record([101])
        all.add(record([100_000_000]))
        all.add(record([102]))
        #expect(all.count == 3)
        #expect(all.missing(upTo: 100_000_000) == 99_999_900 - 3)
    }
}
