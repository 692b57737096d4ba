import Sockets
import Testing

@testable import HTTP2

/// Caps of connections, by address and in total.
@Suite struct AddressTableTests {
    private func table(perAddress: Int, total: Int) -> AddressTable {
        var limits = ServerLimits()
        limits.connectionsPerAddressMax = perAddress
        limits.connectionsMax = total
        return AddressTable(limits)
    }

    private func address(_ text: String) throws -> SocketAddress { try #require(SocketAddress(text)) }

    @Test func `An address has at most its share, and another has its own`() throws {
        let table = table(perAddress: 2, total: 10)
        let first = try address("192.0.2.1:1")
        #expect(table.admit(first) == nil)
        #expect(table.admit(try address("192.0.2.1:2")) == nil, "ports do not matter")
        #expect(table.admit(first) == .address)
        #expect(table.admit(try address("192.0.2.2:1")) == nil)
        table.release(first)
        #expect(table.admit(first) == nil)
    }

    @Test func `IPv6 counts by networks of 64 bits, and mapped addresses as IPv4`() throws {
        let table = table(perAddress: 1, total: 10)
        #expect(table.admit(try address("[2001:db8:0:1::1]:1")) == nil)
        #expect(table.admit(try address("[2001:db8:0:1:ffff::2]:1")) == .address)
        #expect(table.admit(try address("[2001:db8:0:2::1]:1")) == nil)
        #expect(table.admit(try address("[::ffff:192.0.2.1]:1")) == nil)
        #expect(table.admit(try address("192.0.2.1:1")) == .address)
        #expect(table.admit(try address("[::ffff:192.0.2.2]:1")) == nil)
    }

    @Test func `All together have at most the total`() throws {
        let table = table(perAddress: 2, total: 3)
        for last in 1...3 { #expect(table.admit(try address("192.0.2.\(last):1")) == nil) }
        #expect(table.admit(try address("192.0.2.4:1")) == .full)
        table.release(try address("192.0.2.1:1"))
        #expect(table.admit(try address("192.0.2.4:1")) == nil)
    }

    @Test func `What is released is forgotten`() throws {
        let table = table(perAddress: 2, total: 1_000_000)
        for number in 0..<1_000 as Range<UInt32> {
            let address = SocketAddress(.v4(number), port: 1)
            #expect(table.admit(address) == nil)
            table.release(address)
        }
        #expect(table.addressCount == 0)
        table.release(try address("192.0.2.1:1"))
        #expect(table.admit(try address("192.0.2.1:1")) == nil, "a release too many does no harm")
    }
}
