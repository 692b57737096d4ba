import Engine
import Testing
import Units

/// How long orders stay, and those that do not stay at all.
@Suite struct TimeInForceRules {
    // MARK: gtd

    @Test(arguments: ["offer o w qwen", "bid o app qwen"])
    func `An order expires when it says, and not before`(order: String) throws {
        try expectMarket(
            """
            deposit app 1000
            time 100
            \(order) 20 x 5 until 110   -> o rests 5
            time 109.999999             ->
            time 110                    -> o expired 5
            cancel app o                -> rejected order_not_found
            balance app.available       -> 1000
            """
        )
    }

    @Test func `What has expired does not trade, even if it comes in the same moment`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 100
            offer s1 w   qwen 20 x 5 until 110   -> s1 rests 5
            bid   b1 app qwen 10 x 5 until 110   -> b1 rests 5
            time 110                             -> s1 expired 5, b1 expired 5
            bid   b2 app qwen 20 x 5             -> b2 rests 5
            offer s2 w   qwen 30 x 5 until 110   -> rejected expired
            offer s3 w   qwen 30 x 5 until 109   -> rejected expired
            bid   b3 app qwen 10 x 5 until 110   -> rejected expired
            """
        )
    }

    @Test func `What is due does not trade either when it arrives again in the moment in which it expires`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 100
            attest w tdx until 110
            offer s1 w   qwen 20 x 5 tee tdx until 110   -> s1 rests 5
            offer s2 w   qwen 20 x 2 tee tdx             -> s2 rests 2
            bid   b1 app qwen 20 x 5 tee none            -> b1 rests 5
            time 110                                     -> s1 reclassified, s2 reclassified, \
            s2 sells 2 to b1 at 20, s2 filled, s1 expired 5
            """
        )
    }

    @Test func `More orders than a step expire over several batches, and those that wait never fill`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 100
            offer s1 w qwen 20 x 1 until 110   -> s1 rests 1
            offer s2 w qwen 20 x 1 until 109   -> s2 rests 1
            offer s3 w qwen 20 x 1 until 110   -> s3 rests 1
            time 110                           -> s2 expired 1, s1 expired 1
            bid b1 app qwen 20 x 3             -> b1 rests 3
            time 110                           -> s3 expired 1
            """,
            work: WorkLimits(visits: 9, step: 2, parts: 9, operations: 9)
        )
    }

    // MARK: ioc, fok

    @Test func `What is left of an ioc order is cancelled on both sides`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 5       -> s1 rests 5
            bid   b1 app qwen 20 x 8 ioc   -> b1 buys 5 from s1 at 20, s1 filled, b1 ioc 3
            bid   b2 app qwen 20 x 5       -> b2 rests 5
            offer s2 w   qwen 20 x 8 ioc   -> s2 sells 5 to b2 at 20, b2 filled, s2 ioc 3
            """
        )
    }

    @Test func `A fok order is filled at once and whole, or refused, and then nothing has changed`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 5       -> s1 rests 5
            offer s2 w2  qwen 21 x 5       -> s2 rests 5
            bid   b1 app qwen 21 x 11 fok  -> rejected fok_unfillable |
            bid   b2 app qwen 20 x 6 fok   -> rejected fok_unfillable |
            bid   b3 app qwen 21 x 10 fok  -> b3 buys 5 from s1 at 20, s1 filled, b3 buys 5 from s2 at 21, s2 filled, \
            b3 filled | hold 210, trade 100, release 5, trade 105
            bid   b4 app qwen 20 x 5       -> b4 rests 5
            offer s3 w1  qwen 20 x 6 fok   -> rejected fok_unfillable
            offer s4 w1  qwen 20 x 5 fok   -> s4 sells 5 to b4 at 20, b4 filled, s4 filled
            """
        )
    }

    @Test func `A fok order passes by its owner's orders, whatever its mode`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 app qwen 19 x 5                  -> s1 rests 5
            offer s2 w   qwen 20 x 5                  -> s2 rests 5
            bid   b1 app qwen 20 x 6 fok stp decrement -> rejected fok_unfillable
            bid   b2 app qwen 20 x 5 fok              -> b2 buys 5 from s2 at 20, s2 filled, b2 filled
            """
        )
    }

    @Test func `A fok order that the deposits of offers would cut short is refused`() throws {
        try expectMarket(
            """
            deposit app 300
            offer s1 w1 qwen 20 x 5               -> s1 rests 5
            offer s2 w2 qwen 20 x 5 deposit 250   -> s2 rests 5
            bid   b1 app qwen 20 x 10 fok         -> rejected fok_unfillable
            bid   b2 app qwen 20 x 10             -> b2 buys 5 from s1 at 20, s1 filled, b2 rests 5
            """
        )
    }

    @Test func `A fok order is filled by one maker alone if the walk over several does not fill it`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 3       -> s1 rests 3
            offer s2 w2  qwen 21 x 5 all   -> s2 rests 5
            bid   b1 app qwen 21 x 5 fok   -> b1 buys 5 from s2 at 21, s2 filled, b1 filled
            """
        )
    }

    // MARK: Post-only

    @Test func `A post-only order is refused if it would trade at once`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 5             -> s1 rests 5
            bid   b1 app qwen 20 x 5 post        -> rejected post_only_would_trade |
            bid   b2 app qwen 19 x 5 post        -> b2 rests 5
            offer s2 w   qwen 19 x 5 post        -> rejected post_only_would_trade
            offer s3 w   qwen 20 x 5 post        -> s3 rests 5
            bid   b3 app qwen 20 x 1             -> b3 buys 1 from s1 at 20, b3 filled
            """
        )
    }

    @Test func `A post-only order that would not trade for its least fill rests`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 5                 -> s1 rests 5
            bid   b1 app qwen 20 x 9 post min 6      -> b1 rests 9
            bid   b2 app qwen 20 x 9 post min 5      -> rejected post_only_would_trade
            bid   b3 app qwen 20 x 6 post all        -> b3 rests 6
            bid   b4 app qwen 20 x 5 post all        -> rejected post_only_would_trade
            """
        )
    }

    @Test func `Own orders do not keep a post-only order from resting, but its mode holds for them`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 app qwen 20 x 5                     -> s1 rests 5
            bid   b1 app qwen 20 x 5 post                -> b1 self_trade 5
            bid   b2 app qwen 20 x 9 post stp cancel_oldest -> s1 self_trade 5, b2 rests 9
            """
        )
    }

    @Test func `A post-only order that its own order lowers below its least fill does not take either`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 app qwen 19 x 7                            -> s1 rests 7
            offer s2 w   qwen 20 x 3                            -> s2 rests 3
            bid   b1 app qwen 20 x 10 post min 5 stp decrement  -> rejected post_only_would_trade
            bid   b2 app qwen 19 x 10 post min 5 stp decrement  -> s1 self_trade 7, b2 reduced to 3, b2 rests 3
            """
        )
    }

    @Test func `What a post-only order takes out of its own is visited once, though the walk begins again`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 18 x 1                            -> s1 rests 1
            offer s2 app qwen 19 x 2                            -> s2 rests 2
            bid   b1 app qwen 20 x 5 post min 4 stp decrement   -> s2 self_trade 2, b1 reduced to 3, b1 rests 3
            """,
            work: WorkLimits(visits: 3, step: 9, parts: 9, operations: 9)
        )
    }

    // MARK: Market orders

    @Test func `A market order takes its limit from the price band, and needs one`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 25 x 5             -> s1 rests 5
            bid   b1 app qwen market x 2 ioc     -> rejected no_price_band
            offer s2 w   qwen market x 2 fok     -> rejected no_price_band
            band qwen 20 to 30
            bid   b2 app qwen market x 2 ioc     -> b2 buys 2 from s1 at 25, b2 filled | hold 60, trade 50, release 10
            bid   b3 app qwen market x 9 ioc     -> b3 buys 3 from s1 at 25, s1 filled, b3 ioc 6
            bid   b4 app qwen 21 x 2             -> b4 rests 2
            bid   b5 app qwen 20 x 2             -> b5 rests 2
            offer s3 w   qwen market x 9 ioc     -> s3 sells 2 to b4 at 21, b4 filled, s3 sells 2 to b5 at 20, \
            b5 filled, s3 ioc 5
            offer s4 w   qwen market x 1 fok     -> rejected fok_unfillable
            """
        )
    }

    @Test func `A market bid may pay what all of its models allow`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen  25 x 5                -> s1 rests 5
            offer s2 w   llama 26 x 5                -> s2 rests 5
            band qwen 20 to 30
            bid   b1 app qwen,llama market x 1 ioc   -> rejected no_price_band
            band llama 10 to 25
            bid   b2 app qwen,llama market x 9 ioc   -> b2 buys 5 from s1 at 25, s1 filled, b2 ioc 4
            bid   b3 app any market x 9 ioc          -> rejected no_price_band
            band market 1 to 26
            bid   b4 app any market x 9 ioc          -> b4 buys 5 from s2 at 26, s2 filled, b4 ioc 4
            """
        )
    }
}
