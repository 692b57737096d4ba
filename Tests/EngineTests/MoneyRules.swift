import Testing

/// Every nanoTON (ENGINE §4).
@Suite struct MoneyRules {
    @Test func `The example of the contract, to the last nanoTON`() throws {
        try expectMarket(
            """
            fees maker 10 taker 30
            deposit app 1000000
            offer s1 w   qwen 20123 x 5   -> s1 rests 5 |
            bid   b1 app qwen 25123 x 5   -> b1 buys 5 from s1 at 20123, s1 filled, b1 filled | hold 125991, \
            trade 100916, release 25075
            use 1 1234                    -> used 1234 | usage 24807, fee 98
            balance w.payable             -> 24807
            use 1 4999                    -> used 4999 | usage 75687, fee 303
            balance w.payable             -> 100494
            balance fees                  -> 401
            end 1                         -> ended 4999 | refund 21
            balance app.available         -> 899105
            balance app.leased            -> 0
            balance chain                 -> 1000000
            """
        )
    }

    @Test func `A bid holds its value and the dearer fee on it, rounded down`() throws {
        try expectMarket(
            """
            fees maker 10 taker 30
            deposit app 1000000
            bid b1 app qwen 333 x 1      -> b1 rests 1 | hold 333
            bid b2 app qwen 333 x 2      -> b2 rests 2 | hold 667
            fees maker 40 taker 20
            bid b3 app qwen 333 x 3      -> b3 rests 3 | hold 1002
            balance app.held             -> 2002
            balance app.available        -> 997998
            cancel app b2                -> b2 cancelled 2 | release 667
            balance app.held             -> 1335
            """
        )
    }

    @Test func `The side that rested pays the maker's fee, the other the taker's`() throws {
        try expectMarket(
            """
            fees maker 100 taker 300
            deposit app 1000000
            offer s1 w   qwen 100 x 10   -> s1 rests 10
            bid   b1 app qwen 100 x 10   -> b1 buys 10 from s1 at 100, s1 filled, b1 filled | hold 1030, trade 1030
            use 1 10000                  -> used 10000 | usage 990, fee 40
            bid   b2 app qwen 100 x 10   -> b2 rests 10 | hold 1030
            offer s2 w   qwen 100 x 10   -> s2 sells 10 to b2 at 100, b2 filled, s2 filled | trade 1010, release 20
            use 2 10000                  -> used 10000 | usage 970, fee 40
            end 1                        -> ended 10000 |
            end 2                        -> ended 10000 |
            """
        )
    }

    @Test func `Fee rates are frozen in the order when it is accepted`() throws {
        try expectMarket(
            """
            fees maker 100 taker 300
            deposit app 1000000
            bid   b1 app qwen 100 x 10   -> b1 rests 10 | hold 1030
            fees maker 500 taker 700
            offer s1 w   qwen 100 x 10   -> s1 sells 10 to b1 at 100, b1 filled, s1 filled | trade 1010, release 20
            use 1 10000                  -> used 10000 | usage 930, fee 80
            offer s2 w   qwen 100 x 10   -> s2 rests 10
            fees maker 0 taker 0
            bid   b2 app qwen 100 x 10   -> b2 buys 10 from s2 at 100, s2 filled, b2 filled | hold 1000, trade 1000
            use 2 10000                  -> used 10000 | usage 950, fee 50
            """
        )
    }

    @Test func `Fees rounded down piece by piece never add up to more than the hold`() throws {
        try expectMarket(
            """
            fees maker 30 taker 30
            deposit app 1002
            bid   b1 app qwen 333 x 3    -> b1 rests 3 | hold 1001
            offer s1 w   qwen 333 x 1    -> s1 sells 1 to b1 at 333, s1 filled | trade 333, release 1
            offer s2 w   qwen 333 x 1    -> s2 sells 1 to b1 at 333, s2 filled | trade 333, release 1
            offer s3 w   qwen 333 x 1    -> s3 sells 1 to b1 at 333, b1 filled, s3 filled | trade 333
            balance app.held             -> 0
            balance app.leased           -> 999
            balance app.available        -> 3
            """
        )
    }

