import Testing
import Units

@Suite struct NetworkPrefixTests {
    private func read(_ text: String) -> NetworkPrefix? { NetworkPrefix(text: text.utf8) }

    @Test(
        arguments: [
            ("192.0.2.0/24", "192.0.2.0/24"), ("10.1.2.3", "10.1.2.3/32"), ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"), ("::1", "::1/128"), ("2001:DB8::/32", "2001:db8::/32"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1/128"), ("2001:0:0:1::", "2001:0:0:1::/128"),
            ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7/128"), ("fe80::/10", "fe80::/10"),
        ]
    )
    func `A block is written as RFC 5952 says`(text: String, canonical: String) {
        #expect(read(text)?.description == canonical)
        #expect(read(canonical)?.description == canonical, "and read again")
    }

    @Test(
        arguments: [
            "", "/", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0", "10.0.0.0.0",
            "256.0.0.0", "010.0.0.0", "a.b.c.d", "2001:db8::1/32", "::/129", ":::", "::1::", "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::ffff:1.2.3.4", "::ffff:0102:0304", ":1", "1:",
            "10.0.0.0/24/24", " 10.0.0.0", "10.0.0.0 ",
        ]
    )
    func `Anything else is no block`(text: String) {
        #expect(read(text) == nil)
    }

    @Test func `A block has the addresses with its prefix, of its own family`() throws {
        let inside = NetworkAddress(v4: 0xC000_0207)
        let mapped = NetworkAddress(v6: UInt128(0xFFFF_C000_0207))
        let rows: [(block: String, contains: Bool)] = [
            ("192.0.2.0/24", true), ("192.0.2.7", true), ("192.0.2.6", false), ("0.0.0.0/0", true), ("::/0", false),
            ("192.0.3.0/24", false), ("192.0.2.0/29", true), ("192.0.2.8/29", false),
        ]
        for row in rows {
            #expect(try #require(read(row.block)).contains(inside) == row.contains, "\(row.block)")
            #expect(try #require(read(row.block)).contains(mapped) == row.contains, "\(row.block), mapped")
        }
        let other = NetworkAddress(v6: UInt128(0x2001_0DB8) << 96 | 5)
        #expect(try #require(read("2001:db8::/32")).contains(other))
        #expect(try #require(read("::/0")).contains(other))
        #expect(!(try #require(read("0.0.0.0/0")).contains(other)))
        #expect(!(try #require(read("2001:db9::/32")).contains(other)))
    }
}
