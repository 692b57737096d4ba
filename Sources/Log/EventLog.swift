internal import Glibc
internal import Sockets

/// Writes events to a file descriptor, one a line, from any thread.
package final class EventLog: Sendable {
    /// How a line is written.
    package enum Format: String, CaseIterable, Sendable {
        /// For people.
        case text
        /// For programs.
        case json
    }

    /// Where an event comes from: each source has a bound of its own, so that no flood of one hides the other.
    package enum Source: Sendable {
        /// The server itself. It waits for a reader that is slow, but not for ever.
        case server
        /// A client's request. Never waits: the loops of the network must not stand still for a reader of the log.
        case request
    }

    private let format: Format
    private let level: LogEvent.Level
    private let file: Int32
    private let rates = Lock(Rates())

    private struct Rates {
        var server = LogRate(linesMax: EventLog.linesPerSecondMax)
        var request = LogRate(linesMax: EventLog.linesPerSecondMax)
    }

    /// Lines that one source may write in a second.
    package static let linesPerSecondMax = 100
    /// The longest that an event of the server waits for a reader.
    private static let waitMilliseconds: Int32 = 1_000
    /// Bytes of a line: a pipe takes as many at once or none (PIPE_BUF), so lines of several threads never mix.
    package static let lineBytesMax = 4_096

    /// Writes events of `level` and above to `file`, by default the standard error.
    package init(format: Format, level: LogEvent.Level, file: Int32 = 2) {
        self.format = format
        self.level = level
        self.file = file
    }

    /// Whether an event of this level is written: an event that is not need not be made.
    package func writes(_ level: LogEvent.Level) -> Bool { level >= self.level }

    /// Writes an event of the server.
    package func write(
        _ level: LogEvent.Level,
        _ name: StaticString,
        _ message: String,
        _ fields: [LogEvent.Field] = []
    ) {
        write(LogEvent(level, name, message, fields), from: .server)
    }

    /// Writes an event unless its level is too low or its source has written too many; those are counted.
    package func write(_ event: LogEvent, from source: Source) {
        guard writes(event.level) else { return }
        let now = Self.now()
        rates.withLock { rates in
            switch source {
            case .server: write(event, &rates.server, now, wait: Self.waitMilliseconds)
            case .request: write(event, &rates.request, now, wait: 0)
            }
        }
    }

    /// Tells how many lines were suppressed. To be called about once a second.
    package func reportSuppressed() {
        let now = Self.now()
        rates.withLock { rates in
            report(&rates.server, now)
            report(&rates.request, now)
        }
    }

    private func write(_ event: LogEvent, _ rate: inout LogRate, _ now: timespec, wait: Int32) {
        report(&rate, now)
        guard rate.admit(at: Int64(now.tv_sec)) == .write else { return }
        if !put(event, now, wait: wait) { rate.lose() }
    }

    private func report(_ rate: inout LogRate, _ now: timespec) {
        let count = rate.takeSuppressed(at: Int64(now.tv_sec))
        guard count > 0 else { return }
        let message = "\(count) lines were suppressed, because there were too many in a second"
        _ = put(LogEvent(.warning, "suppressed", message, [.init("count", Int64(count))]), now, wait: 0)
    }

    /// False when the reader is too slow.
    private func put(_ event: LogEvent, _ now: timespec, wait: Int32) -> Bool {
        var line = Array((format == .text ? event.text : event.json(time: Self.text(of: now))).utf8)
        if line.count >= Self.lineBytesMax {
            // Cut, it would be no JSON: the event without what makes it long tells what happened.
            let short = LogEvent(event.level, "too_long", "an event named \(event.name) is too long for the log")
            line = Array((format == .text ? short.text : short.json(time: Self.text(of: now))).utf8)
        }
        line.append(UInt8(ascii: "\n"))
        var poll = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        guard unsafe Glibc.poll(&poll, 1, wait) == 1 else { return false }
        return unsafe Glibc.write(file, line, line.count) == line.count
    }

    private static func now() -> timespec {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return time
    }

    /// RFC 3339 in UTC, with milliseconds.
    static func text(of time: timespec) -> String {
        var seconds = time.tv_sec
        var broken = unsafe tm()
        _ = unsafe gmtime_r(&seconds, &broken)
        let parts = unsafe broken
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let date = unsafe [Int(parts.tm_year) + 1_900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)].map { digits($0, 2) }
        let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }
        return date.joined(separator: "-") + "T" + clock.joined(separator: ":") + "."
            + digits(time.tv_nsec / 1_000_000, 3) + "Z"
    }
}
