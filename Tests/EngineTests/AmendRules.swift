import Testing

/// Changing an open order.
@Suite struct AmendRules {
    @Test(arguments: [true, false])
    func `Less keeps its place; more, another price or another expiry goes to the back`(isOffer: Bool) throws {
        let cases: [(change: String, isFirst: Bool)] = [
            ("lots 4", true), ("lots 5", true), ("price 20", true), ("price 20 lots 3", true), ("until 200", true),
            ("lots 3 until 200", true), ("lots 6", false), ("until 300", false), ("until 300 lots 3", false),
        ]
        for (change, isFirst) in cases {
            let left = change.contains("lots 4") ? 4 : change.contains("lots 3") ? 3 : change.contains("lots 6") ? 6 : 5
            let amended = "one amended to 20 x \(left)" + (isFirst ? "" : ", one rests \(left)")
            let (first, taker) = (isFirst ? "one" : "two", isOffer ? "t buys 1 from" : "t sells 1 to")
            let orders =
                isOffer
                ? """
                offer one a qwen 20 x 5 until 200  -> one rests 5
                offer two b qwen 20 x 5            -> two rests 5
                """
                : """
                bid   one a qwen 20 x 5 until 200  -> one rests 5
                bid   two b qwen 20 x 5            -> two rests 5
                """
            try expectMarket(
                """
                deposit a 1000
                deposit b 1000
                deposit c 1000
                time 100
                \(orders)
                amend a one \(change)              -> \(amended)
                \(isOffer ? "bid" : "offer") t c qwen 20 x 1 -> \(taker) \(first) at 20, t filled
                """
            )
        }
    }

    @Test func `The quantity counts what is filled, so that a fill and an amendment that cross fill never too much`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 9     -> s1 rests 9
            bid   b1 app qwen 20 x 4     -> b1 buys 4 from s1 at 20, b1 filled
            amend w s1 lots 4            -> rejected quantity_filled
            amend w s1 lots 3            -> rejected quantity_filled
            amend w s1 lots 5            -> s1 amended to 20 x 5
            bid   b2 app qwen 20 x 9     -> b2 buys 1 from s1 at 20, s1 filled, b2 rests 8
            amend w s1 lots 9            -> rejected order_not_found
            """
        )
    }

    @Test func `The hold follows the order at the rates that it was accepted with`() throws {
        try expectMarket(
            """
            fees maker 100 taker 200
            deposit app 1000
            bid b1 app qwen 20 x 10       -> b1 rests 10 | hold 204
            fees maker 0 taker 1000
            amend app b1 lots 5           -> b1 amended to 20 x 5 | release 102
            amend app b1 lots 10 price 40 -> b1 amended to 40 x 10, b1 rests 10 | hold 306
            amend app b1 price 10         -> b1 amended to 10 x 10, b1 rests 10 | release 306
            amend app b1 price 99         -> rejected insufficient_funds |
            balance app.held              -> 102
            """
        )
    }

    @Test func `An order that loses its place trades like one that arrives, in its own mode`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 5                   -> s1 rests 5
            offer s2 app qwen 21 x 5                   -> s2 rests 5
            bid   b1 app qwen 19 x 9 stp cancel_oldest -> b1 rests 9
            amend app b1 price 21                      -> b1 amended to 21 x 9, b1 buys 5 from s1 at 20, s1 filled, \
            s2 self_trade 5, b1 rests 4 | hold 18, trade 100, release 5
            offer s3 w   qwen 22 x 5                   -> s3 rests 5
            amend w s3 price 21                        -> s3 amended to 21 x 5, s3 sells 4 to b1 at 21, b1 filled, s3 rests 1
            """
        )
    }

    @Test func `What an order could not be placed with it is not amended to, and then nothing has changed`() throws {
        try expectMarket(
            """
            deposit app 100
            band qwen 10 to 30
            fees maker 0 taker 0 minimum 40
            offer s1 w   qwen 20 x 5 post   -> s1 rests 5
            bid   b1 app qwen 15 x 5 post   -> b1 rests 5
            amend w   s1 price 9            -> rejected price_outside_band
            amend app b1 price 31           -> rejected price_outside_band
            amend app b1 price 10 lots 3    -> rejected below_minimum_notional
            amend app b1 lots 7             -> rejected insufficient_funds
            amend app b1 price 20           -> rejected post_only_would_trade
            amend w   s1 price 15           -> rejected post_only_would_trade
            amend w   s1 until 5            -> rejected expiry_not_amendable
            amend app s1 lots 1             -> rejected order_not_found
            amend w   s9 lots 1             -> rejected order_not_found
            cancel w s1                     -> s1 cancelled 5
            cancel app b1                   -> b1 cancelled 5 | release 75
            """
        )
    }

    @Test func `A gtd order is amended to a date in the future`() throws {
        try expectMarket(
            """
            time 100
            offer s1 w qwen 20 x 5 until 110   -> s1 rests 5
            amend w s1 until 100               -> rejected expiry_not_amendable
            amend w s1 until 120               -> s1 amended to 20 x 5, s1 rests 5
            time 119                           ->
            amend w s1 until 121               -> s1 amended to 20 x 5, s1 rests 5
            time 120                           ->
            time 121                           -> s1 expired 5
            """
        )
    }

    @Test func `The first that applies of several reasons is the one that is given`() throws {
        try expectMarket(
            """
            deposit app 100
            band qwen 10 to 30
            fees maker 0 taker 0 minimum 40
            bid b1 app qwen 15 x 5                -> b1 rests 5
            limits app closed
            amend app b9 lots 1                   -> rejected order_not_found
            amend app b1 until 5 lots 1           -> rejected account_closed
            limits app
            amend app b1 until 5 lots 0           -> rejected expiry_not_amendable
            amend app b1 lots 0 price 99          -> rejected quantity_filled
            amend app b1 lots 1 price 99          -> rejected price_outside_band
            amend app b1 lots 1 price 30          -> rejected below_minimum_notional
            """
        )
    }
}
