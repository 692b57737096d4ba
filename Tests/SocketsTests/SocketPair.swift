import Glibc
import Testing

@testable import Sockets

/// A descriptor in a class, since arrays and tuples hold no noncopyable values.
final class Descriptor {
    private let owned: FileDescriptor

    init(_ raw: Int32) throws { owned = try FileDescriptor(owning: raw, from: "socketpair") }

    var rawValue: Int32 { owned.rawValue }
    func send(_ bytes: Span<UInt8>) throws -> WriteResult { try owned.send(bytes) }
    func read(into buffer: inout MutableSpan<UInt8>) throws -> ReadResult { try owned.read(into: &buffer) }
    func hangUp() { #expect(shutdown(owned.rawValue, Int32(SHUT_RDWR)) == 0) }
}

/// Two connected sockets, non-blocking.
struct SocketPair {
    let ours: Descriptor
    let theirs: Descriptor

    init() throws {
        var pair: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
        try #require(unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0)
        ours = try Descriptor(pair[0])
        theirs = try Descriptor(pair[1])
    }
}
