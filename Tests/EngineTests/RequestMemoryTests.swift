import Testing
import Units

@testable import Engine

/// What shows a repetition: a ring of small entries that count from bases.
@Suite struct RequestMemoryTests {
    private func entry(
        _ number: UInt64,
        sequence: Int64,
        at microseconds: Int64 = 0,
        account: Int64 = 1,
        kind: RequestMemory.Kind = .key
    ) -> RequestMemory.Entry {
        RequestMemory.Entry(
            high: number,
            low: number &* 7,
            body: ~number,
            sequence: SequenceNumber(sequence),
            at: LogicalTime(microseconds: microseconds),
            account: AccountID(account),
            rejection: UInt16(truncatingIfNeeded: number),
            kind: kind
        )
    }

    private func find(_ entry: RequestMemory.Entry, in memory: RequestMemory) -> RequestMemory.Entry? {
        memory.find(entry.kind, entry.account, high: entry.high, low: entry.low)
    }

    @Test func `An entry takes 40 bytes`() {
        #expect(RequestMemory.bytesPerEntry == 40)
    }

    @Test func `Whatever its numbers are, an entry comes back as it was`() {
        let minute: Int64 = 60_000_000
        let entries = [
            entry(1, sequence: 1),
            entry(2, sequence: 1, kind: .clientOrderID),
            // Just within and just beyond 32 bits of time and of commands.
            entry(3, sequence: 2, at: 1 << 32 - 1),
            entry(4, sequence: 3, at: 1 << 32),
            entry(5, sequence: 3 + 1 << 32, at: 1 << 32),
            entry(6, sequence: Int64.max, at: Int64.max),
            // No engine gives these, but records may.
            entry(7, sequence: 5, at: -minute),
            entry(8, sequence: Int64.min, at: Int64.min),
            entry(9, sequence: 6, account: 1 << 40 + 3),
            entry(10, sequence: 7, account: -1),
            entry(11, sequence: 8, account: Int64(UInt32.max)),
        ]
        var memory = RequestMemory()
        for entry in entries { memory.append(entry) }
        var kept: [RequestMemory.Entry] = []
        memory.forEach { kept.append($0) }
        #expect(kept == entries)
        for entry in entries { #expect(find(entry, in: memory) == entry) }
        var other = entries[0]
        other.account = AccountID(2)
        #expect(find(other, in: memory) == nil)
        for entry in entries {
            #expect(memory.oldest == entry)
            #expect(memory.removeOldest() == entry)
            #expect(find(entry, in: memory) == nil)
        }
        #expect(memory.count == 0 && memory.baseCount == 0)
    }

    @Test func `A day's requests need few bases, and forgetting them drops these too`() {
        var memory = RequestMemory()
        let second: Int64 = 1_000_000
        // Two days at one request a second, each of which is kept for a day.
        for number in 0..<Int64(2 * 86_400) {
            memory.append(entry(UInt64(number), sequence: number + 1, at: number * second))
            while let oldest = memory.oldest, oldest.at.microseconds + Limits.idempotencyWindow <= number * second {
                _ = memory.removeOldest()
            }
            if memory.baseCount > 22 { break }
        }
        #expect(memory.count == 86_400)
        #expect(memory.baseCount <= 22)
        #expect(memory.oldest == entry(86_400, sequence: 86_401, at: 86_400 * second))
        #expect(find(entry(100_000, sequence: 0), in: memory)?.sequence == SequenceNumber(100_001))
        #expect(find(entry(86_399, sequence: 0), in: memory) == nil)
    }
}
