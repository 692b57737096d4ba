internal import Glibc

/// The exclusive right of this process to a state folder. It ends with the value, or with the process however that
/// dies, because the kernel holds it.
package final class StateLock: Sendable {
    /// The folder, absolute and without links.
    package let folder: String
    private let file: Int32

    /// Makes the folder, and those above it, if they are missing, and takes the right or says which process has it.
    package init(folder path: String) throws(ClusterError) {
        let folder = try Self.makeFolder(path)
        let name = folder + "/lock"
        let file = unsafe open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Files.failure("open", name) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let failure = Files.failure("flock", name)
            close(file)
            guard isHeld else { throw failure }
            let pid = Files.text(name).flatMap { Int32($0.prefix { $0 != "\n" }) } ?? 0
            throw .folderInUse(folder: folder, pid: pid)
        }
        self.folder = folder
        self.file = file
        guard ftruncate(file, 0) == 0 else { throw Files.failure("ftruncate", name) }
        try Files.write(Array("\(getpid())\n".utf8), to: file, path: name)
    }

    deinit {
        // A child that is just being started may still hold a copy of the descriptor, and with it the lock.
        flock(file, LOCK_UN)
        close(file)
    }

    /// Whether the process of this number has the right to a folder, as far as this user may see. Told by its open
    /// files: whoever tried for the lock could take it from a server that is just starting.
    package static func isHeld(folder: String, by pid: Int32) -> Bool {
        let files = "/proc/\(pid)/fd"
        return Files.names(in: files).contains { Files.areSame("\(files)/\($0)", folder + "/lock") == true }
    }

    /// Root's folder may be searched by all, not listed: the database server, another user, has to pass through it.
    private static func makeFolder(_ path: String) throws(ClusterError) -> String {
        let absolute = path.hasPrefix("/") ? path : try Files.resolved(".") + "/" + path
        let folders = Files.chain(to: absolute)
        for folder in folders.dropFirst() where !Files.exists(folder) {
            let mode: UInt32 = folder == folders.last ? (geteuid() == 0 ? 0o711 : 0o700) : 0o755
            try Files.makeFolder(folder, mode: mode)
        }
        return try Files.resolved(absolute)
    }
}
