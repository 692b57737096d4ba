internal import Glibc

/// A screen of its own in the terminal, and what is typed meanwhile. Without a terminal it only writes.
final class TerminalScreen {
    private let isTerminal: Bool
    private var original = termios()

    init() {
        isTerminal = isatty(0) == 1 && isatty(1) == 1
        guard isTerminal else { return }
        unsafe tcgetattr(0, &original)
        var raw = original
        // Keys come at once and are not shown; Ctrl-C comes as a key, so that the terminal is always put back.
        raw.c_lflag &= ~UInt32(ICANON | ECHO | ISIG)
        unsafe tcsetattr(0, TCSAFLUSH, &raw)
        put("\u{1B}[?1049h\u{1B}[?25l", to: 1)
    }

    /// Replaces what is shown, as far as there is room.
    func show(_ lines: [String]) {
        guard isTerminal else { return lines.forEach(say) }
        var size = winsize()
        let hasSize = unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0
        let rows = hasSize ? Int(size.ws_row) : 24
        let columns = hasSize ? Int(size.ws_col) : 80
        let text = lines.prefix(rows).map { $0.prefix(columns) + "\u{1B}[K" }.joined(separator: "\r\n")
        put("\u{1B}[H" + text + "\u{1B}[J", to: 1)
    }

    /// Puts the terminal back.
    func close() {
        guard isTerminal else { return }
        put("\u{1B}[?25h\u{1B}[?1049l", to: 1)
        unsafe tcsetattr(0, TCSAFLUSH, &original)
    }

    /// Waits so many seconds; true as soon as q, Ctrl-C or Ctrl-D was typed.
    static func isEnd(within seconds: Int) -> Bool {
        guard isatty(0) == 1 else {
            sleep(UInt32(seconds))
            return false
        }
        var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&input, 1, Int32(seconds * 1_000)) > 0 else { return false }
        var key: UInt8 = 0
        guard unsafe read(0, &key, 1) == 1 else { return true }
        return key == UInt8(ascii: "q") || key == 3 || key == 4
    }
}
