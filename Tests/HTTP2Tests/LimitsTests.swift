import Testing

@testable import HTTP2

/// The limits and how they hang together.
@Suite struct LimitsTests {
    @Test func `The limits allow what they are meant to allow`() {
        let limits = ServerLimits()
        #expect(limits.concurrentStreamsMax >= 100, "RFC 9113, section 6.5.2")
        #expect(limits.streamWindow > limits.bodyBytesMax, "a body that is too long shows")
        #expect(limits.streamWindow >= 65_535, "not below the protocol's default")
        #expect(Int(limits.connectionWindow) >= 8 * limits.bodyBytesMax)
        #expect(limits.keptBodyBytesMax >= Int(limits.concurrentStreamsMax) * limits.bodyBytesMax)
        #expect(limits.headerBytesServed < limits.headerBytesMax, "431 before the end")
        #expect(limits.connectionsPerAddressMax <= limits.connectionsMax / 2, "nobody takes all")
        #expect(limits.idleFrameBurst > 4 * Int(limits.concurrentStreamsMax), "two windows and more for each stream")
        #expect(limits.queuedFramesMax >= 2 * Int(limits.concurrentStreamsMax), "two frames for each answer")
        #expect(limits.outputBytesMax >= limits.readBytesPerTurn)
        #expect(limits.readBytesCrowded < limits.readBytesPerTurn)
        #expect(limits.headerBytesMax >= 32 * limits.headerFieldsMax, "as many empty fields as are allowed")
        #expect(limits.handshakeMilliseconds < limits.idleMilliseconds)
        #expect(StreamState.initialCapacity <= StreamState.keptCapacityMax)
        #expect(limits.resetBurst >= UInt64(limits.concurrentStreamsMax), "all requests may be cancelled at once")
    }

    @Test(
        arguments: [
            (nil, nil, 19_953, 19_000, 9_500), (nil, nil, 954, 954, 477), (nil, nil, -50, 1, 1),
            (nil, 5_000, 954, 954, 954), (100, nil, 954, 100, 50), (954, 954, 954, 954, 954),
            (40_000, 3, 100_000, 40_000, 3), (1, nil, 954, 1, 1),
        ] as [(Int?, Int?, Int, Int, Int)]
    )
    func `Connections are what is wished, within what the process may open`(
        total: Int?,
        perAddress: Int?,
        places: Int,
        allowed: Int,
        allowedPerAddress: Int
    ) {
        let allowance = ConnectionAllowance(total: total, perAddress: perAddress, places: places)
        #expect(allowance?.total == allowed && allowance?.perAddress == allowedPerAddress)
    }

    @Test(arguments: [(955, 954), (0, 954), (2, 1), (2, -50)])
    func `More connections than there are descriptors are refused`(total: Int, places: Int) {
        #expect(ConnectionAllowance(total: total, perAddress: nil, places: places) == nil)
    }

    @Test(arguments: [(0, 65_535), (65_535, 65_536), (1 << 40, Int(Int32.max))])
    func `The window of a stream follows the limit of a body`(body: Int, window: Int) {
        var limits = ServerLimits()
        limits.bodyBytesMax = body
        #expect(Int(limits.streamWindow) == window)
    }

    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"),
        ]
    )
    func `A date is written as RFC 9110 prefers`(seconds: Int, text: String) {
        #expect(DateField.text(of: seconds) == text)
        #expect(text.utf8.count == DateField.count)
    }

    @Test func `Every field and every method is recognised, and nothing like it`() {
        for field in RequestField.allCases {
            let name = Array("\(field.name)".utf8)
            #expect(unsafe RequestField.recognise(name, count: name.count) == field)
            var other = name
            other[name.count - 1] ^= 1
            #expect(unsafe RequestField.recognise(other, count: name.count) == nil)
        }
        for method in Method.allCases where method != .other {
            let name = Array("\(method.name)".utf8)
            #expect(unsafe Method.recognise(name, count: name.count) == method)
            #expect(unsafe Method.recognise(Array("\(method.name)".lowercased().utf8), count: name.count) == .other)
        }
    }
}
