internal import Foundation
internal import Glibc

/// A terminal with a program in it, as somebody would sit before it (Linux, pts(4)).
package final class PseudoTerminal {
    private let master: Int32
    private let slave: Int32
    private let process = Process()
    /// Everything that was written to it.
    package private(set) var output = ""

    /// `TIOCSPTLCK` and `TIOCGPTN` of ioctl_tty(2), which Swift does not import; `posix_openpt` is hidden.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    /// Starts the program in a terminal of this size.
    package init(_ command: [String], rows: UInt16, columns: UInt16) throws {
        master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (lock, number): (Int32, UInt32) = (0, 0)
        guard master >= 0, unsafe ioctl(master, Self.setLock, &lock) == 0,
            unsafe ioctl(master, Self.getNumber, &number) == 0
        else { throw TestServer.Failure("no pseudo-terminal: \(errno)") }
        slave = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        guard slave >= 0 else { throw TestServer.Failure("no slave of a pseudo-terminal: \(errno)") }
        resize(rows: rows, columns: columns)
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        let handle = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        process.standardInput = handle
        process.standardOutput = handle
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
        Glibc.close(slave)
        Glibc.close(master)
    }

    /// Makes the window another one.
    package func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Types it.
    package func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe write(master, bytes, bytes.count)
    }

    /// Sends the program a signal.
    package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Whether keys are shown and come line by line, and Ctrl-C is a signal: how a shell wants its terminal.
    package var isSane: Bool {
        var settings = termios()
        guard unsafe tcgetattr(slave, &settings) == 0 else { return false }
        let wanted = UInt32(ICANON | ECHO | ISIG)
        return settings.c_lflag & wanted == wanted
    }

    /// What comes until it has `text`, that included; everything within so many seconds when it does not come.
    package func read(until text: String, seconds: Double = 20) -> String {
        let deadline = Date().addingTimeInterval(seconds)
        var read = ""
        while Date() < deadline, !read.contains(text) {
            guard let more = take() else { break }
            read += more
        }
        return read
    }

    /// What has come within a tenth of a second; `nil` when nothing more can.
    private func take() -> String? {
        var entry = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, 100) > 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe Glibc.read(master, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        output += text
        return text
    }

    /// Waits until the program has ended; its exit code, or −1 after so many seconds.
    package func waitForEnd(seconds: Double = 10) -> Int32 {
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning {
            guard Date() < deadline else { return -1 }
            _ = take()
        }
        // What it wrote at last.
        while let more = take(), !more.isEmpty {}
        return process.terminationStatus
    }
}
