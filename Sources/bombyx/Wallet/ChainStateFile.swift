internal import Foundation
internal import Glibc
internal import LocalChain

/// A file with the state of a local chain, which one process at a time works on. It is whole at every moment: a state
/// is written beside it, carried to the disk and put in its place.
final class ChainStateFile: Sendable {
    let path: String
    private let lock: Int32

    /// Throws if another process has it.
    init(path: String) throws {
        self.path = path
        let name = path + ".lock"
        lock = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw CommandFailure("\(name) cannot be opened: \(Self.reason())") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw CommandFailure("another process keeps a chain in \(path)")
        }
    }

    deinit { close(lock) }

    /// The chain of the file, `nil` if there is none yet.
    func read() throws -> LocalChain? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure("\(path) cannot be read")
        }
        do {
            return try LocalChain(state: Array(data))
        } catch {
            throw CommandFailure("\(path): \(error)")
        }
    }

    /// Puts the chain's state in the file; says why it cannot.
    func write(_ chain: LocalChain) -> String? {
        let draft = path + ".new"
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return "\(draft) cannot be opened: \(Self.reason())" }
        defer { close(file) }
        var rest = chain.state()[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return "\(draft) cannot be written: \(Self.reason())" }
            rest = rest.dropFirst(max(count, 0))
        }
        guard fsync(file) == 0, unsafe rename(draft, path) == 0 else {
            return "\(path) cannot be written: \(Self.reason())"
        }
        let folder = unsafe open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        return fsync(folder) == 0 ? nil : "\(path) cannot be carried to the disk: \(Self.reason())"
    }

    private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}
