internal import Glibc

/// How many descriptors this process may have open (`RLIMIT_NOFILE`).
package enum DescriptorLimit {
    /// The limit in force; a process that has so many cannot open a file, take a connection, or make one.
    package static var current: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return Int.max }
        return Int(clamping: limit.rlim_cur)
    }
}
