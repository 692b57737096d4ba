import Engine
import Testing
import Units

/// Least fills, all-or-none, icebergs.
@Suite struct QuantityRules {
    // MARK: min_quantity

    @Test func `An order passes by what is less than its least fill, as the taker and as the maker`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 2        -> s1 rests 2
            offer s2 w2  qwen 21 x 5        -> s2 rests 5
            bid   b1 app qwen 21 x 9 min 3  -> b1 buys 5 from s2 at 21, s2 filled, b1 rests 4
            offer s3 w2  qwen 21 x 2        -> s3 rests 2
            offer s4 w2  qwen 21 x 3        -> s4 sells 3 to b1 at 21, s4 filled, b1 buys 1 from s1 at 20, b1 filled
            """
        )
    }

    @Test func `The remainder may be taken even if it is less than the least fill`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 5 min 3   -> s1 rests 5
            bid   b1 app qwen 20 x 2         -> b1 rests 2
            bid   b2 app qwen 20 x 3         -> b2 buys 3 from s1 at 20, b2 filled, s1 sells 2 to b1 at 20, \
            b1 filled, s1 filled
            """
        )
    }

    @Test func `A taker walks again when less is left than its least fill, and it had passed somebody by`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 2         -> s1 rests 2
            offer s2 w2  qwen 21 x 8         -> s2 rests 8
            bid   b1 app qwen 21 x 10 min 5  -> b1 buys 8 from s2 at 21, s2 filled, b1 buys 2 from s1 at 20, \
            s1 filled, b1 filled
            """
        )
    }

    @Test func `An offer at its open lots counts with what it may still sell`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 9 open 4   -> s1 rests 9
            bid   b1 app qwen 20 x 8 min 5    -> b1 rests 8
            bid   b2 app qwen 20 x 4 min 4    -> b2 buys 4 from s1 at 20, b2 filled
            end 1                             -> ended 0
            offer s2 w   qwen 20 x 5          -> s2 sells 5 to b1 at 20, s2 filled, b1 buys 3 from s1 at 20, b1 filled
            """
        )
    }

    @Test func `An offer that got lots back looks again if they are enough now for somebody's least fill`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 9 open 4   -> s1 rests 9
            bid   b1 app qwen 20 x 2          -> b1 buys 2 from s1 at 20, b1 filled
            bid   b2 app qwen 20 x 4 min 4    -> b2 rests 4
            end 1                             -> ended 0, s1 sells 4 to b2 at 20, b2 filled, s1 rests 3
            """
        )
    }

    // MARK: All or none

    @Test func `An all-or-none order takes the whole in one walk, or rests`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 2           -> s1 rests 2
            bid   b1 app qwen 20 x 5 all       -> b1 rests 5
            bid   b2 app qwen 20 x 5 all ioc   -> b2 ioc 5
            offer s2 w2  qwen 20 x 3           -> s2 rests 3
            bid   b3 app qwen 20 x 5 all       -> b3 buys 2 from s1 at 20, s1 filled, b3 buys 3 from s2 at 20, \
            s2 filled, b3 filled
            offer s3 w1  qwen 20 x 5           -> s3 sells 5 to b1 at 20, b1 filled, s3 filled
            """
        )
    }

    @Test func `An all-or-none order that rests is sold or bought in one piece`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 5 all   -> s1 rests 5
            bid   b1 app qwen 20 x 4       -> b1 rests 4
            bid   b2 app qwen 20 x 7       -> b2 buys 5 from s1 at 20, s1 filled, b2 rests 2
            """
        )
    }

    @Test func `An all-or-none order that is amended smaller looks again`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 5 all   -> s1 rests 5
            bid   b1 app qwen 20 x 4       -> b1 rests 4
            amend w s1 lots 4              -> s1 amended to 20 x 4, s1 sells 4 to b1 at 20, b1 filled, s1 filled
            """
        )
    }

    @Test func `An all-or-none order whose walk is cut short is cancelled, and a fok order refused`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 1           -> s1 rests 1
            offer s2 w2  qwen 20 x 1           -> s2 rests 1
            offer s3 w3  qwen 20 x 1           -> s3 rests 1
            bid   b1 app qwen 20 x 3 all       -> b1 work_limit 3
            bid   b2 app qwen 20 x 3 fok       -> rejected fok_unfillable
            bid   b3 app qwen 20 x 2 all       -> b3 buys 1 from s1 at 20, s1 filled, b3 buys 1 from s2 at 20, \
            s2 filled, b3 filled
            """,
            work: WorkLimits(visits: 2, step: 9, parts: 9, operations: 9)
        )
    }

    // MARK: Icebergs

    @Test(arguments: [true, false])
    func `An iceberg shows a part, and its next part goes to the back of its price`(isOffer: Bool) throws {
        let offers = """
            deposit app 1000
            offer i1 w1  qwen 20 x 7 show 3   -> i1 rests 7, i1 shows 3
            offer s2 w2  qwen 20 x 2          -> s2 rests 2
            bid   b1 app qwen 20 x 2          -> b1 buys 2 from i1 at 20, i1 shows 1, b1 filled
            bid   b2 app qwen 20 x 2          -> b2 buys 1 from i1 at 20, i1 shows 3, b2 buys 1 from s2 at 20, b2 filled
            bid   b3 app qwen 20 x 9          -> b3 buys 1 from s2 at 20, s2 filled, b3 buys 3 from i1 at 20, \
            i1 shows 1, b3 buys 1 from i1 at 20, i1 filled, b3 rests 4
            """
        let bids = """
            deposit app 1000
            deposit me 1000
            bid   i1 me  qwen 20 x 7 show 3   -> i1 rests 7, i1 shows 3
            bid   b2 app qwen 20 x 2          -> b2 rests 2
            offer s1 w   qwen 20 x 2          -> s1 sells 2 to i1 at 20, i1 shows 1, s1 filled
            offer s2 w   qwen 20 x 2          -> s2 sells 1 to i1 at 20, i1 shows 3, s2 sells 1 to b2 at 20, s2 filled
            offer s3 w   qwen 20 x 9          -> s3 sells 1 to b2 at 20, b2 filled, s3 sells 3 to i1 at 20, \
            i1 shows 1, s3 sells 1 to i1 at 20, i1 filled, s3 rests 4
            """
        try expectMarket(isOffer ? offers : bids)
    }

    @Test func `As the taker an iceberg hides nothing`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 5          -> s1 rests 5
            bid   b1 app qwen 20 x 7 show 1   -> b1 buys 5 from s1 at 20, s1 filled, b1 rests 2, b1 shows 1
            """
        )
    }

    @Test func `A least fill counts against what an iceberg shows`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer i1 w1  qwen 20 x 9 show 3   -> i1 rests 9, i1 shows 3
            bid   b1 app qwen 20 x 4 min 4    -> b1 rests 4
            bid   b2 app qwen 20 x 3          -> b2 buys 3 from i1 at 20, i1 shows 3, b2 filled, \
            i1 sells 4 to b1 at 20, \
            b1 filled, i1 rests 2, i1 shows 2
            """
        )
    }

    @Test func `An iceberg that is amended smaller keeps its place and shows no more than it has`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer i1 w1  qwen 20 x 9 show 5   -> i1 rests 9, i1 shows 5
            offer s2 w2  qwen 20 x 2          -> s2 rests 2
            amend w1 i1 lots 3                -> i1 amended to 20 x 3, i1 shows 3
            amend w1 i1                       -> i1 amended to 20 x 3
            bid   b1 app qwen 20 x 1          -> b1 buys 1 from i1 at 20, i1 shows 2, b1 filled
            amend w1 i1 lots 9                -> i1 amended to 20 x 9, i1 rests 8, i1 shows 5
            bid   b2 app qwen 20 x 1          -> b2 buys 1 from s2 at 20, b2 filled
            """
        )
    }

    @Test func `A command that has shown too many parts lets nobody walk again`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer i1 w1  qwen 20 x 9 show 1   -> i1 rests 9, i1 shows 1
            bid   b1 app qwen 20 x 9 min 9    -> b1 rests 9
            bid   b2 app qwen 20 x 2          -> b2 buys 1 from i1 at 20, i1 shows 1, b2 buys 1 from i1 at 20, \
            i1 shows 1, b2 filled, i1 work_limit 7
            """,
            work: WorkLimits(visits: 9, step: 9, parts: 2, operations: 9)
        )
    }
}
