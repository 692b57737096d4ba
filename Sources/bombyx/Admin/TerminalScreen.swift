internal import Glibc

/// A screen of its own in the terminal, and what is typed meanwhile. Without a terminal it only writes.
///
/// However the program is asked to end, by a key or by a signal, ``close()`` can put the terminal back: the signals are
/// taken one by one from when the screen opens.
final class TerminalScreen {
    private let isTerminal: Bool
    private let signals: StopSignals?
    private var original = termios()
    /// What is shown, whole, and the size that it was cut to.
    private var lines: [String] = []
    private var shownSize = Size(rows: 0, columns: 0)

    private struct Size: Hashable {
        let rows: Int
        let columns: Int
    }

    /// A change of the terminal's size, or a signal, is noticed within this.
    private static let sliceMilliseconds = 50

    init() {
        isTerminal = isatty(0) == 1 && isatty(1) == 1
        signals = isTerminal ? StopSignals() : nil
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
        self.lines = lines
        redraw(size)
    }

    private func redraw(_ size: Size) {
        shownSize = size
        let text = lines.prefix(size.rows).map { $0.prefix(size.columns) + "\u{1B}[K" }.joined(separator: "\r\n")
        put("\u{1B}[H" + text + "\u{1B}[J", to: 1)
    }

    private var size: Size {
        var size = winsize()
        let hasSize = unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0 && size.ws_col > 0
        return hasSize ? Size(rows: Int(size.ws_row), columns: Int(size.ws_col)) : Size(rows: 24, columns: 80)
    }

    /// Puts the terminal back.
    func close() {
        guard isTerminal else { return }
        put("\u{1B}[?25h\u{1B}[?1049l", to: 1)
        unsafe tcsetattr(0, TCSAFLUSH, &original)
    }

    /// Waits so many seconds; true as soon as q, Ctrl-C or Ctrl-D was typed, or somebody wants the program to end.
    /// Meanwhile what is shown follows the terminal's size.
    func isEnd(within seconds: Int) -> Bool {
        guard let signals else { return Self.isEnd(within: seconds) }
        for _ in 0..<seconds * 1_000 / Self.sliceMilliseconds {
            if signals.next(milliseconds: 0) != nil || Self.isEnd(withinMilliseconds: Self.sliceMilliseconds) {
                return true
            }
            let size = size
            if size != shownSize { redraw(size) }
        }
        return false
    }

    /// The same without a screen, where signals do what they always do.
    static func isEnd(within seconds: Int) -> Bool {
        guard isatty(0) == 1 else {
            sleep(UInt32(seconds))
            return false
        }
        return isEnd(withinMilliseconds: seconds * 1_000)
    }

    private static func isEnd(withinMilliseconds milliseconds: Int) -> Bool {
        var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&input, 1, Int32(milliseconds)) > 0 else { return false }
        var key: UInt8 = 0
        guard unsafe read(0, &key, 1) == 1 else { return true }
        return key == UInt8(ascii: "q") || key == 3 || key == 4
    }
}
