internal import API
internal import Foundation

/// Files of others that are not in the program: `Deploy/run` fetches them.
enum DataFolder {
    /// No file of the bundle is as long; a longer one is not ours.
    private static let fileBytesMax = 8 << 20

    /// What `/docs` is shown with. A folder that was named must have all of it; without a name it is sought as `data`
    /// beside the program and up to two folders above, and may be missing.
    static func reference(_ named: String?) throws -> ReferenceBundle? {
        if let named { return try bundle(in: named + "/swagger-ui") }
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        for above in ["", "../", "../../"] {
            let folder = program.path + "/" + above + "data/swagger-ui"
            guard FileManager.default.fileExists(atPath: folder) else { continue }
            return try bundle(in: folder)
        }
        return nil
    }

    private static func bundle(in folder: String) throws -> ReferenceBundle {
        ReferenceBundle(
            script: try file(folder + "/swagger-ui-bundle.js"),
            style: try file(folder + "/swagger-ui.css"),
            license: try file(folder + "/LICENSE")
        )
    }

    private static func file(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ServeError("--data-dir: \(path) cannot be read; Deploy/run fetches it")
        }
        guard !data.isEmpty, data.count <= fileBytesMax else {
            throw ServeError("--data-dir: \(path) has \(data.count) bytes; 1 to \(fileBytesMax) are expected")
        }
        return Array(data)
    }
}
