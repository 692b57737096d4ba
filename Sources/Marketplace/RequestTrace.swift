internal import API
internal import Units

/// A request that has been heard and not answered: what its answer is measured and logged with.
struct RequestTrace {
    var requestID: UInt64
    /// By the monotonic clock.
    var heard: Instant
    var route: Route?
    var method: RequestMethod
    var account: AccountID?
    var parent: TraceParent?
}

/// The caller's trace (W3C Trace Context, level 1): kept as numbers, so that nothing else gets into the log.
struct TraceParent: Equatable {
    let traceHigh: UInt64
    let traceLow: UInt64
    let span: UInt64
    let flags: UInt8

    /// `00-TRACE-SPAN-FLAGS` in small hexadecimal digits; trace and span are not all zeros.
    init?(_ text: [UInt8]) {
        guard text.count == 55, text[0] == UInt8(ascii: "0"), text[1] == UInt8(ascii: "0") else { return nil }
        guard [2, 35, 52].allSatisfy({ text[$0] == UInt8(ascii: "-") }) else { return nil }
        guard let high = Self.number(text[3..<19]), let low = Self.number(text[19..<35]),
            let span = Self.number(text[36..<52]), let flags = Self.number(text[53..<55])
        else { return nil }
        guard high | low != 0, span != 0 else { return nil }
        (traceHigh, traceLow, self.span, self.flags) = (high, low, span, UInt8(flags))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }

    /// As it was sent.
    var text: String {
        let trace = Problem.requestIDText(traceHigh) + Problem.requestIDText(traceLow)
        let flags = String(flags, radix: 16)
        return "00-\(trace)-\(Problem.requestIDText(span))-" + (flags.count == 1 ? "0" : "") + flags
    }
}

/// The requests of one loop that are under way, by number. Numbers are given in order, so a ring finds one at once.
struct RequestsUnderWay {
    private var ring: [RequestTrace?]

    /// Places at first, and at most: beyond that a request that is very old is answered without being measured.
    static let capacityInitial = 1_024
    static let capacityMax = 131_072

    init() { ring = Array(repeating: nil, count: Self.capacityInitial) }

    mutating func insert(_ trace: RequestTrace) {
        while ring[place(trace.requestID)] != nil, ring.count < Self.capacityMax { grow() }
        ring[place(trace.requestID)] = trace
    }

    /// The request with this number, once.
    mutating func remove(_ requestID: UInt64) -> RequestTrace? {
        let place = place(requestID)
        guard let trace = ring[place], trace.requestID == requestID else { return nil }
        ring[place] = nil
        return trace
    }

    private func place(_ requestID: UInt64) -> Int { Int(truncatingIfNeeded: requestID) & (ring.count - 1) }

    private mutating func grow() {
        let old = ring
        ring = Array(repeating: nil, count: old.count * 2)
        for trace in old {
            if let trace { ring[place(trace.requestID)] = trace }
        }
    }
}
