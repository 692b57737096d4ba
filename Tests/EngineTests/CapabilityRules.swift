import Testing

/// What an offer can do against what a bid demands, each from both sides: the bid arrives, and the offer arrives.
@Suite struct CapabilityRules {
    /// Plays `offers` first and then `bids`, and the other way round; in each the bid named `good` must trade with the
    /// offer, the one named `bad` must not.
    private func expect(
        setup: String = "",
        offer: String,
        bad: String,
        good: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expectMarket(
            """
            deposit app 1000
            \(setup)
            offer s w   \(offer)   -> s rests 1
            bid bad  app \(bad)    -> bad rests 1
            bid good app \(good)   -> good buys 1 from s at 20, s filled, good filled
            """,
            sourceLocation: sourceLocation
        )
        try expectMarket(
            """
            deposit app 1000
            \(setup)
            bid bad  app \(bad)    -> bad rests 1
            bid good app \(good)   -> good rests 1
            offer s w   \(offer)   -> s sells 1 to good at 20, good filled, s filled
            """,
            sourceLocation: sourceLocation
        )
    }

    @Test func `A bid takes only the models that it names`() throws {
        try expect(offer: "qwen 20 x 1", bad: "llama 20 x 1", good: "qwen 20 x 1")
        try expect(offer: "qwen 20 x 1", bad: "llama,phi 20 x 1", good: "llama,qwen 20 x 1")
        try expect(offer: "qwen 20 x 1", bad: "llama 20 x 1", good: "any 20 x 1")
    }

    @Test func `Quality is at least what the bid demands`() throws {
        let setup = "model qwen quality 40"
        try expect(setup: setup, offer: "qwen 20 x 1", bad: "any 20 x 1 quality 41", good: "any 20 x 1 quality 40")
    }

    @Test func `A model without quality fails every demand for quality`() throws {
        let setup = "model qwen"
        try expect(setup: setup, offer: "qwen 20 x 1", bad: "any 20 x 1 quality 1", good: "any 20 x 1 quality 0")
    }

    @Test func `A quality of zero is a quality, and meets no demand above it`() throws {
        let setup = "model qwen quality 0"
        try expect(setup: setup, offer: "qwen 20 x 1", bad: "any 20 x 1 quality 1", good: "any 20 x 1 quality 0")
    }

    @Test(arguments: [1, 2, 4_096, 32_768, 131_072, 1_000_000, 1 << 30])
    func `Context is at least what the bid demands`(length: Int) throws {
        try expect(
            offer: "qwen 20 x 1 context \(length - 1)",
            bad: "any 20 x 1 context \(length)",
            good: "any 20 x 1 context \(length - 1)"
        )
    }

    @Test func `All features that the bid demands must be there`() throws {
        try expect(
            offer: "qwen 20 x 1 features tools,seed",
            bad: "any 20 x 1 features tools,json_mode",
            good: "any 20 x 1 features tools"
        )
        try expect(
            offer: "qwen 20 x 1 features file_input,seed",
            bad: "any 20 x 1 features tools",
            good: "any 20 x 1 features seed,file_input"
        )
    }

    @Test func `Any of the quantizations that the bid names will do`() throws {
        try expect(
            offer: "qwen 20 x 1 quantization fp8",
            bad: "any 20 x 1 quantization bf16,int4",
            good: "any 20 x 1 quantization bf16,fp8"
        )
        try expect(offer: "qwen 20 x 1", bad: "any 20 x 1 quantization fp32", good: "any 20 x 1")
    }

    @Test func `Only an attested environment that the bid names will do`() throws {
        try expect(
            setup: "attest w tdx",
            offer: "qwen 20 x 1 tee tdx",
            bad: "any 20 x 1 tee sgx,sev-snp",
            good: "any 20 x 1 tee sgx,tdx"
        )
        try expect(
            setup: "attest w sgx",
            offer: "qwen 20 x 1 tee tdx",
            bad: "any 20 x 1 tee sgx,tdx",
            good: "any 20 x 1"
        )
        try expect(setup: "attest w tdx", offer: "qwen 20 x 1", bad: "any 20 x 1 tee tdx", good: "any 20 x 1")
    }

