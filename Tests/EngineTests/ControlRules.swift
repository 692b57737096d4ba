import Engine
import Testing
import Units

/// Halts, price bands, limits of accounts, announced fees, and whom an offer sells to.
@Suite struct ControlRules {
    // MARK: Halts

    @Test func `While a model is halted its orders rest and do not trade; then they arrive in order of priority`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen  20 x 5          -> s1 rests 5
            halt qwen
            bid   b1 app qwen  22 x 3          -> b1 rests 3
            bid   b2 app any   23 x 3          -> b2 rests 3
            offer s2 w   llama 20 x 2          -> s2 sells 2 to b2 at 23, s2 filled
            offer s3 w   qwen  20 x 1 ioc      -> rejected market_halted
            offer s4 w   qwen  20 x 1 fok      -> rejected market_halted
            bid   b3 app qwen  20 x 1 ioc      -> rejected market_halted
            bid   b4 app qwen,llama 20 x 1 ioc -> b4 ioc 1
            cancel app b1                      -> b1 cancelled 3
            bid   b5 app qwen  20 x 1          -> b5 rests 1
            resume qwen                        -> b2 buys 1 from s1 at 20, b2 filled, b5 buys 1 from s1 at 20, b5 filled
            resume qwen                        ->
            """
        )
    }

    @Test func `While the market is halted nothing trades`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 5       -> s1 rests 5
            halt market
            halt qwen
            bid   b1 app any  20 x 3       -> b1 rests 3
            bid   b2 app any  20 x 3 fok   -> rejected market_halted
            resume market                  ->
            resume qwen                    -> b1 buys 3 from s1 at 20, b1 filled
            halt nothing                   -> rejected model_unknown
            """
        )
    }

    @Test func `An order that is halted meets no limit of work, and no order of its owner`() throws {
        try expectMarket(
            """
            deposit app 1000
            halt qwen
            offer s1 app qwen 20 x 1       -> s1 rests 1
            offer s2 w   qwen 20 x 1       -> s2 rests 1
            offer s3 w   qwen 20 x 1       -> s3 rests 1
            bid   b1 app qwen 20 x 9       -> b1 rests 9
            """,
            work: WorkLimits(visits: 2, step: 9, parts: 9, operations: 9)
        )
    }

    @Test func `A resumption takes as many batches as its walks need, and pairs that it has not come to do not trade`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 1
            halt qwen
            offer s1 w   qwen 20 x 1       -> s1 rests 1
            offer s2 w   qwen 20 x 1       -> s2 rests 1
            bid   b1 app qwen 20 x 1       -> b1 rests 1
            bid   b2 app qwen 20 x 1       -> b2 rests 1
            resume qwen                    -> more to do
            offer s3 w   qwen 19 x 1       -> s3 rests 1
            bid   b3 app qwen 20 x 1 ioc   -> b3 ioc 1
            cancel w s2                    -> s2 cancelled 1
            time 1                         -> b1 buys 1 from s1 at 20, s1 filled, b1 filled, more to do
            time 1                         -> more to do
            time 1                         -> s3 sells 1 to b2 at 20, b2 filled, s3 filled, done
            bid   b4 app qwen 20 x 1 ioc   -> b4 ioc 1
            """,
            work: WorkLimits(visits: 9, step: 2, parts: 9, operations: 9)
        )
    }

    @Test func `A halt takes back a resumption that is under way`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 1
            halt qwen
            offer s1 w   qwen 20 x 1       -> s1 rests 1
            offer s2 w   qwen 20 x 1       -> s2 rests 1
            bid   b1 app qwen 20 x 1       -> b1 rests 1
            resume qwen                    -> more to do
            halt qwen                      -> done
            time 1                         ->
            resume qwen                    -> more to do
            time 1                         -> more to do
            time 1                         -> b1 buys 1 from s1 at 20, s1 filled, b1 filled, done
            """,
            work: WorkLimits(visits: 9, step: 2, parts: 9, operations: 9)
        )
    }

    // MARK: Price bands

    @Test func `Offers are not below the band, bids not above it`() throws {
        try expectMarket(
            """
            deposit app 1000
            band qwen 20 to 30
            offer s1 w   qwen 19 x 1         -> rejected price_outside_band
            offer s2 w   qwen 20 x 1         -> s2 rests 1
            offer s3 w   qwen 31 x 1         -> s3 rests 1
            bid   b1 app qwen 31 x 1         -> rejected price_outside_band
            bid   b2 app qwen 19 x 1         -> b2 rests 1
            bid   b3 app qwen,llama 31 x 1   -> rejected price_outside_band
            bid   b4 app llama 31 x 1        -> b4 rests 1
            bid   b5 app any 19 x 1          -> b5 rests 1
            band market 10 to 18
            bid   b6 app any 19 x 1          -> rejected price_outside_band
            bid   b7 app llama 19 x 1        -> rejected price_outside_band
            bid   b8 app qwen 19 x 1         -> b8 rests 1
            band qwen none
            bid   b9 app qwen 19 x 1         -> rejected price_outside_band
            band nothing none                -> rejected model_unknown
            """
        )
    }

    // MARK: Limits of accounts

    @Test func `A closed account places and amends nothing, and may cancel`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid   b1 app qwen 10 x 1    -> b1 rests 1
            limits app closed
            bid   b2 app qwen 10 x 1    -> rejected account_closed
            offer s1 app qwen 10 x 1    -> rejected account_closed
            amend app b1 lots 1         -> rejected account_closed
            offer s2 w   qwen 10 x 1    -> s2 sells 1 to b1 at 10, b1 filled, s2 filled
            limits app
            bid   b3 app qwen 10 x 1    -> b3 rests 1
            limits app closed
            cancel app b3               -> b3 cancelled 1
            limits nobody               -> rejected account_unknown
            """
        )
    }

    @Test func `New offers get the lower of two limits of open lots, and orders are counted`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 9           -> s1 rests 9
            limits w open 2 orders 3
            offer s2 w   qwen 21 x 9           -> s2 rests 9
            offer s3 w   qwen 22 x 9 open 1    -> s3 rests 9
            offer s4 w   qwen 22 x 9           -> rejected open_order_limit
            bid   b1 app qwen 22 x 20          -> b1 buys 9 from s1 at 20, s1 filled, b1 buys 2 from s2 at 21, \
            b1 buys 1 from s3 at 22, b1 rests 8
            """
        )
    }

    @Test func `An account with more orders than a step stays in its group`() throws {
        try expectMarket(
            """
            offer s1 w qwen 20 x 1     -> s1 rests 1
            offer s2 w qwen 20 x 1     -> s2 rests 1
            limits w group 1           -> rejected operation_limit
            cancel w s2                -> s2 cancelled 1
            limits w group 1
            """,
            work: WorkLimits(visits: 9, step: 1, parts: 9, operations: 9)
        )
    }

    // MARK: Fees

    @Test func `Dearer fees need an hour's notice, cheaper ones none`() throws {
        try expectMarket(
            """
            deposit app 100000
            fees maker 10 taker 20 minimum 5
            time 100
            notice maker 11 taker 20 minimum 5 at 3699.999999 -> rejected notice_too_short
            notice maker 10 taker 21 minimum 5 at 3699        -> rejected notice_too_short
            notice maker 10 taker 20 minimum 6 at 3699        -> rejected notice_too_short
            notice maker 10 taker 20 minimum 5 at 99          -> rejected notice_too_short
            notice maker 100 taker 100 minimum 5 at 3700
            notice maker 200 taker 100 minimum 5 at 3700
            time 3699
            bid b1 app qwen 1000 x 1     -> b1 rests 1 | hold 1002
            time 3700
            bid b2 app qwen 1000 x 1     -> b2 rests 1 | hold 1020
            notice maker 0 taker 0 minimum 0 at 3700
            time 3700
            bid b3 app qwen 1000 x 1     -> b3 rests 1 | hold 1000
            """
        )
    }

    // MARK: Buyers

    @Test(arguments: [("only", "b"), ("not", "a"), ("only", "b,c"), ("not", "a,c")])
    func `An offer sells only to whom it says, whoever comes first`(word: String, names: String) throws {
        try expectMarket(
            """
            deposit a 1000
            deposit b 1000
            deposit c 1000
            bid   b1 a qwen 20 x 1                   -> b1 rests 1
            offer s1 w qwen 20 x 2 \(word) \(names)  -> s1 rests 2
            bid   b2 a qwen 20 x 1                   -> b2 rests 1
            bid   b3 b qwen 20 x 1                   -> b3 buys 1 from s1 at 20, b3 filled
            bid   b4 b qwen 20 x 1                   -> b4 buys 1 from s1 at 20, s1 filled, b4 filled
            """
        )
    }

    @Test func `A minimum deposit is money that is available or held, when one of the two arrives`() throws {
        try expectMarket(
            """
            deposit a 100
            bid   b1 a qwen 20 x 2                 -> b1 rests 2
            offer s1 w qwen 20 x 1 deposit 101     -> s1 rests 1
            offer s2 w qwen 20 x 1 deposit 100     -> s2 sells 1 to b1 at 20, s2 filled
            deposit a 100
            cancel w s1                            -> s1 cancelled 1
            offer s3 w qwen 20 x 1 deposit 101     -> s3 sells 1 to b1 at 20, b1 filled, s3 filled
            offer s4 w qwen 20 x 2 deposit 160     -> s4 rests 2
            bid   b2 a qwen 20 x 2                 -> b2 buys 2 from s4 at 20, s4 filled, b2 filled
            """
        )
    }

    // MARK: Precedence

    @Test func `The first that applies of several reasons is the one that is given`() throws {
        let bad = "until 50"
        try expectMarket(
            """
            deposit app 100
            time 100
            model small weights ratio-1
            fees maker 0 taker 0 minimum 50
            bid b0 app qwen 10 x 5 client c body 1            -> b0 rests 5
            limits app closed orders 1
            bid b1 app unknown 99 x 9 client c body 2         -> rejected duplicate_client_order_id
            bid b1 app unknown 99 x 9 \(bad)                  -> rejected account_closed
            limits app orders 1
            halt qwen
            halt small
            bid b2 app unknown,qwen 99 x 9 ioc                -> rejected model_unknown
            bid b3 app qwen,small market x 9 ioc              -> rejected market_halted
            bid b4 app qwen,small 99 x 1 \(bad)               -> rejected expired
            resume qwen
            bid b5 app qwen,small market x 9 ioc              -> rejected mixed_units
            bid b6 app qwen market x 9 ioc                    -> rejected no_price_band
            band qwen 1 to 20
            bid b7 app qwen 21 x 1                            -> rejected price_outside_band
            bid b8 app qwen 20 x 1                            -> rejected open_order_limit
            limits app orders 9
            bid b9 app qwen 20 x 1 fok                        -> rejected below_minimum_notional
            bid b10 app qwen 20 x 9 fok                       -> rejected insufficient_funds
            bid b11 app qwen 10 x 5 fok                       -> rejected fok_unfillable
            """
        )
    }
}
