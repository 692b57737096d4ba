internal import Glibc

/// A failed system call: which, and why.
package struct SystemError: Error, Hashable, CustomStringConvertible {
    /// The call, with what it was about where that helps, such as `bind 127.0.0.1:8080`.
    package let call: String
    /// The reason, as `errno` numbers it.
    package let errno: Int32

    /// A failure of `call` for the reason `errno`.
    package init(call: String, errno: Int32) {
        self.call = call
        self.errno = errno
    }

    package var description: String { "\(call): \(Self.text(of: errno))" }

    private static func text(of errno: Int32) -> String {
        unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "errno \(errno)"
    }
}
