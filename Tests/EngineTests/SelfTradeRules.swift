import Engine
import Testing
import Units

/// What happens when an order meets one of its own account or group.
@Suite struct SelfTradeRules {
    /// The taker's mode, and what comes of 5 lots that meet an own order of so many, with a foreign one behind it.
    static let modes: [(mode: String, own: Int, outcome: String)] = [
        ("cancel_newest", 3, "t self_trade 5"),
        ("cancel_oldest", 3, "own self_trade 3, TAKES 5"),
        ("cancel_both", 3, "own self_trade 3, t self_trade 5"),
        ("decrement", 3, "own self_trade 3, t reduced to 2, TAKES 2"),
        ("decrement", 5, "own self_trade 5, t self_trade 5"),
        ("decrement", 9, "own reduced to 4, t self_trade 5"),
    ]

    @Test(arguments: modes)
    func `The mode of a bid decides`(mode: String, own: Int, outcome: String) throws {
        let takes = outcome.replacing("TAKES 5", with: "t buys 5 from other at 21, t filled")
            .replacing("TAKES 2", with: "t buys 2 from other at 21, t filled")
        try expectMarket(
            """
            deposit me 1000
            offer own   me qwen 20 x \(own)              -> own rests \(own)
            offer other w  qwen 21 x 9                   -> other rests 9
            bid   t     me qwen 21 x 5 stp \(mode)       -> \(takes)
            """
        )
    }

    @Test(arguments: modes)
    func `The mode of an offer decides`(mode: String, own: Int, outcome: String) throws {
        let takes = outcome.replacing("TAKES 5", with: "t sells 5 to other at 20, t filled")
            .replacing("TAKES 2", with: "t sells 2 to other at 20, t filled")
        try expectMarket(
            """
            deposit me 1000
            deposit app 1000
            bid   own   me  qwen 21 x \(own)             -> own rests \(own)
            bid   other app qwen 20 x 9                  -> other rests 9
            offer t     me  qwen 20 x 5 stp \(mode)      -> \(takes)
            """
        )
    }

    @Test func `What decrement takes from a bid is released before it is said`() throws {
        try expectMarket(
            """
            deposit me 1000
            bid   b1 me qwen 21 x 9                  -> b1 rests 9 | hold 189
            offer s1 me qwen 20 x 5 stp decrement    -> b1 reduced to 4, s1 self_trade 5 | release 105
            balance me.held                          -> 84
            amend me b1 lots 5                       -> rejected quantity_filled
            amend me b1 lots 6                       -> b1 amended to 21 x 6
            """
        )
    }

    @Test func `What decrement leaves of an order may be less than its least fill, and then it looks again`() throws {
        try expectMarket(
            """
            deposit me 1000
            deposit app 1000
            offer s1 me  qwen 20 x 9 min 5          -> s1 rests 9
            bid   b1 app qwen 20 x 3                -> b1 rests 3
            bid   b2 me  qwen 20 x 6 stp decrement  -> s1 reduced to 3, b2 self_trade 6, s1 sells 3 to b1 at 20, \
            b1 filled, s1 filled
            """
        )
    }

    @Test(arguments: ["cancel_oldest", "cancel_both", "decrement"])
    func `Whoever's order another account of the group takes out or lowers is touched`(mode: String) throws {
        var market = MarketPlayer(executor: Engine(), title: "engine")
        try market.play(
            """
            deposit a 1000
            limits a group 7
            limits b group 7
            offer s1 b qwen 20 x 9               -> s1 rests 9
            bid   b1 a qwen 10 x 1               -> b1 rests 1
            """,
            #_sourceLocation
        )
        let partner = try market.account("b")
        #expect(market.executor.lastTouched(partner) < market.executor.sequence)
        _ = try market.answer(to: "bid b2 a qwen 20 x 5 stp \(mode)")
        #expect(market.executor.lastTouched(partner) == market.executor.sequence)
    }

    @Test func `Accounts of one group do not trade with each other, and those that leave it do at once`() throws {
        try expectMarket(
            """
            deposit a 1000
            limits a group 7
            limits b group 7
            offer s1 b qwen 20 x 5       -> s1 rests 5
            bid   b1 a qwen 20 x 5       -> b1 self_trade 5
            bid   b2 a qwen 20 x 3 all   -> b2 rests 3
            limits a group 8             -> b2 buys 3 from s1 at 20, b2 filled
            bid   b3 a qwen 20 x 1       -> b3 buys 1 from s1 at 20, b3 filled
            limits a group 7
            bid   b4 a qwen 20 x 1       -> b4 self_trade 1
            """
        )
    }
}
