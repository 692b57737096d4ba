import Testing

/// The auction. Every test is a little market: read the names to learn the rules.
@Suite struct MatchingRules {
    @Test func `The order that was there first sets the price`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 worker qwen 20 x 5    -> s1 rests 5
            bid   b1 app    qwen 25 x 3    -> b1 buys 3 from s1 at 20, b1 filled
            bid   b2 app    qwen 25 x 4    -> b2 buys 2 from s1 at 20, s1 filled, b2 rests 2
            offer s2 worker qwen 15 x 1    -> s2 sells 1 to b2 at 25, s2 filled
            """
        )
    }

    @Test func `The cheapest offer trades first, and at one price the older one`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1 qwen 30 x 1    -> s1 rests 1
            offer s2 w2 qwen 20 x 1    -> s2 rests 1
            offer s3 w3 qwen 20 x 1    -> s3 rests 1
            bid   b1 app qwen 30 x 3   -> b1 buys 1 from s2 at 20, s2 filled, b1 buys 1 from s3 at 20, s3 filled, \
            b1 buys 1 from s1 at 30, s1 filled, b1 filled
            """
        )
    }

    @Test func `The dearest bid trades first, and at one price the older one`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid   b1 app qwen 20 x 1   -> b1 rests 1
            bid   b2 app qwen 30 x 1   -> b2 rests 1
            bid   b3 app qwen 30 x 1   -> b3 rests 1
            offer s1 w   qwen 20 x 3   -> s1 sells 1 to b2 at 30, b2 filled, s1 sells 1 to b3 at 30, b3 filled, \
            s1 sells 1 to b1 at 20, b1 filled, s1 filled
            """
        )
    }

    @Test func `At one price an attested offer trades before an older one that is not`() throws {
        try expectMarket(
            """
            deposit app 1000
            attest w2 tdx
            offer s1 w1 qwen 20 x 1            -> s1 rests 1
            offer s2 w2 qwen 20 x 1 tee tdx    -> s2 rests 1
            offer s3 w2 qwen 20 x 1 tee tdx    -> s3 rests 1
            offer s4 w2 qwen 19 x 1            -> s4 rests 1
            bid   b1 app qwen 20 x 4           -> b1 buys 1 from s4 at 19, s4 filled, \
            b1 buys 1 from s2 at 20, s2 filled, b1 buys 1 from s3 at 20, s3 filled, b1 buys 1 from s1 at 20, \
            s1 filled, b1 filled
            """
        )
    }

    @Test func `A claim that nobody attested does not come first`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1 qwen 20 x 1            -> s1 rests 1
            offer s2 w2 qwen 20 x 1 tee tdx    -> s2 rests 1
            bid   b1 app qwen 20 x 1           -> b1 buys 1 from s1 at 20, s1 filled, b1 filled
            """
        )
    }

    @Test func `Bids have no rank but price and time, whatever they demand`() throws {
        try expectMarket(
            """
            deposit app 1000
            attest w tdx
            bid   b1 app any 20 x 1            -> b1 rests 1
            bid   b2 app any 20 x 1 tee tdx    -> b2 rests 1
            offer s1 w qwen 20 x 2 tee tdx     -> s1 sells 1 to b1 at 20, b1 filled, s1 sells 1 to b2 at 20, \
            b2 filled, s1 filled
            """
        )
    }

    @Test func `Prices that do not meet rest on both sides`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 21 x 1   -> s1 rests 1
            bid   b1 app qwen 20 x 1   -> b1 rests 1
            bid   b2 app qwen 19 x 1   -> b2 rests 1
            offer s2 w   qwen 22 x 1   -> s2 rests 1
            bid   b3 app qwen 21 x 1   -> b3 buys 1 from s1 at 21, s1 filled, b3 filled
            offer s3 w   qwen 20 x 1   -> s3 sells 1 to b1 at 20, b1 filled, s3 filled
            """
        )
    }

    @Test func `What an ioc order cannot trade at once is cancelled, on both sides`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid   b1 app qwen 20 x 2 ioc   -> b1 ioc 2 | hold 40, release 40
            offer s1 w   qwen 20 x 2 ioc   -> s1 ioc 2 |
            offer s2 w   qwen 20 x 2       -> s2 rests 2
            bid   b2 app qwen 20 x 3 ioc   -> b2 buys 2 from s2 at 20, s2 filled, b2 ioc 1 | hold 60, trade 40, \
            release 20
            bid   b3 app qwen 20 x 2       -> b3 rests 2
            offer s3 w   qwen 20 x 3 ioc   -> s3 sells 2 to b3 at 20, b3 filled, s3 ioc 1
            bid   b4 app qwen 20 x 1 ioc   -> b4 ioc 1
            offer s4 w   qwen 20 x 1       -> s4 rests 1
            bid   b5 app qwen 20 x 1 ioc   -> b5 buys 1 from s4 at 20, s4 filled, b5 filled
            """
        )
    }

    @Test func `A taker that meets its own order is cancelled and trades with nobody behind it`() throws {
        try expectMarket(
            """
            deposit app 1000
            deposit both 1000
            offer s1 both qwen 20 x 2    -> s1 rests 2
            offer s2 w    qwen 21 x 2    -> s2 rests 2
            bid   b1 both qwen 22 x 3    -> b1 self_trade 3 | hold 66, release 66
            bid   b2 both qwen 19 x 1    -> b2 rests 1
            bid   b3 app  qwen 18 x 1    -> b3 rests 1
            offer s3 both qwen 18 x 1    -> s3 self_trade 1 |
            """
        )
    }

    @Test func `What trades before the own order is met stands`() throws {
        try expectMarket(
            """
            deposit app 1000
            deposit both 1000
            offer s1 w    qwen 20 x 2    -> s1 rests 2
            offer s2 both qwen 21 x 2    -> s2 rests 2
            bid   b1 both qwen 22 x 3    -> b1 buys 2 from s1 at 20, s1 filled, b1 self_trade 1
            bid   b2 app  qwen 19 x 1    -> b2 rests 1
            bid   b3 both qwen 18 x 1    -> b3 rests 1
            offer s3 both qwen 17 x 2    -> s3 sells 1 to b2 at 19, b2 filled, s3 self_trade 1
            """
        )
    }

    @Test func `An own order behind the last that trades does no harm`() throws {
        try expectMarket(
            """
            deposit app 1000
            deposit both 1000
            offer s1 w    qwen 20 x 2    -> s1 rests 2
            offer s2 both qwen 21 x 2    -> s2 rests 2
            bid   b1 both qwen 22 x 2    -> b1 buys 2 from s1 at 20, s1 filled, b1 filled
            bid   b2 app  qwen 19 x 1    -> b2 rests 1
            bid   b3 both qwen 18 x 1    -> b3 rests 1
            offer s3 both qwen 17 x 1    -> s3 sells 1 to b2 at 19, b2 filled, s3 filled
            """
        )
    }

    @Test func `A cancelled order is gone, and only its owner can cancel it`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 2   -> s1 rests 2
            bid   b1 app qwen 10 x 3   -> b1 rests 3
            cancel app s1              -> rejected order_not_found |
            cancel w   b1              -> rejected order_not_found |
            cancel w   s1              -> s1 cancelled 2 |
            cancel app b1              -> b1 cancelled 3 | release 30
            cancel w   s1              -> rejected order_not_found
            cancel app b1              -> rejected order_not_found
            cancel app never           -> rejected order_not_found
            bid   b2 app qwen 20 x 1   -> b2 rests 1
            offer s2 w   qwen 5 x 1    -> s2 sells 1 to b2 at 20, b2 filled, s2 filled
            """
        )
    }

    @Test func `A partly filled order keeps its place`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 3   -> s1 rests 3
            offer s2 w2  qwen 20 x 3   -> s2 rests 3
            bid   b1 app qwen 20 x 1   -> b1 buys 1 from s1 at 20, b1 filled
            bid   b2 app qwen 20 x 3   -> b2 buys 2 from s1 at 20, s1 filled, b2 buys 1 from s2 at 20, b2 filled
            bid   b3 app qwen 10 x 3   -> b3 rests 3
            bid   b4 app qwen 10 x 3   -> b4 rests 3
            offer s3 w1  qwen 10 x 1   -> s3 sells 1 to b3 at 10, s3 filled
            offer s4 w1  qwen 10 x 3   -> s4 sells 2 to b3 at 10, b3 filled, s4 sells 1 to b4 at 10, s4 filled
            """
        )
    }
}
