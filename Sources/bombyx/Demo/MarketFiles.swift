internal import Demonstration
internal import Foundation

/// The tables of the market: shipped with the program, or the user's own.
struct MarketFiles {
    private let folders: [String]

    /// Looks into `folder` only, if there is one. Otherwise beside the executable, where the build puts a copy, then in
    /// the sources that the program was built from.
    init(folder: String?) {
        if let folder {
            folders = [folder]
            return
        }
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(fileURLWithPath: executable).deletingLastPathComponent().path
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        folders = [beside + "/bombyx_bombyx.resources/Resources/market", sources + "/Resources/market"]
    }

    func market() throws -> Market {
        try Market(offers: table("offers.csv"), models: table("models.csv"))
    }

    /// The trace of a file, or the one that is shipped.
    func trace(_ path: String?) throws -> Trace {
        guard let path else { return try Trace(table("demand.csv", source: "the Azure LLM inference trace 2023")) }
        guard let bytes = Self.contents(path) else { throw CommandFailure("\(path) cannot be read") }
        return try Trace(CSVTable(bytes, source: path))
    }

    private func table(_ name: String, source: String? = nil) throws -> CSVTable {
        for folder in folders {
            if let bytes = Self.contents(folder + "/" + name) { return try CSVTable(bytes, source: source ?? name) }
        }
        throw CommandFailure("\(name) is in none of \(folders.joined(separator: ", ")): name its folder by --data-dir")
    }

    private static func contents(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { [UInt8]($0) }
    }
}
