import HTTP2

/// A request of HTTP/1 and the choice of a connection's protocol: both must not depend on how the network cuts the bytes.
enum HTTP1Driver {
    static func run(_ input: [UInt8]) throws {
        if let fault = HTTP1Fuzzing.fault(input) { throw BrokenProperty(fault) }
    }
}
