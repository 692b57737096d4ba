import Testing

/// What changes while orders rest: leases end, models and attestations change, time passes.
@Suite struct LifecycleRules {
    // MARK: max_open_lots

    @Test func `An offer trades at most the lots that may be leased at once`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 9 open 3   -> s1 rests 9
            offer s2 w   qwen 21 x 9          -> s2 rests 9
            bid   b1 app qwen 20 x 2          -> b1 buys 2 from s1 at 20, b1 filled
            bid   b2 app qwen 21 x 2          -> b2 buys 1 from s1 at 20, b2 buys 1 from s2 at 21, b2 filled
            bid   b3 app qwen 21 x 2          -> b3 buys 2 from s2 at 21, b3 filled
            bid   b4 app qwen 20 x 2          -> b4 rests 2
            """
        )
    }

    @Test func `An arriving offer stops at its open lots and rests`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid   b1 app qwen 20 x 2            -> b1 rests 2
            bid   b2 app qwen 20 x 2            -> b2 rests 2
            offer s1 w qwen 20 x 9 open 3       -> s1 sells 2 to b1 at 20, b1 filled, s1 sells 1 to b2 at 20, s1 rests 6
            offer s2 w qwen 20 x 9 open 1 ioc   -> s2 sells 1 to b2 at 20, b2 filled, s2 ioc 8
            """
        )
    }

    @Test func `The end of a lease frees its lots, and the offer trades again as the taker`() throws {
        try expectMarket(
            """
            fees maker 100 taker 300
            deposit app 1000
            offer s1 w   qwen 20 x 9 open 3   -> s1 rests 9
            bid   b1 app qwen 25 x 3          -> b1 buys 3 from s1 at 20, b1 filled
            bid   b2 app qwen 25 x 4          -> b2 rests 4 | hold 103
            use 1 1000                        -> used 1000 | usage 20
            end 1                             -> ended 1000, s1 sells 3 to b2 at 25, s1 rests 3 | refund 41, trade 75, \
            release 3
            end 2                             -> ended 0, s1 sells 1 to b2 at 25, b2 filled, s1 rests 2
            bid   b3 app qwen 25 x 4          -> b3 buys 2 from s1 at 20, s1 filled, b3 rests 2
            """
        )
    }

    @Test func `The end of a lease of an offer without limit changes nothing in the book`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 9          -> s1 rests 9
            bid   b1 app qwen 20 x 3          -> b1 buys 3 from s1 at 20, b1 filled
            bid   b2 app qwen 19 x 3          -> b2 rests 3
            end 1                             -> ended 0 | refund 60
            cancel w s1                       -> s1 cancelled 6
            """
        )
    }

    @Test func `A lease outlives its offer`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w   qwen 20 x 9 open 2   -> s1 rests 9
            bid   b1 app qwen 20 x 2          -> b1 buys 2 from s1 at 20, b1 filled
            cancel w s1                       -> s1 cancelled 7
            bid   b2 app qwen 20 x 2          -> b2 rests 2
            use 1 2000                        -> used 2000 | usage 40
            end 1                             -> ended 2000 |
            """
        )
    }

    // MARK: Models

    @Test func `A new version of a model closes the offers of the old one, oldest first`() throws {
        try expectMarket(
            """
            deposit app 1000
            model qwen revision r1           -> qwen version 1
            offer s1 w1 qwen 30 x 2          -> s1 rests 2
            offer s2 w2 llama 20 x 2         -> s2 rests 2
            offer s3 w2 qwen 20 x 2          -> s3 rests 2
            bid   b1 app qwen 10 x 2         -> b1 rests 2
            model qwen revision r2           -> qwen version 2, s1 model_superseded 2, s3 model_superseded 2 |
            bid   b2 app qwen 30 x 2         -> b2 rests 2
            offer s4 w1 qwen 10 x 3          -> s4 sells 2 to b2 at 30, b2 filled, s4 sells 1 to b1 at 10, s4 filled
            """
        )
    }

    @Test(arguments: ["revision r2", "revision r1 hash h2", "revision r1 weights ratio-2"])
    func `Another revision, hash or weight set is another version`(change: String) throws {
        try expectMarket(
            """
            model qwen revision r1   -> qwen version 1
            offer s1 w qwen 30 x 2   -> s1 rests 2
            model qwen revision r1   -> qwen version 1
            model qwen \(change)     -> qwen version 2, s1 model_superseded 2
            model qwen \(change)     -> qwen version 2
            model qwen revision r1   -> qwen version 3
            """
        )
    }

    @Test func `A higher quality lets resting offers meet bids that waited for it, the older offer first`() throws {
        try expectMarket(
            """
            deposit app 1000
            model qwen quality 30              -> qwen version 1
            offer s1 w1 qwen 20 x 2            -> s1 rests 2
            offer s2 w2 qwen 10 x 2            -> s2 rests 2
            bid   b1 app any 25 x 3 quality 40 -> b1 rests 3
            model qwen quality 40              -> qwen version 1, s1 reclassified, s1 sells 2 to b1 at 25, s1 filled, \
            s2 reclassified, s2 sells 1 to b1 at 25, b1 filled, s2 rests 1
            """
        )
    }

    @Test func `An offer that enters again keeps its place in time`() throws {
        try expectMarket(
            """
            deposit app 1000
            model qwen quality 30              -> qwen version 1
            offer s1 w1 qwen 20 x 1            -> s1 rests 1
            offer s2 w2 llama 20 x 1           -> s2 rests 1
            model qwen quality 40              -> qwen version 1, s1 reclassified
            bid   b1 app any 20 x 1            -> b1 buys 1 from s1 at 20, s1 filled, b1 filled
            """
        )
    }

    @Test func `An offer that enters again stands before younger ones of its new class`() throws {
        try expectMarket(
            """
            deposit app 1000
            attest w1 tdx
            offer s1 w2 qwen 20 x 1           -> s1 rests 1
            offer s2 w1 qwen 20 x 1 tee tdx   -> s2 rests 1
            offer s3 w2 qwen 20 x 1           -> s3 rests 1
            attest w1 none                    -> s2 reclassified
            bid   b1 app any 20 x 2           -> b1 buys 1 from s1 at 20, s1 filled, b1 buys 1 from s2 at 20, \
            s2 filled, b1 filled
            """
        )
    }

    @Test func `An offer that has stood at its open lots goes on before younger ones`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1  qwen 20 x 3 open 1   -> s1 rests 3
            bid   b1 app any  20 x 1          -> b1 buys 1 from s1 at 20, b1 filled
            offer s2 w2  qwen 20 x 1          -> s2 rests 1
            end 1                             -> ended 0
            bid   b2 app any  20 x 2          -> b2 buys 1 from s1 at 20, b2 buys 1 from s2 at 20, s2 filled, b2 filled
            """
        )
    }

    @Test func `A quality that stays the same moves nothing`() throws {
        try expectMarket(
            """
            model qwen quality 30     -> qwen version 1
            offer s1 w1 qwen 20 x 1   -> s1 rests 1
            model qwen quality 30     -> qwen version 1
            model qwen                -> qwen version 1, s1 reclassified
            model qwen                -> qwen version 1
            """
        )
    }

    // MARK: Attestations

    @Test func `An attestation that is set later lets a claim count, and the offer is the taker`() throws {
        try expectMarket(
            """
            fees maker 100 taker 300
            deposit app 1000
            offer s1 w qwen 20 x 3 tee tdx    -> s1 rests 3
            offer s2 w qwen 20 x 3            -> s2 rests 3
            offer s3 w qwen 20 x 3 tee sgx    -> s3 rests 3
            bid b1 app any 25 x 2 tee tdx     -> b1 rests 2 | hold 51
            attest w tdx                      -> s1 reclassified, s1 sells 2 to b1 at 25, b1 filled, s1 rests 1 | \
            trade 50, release 1
            bid b2 app any 20 x 1 tee tdx     -> b2 buys 1 from s1 at 20, s1 filled, b2 filled
            """
        )
    }

    @Test func `An attestation that is withdrawn or changed takes its rank and its demand away`() throws {
        try expectMarket(
            """
            deposit app 1000
            attest w2 tdx,sgx
            offer s1 w1 qwen 20 x 1           -> s1 rests 1
            offer s2 w2 qwen 20 x 1 tee tdx   -> s2 rests 1
            offer s3 w2 qwen 20 x 1 tee sgx   -> s3 rests 1
            attest w2 sgx                     -> s2 reclassified
            bid b1 app any 20 x 1 tee tdx     -> b1 rests 1
            bid b2 app any 20 x 1             -> b2 buys 1 from s3 at 20, s3 filled, b2 filled
            attest w2 none                    ->
            bid b3 app any 20 x 1             -> b3 buys 1 from s1 at 20, s1 filled, b3 filled
            """
        )
    }

    @Test func `An attestation expires by the exchange's clock`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 100
            attest w tdx until 200
            offer s1 w qwen 20 x 2 tee tdx    -> s1 rests 2
            time 199                          ->
            bid b1 app any 20 x 1 tee tdx     -> b1 buys 1 from s1 at 20, b1 filled
            time 200                          -> s1 reclassified
            bid b2 app any 20 x 1 tee tdx     -> b2 rests 1
            attest w tdx until 300            -> s1 reclassified, s1 sells 1 to b2 at 20, b2 filled, s1 filled
            time 250                          ->
            offer s2 w qwen 20 x 2 tee tdx    -> s2 rests 2
            attest w tdx until 400            ->
            time 300                          ->
            time 500                          -> s2 reclassified
            """
        )
    }

    @Test func `An offer that enters again passes by its owner's bids and stays in the book`() throws {
        try expectMarket(
            """
            deposit both 1000
            deposit app 1000
            offer s1 both qwen 20 x 3 tee tdx   -> s1 rests 3
            bid   b1 both any 25 x 2 tee tdx    -> b1 rests 2
            attest both tdx                     -> s1 reclassified |
            attest both none                    -> s1 reclassified |
            bid   b2 app  any 24 x 2 tee tdx    -> b2 rests 2
            attest both tdx                     -> s1 reclassified, s1 sells 2 to b2 at 24, b2 filled, s1 rests 1
            cancel both b1                      -> b1 cancelled 2
            cancel both s1                      -> s1 cancelled 1
            """
        )
    }

    @Test func `Attesting an account that does not exist is refused`() throws {
        try expectMarket(
            """
            attest nobody tdx   -> rejected account_unknown
            key_of nobody       -> rejected account_unknown
            """
        )
    }

    @Test func `A weight set must be registered`() throws {
        try expectMarket(
            """
            model qwen weights unregistered   -> rejected weight_set_unknown
            """
        )
    }
}
