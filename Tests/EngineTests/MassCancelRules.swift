import Engine
import Testing
import Units

/// Cancelling many orders: by a filter, by a dead-man switch, at the end of a stream.
@Suite struct MassCancelRules {
    private static let market = """
        deposit app 1000
        model qwen quality 50
        offer s1 app qwen  60 x 1             -> s1 rests 1
        offer s2 app llama 60 x 1             -> s2 rests 1
        bid   b1 app qwen  10 x 1             -> b1 rests 1
        bid   b2 app llama,qwen 10 x 1        -> b2 rests 1
        bid   b3 app any   10 x 1 quality 50  -> b3 rests 1
        bid   b4 app any   10 x 1             -> b4 rests 1
        offer o1 other qwen 60 x 1            -> o1 rests 1
        """

    /// What the filter means.
    static let filters: [(String, String)] = [
        ("", "s1 s2 b1 b2 b3 b4"), ("side offer", "s1 s2"), ("side bid", "b1 b2 b3 b4"), ("model qwen", "s1 b1 b2"),
        ("model llama side bid", "b2"), ("like any quality 50", "s1 b3"), ("like any", "s1 s2 b4"),
        ("like qwen", "s1 b1"), ("like llama,qwen side bid", "b2"), ("model llama like any quality 50", ""),
        ("like any quality 51", ""), ("like any quality 49", "s1"), ("like any quality 49 side bid", ""),
        ("like any quality 49 model qwen", "s1"), ("like any quality 49 model llama", ""), ("like llama", "s2"),
    ]

    @Test(arguments: filters)
    func `A filter means offers that can do it and bids that demand just that`(filter: String, meant: String) throws {
        let closed = meant.split(separator: " ").map { "\($0) cancelled 1" }.joined(separator: ", ")
        try expectMarket(Self.market + "\nmasscancel app \(filter)  -> \(closed)\nmasscancel app \(filter)  ->")
    }

    @Test func `Whoever has nothing cancels nothing, and a model must be known`() throws {
        try expectMarket(
            Self.market + """

                masscancel nobody             -> rejected account_unknown
                masscancel third              ->
                masscancel app model nothing  -> rejected model_unknown
                masscancel app like nothing   -> rejected model_unknown
                """
        )
    }

    private static let small = WorkLimits(visits: 9, step: 2, parts: 9, operations: 1)

