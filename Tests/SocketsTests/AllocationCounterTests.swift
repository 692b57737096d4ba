import Sockets
import Testing

@Suite struct AllocationCounterTests {
    private final class Box {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    @Test func `Every object and every array is one allocation, and nothing is none`() {
        #expect(AllocationCounter.start())
        var boxes: [Box] = []
        boxes.reserveCapacity(1_000)
        let start = AllocationCounter.now
        for number in 0..<1_000 { boxes.append(Box(number)) }
        let objects = AllocationCounter.now - start
        #expect(objects.calls == 1_000)
        // The head of an object, a number, and what the alignment adds.
        #expect((24_000...64_000).contains(objects.bytes))

        let idle = AllocationCounter.now
        var sum = 0
        var index = 0
        while index < 1_000 {
            sum &+= boxes[index].number
            index += 1
        }
        #expect((AllocationCounter.now - idle).calls == 0)
        #expect(sum == 499_500)

        let before = AllocationCounter.now
        let array = [UInt8](repeating: 7, count: 100_000)
        let arrays = AllocationCounter.now - before
        #expect(arrays.calls == 1)
        #expect((100_000...101_000).contains(arrays.bytes))
        #expect(array.count == 100_000)
    }

    @Test func `A thread sees its own allocations only, and counting twice does not count double`() throws {
        #expect(AllocationCounter.start())
        #expect(AllocationCounter.start())
        let before = AllocationCounter.now
        let box = Box(1)
        #expect((AllocationCounter.now - before).calls == 1)
        #expect(box.number == 1)

        let start = AllocationCounter.now
        let thread = try Thread(named: "allocates") {
            var boxes: [Box] = []
            for number in 0..<5_000 { boxes.append(Box(number)) }
            precondition(boxes.count == 5_000)
        }
        thread.join()
        #expect((AllocationCounter.now - start).calls < 1_000)
    }
}
