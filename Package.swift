// swift-tools-version: 6.3
import PackageDescription

/// The fuzzer is a target only when it is asked for: everything is then compiled for it, and nothing else can be linked.
let isFuzzing = Context.environment["BOMBYX_FUZZ"] != nil

/// One list of settings for every Swift target, so a rule is switched on everywhere or nowhere.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
    ] + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : [])

/// Targets that are optimised in debug builds, too. The tests of all others use them, thousands of times in a loop.
let hotTargets: Set = [
    "Units", "Exchange", "Ledger", "Engine", "EngineTesting", "Cryptography", "Provenance", "JSON", "TON", "Store",
]

let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// A library target of ours, with the shared settings.
func target(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    path: String? = nil,
    resources: [Resource] = []
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: path,
        resources: resources,
        swiftSettings: settings + (hotTargets.contains(name) ? optimised : [])
    )
}

/// A test target; its folder is `Tests/NAME`.
func tests(
    _ name: String,
    _ dependencies: [Target.Dependency],
    resources: [Resource] = [],
    excluded: [String] = []
) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        exclude: excluded,
        resources: resources,
        swiftSettings: settings
    )
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let targets: [Target] = [
    .target(name: "CLinux"),
    .target(name: "CTexts"),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    target("Units"),
    target("Exchange", ["Units"]),
    target("Ledger", ["Units"]),
    target("Settlement", ["Units"]),
    target("Cryptography", ["Units", "COpenSSL", "CSodium"]),
    target("Provenance", ["Units", "Cryptography", "JSON"]),
    target("Engine", ["Units", "Exchange", "Ledger", "Cryptography", "Provenance", "Settlement"]),
    target("TON", ["Cryptography"]),
    target("Toncenter", ["TON", "JSON", "Cryptography", "CCurl"]),
    target("LocalChain", ["Units", "Cryptography", "TON", "Settlement"]),
    target("SettlementAgent", ["Units", "Engine", "Settlement", "TON", "Cryptography", "Provenance"]),
    target("JSON"),
    target("Log", ["JSON", "Sockets"]),
    target("Demonstration", ["Units", "Exchange", "JSON"]),
    target("Measurement", ["JSON", "Demonstration", histogram]),
    target("Attacks"),
    target("Vectors", ["Units", "Exchange", "Ledger", "Engine", "JSON"]),
    target("Sockets", ["CLinux"]),
    target("TLS", ["Sockets", "COpenSSL"]),
    target("HTTP2", ["Sockets", "TLS", "CNghttp2"]),
    target("ChainServer", ["LocalChain", "TON", "JSON", "Cryptography", "HTTP2", "Sockets"]),
    target("Postgres", ["CPQ", "CLinux"], resources: [.embedInCode("Resources/postgresql.conf")]),
    target(
        "Store",
        ["Texts", "Units", "Exchange", "Ledger", "Engine", "Postgres", "Cryptography", "Provenance", "Settlement"]
    ),
    target("Texts", ["CTexts"]),
    target(
        "API",
        [
            "Texts", "Units", "JSON", "Exchange", "Ledger", "Engine", "Cryptography", "Provenance", "Settlement", "TON",
        ],
        resources: [
            .embedInCode("Pages/cookbook.md"), .embedInCode("Pages/style.css"),
            .embedInCode("Pages/reference.js"),
        ]
    ),
    target(
        "Marketplace",
        [
            "Units", "Exchange", "Ledger", "Engine", "Cryptography", "Provenance", "JSON", "Sockets", "TLS", "HTTP2",
            "Postgres", "Store", "API", "Log", "TON", "Settlement", "SettlementAgent",
        ]
    ),
    .executableTarget(
        name: "bombyx",
        dependencies: [
            "Units", "Exchange", "Ledger", "Engine", "Cryptography", "JSON", "Sockets", "TLS", "HTTP2", "Postgres",
            "Store", "API", "Log", "Marketplace", "Vectors", "Demonstration", "Measurement", "Provenance",
            "LocalChain", "ChainServer", "TON", "Toncenter", "Settlement", "SettlementAgent", "Attacks",
            argumentParser,
        ],
        resources: [.copy("Resources")],
        swiftSettings: settings
    ),
    tests("UnitsTests", ["Units"]),
    tests("ExchangeTests", ["Exchange", "Units"]),
    tests("LedgerTests", ["Ledger", "Units"]),
    target(
        "EngineTesting",
        ["Engine", "Exchange", "Ledger", "Units", "Vectors", "Provenance", "Cryptography"],
        path: "Tests/EngineTesting"
    ),
    tests(
        "EngineTests",
        [
            "Engine", "EngineTesting", "Exchange", "Ledger", "Settlement", "Units", "JSON", "Vectors", "Provenance",
            "Cryptography",
        ],
        resources: [.copy("Vectors")],
        excluded: ["README.md"]
    ),
    tests("CryptographyTests", ["Cryptography"]),
    tests(
        "ProvenanceTests",
        ["Provenance", "Cryptography", "JSON", "Units"],
        resources: [.copy("Vectors")],
        excluded: ["make_vectors.py"]
    ),
    tests("SettlementTests", ["Settlement", "TON", "LocalChain", "Cryptography", "Units"]),
    tests(
        "TONTests",
        ["TON", "Cryptography", "JSON", "LocalChain", "Settlement", "Units"],
        resources: [.copy("Vectors"), .copy("Harness")]
    ),
    tests(
        "SettlementAgentTests",
        [
            "SettlementAgent", "LocalChain", "Engine", "Exchange", "Ledger", "Settlement", "TON", "Cryptography",
            "Provenance", "Units",
        ],
        excluded: ["README.md"]
    ),
    tests("LocalChainTests", ["LocalChain", "TON", "Cryptography", "Settlement", "Units"]),
    tests("ChainServerTests", ["ChainServer", "LocalChain", "TON", "JSON", "Cryptography", "HTTP2", "Sockets"]),
    tests(
        "ToncenterTests",
        ["Toncenter", "ChainServer", "LocalChain", "TON", "JSON", "Cryptography", "HTTP2", "Sockets"]
    ),
    tests("JSONTests", ["JSON"]),
    tests("SocketsTests", ["Sockets"]),
    tests("TLSTests", ["TLS", "Sockets"]),
    tests("AttacksTests", ["Attacks"]),
    tests("HTTP2Tests", ["HTTP2", "TLS", "Sockets", "Attacks"]),
    target("PostgresTesting", ["Postgres"], path: "Tests/PostgresTesting"),
    tests("PostgresTests", ["Postgres", "PostgresTesting"]),
    tests(
        "StoreTests",
        [
            "bombyx", "Store", "Postgres", "PostgresTesting", "ProgramTesting", "Engine", "Exchange", "Ledger", "Units",
            "Cryptography", "Provenance", "Settlement",
        ]
    ),
    tests(
        "APITests",
        ["API", "JSON", "Engine", "Exchange", "Ledger", "Units", "Cryptography", "Provenance", "TON", "Sockets"],
        resources: [.copy("Vectors")]
    ),
    tests(
        "ContractTests",
        [
            "API", "JSON", "Cryptography", "Engine", "Exchange", "Ledger", "Provenance", "Settlement", "Units",
            .product(name: "Yams", package: "Yams"),
        ]
    ),
    tests(
        "MarketplaceTests",
        [
            "Marketplace", "API", "Cryptography", "Engine", "Exchange", "HTTP2", "JSON", "Log", "Postgres",
            "Provenance", "Settlement", "SettlementAgent", "Sockets", "Store", "Units",
        ]
    ),
    target("ProgramTesting", ["HTTP2", "TLS", "Sockets", "JSON", "TON", "Cryptography"], path: "Tests/ProgramTesting"),
    tests(
        "ProgramTests",
        [
            "bombyx", "API", "Attacks", "HTTP2", "TLS", "Sockets", "JSON", "PostgresTesting", "ProgramTesting",
            "Provenance", "Cryptography", "TON", "Units", .product(name: "Yams", package: "Yams"),
        ],
        excluded: ["Schema"]
    ),
    tests(
        "FaultTests",
        [
            "bombyx", "HTTP2", "Sockets", "JSON", "Units", "Engine", "Postgres", "Store", "PostgresTesting",
            "ProgramTesting",
        ]
    ),
    tests("DemoTests", ["Demonstration", "Units", "Exchange", "JSON", "ProgramTesting"]),
    tests("MeasurementTests", ["Measurement", "Demonstration", "JSON"]),
    tests(
        "SimulationTests",
        [
            "Marketplace", "API", "Cryptography", "Engine", "EngineTesting", "Exchange", "HTTP2", "Ledger", "Log",
            "Postgres", "Sockets", "Store", "Units",
        ],
        excluded: ["README.md"]
    ),
    tests("StyleTests", []),
    target(
        "FuzzDrivers",
        [
            "API", "Cryptography", "Engine", "Exchange", "HTTP2", "JSON", "Ledger", "Provenance", "TON", "Units",
        ],
        path: "Tests/Fuzzing/Drivers"
    ),
    .testTarget(
        name: "FuzzingTests",
        dependencies: ["FuzzDrivers"],
        path: "Tests/Fuzzing/Replay",
        swiftSettings: settings
    ),
]

/// See `Deploy/check`.
let fuzzer: [Target] = [
    .target(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"),
    .executableTarget(
        name: "bombyx-fuzz",
        dependencies: ["FuzzDrivers", "CFuzzer"],
        path: "Tests/Fuzzing/Fuzzer",
        swiftSettings: settings,
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
    ),
]

let package = Package(
    name: "bombyx",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: targets + (isFuzzing ? fuzzer : [])
)
