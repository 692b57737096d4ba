internal import Foundation
internal import Glibc
internal import JSON

/// What a figure depends on beside the program: told in every report, because a figure without it says nothing.
struct MachineFacts {
    let processor = Self.field("model name", of: "/proc/cpuinfo") ?? "unknown"
    let processors = Int64(ProcessInfo.processInfo.activeProcessorCount)
    let memoryBytes = Int64(clamping: ProcessInfo.processInfo.physicalMemory)
    let kernel = Self.text("/proc/sys/kernel/osrelease")
    let system = Self.field("PRETTY_NAME", of: "/etc/os-release") ?? "unknown"
    let clockSource = Self.text("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    /// Of all processes: a figure of a busy machine is a figure of its neighbours.
    let loadAverage = ProcessTimes.loadAverage

    var json: JSONValue {
        .members([
            ("processor", .string(processor)),
            ("processors", .integer(processors)),
            ("memory_bytes", .integer(memoryBytes)),
            ("kernel", .string(kernel)),
            ("system", .string(system)),
            ("clock_source", .string(clockSource)),
            ("compiler", .string(Self.compiler)),
            ("build", .string(Self.build)),
            ("load_average_before", .string(loadAverage)),
        ])
    }

    var line: String {
        "\(processor), \(processors) processors, \(system), Linux \(kernel), \(Self.compiler) \(Self.build); "
            + "load average before: \(loadAverage)"
    }

    /// The compiler's version is known to the compiler only.
    static var compiler: String {
        #if compiler(>=6.4)
        "Swift 6.4 or newer"
        #elseif compiler(>=6.3.3)
        "Swift 6.3.3 or newer"
        #elseif compiler(>=6.3.2)
        "Swift 6.3.2"
        #elseif compiler(>=6.3.1)
        "Swift 6.3.1"
        #else
        "Swift 6.3"
        #endif
    }

    /// Figures of a debug build show that a measurement works, and nothing else.
    static var build: String {
        #if DEBUG
        "debug"
        #else
        "release"
        #endif
    }

    private static func text(_ path: String) -> String {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The value of the first line `NAME : value` or `NAME="value"`.
    private static func field(_ name: String, of path: String) -> String? {
        for line in text(path).split(separator: "\n") where line.hasPrefix(name) {
            guard let separator = line.firstIndex(where: { $0 == ":" || $0 == "=" }) else { continue }
            return line[line.index(after: separator)...].trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
        }
        return nil
    }
}
