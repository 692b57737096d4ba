internal import Glibc

/// Writes a line to the standard output; a reader that has gone is nobody's concern.
func say(_ line: String) {
    put(line + "\n", to: 1)
}

/// Writes all of `text`, whatever the kernel takes at once.
func put(_ text: String, to file: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        guard count > 0 || errno == EINTR else { return }
        rest = rest.dropFirst(max(count, 0))
    }
}

/// A sentence for the user: why a command cannot do what it was asked.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
