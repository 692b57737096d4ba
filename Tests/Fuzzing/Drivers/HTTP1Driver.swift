import HTTP2

/// A request of HTTP/1 and the choice of a connection's protocol, neither of which may depend on how the bytes are cut.
enum HTTP1Driver {
    static func run(_ input: [UInt8]) throws {
        if let fault = HTTP1Fuzzing.fault(input) { throw BrokenProperty(fault) }
    }
}
