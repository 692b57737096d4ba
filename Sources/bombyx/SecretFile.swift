internal import Foundation
internal import Glibc

/// A new file for a secret: its owner's alone from its first moment on, and on the disk, name and all, once written.
/// One that was not written, or not wholly, is removed: it would be in the way of the next.
final class SecretFile {
    private let path: String
    private let file: Int32
    private var isWritten = false

    /// Makes it. A file or a link of that name is refused, never followed or replaced.
    init(_ path: String) throws {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            let reason = errno == EEXIST ? "it is there already, and no key is ever replaced" : Self.reason()
            throw CommandFailure("\(path) cannot be made: \(reason)")
        }
        self.path = path
        self.file = file
    }

    deinit {
        close(file)
        if !isWritten { unsafe unlink(path) }
    }

    /// Writes all of it.
    func write(_ bytes: Span<UInt8>) throws { try write(bytes, name: path, permissions: 0o600) }

    /// The same for a file that may be there, which is replaced as a whole or not at all. `permissions` are what it
    /// has in the end: some files beside the secrets are for everybody.
    static func replace(_ path: String, by bytes: Span<UInt8>, permissions: mode_t) throws {
        let draft = path + ".new"
        unsafe unlink(draft)
        try SecretFile(draft).write(bytes, name: path, permissions: permissions)
    }

    private func write(_ bytes: Span<UInt8>, name: String, permissions: mode_t) throws {
        try writeAll(bytes)
        guard fchmod(file, permissions) == 0, unsafe rename(path, name) == 0 else {
            throw CommandFailure("cannot move \(path) to \(name): \(Self.reason())")
        }
        isWritten = true
        try Self.syncNames(beside: name)
    }

    private func writeAll(_ bytes: Span<UInt8>) throws {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.extracting(done...).withUnsafeBufferPointer { buffer in
                unsafe Glibc.write(file, buffer.baseAddress, buffer.count)
            }
            guard count > 0 || errno == EINTR else {
                throw CommandFailure("\(path) cannot be written: \(Self.reason())")
            }
            done += max(count, 0)
        }
        guard fsync(file) == 0 else { throw CommandFailure("\(path) cannot be carried to the disk: \(Self.reason())") }
    }

    /// A new name is lasting only when its folder is on the disk.
    private static func syncNames(beside path: String) throws {
        let name = URL(filePath: path).deletingLastPathComponent().path
        let folder = unsafe open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // A folder that may be written but not read has to do without.
        guard folder >= 0 else { return }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw CommandFailure("\(name) cannot be carried to the disk: \(reason())") }
    }

    private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}
