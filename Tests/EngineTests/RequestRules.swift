import Testing
import Units

/// When an order is refused, and what a repetition of a request does.
@Suite struct RequestRules {
    // MARK: Refusals

    @Test func `A model that is in no registry is refused, in an offer and among a bid's models`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w unknown 20 x 1          -> rejected model_unknown |
            bid   b1 app unknown 20 x 1        -> rejected model_unknown |
            bid   b2 app qwen,unknown 20 x 1   -> rejected model_unknown |
            """
        )
    }

    @Test func `An account that does not exist places nothing`() throws {
        try expectMarket(
            """
            offer s1 nobody qwen 20 x 1    -> rejected account_unknown
            bid   b1 nobody any 20 x 1     -> rejected account_unknown
            """
        )
    }

    @Test func `An order is worth at least the minimum at its own limit`() throws {
        try expectMarket(
            """
            fees minimum 100
            deposit app 1000
            offer s1 w   qwen 33 x 3   -> rejected below_minimum_notional
            offer s2 w   qwen 20 x 5   -> s2 rests 5
            bid   b1 app qwen 99 x 1   -> rejected below_minimum_notional |
            bid   b2 app qwen 25 x 4   -> b2 buys 4 from s2 at 20, b2 filled
            fees minimum 0
            offer s3 w   qwen 33 x 3   -> s3 rests 3
            """
        )
    }

    @Test func `An account has only so many open orders, of both sides together`() throws {
        try expectMarket(
            """
            account w orders 2
            deposit w 1000
            deposit app 1000
            offer s1 w   qwen 20 x 1   -> s1 rests 1
            bid   b1 w   any  10 x 1   -> b1 rests 1
            offer s2 w   qwen 20 x 1   -> rejected open_order_limit
            bid   b2 w   any  10 x 1   -> rejected open_order_limit |
            cancel w b1                -> b1 cancelled 1
            offer s3 w   qwen 20 x 1   -> s3 rests 1
            bid   b3 app any  20 x 1   -> b3 buys 1 from s1 at 20, s1 filled, b3 filled
            bid   b4 w   any  10 x 1   -> b4 rests 1
            offer s5 w2  qwen 10 x 1   -> s5 sells 1 to b4 at 10, b4 filled, s5 filled
            offer s6 w   qwen 20 x 1   -> s6 rests 1
            offer s7 w   qwen 20 x 1   -> rejected open_order_limit
            """
        )
    }

    @Test func `An account's resting offers are of only so many classes`() throws {
        let offers = (1...Limits.classesPerAccountMax).map {
            "offer s\($0) w qwen 20 x 1 context \($0) -> s\($0) rests 1"
        }
        try expectMarket(
            """
            \(offers.joined(separator: "\n"))
            offer t1 w  qwen 20 x 1 context 5     -> t1 rests 1
            offer t2 w  qwen 20 x 1 context 999   -> rejected class_limit
            offer t3 w2 qwen 20 x 1 context 999   -> t3 rests 1
            cancel w s5                           -> s5 cancelled 1
            offer t4 w  qwen 20 x 1 context 999   -> rejected class_limit
            cancel w s6                           -> s6 cancelled 1
            offer t5 w  qwen 20 x 1 context 999   -> t5 rests 1
            """
        )
    }

    @Test func `An account's resting bids are of only so many profiles`() throws {
        let bids = (1...Limits.profilesPerAccountMax).map {
            "bid b\($0) app any 1 x 1 context \($0) -> b\($0) rests 1"
        }
        try expectMarket(
            """
            deposit app 1000
            deposit app2 1000
            \(bids.joined(separator: "\n"))
            bid c1 app  any 1 x 1 context 5     -> c1 rests 1
            bid c2 app  any 1 x 1 context 999   -> rejected profile_limit |
            bid c3 app2 any 1 x 1 context 999   -> c3 rests 1
            cancel app b5                       -> b5 cancelled 1
            bid c4 app  any 1 x 1 context 999   -> rejected profile_limit
            cancel app b6                       -> b6 cancelled 1
            bid c5 app  any 1 x 1 context 999   -> c5 rests 1
            """
        )
    }

    @Test func `The first reason in the list is the one that is reported`() throws {
        try expectMarket(
            """
            account w orders 1
            account app orders 1
            fees minimum 100
            model small weights ratio-1
            model big
            offer s0 w big 200 x 1 client c0                        -> s0 rests 1
            deposit app 100
            bid   b0 app big 100 x 1 client c0                      -> b0 rests 1
            bid   b1 app small,big,unknown 1 x 1 client c0 body 2   -> rejected duplicate_client_order_id
            bid   b2 app small,big,unknown 1 x 1                    -> rejected model_unknown
            bid   b3 app small,big 1 x 1                            -> rejected mixed_units
            bid   b4 app small 1 x 1                                -> rejected open_order_limit
            cancel app b0                                           -> b0 cancelled 1
            bid   b5 app small 1 x 1                                -> rejected below_minimum_notional
            bid   b6 app small 101 x 1                              -> rejected insufficient_funds
            offer s1 w unknown 1 x 1 client c0 body 2               -> rejected duplicate_client_order_id
            offer s2 w unknown 1 x 1                                -> rejected model_unknown
            offer s3 w small 1 x 1                                  -> rejected open_order_limit
            cancel w s0                                             -> s0 cancelled 1
            offer s4 w small 1 x 1                                  -> rejected below_minimum_notional
            """
        )
    }

    @Test func `Too many classes or profiles are reported before too many orders`() throws {
        let offers = (1...Limits.classesPerAccountMax).map { "offer s\($0) w qwen 20 x 1 context \($0)" }
        let bids = (1...Limits.profilesPerAccountMax).map { "bid b\($0) app any 1 x 1 context \($0)" }
        try expectMarket(
            """
            account w orders \(Limits.classesPerAccountMax)
            account app orders \(Limits.profilesPerAccountMax)
            deposit app 1000
            \(offers.joined(separator: "\n"))
            \(bids.joined(separator: "\n"))
            offer t1 w qwen 20 x 1 context 999   -> rejected class_limit
            offer t2 w qwen 20 x 1 context 9     -> rejected open_order_limit
            bid c1 app any 1 x 1 context 999     -> rejected profile_limit
            bid c2 app any 1 x 1 context 9       -> rejected open_order_limit
            """
        )
    }

    // MARK: Repetitions

    @Test func `A repetition with the same key does nothing and is answered as the first`() throws {
        try expectMarket(
            """
            deposit app 1000
            deposit app 500 key d1            -> | deposit 500
            deposit app 500 key d1            -> replays d1 |
            balance app.available             -> 1500
            offer s1 w qwen 20 x 5 key k1     -> s1 rests 5
            offer s2 w qwen 20 x 5 key k1     -> replays s1
            bid b1 app qwen 20 x 5 key k2     -> b1 buys 5 from s1 at 20, s1 filled, b1 filled
            bid b2 app qwen 20 x 5 key k2     -> replays b1 |
            bid b3 app qwen 20 x 5 key k2     -> replays b1 |
            offer s3 w qwen 20 x 5 key k1     -> replays s1
            """
        )
    }

    @Test func `A key with another body is refused, and keeps standing for the first`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 20 x 5 key k1 body 1     -> b1 rests 5
            bid b2 app qwen 21 x 5 key k1 body 2     -> rejected idempotency_key_reused |
            bid b3 app qwen 20 x 5 key k1 body 1     -> replays b1 |
            offer s1 w qwen 30 x 5 key k3 body 1     -> s1 rests 5
            offer s2 w qwen 31 x 5 key k3 body 2     -> rejected idempotency_key_reused
            """
        )
    }

    @Test func `A refusal is remembered like anything else`() throws {
        try expectMarket(
            """
            bid b1 app qwen 20 x 5 key k1                 -> rejected insufficient_funds
            bid b2 app qwen 20 x 5 client c2              -> rejected insufficient_funds
            deposit app 1000
            bid b3 app qwen 20 x 5 key k1                 -> replays b1 |
            bid b4 app qwen 20 x 5 client c2              -> replays b2 |
            bid b5 app qwen 20 x 5 client c2 body 3       -> rejected duplicate_client_order_id
            bid b6 app qwen 20 x 5                        -> b6 rests 5
            cancel app never key k9                       -> rejected order_not_found
            cancel app never key k9                       -> replays k9
            """
        )
    }

    @Test func `A client order id stands for one order of its account, open or closed`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w  qwen 20 x 1 client mine           -> s1 rests 1
            offer s2 w  qwen 20 x 1 client mine           -> replays s1
            offer s3 w2 qwen 20 x 1 client mine           -> s3 rests 1
            offer s4 w  qwen 21 x 1 client mine body 2    -> rejected duplicate_client_order_id
            cancel w s1                                   -> s1 cancelled 1
            offer s5 w  qwen 20 x 1 client mine           -> replays s1
            offer s6 w  qwen 21 x 1 client mine body 2    -> rejected duplicate_client_order_id
            bid   b1 app qwen 9 x 1 client mine           -> b1 rests 1
            bid   b2 app qwen 9 x 1 client mine           -> replays b1 |
            bid   b3 app qwen 8 x 1 client mine body 2    -> rejected duplicate_client_order_id |
            cancel app b1                                 -> b1 cancelled 1
            bid   b4 app qwen 9 x 1 client mine           -> replays b1 |
            bid   b5 app qwen 9 x 1 client other          -> b5 rests 1
            """
        )
    }

    @Test func `The key is looked at before the client order id`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 9 x 1 client c1 key k1           -> b1 rests 1
            bid b2 app qwen 9 x 1 client c2 key k2           -> b2 rests 1
            bid b3 app qwen 9 x 1 client c2 key k1           -> replays b1
            bid b4 app qwen 9 x 1 client c2 key k1 body 5    -> rejected idempotency_key_reused
            bid b5 app qwen 9 x 1 client c1                  -> replays b1
            """
        )
    }

    @Test func `A misused client order id leaves its order its name`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 9 x 1 client c1                  -> b1 rests 1
            bid b2 app qwen 9 x 2 client c1 body 2           -> rejected duplicate_client_order_id
            cancel app b1                                    -> b1 cancelled 1
            bid b3 app qwen 9 x 1 client c1                  -> replays b1
            bid b4 app qwen 9 x 2 client c1 body 2           -> rejected duplicate_client_order_id
            """
        )
    }

    @Test func `A refused client order id uses up the key that came with it`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 9 x 1 client c1 key k1           -> b1 rests 1
            bid b2 app qwen 9 x 2 client c1 key k2 body 2    -> rejected duplicate_client_order_id
            cancel app b1                                    -> b1 cancelled 1
            bid b3 app qwen 9 x 2 client c1 key k2 body 2    -> replays b2
            bid b4 app qwen 9 x 2 client c4 key k2 body 4    -> rejected idempotency_key_reused
            bid b5 app qwen 9 x 1 client c1 key k1           -> replays b1
            bid b6 app qwen 9 x 1 client c1                  -> replays b1
            """
        )
    }

    @Test func `A repetition by client order id uses up the new key that came with it`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 9 x 1 client c1 key k1           -> b1 rests 1
            bid b2 app qwen 9 x 1 client c1 key k2           -> replays b1
            bid b3 app qwen 9 x 1 client c1 key k2           -> replays b1
            bid b4 app qwen 9 x 2 client c4 key k2 body 4    -> rejected idempotency_key_reused
            bid b5 app qwen 9 x 200 client c5                -> rejected insufficient_funds
            bid b6 app qwen 9 x 200 client c5 key k6         -> replays b5
            cancel app b1                                    -> b1 cancelled 1
            bid b7 app qwen 9 x 1 client c1 key k2           -> replays b1
            bid b8 app qwen 9 x 200 client c5 key k6         -> replays b5
            bid b9 app qwen 9 x 1 client c1 key k9           -> replays b1
            """
        )
    }

    @Test func `A key that repeated an order is kept longer than the order's name`() throws {
        let day = Limits.idempotencyWindow / 1_000_000
        try expectMarket(
            """
            deposit app 1000
            time 1000
            bid b1 app qwen 9 x 1 client c1 key k1       -> b1 rests 1
            cancel app b1                                -> b1 cancelled 1
            time 1002
            bid b2 app qwen 9 x 1 client c1 key k2       -> replays b1
            time \(1001 + day)                           -> forgets up to b1
            bid b3 app qwen 9 x 1 client c1 key k2       -> replays b2
            bid b4 app qwen 9 x 1 client c1              -> b4 rests 1
            bid b5 app qwen 9 x 1 client c1 key k2       -> replays b2
            """
        )
    }

    @Test func `A repetition gets its answer even when the memory has no room for its key`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 9 x 1 client c1 key k1           -> b1 rests 1
            bid b2 app qwen 9 x 1 client c1 key k2           -> replays b1
            bid b3 app qwen 9 x 2 client c1 key k3 body 2    -> rejected idempotency_window_full
            """,
            requestsMax: 3
        )
    }

    @Test func `Requests are forgotten after a day, an open order's name is not`() throws {
        let day = Limits.idempotencyWindow / 1_000_000
        try expectMarket(
            """
            deposit app 1000
            time 1000
            bid b1 app qwen 9 x 1 client c1 key k1       -> b1 rests 1
            bid b2 app qwen 9 x 1 client c2 key k2       -> b2 rests 1
            cancel app b2                                -> b2 cancelled 1
            time 1002
            bid b3 app qwen 9 x 1 client c3 key k3       -> b3 rests 1
            time \(1000 + day)                           ->
            bid b4 app qwen 9 x 1 client c2 key k1       -> replays b1
            bid b5 app qwen 9 x 1 client c2              -> replays b2
            time \(1001 + day)                           -> forgets up to b2
            bid b6 app qwen 9 x 1 client c1 body 2       -> rejected duplicate_client_order_id
            bid b7 app qwen 9 x 1 client c1 key k1       -> replays b1
            bid b8 app qwen 9 x 1 client c2 key k2       -> b8 rests 1
            bid b9 app qwen 9 x 1 client c3 key k3       -> replays b3
            time \(1002 + day)                           ->
            cancel app b1                                -> b1 cancelled 1
            bid ba app qwen 9 x 1 client c1 key k1       -> replays b7
            bid bc app qwen 9 x 1 client c1 key kc       -> bc rests 1
            """
        )
    }

    @Test func `A full memory forgets the oldest requests early, but none that is younger than ten minutes`() throws {
        let least = Limits.idempotencyWindowMin / 1_000_000
        try expectMarket(
            """
            deposit app 1000
            time 1000
            bid b1 app qwen 9 x 1 client c1 key k1    -> b1 rests 1
            cancel app b1
            time 1100
            bid b2 app qwen 9 x 1 client c2           -> b2 rests 1
            time \(999 + least)                       ->
            bid b3 app qwen 9 x 1 key k3              -> rejected idempotency_window_full |
            bid b4 app qwen 9 x 1 key k1 client c1    -> replays b1
            bid b5 app qwen 9 x 1                     -> b5 rests 1
            time \(1000 + least)                      ->
            bid b6 app qwen 9 x 1 key k6              -> forgets up to b1, b6 rests 1
            bid b7 app qwen 9 x 1 key k1              -> b7 rests 1
            bid b8 app qwen 9 x 1 client c8           -> rejected idempotency_window_full
            bid b9 app qwen 9 x 1 client c2           -> replays b2
            time \(1100 + least)                      ->
            bid ba app qwen 9 x 1 client c8 key k8    -> forgets up to b2, rejected idempotency_window_full
            bid bb app qwen 9 x 1 client c8           -> bb rests 1
            bid bc app qwen 9 x 1 client c2 body 7    -> rejected duplicate_client_order_id
            """,
            requestsMax: 3
        )
    }

    @Test func `A tick that comes for another reason forgets what is a day old, to the microsecond`() throws {
        let day = Limits.idempotencyWindow / 1_000_000
        try expectMarket(
            """
            deposit app 1000
            time 1000
            bid b1 app qwen 9 x 1 client c1 key k1       -> b1 rests 1
            cancel app b1                                -> b1 cancelled 1
            time 1001
            bid b2 app qwen 9 x 1 key k2                 -> b2 rests 1
            time \(999 + day)                            ->
            tick                                         ->
            time \(1000 + day)                           ->
            tick                                         -> forgets up to b1
            tick                                         ->
            bid b3 app qwen 9 x 1 client c1 key k1       -> b3 rests 1
            bid b4 app qwen 9 x 1 key k2                 -> replays b2
            """
        )
    }
}
