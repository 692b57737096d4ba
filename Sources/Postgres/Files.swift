internal import CLinux
internal import Glibc

/// The few file operations that the cluster needs, as thin doors with one error.
enum Files {
    /// What `stat` says, as far as it counts here.
    struct Status: Equatable {
        var uid: UInt32
        var gid: UInt32
        var mode: UInt32
        var isFolder: Bool

        /// Whether `user` may search this folder, by its owner, group and mode. Access lists are not considered, so
        /// the answer may be a needless no, never a wrong yes.
        func isSearchable(by user: SystemUser) -> Bool {
            if user.uid == 0 { return true }
            if user.uid == uid { return mode & 0o100 != 0 }
            if user.gid == gid { return mode & 0o010 != 0 }
            return mode & 0o001 != 0
        }
    }

    static func status(_ path: String) -> Status? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return Status(
            uid: status.st_uid,
            gid: status.st_gid,
            mode: status.st_mode & 0o7777,
            isFolder: status.st_mode & S_IFMT == S_IFDIR
        )
    }

    /// Whether two paths, links followed, lead to one file or folder; nil if one of them may not be looked at.
    static func areSame(_ path: String, _ other: String) -> Bool? {
        var (first, second) = (stat(), stat())
        guard unsafe stat(path, &first) == 0, unsafe stat(other, &second) == 0 else { return nil }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    static func exists(_ path: String) -> Bool { status(path) != nil }

    static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    /// The path without links and dots.
    static func resolved(_ path: String) throws(ClusterError) -> String {
        guard let real = unsafe realpath(path, nil) else { throw failure("realpath", path) }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// The folders from the root down to `path`, itself included; `path` is absolute and resolved.
    static func chain(to path: String) -> [String] {
        var folders = ["/"]
        var current = ""
        for part in path.split(separator: "/") {
            current += "/" + part
            folders.append(current)
        }
        return folders
    }

    /// Makes a folder unless it is there. A new one gets `mode` and `owner`; anything else of that name is an error.
    static func makeFolder(_ path: String, mode: UInt32, owner: SystemUser? = nil) throws(ClusterError) {
        if unsafe mkdir(path, mode) == 0 {
            // The process's mask may have taken bits away.
            guard unsafe chmod(path, mode) == 0 else { throw failure("chmod", path) }
            if let owner { try give(path, to: owner) }
            return
        }
        guard errno == EEXIST else { throw failure("mkdir", path) }
        guard status(path)?.isFolder == true else { throw .system(call: "mkdir", path: path, errno: ENOTDIR) }
    }

    static func give(_ path: String, to owner: SystemUser) throws(ClusterError) {
        guard unsafe lchown(path, owner.uid, owner.gid) == 0 else { throw failure("chown", path) }
    }

    static func move(_ from: String, to: String) throws(ClusterError) {
        guard unsafe rename(from, to) == 0 else { throw failure("rename", from) }
    }

    /// Brings all that lies in a folder to the disk, in one go instead of file by file.
    static func sync(_ folder: String) throws(ClusterError) {
        try withFolder(folder) { file throws(ClusterError) in
            guard CLinux_syncfs(file) == 0 else { throw failure("syncfs", folder) }
        }
    }

    /// Brings the names in a folder to the disk: a move is lasting only after this.
    static func syncNames(in folder: String) throws(ClusterError) {
        try withFolder(folder) { file throws(ClusterError) in
            guard fsync(file) == 0 else { throw failure("fsync", folder) }
        }
    }

    private static func withFolder(
        _ folder: String,
        _ body: (Int32) throws(ClusterError) -> Void
    ) throws(ClusterError) {
        let file = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure("open", folder) }
        defer { close(file) }
        try body(file)
    }

    /// Replaces a file as a whole, or not at all. For files that each start writes anew: it does not wait for the disk.
    static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(ClusterError) {
        let draft = path + ".new"
        unsafe unlink(draft)
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw failure("open", draft) }
        defer { close(file) }
        guard fchmod(file, mode) == 0 else { throw failure("chmod", draft) }
        try write(bytes, to: file, path: draft)
        try move(draft, to: path)
    }

    static func write(_ bytes: [UInt8], to file: Int32, path: String) throws(ClusterError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw failure("write", path) }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// The last `limit` bytes of a file as text; empty if it cannot be read.
    static func tail(_ path: String, limit: Int = 2_048) -> String {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        lseek(file, max(0, size - off_t(limit)), SEEK_SET)
        return String(decoding: read(file, limit: limit), as: UTF8.self)
    }

    /// The first `limit` bytes of a file as text; nil if it cannot be read.
    static func text(_ path: String, limit: Int = 4_096) -> String? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return String(decoding: read(file, limit: limit), as: UTF8.self)
    }

    private static func read(_ file: Int32, limit: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = unsafe bytes[count...].withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress, $0.count)
            }
            guard got > 0 else { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }

    /// The names in a folder, without order; empty if it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    static func failure(_ call: String, _ path: String) -> ClusterError {
        .system(call: call, path: path, errno: errno)
    }

    /// FNV-1a of 64 bits in hexadecimal: a short name for a path, the same in every process.
    static func digest(_ path: String) -> String {
        let hash = path.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
