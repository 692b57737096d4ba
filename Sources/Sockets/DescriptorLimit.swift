internal import Glibc

/// How many descriptors this process may have open (`RLIMIT_NOFILE`).
package enum DescriptorLimit {
    /// The limit in force; a process that has so many cannot open a file, take a connection, or make one.
    package static var current: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return Int.max }
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the limit in force to the most that the process may give itself. The soft limit is low by default for
    /// programs that use `select`, of which this is none. Where the kernel refuses, the limit stays as it is.
    package static func raise() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
