internal import Foundation
internal import Glibc

/// What a process has used, as the kernel's `/proc` says (proc(5)).
enum ProcessTimes {
    /// Processor time of the process alone, in microseconds; the kernel counts in hundredths of a second.
    static func microseconds(of pid: Int32) -> Int64 {
        stat(pid).map { $0.own * microsecondsPerTick } ?? 0
    }

    /// Processor time of all processes below it, those included that have ended and were waited for.
    static func microsecondsOfDescendants(of pid: Int32) -> Int64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let all = names.compactMap { Int32($0) }.compactMap { pid in stat(pid).map { (pid: pid, stat: $0) } }
        var family: Set<Int32> = [pid]
        var ticks: Int64 = 0
        var grows = true
        while grows {
            grows = false
            for process in all where family.contains(process.stat.parent) && !family.contains(process.pid) {
                family.insert(process.pid)
                ticks += process.stat.own + process.stat.children
                grows = true
            }
        }
        return ticks * microsecondsPerTick
    }

    /// Resident memory of the process in bytes.
    static func residentBytes(of pid: Int32) -> Int64 { status(pid, "VmRSS:") }

    /// The most resident memory that the process has had, in bytes.
    static func peakBytes(of pid: Int32) -> Int64 { status(pid, "VmHWM:") }

    /// Files and sockets that the process has open.
    static func descriptors(of pid: Int32) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
    }

    private static func status(_ pid: Int32, _ name: String) -> Int64 {
        for line in text("/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix(name) {
            // The name, blanks, a number, and kB.
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            return words.dropFirst().first.flatMap { Int64($0) }.map { $0 * 1_024 } ?? 0
        }
        return 0
    }

    /// The three load averages of the machine.
    static var loadAverage: String {
        text("/proc/loadavg").split(separator: " ").prefix(3).joined(separator: " ")
    }

    private static let microsecondsPerTick = 1_000_000 / Int64(max(1, sysconf(Int32(_SC_CLK_TCK))))

    private static func stat(_ pid: Int32) -> (parent: Int32, own: Int64, children: Int64)? {
        let text = text("/proc/\(pid)/stat")
        // The name stands in brackets and may hold anything; the fields after it are counted from its end.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 14, let parent = Int32(fields[1]) else { return nil }
        let ticks = fields[11...14].map { Int64($0) ?? 0 }
        return (parent, ticks[0] + ticks[1], ticks[2] + ticks[3])
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