    @Test func `The difference to the hold comes back at once`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 10 x 2   -> s1 rests 2
            offer s2 w   qwen 15 x 2   -> s2 rests 2
            bid   b1 app qwen 20 x 5   -> b1 buys 2 from s1 at 10, s1 filled, b1 buys 2 from s2 at 15, s2 filled, \
            b1 rests 1 | hold 100, trade 20, release 20, trade 30, release 10
            balance app.held           -> 20
            balance app.leased         -> 50
            balance app.available      -> 930
            """
        )
    }

    @Test func `A bid needs its whole hold, to the last nanoTON`() throws {
        try expectMarket(
            """
            fees maker 10 taker 30
            deposit app 10030
            bid b1 app qwen 10001 x 1    -> rejected insufficient_funds |
            bid b2 app qwen 10000 x 1    -> b2 rests 1 | hold 10030
            bid b3 app qwen 1 x 1        -> rejected insufficient_funds |
            cancel app b2                -> b2 cancelled 1
            bid b4 app qwen 10 x 1000    -> b4 rests 1000 | hold 10030
            """
        )
    }

    @Test func `Offers need no money`() throws {
        try expectMarket(
            """
            offer s1 w qwen 100000000000 x 10000000   -> s1 rests 10000000 |
            """
        )
    }

    @Test func `The largest order at the largest fee fits`() throws {
        try expectMarket(
            """
            fees maker 1000 taker 1000
            deposit app 2000000000000000000
            bid   b1 app qwen 100000000000 x 10000000   -> b1 rests 10000000 | hold 1100000000000000000
            offer s1 w   qwen 100000000000 x 10000000   -> s1 sells 10000000 to b1 at 100000000000, b1 filled, \
            s1 filled | trade 1100000000000000000
            use 1 9999999999   -> used 9999999999 | usage 899999999910000000, fee 199999999980000000
            use 1 10000000000  -> used 10000000000 | usage 90000000, fee 20000000
            end 1              -> ended 10000000000 |
            """
        )
    }

    @Test func `Usage is cumulative and charged in differences, so that rounding never adds up`() throws {
        try expectMarket(
            """
            fees maker 10 taker 30
            deposit app 5000
            offer s1 w   qwen 333 x 3   -> s1 rests 3
            bid   b1 app qwen 333 x 3   -> b1 buys 3 from s1 at 333, s1 filled, b1 filled | hold 1001, trade 1001
            use 1 1                     -> used 1 |
            use 1 2                     -> used 2 |
            use 1 3                     -> used 3 |
            use 1 4                     -> used 4 | usage 1
            use 1 4                     -> used 4 |
            use 1 3000                  -> used 3000 | usage 998, fee 2
            end 1                       -> ended 3000 |
            balance fees                -> 2
            """
        )
    }

    @Test func `Usage neither falls nor exceeds the lease, which ends once`() throws {
        try expectMarket(
            """
            deposit app 5000
            offer s1 w   qwen 10 x 3   -> s1 rests 3
            bid   b1 app qwen 10 x 3   -> b1 buys 3 from s1 at 10, s1 filled, b1 filled
            use 2 1                    -> rejected lease_not_found
            use 1 2000                 -> used 2000 | usage 20
            use 1 1999                 -> rejected usage_not_monotone |
            use 1 3001                 -> rejected usage_above_lease |
            use 1 9223372036854775807  -> rejected usage_above_lease |
            end 1                      -> ended 2000 | refund 10
            end 1                      -> rejected lease_not_found |
            use 1 3000                 -> rejected lease_not_found |
            """
        )
    }

    @Test func `An unused lease pays everything back, the fee too`() throws {
        try expectMarket(
            """
            fees maker 10 taker 30
            deposit app 100000
            offer s1 w   qwen 10000 x 3   -> s1 rests 3
            bid   b1 app qwen 10000 x 3   -> b1 buys 3 from s1 at 10000, s1 filled, b1 filled | hold 30090, trade 30090
            end 1                         -> ended 0 | refund 30090
            balance app.available         -> 100000
            balance fees                  -> 0
            """
        )
    }

    @Test func `Deposits go to their owner, the operator's own to its capital`() throws {
        try expectMarket(
            """
            deposit app 100         -> | deposit 100
            deposit operator 50     -> | deposit 50
            balance app.available   -> 100
            balance operator_capital -> 50
            balance chain           -> 150
            deposit nobody 5        -> rejected account_unknown |
            balance chain           -> 150
            """
        )
    }

    @Test func `All deposits together stay below the supply`() throws {
        try expectMarket(
            """
            deposit app 4999999999999999999   -> | deposit 4999999999999999999
            deposit app 2                     -> rejected deposit_limit |
            deposit worker 1                  -> | deposit 1
            deposit worker 1                  -> rejected deposit_limit |
            """
        )
    }
}