    @Test func `An attestation is for one account`() throws {
        try expect(
            setup: "attest other tdx",
            offer: "qwen 20 x 1 tee tdx",
            bad: "any 20 x 1 tee tdx",
            good: "any 20 x 1"
        )
    }

    @Test func `Any of the regions that the bid names will do, and eu is every member state`() throws {
        try expect(offer: "qwen 20 x 1 region us", bad: "any 20 x 1 region de,fr", good: "any 20 x 1 region de,us")
        try expect(offer: "qwen 20 x 1 region de", bad: "any 20 x 1 region us", good: "any 20 x 1 region eu")
        try expect(offer: "qwen 20 x 1 region ch", bad: "any 20 x 1 region eu", good: "any 20 x 1 region ch")
        try expect(offer: "qwen 20 x 1 region eu", bad: "any 20 x 1 region de", good: "any 20 x 1 region eu")
        try expect(offer: "qwen 20 x 1", bad: "any 20 x 1 region eu", good: "any 20 x 1")
    }

    @Test func `All demands hold at once`() throws {
        try expect(
            setup: "model qwen quality 40\nattest w tdx",
            offer: "qwen 20 x 1 context 8192 features tools quantization fp8 tee tdx region fr",
            bad: "qwen 20 x 1 quality 40 context 8192 features tools quantization fp8 tee tdx region us",
            good: "qwen 20 x 1 quality 40 context 8192 features tools quantization fp8 tee tdx region eu"
        )
    }

    @Test func `Tokens of different weight sets are different goods`() throws {
        let setup = "model small weights ratio-1"
        try expect(setup: setup, offer: "small 20 x 1", bad: "any 20 x 1", good: "any 20 x 1 weights ratio-1")
        try expect(setup: setup, offer: "small 20 x 1", bad: "any 20 x 1", good: "small 20 x 1")
        try expect(setup: setup, offer: "qwen 20 x 1", bad: "small 20 x 1", good: "any 20 x 1 weights standard")
    }

    @Test func `A bid names models of one weight set only`() throws {
        try expectMarket(
            """
            deposit app 1000
            model small weights ratio-1
            model big   weights standard
            model tall  weights standard
            bid b1 app small,big 20 x 1                    -> rejected mixed_units |
            bid b2 app small 20 x 1 weights standard       -> rejected mixed_units
            bid b3 app small 20 x 1 weights ratio-1        -> b3 rests 1
            bid b4 app big,tall 20 x 1                     -> b4 rests 1
            """
        )
    }

    @Test func `A bid goes over all models that will do, by price`() throws {
        try expectMarket(
            """
            deposit app 1000
            offer s1 w1 qwen  9 x 2       -> s1 rests 2
            offer s2 w2 llama 8 x 2       -> s2 rests 2
            offer s3 w3 phi   7 x 2       -> s3 rests 2
            bid b1 app qwen,llama 9 x 3   -> b1 buys 2 from s2 at 8, s2 filled, b1 buys 1 from s1 at 9, b1 filled
            bid b2 app any 9 x 3          -> b2 buys 2 from s3 at 7, s3 filled, b2 buys 1 from s1 at 9, s1 filled, \
            b2 filled
            """
        )
    }

    @Test func `An offer goes over all bids that it suits, by price`() throws {
        try expectMarket(
            """
            deposit app 1000
            model qwen quality 30
            bid b1 app any 10 x 1                -> b1 rests 1
            bid b2 app llama 13 x 1              -> b2 rests 1
            bid b3 app llama,qwen 12 x 1         -> b3 rests 1
            bid b4 app any 11 x 1 quality 30     -> b4 rests 1
            bid b5 app any 14 x 1 quality 31     -> b5 rests 1
            offer s1 w qwen 10 x 4               -> s1 sells 1 to b3 at 12, b3 filled, s1 sells 1 to b4 at 11, \
            b4 filled, s1 sells 1 to b1 at 10, b1 filled, s1 rests 1
            """
        )
    }
}
