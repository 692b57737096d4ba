internal import Glibc

/// A TCP address: an IP address of either family, and a port.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The IP address.
    package enum Host: Hashable, Sendable {
        /// In the order of the wire: 127.0.0.1 is `[127, 0, 0, 1]`.
        case v4(UInt32)
        /// In the order of the wire.
        case v6(UInt128)
    }

    /// The IP address.
    package let host: Host
    /// The port; 0 asks the kernel for a free one.
    package var port: UInt16

    /// An address of these parts.
    package init(_ host: Host, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// 127.0.0.1.
    package static func loopback(port: UInt16) -> SocketAddress {
        SocketAddress(.v4(0x7F00_0001), port: port)
    }

    /// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` (which is 127.0.0.1), or `:8080` and `*:8080`
    /// (every IPv4 address). Anything else is `nil`: names are not looked up.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let portText = text[text.index(after: colon)...]
        guard portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(portText) else { return nil }

        let hostText = text[..<colon]
        if hostText.hasPrefix("["), hostText.hasSuffix("]") {
            guard let address = Self.v6(String(hostText.dropFirst().dropLast())) else { return nil }
            self.init(.v6(address), port: port)
        } else {
            guard let address = Self.v4(String(hostText)) else { return nil }
            self.init(.v4(address), port: port)
        }
    }

    private static func v4(_ text: String) -> UInt32? {
        switch text {
        case "", "*": return 0
        case "localhost": return 0x7F00_0001
        default: break
        }
        var address = in_addr()
        guard unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return UInt32(bigEndian: address.s_addr)
    }

    private static func v6(_ text: String) -> UInt128? {
        var address: UInt128 = 0
        guard unsafe inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return UInt128(bigEndian: address)
    }

    /// The address alone, as it is written in URLs without brackets.
    package var hostDescription: String {
        switch host {
        case .v4(let address): Self.text(of: address.bigEndian, family: AF_INET)
        case .v6(let address): Self.text(of: address.bigEndian, family: AF_INET6)
        }
    }

    private static func text<Address: BitwiseCopyable>(of address: Address, family: Int32) -> String {
        var address = address
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            guard unsafe inet_ntop(family, &address, text.baseAddress, socklen_t(text.count)) != nil else { return "?" }
            return unsafe text.baseAddress.map { unsafe String(cString: $0) } ?? "?"
        }
    }

    package var description: String {
        switch host {
        case .v4: "\(hostDescription):\(port)"
        case .v6: "[\(hostDescription)]:\(port)"
        }
    }
}

extension SocketAddress {
    /// The family, as `socket(2)` takes it.
    var family: Int32 {
        switch host {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }

    /// Calls `body` with the address in the kernel's form.
    @unsafe func withKernelAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch host {
        case .v4(let address):
            var kernel = sockaddr_in()
            kernel.sin_family = sa_family_t(AF_INET)
            kernel.sin_port = port.bigEndian
            kernel.sin_addr.s_addr = address.bigEndian
            return unsafe Self.rebound(&kernel, body)
        case .v6(let address):
            var kernel = sockaddr_in6()
            kernel.sin6_family = sa_family_t(AF_INET6)
            kernel.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &kernel.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: address.bigEndian, as: UInt128.self)
            }
            return unsafe Self.rebound(&kernel, body)
        }
    }

    @unsafe private static func rebound<Kernel, Result>(
        _ kernel: inout Kernel,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        unsafe withUnsafeBytes(of: &kernel) { bytes in
            unsafe body(bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t(bytes.count))
        }
    }

    /// Asks the kernel by `call`, which is `getsockname` or `getpeername`.
    @unsafe init?(
        of descriptor: Int32,
        by call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) {
        var storage = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe call(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!, &size)
        }
        guard result == 0 else { return nil }

        let port = UInt16(bigEndian: storage.sin6_port)
        switch Int32(storage.sin6_family) {
        case AF_INET:
            let address = unsafe withUnsafeBytes(of: &storage) { bytes in
                unsafe bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            }
            self.init(.v4(UInt32(bigEndian: address)), port: port)
        case AF_INET6:
            let address = unsafe withUnsafeBytes(of: &storage.sin6_addr) { bytes in
                unsafe bytes.loadUnaligned(as: UInt128.self)
            }
            self.init(.v6(UInt128(bigEndian: address)), port: port)
        default: return nil
        }
    }

    /// The addresses of `host`, by the system's resolver; blocks. An IP address in text needs no resolver.
    package static func resolve(_ host: String, port: UInt16) throws(SystemError) -> [SocketAddress] {
        if let address = v4(host) { return [SocketAddress(.v4(address), port: port)] }
        if let address = v6(host) { return [SocketAddress(.v6(address), port: port)] }

        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else {
            throw SystemError(call: "getaddrinfo \(host)", errno: EHOSTUNREACH)
        }
        defer { unsafe freeaddrinfo(list) }

        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            let (raw, size) = unsafe (entry.pointee.ai_addr, entry.pointee.ai_addrlen)
            let address = unsafe SocketAddress(of: -1) { _, target, targetSize in
                guard let raw = unsafe raw, unsafe size <= targetSize.pointee else { return -1 }
                unsafe memcpy(target, raw, Int(size))
                return 0
            }
            if let address { addresses.append(SocketAddress(address.host, port: port)) }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }
}
