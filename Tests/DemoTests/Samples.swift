import Demonstration
import Units

/// Small tables in the form of the real ones.
enum Samples {
    static let offersHeader =
        "provider,listing,model,hugging_face_id,input_usd_per_mtok,output_usd_per_mtok,cached_input_usd_per_mtok,"
        + "context_length,max_output_tokens,features\n"
    static let modelsHeader =
        "model,hugging_face_id,context_length,input_modalities,features,intelligence_index,coding_index,"
        + "median_output_tokens_per_s,median_ttft_s\n"

    static let offers =
        offersHeader + """
            alpha,alpha/big,x/big,X/Big,0.3,1.2,,131072,,tools|json_schema
            beta,beta/big,x/big,X/Big,0.5,2.0,,32768,,vision
            beta,beta/small,x/small,X/Small,0.0145,0.0145,,8192,,
            gamma,gamma/free,x/small,X/Small,0,0,,8192,,
            gamma,gamma/odd,x/odd,,1,,,0,,parallel_tools

            """
    static let models =
        modelsHeader + """
            x/big,X/Big,131072,text,tools,40.5,,,
            x/small,X/Small,8192,text,,,,,

            """

    static func market(offers: String = offers, models: String = models) throws -> Market {
        try Market(
            offers: CSVTable(Array(offers.utf8), source: "offers.csv"),
            models: CSVTable(Array(models.utf8), source: "models.csv")
        )
    }

    static func trace(_ rows: String) throws -> Trace {
        try Trace(CSVTable(Array(("TIMESTAMP,ContextTokens,GeneratedTokens\n" + rows).utf8), source: "trace.csv"))
    }

    /// `count` requests of different sizes.
    static func trace(count: Int) throws -> Trace {
        var random = SeededGenerator(seed: 11, stream: 0)
        return try trace((0..<count).map { _ in "t,\(random.below(9_000)),\(1 + random.below(900))\n" }.joined())
    }

    static func settings(
        usdPerTON: String = "3",
        depth: Lots? = nil,
        seed: UInt64 = 1,
        orders: Int? = nil
    ) throws -> Plan.Settings {
        let usd = USD(usdPerTON) ?? USD(nano: 1)
        guard let rate = ExchangeRate(usd) else { throw DemonstrationError.nothingToSell }
        let fees = FeeRates(maker: BasisPoints(10), taker: BasisPoints(30))
        return Plan.Settings(rate: rate, depth: depth, seed: seed, orders: orders, fees: fees)
    }

    static func plan(count: Int, seed: UInt64 = 1, depth: Lots? = nil) throws -> Plan {
        try Plan(market: market(), trace: trace(count: count), settings: settings(depth: depth, seed: seed))
    }
}
