internal import Sockets

/// How many connections each address has, and all of them together; shared by a server's loops.
///
/// It is asked once when a connection is accepted and once when it is closed, so one lock is enough.
final class AddressTable: Sendable {
    /// Who shares an allowance: an IPv4 address, or a network of 64 bits of IPv6, which is what one customer of a
    /// provider has (RFC 6177, section 2). IPv4 addresses written as IPv6 ones count as IPv4.
    enum Key: Hashable, Sendable {
        case v4(UInt32)
        case v6(UInt64)

        init(_ address: SocketAddress) {
            switch address.host {
            case .v4(let bits): self = .v4(bits)
            case .v6(let bits) where bits >> 32 == 0xFFFF: self = .v4(UInt32(truncatingIfNeeded: bits))
            case .v6(let bits): self = .v6(UInt64(bits >> 64))
            }
        }
    }

    private struct State {
        var counts: [Key: Int] = [:]
        var total = 0
    }

    private let state = Lock(State())
    private let perAddressMax: Int
    private let totalMax: Int

    init(_ limits: ServerLimits) {
        perAddressMax = limits.connectionsPerAddressMax
        totalMax = limits.connectionsMax
    }

    /// Counts a connection. Returns why it may not be, and then does not count it.
    func admit(_ address: SocketAddress) -> ConnectionRefusal? {
        let key = Key(address)
        return state.withLock { state in
            guard state.total < totalMax else { return .full }
            let count = state.counts[key, default: 0]
            guard count < perAddressMax else { return .address }
            state.counts[key] = count + 1
            state.total += 1
            return nil
        }
    }

    /// Counts a connection no more.
    func release(_ address: SocketAddress) {
        let key = Key(address)
        state.withLock { state in
            guard let count = state.counts[key] else { return }
            state.counts[key] = count > 1 ? count - 1 : nil
            state.total -= 1
        }
    }

    /// Addresses that have a connection.
    var addressCount: Int { state.withLock { $0.counts.count } }
}