    @Test func `More orders than a step are cancelled over several batches, and those that wait never fill`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 1
            offer s1 w   qwen 20 x 1    -> s1 rests 1
            offer s2 w   qwen 20 x 1    -> s2 rests 1
            offer s3 w   qwen 20 x 1    -> s3 rests 1
            offer s4 w   qwen 20 x 1    -> s4 rests 1
            offer s5 w   qwen 20 x 1    -> s5 rests 1
            masscancel w                -> s1 cancelled 1, s2 cancelled 1, more to do
            offer s6 w   qwen 20 x 1    -> s6 rests 1
            bid   b1 app qwen 20 x 2    -> b1 buys 1 from s6 at 20, s6 filled, b1 rests 1
            amend w s5 price 19         -> rejected order_not_found
            masscancel w                -> rejected operation_limit
            cancel w s5                 -> s5 cancelled 1
            time 1                      -> s3 cancelled 1, s4 cancelled 1, done
            time 1                      ->
            """,
            work: Self.small
        )
    }

    @Test func `A requirement that no bid has is known in later batches too`() throws {
        try expectMarket(
            """
            time 1
            offer s1 w qwen  20 x 1     -> s1 rests 1
            offer s2 w llama 20 x 1     -> s2 rests 1
            offer s3 w qwen  20 x 1     -> s3 rests 1
            offer s4 w llama 20 x 1     -> s4 rests 1
            offer s5 w qwen  20 x 1     -> s5 rests 1
            masscancel w like qwen      -> s1 cancelled 1, more to do
            time 1                      -> s3 cancelled 1, more to do
            time 1                      -> s5 cancelled 1, done
            """,
            work: Self.small
        )
    }

    @Test func `Only so many operations are under way at once, but what one step can do is always done`() throws {
        try expectMarket(
            """
            time 1
            offer s1 w qwen 20 x 1      -> s1 rests 1
            offer s2 w qwen 20 x 1      -> s2 rests 1
            offer s3 w qwen 20 x 1      -> s3 rests 1
            offer o1 v qwen 20 x 1      -> o1 rests 1
            offer o2 v qwen 20 x 1      -> o2 rests 1
            masscancel w side offer     -> s1 cancelled 1, s2 cancelled 1, more to do
            masscancel v                -> o1 cancelled 1, o2 cancelled 1
            halt qwen
            resume qwen                 -> rejected operation_limit
            time 1                      -> s3 cancelled 1, done
            resume qwen                 ->
            """,
            work: Self.small
        )
    }

    // MARK: Dead-man switch

    @Test func `A dead-man switch that nobody puts off cancels all orders, once`() throws {
        try expectMarket(
            """
            deposit app 1000
            time 100
            offer s1 app qwen 60 x 1     -> s1 rests 1
            bid   b1 app qwen 10 x 1     -> b1 rests 1
            cancelafter app 5
            time 104
            cancelafter app 5
            time 108.999999              ->
            time 109                     -> s1 cancel_after 1, b1 cancel_after 1
            bid   b2 app qwen 10 x 1     -> b2 rests 1
            time 200                     ->
            cancelafter app 5
            cancelafter app 0
            time 300                     ->
            cancelafter nobody 5         -> rejected account_unknown
            """
        )
    }

    @Test func `What is due first goes first, and all of it within one step`() throws {
        try expectMarket(
            """
            time 100
            offer s1 w qwen 60 x 1 until 104   -> s1 rests 1
            offer s2 w qwen 60 x 1 until 102   -> s2 rests 1
            offer s3 v qwen 60 x 1             -> s3 rests 1
            offer s4 v qwen 60 x 1             -> s4 rests 1
            cancelafter v 3
            time 104                           -> s2 expired 1, more to do
            time 104                           -> s1 expired 1, s3 cancel_after 1, more to do
            time 104                           -> s4 cancel_after 1, done
            """,
            work: Self.small
        )
    }

    @Test func `A dead-man switch waits while too much else is under way, and holds up nobody`() throws {
        try expectMarket(
            """
            time 100
            offer s1 w qwen 60 x 1              -> s1 rests 1
            offer s2 w qwen 60 x 1              -> s2 rests 1
            offer s3 w qwen 60 x 1              -> s3 rests 1
            offer o1 v qwen 60 x 1              -> o1 rests 1
            offer o2 v qwen 60 x 1              -> o2 rests 1
            offer o3 v qwen 60 x 1              -> o3 rests 1
            offer u1 u qwen 60 x 1 until 102    -> u1 rests 1
            cancelafter v 1
            masscancel w                        -> s1 cancelled 1, s2 cancelled 1, more to do
            time 102                            -> u1 expired 1, s3 cancelled 1, done
            time 102                            -> o1 cancel_after 1, more to do
            time 102                            -> o2 cancel_after 1, o3 cancel_after 1, done
            """,
            work: Self.small
        )
    }

    // MARK: The end of a stream

    @Test func `The end of a stream cancels what its owner said it should, once`() throws {
        try expectMarket(
            """
            deposit app 1000
            bid b1 app qwen 10 x 1    -> b1 rests 1
            disconnect app            ->
            ondisconnect app on
            ondisconnect app off
            disconnect app            ->
            ondisconnect app on
            disconnect app            -> b1 disconnected 1
            bid b2 app qwen 10 x 1    -> b2 rests 1
            disconnect app            ->
            disconnect nobody         -> rejected account_unknown
            ondisconnect nobody on    -> rejected account_unknown
            """
        )
    }
}
